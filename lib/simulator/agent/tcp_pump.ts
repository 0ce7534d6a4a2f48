/**
 * One TCP connection of an agent to its destination: a queue in, reads with back-pressure out.
 *
 * @module
 */

/** A connection to a destination: the slice of `Deno.TcpConn` that is needed. */
export type PortConnection = Pick<Deno.TcpConn, "read" | "write" | "close">;

/** What a {@linkcode TcpPump} tells its owner. */
export interface TcpHandler {
  /**
   * Bytes of the destination, which stay as they are until the returned promise resolves; only
   * then more are read.
   */
  data(bytes: Uint8Array): Promise<void> | undefined;
  /** So many bytes of input are the operating system's, or dropped. */
  written(bytes: number): void;
  /**
   * The connection is closed, by whomever. Called once, with what went wrong, if something did
   * before {@linkcode TcpPump.close} was called.
   */
  closed(error: Error | undefined): void;
}

/** Bytes per read: the agent's `io.Copy`. */
const readBytes = 32 * 1024;

/** Input that waits is joined up to so many bytes for one write. */
const joinBytes = 64 * 1024;

/** Moves bytes between one connection and its owner. */
export class TcpPump {
  /** Resolves when nothing of the connection is under way any more. Never rejects. */
  readonly done: Promise<void>;
  readonly #conn: PortConnection;
  readonly #handler: TcpHandler;
  #chunks: Uint8Array[] = [];
  /** Bytes taken that the handler was not told of. */
  #pending = 0;
  #writing: Promise<void> | undefined;
  #joined: Uint8Array | undefined;
  #finishing = false;
  #closed = false;

  /** Reads from the next turn on. The connection is the pump's from now on. */
  constructor(conn: PortConnection, handler: TcpHandler) {
    this.#conn = conn;
    this.#handler = handler;
    this.done = this.#read().then(() => this.#writing);
  }

  /** Takes bytes for the destination, which must not change any more. */
  write(bytes: Uint8Array): void {
    if (this.#closed || this.#finishing) {
      this.#handler.written(bytes.length);
      return;
    }
    this.#chunks.push(bytes);
    this.#pending += bytes.length;
    this.#writing ??= this.#write();
  }

  /** Closes the connection, in both directions, behind what was taken. */
  finish(): void {
    this.#finishing = true;
    if (this.#writing === undefined) this.close();
  }

  /** Closes the connection now; what waits is dropped. */
  close(): void {
    this.#end(undefined);
  }

  #end(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
    const dropped = this.#pending;
    this.#pending = 0;
    this.#chunks = [];
    if (dropped > 0) this.#handler.written(dropped);
    this.#handler.closed(error);
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(readBytes);
    try {
      while (!this.#closed) {
        const count = await this.#conn.read(buffer);
        if (this.#closed) return;
        if (count === null) return this.#end(undefined);
        const taken = this.#handler.data(buffer.subarray(0, count));
        if (taken !== undefined) await taken;
      }
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #write(): Promise<void> {
    // What comes in the same turn goes out together.
    await Promise.resolve();
    try {
      while (this.#chunks.length > 0) {
        const batch = this.#next();
        for (let at = 0; at < batch.length;) {
          at += await this.#conn.write(batch.subarray(at));
          if (this.#closed) return;
        }
        this.#pending -= batch.length;
        this.#handler.written(batch.length);
      }
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#writing = undefined;
    }
    if (this.#finishing) this.close();
  }

  /** The next bytes to write: one chunk as it is, or several in one piece. */
  #next(): Uint8Array {
    const chunks = this.#chunks;
    let count = 0;
    let bytes = 0;
    while (
      count < chunks.length && bytes + chunks[count]!.length <= joinBytes
    ) {
      bytes += chunks[count++]!.length;
    }
    if (count <= 1) return chunks.shift()!;
    this.#joined ??= new Uint8Array(joinBytes);
    let at = 0;
    for (let i = 0; i < count; i++) {
      this.#joined.set(chunks[i]!, at);
      at += chunks[i]!.length;
    }
    if (count === chunks.length) this.#chunks = [];
    else chunks.splice(0, count);
    return this.#joined.subarray(0, at);
  }
}
