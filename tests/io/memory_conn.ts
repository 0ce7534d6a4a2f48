/**
 * Two ends of a connection in memory, with a bounded pipe in each direction, so that transports
 * can be tested without a network and without real time.
 */

/** One end; records the size of every write. */
export class MemoryConn {
  readonly writes: number[] = [];
  /** Makes the next write fail with this. */
  writeError: Error | undefined;
  closed = false;
  #incoming: Pipe;
  #outgoing: Pipe;

  constructor(incoming: Pipe, outgoing: Pipe) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  /** How many bytes wait to be read at this end. */
  get waiting(): number {
    return this.#incoming.length;
  }

  read(target: Uint8Array): Promise<number | null> {
    return this.#incoming.read(target);
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.writeError !== undefined) throw this.writeError;
    const written = await this.#outgoing.write(bytes);
    this.writes.push(written);
    return written;
  }

  /** Puts bytes on the wire without the record. */
  async inject(...bytes: number[]): Promise<void> {
    await this.#outgoing.write(Uint8Array.from(bytes));
  }

  close(): void {
    if (this.closed) throw new Deno.errors.BadResource("Bad resource ID");
    this.closed = true;
    this.#incoming.abandon();
    this.#outgoing.end();
  }
}

/** Bytes on their way; takes no more than `capacity` until some are read. */
export class Pipe {
  #chunks: Uint8Array[] = [];
  #ended = false;
  #abandoned = false;
  #wake: (() => void)[] = [];
  length = 0;

  constructor(readonly capacity: number) {}

  async write(bytes: Uint8Array): Promise<number> {
    while (this.length >= this.capacity && !this.#abandoned && !this.#ended) {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    if (this.#ended) throw new Deno.errors.BadResource("Bad resource ID");
    if (this.#abandoned) throw new Deno.errors.BrokenPipe("Broken pipe");
    const taken = bytes.slice(0, this.capacity - this.length);
    this.#chunks.push(taken);
    this.length += taken.length;
    this.#wakeAll();
    return taken.length;
  }

  async read(target: Uint8Array): Promise<number | null> {
    while (this.length === 0) {
      if (this.#abandoned) {
        throw new Deno.errors.Interrupted("operation canceled");
      }
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    const first = this.#chunks[0]!;
    const taken = first.subarray(0, target.length);
    target.set(taken);
    if (taken.length === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(taken.length);
    this.length -= taken.length;
    this.#wakeAll();
    return taken.length;
  }

  end(): void {
    this.#ended = true;
    this.#wakeAll();
  }

  abandon(): void {
    this.#abandoned = true;
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/**
 * A connection's two ends.
 *
 * @param capacity How many bytes each direction holds before a writer has to wait.
 */
export function memoryConns(capacity = 1 << 20): [MemoryConn, MemoryConn] {
  const [a, b] = [new Pipe(capacity), new Pipe(capacity)];
  return [new MemoryConn(a, b), new MemoryConn(b, a)];
}
