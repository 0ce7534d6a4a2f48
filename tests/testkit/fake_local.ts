/**
 * Local programs without a network: a listener that the test connects to, and connections of
 * promises whose other end is the test.
 *
 * @module
 */

import type {
  LocalAddress,
  LocalConnection,
  LocalListener,
} from "../../lib/session/transport.ts";

/** A listener whose clients are the test. */
export class FakeListener implements LocalListener {
  closed = false;
  readonly #waiting: LocalConnection[] = [];
  #wake: (() => void) | undefined;

  constructor(
    readonly address: LocalAddress = {
      kind: "tcp",
      hostname: "127.0.0.1",
      port: 40_000,
    },
  ) {}

  /** A local program connects. */
  connect(): FakeConnection {
    const conn = new FakeConnection();
    this.#waiting.push(conn);
    this.#wake?.();
    return conn;
  }

  async accept(): Promise<LocalConnection | undefined> {
    for (;;) {
      if (this.closed) return undefined;
      const conn = this.#waiting.shift();
      if (conn !== undefined) return conn;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Connections that nobody has taken are closed, as the platform does. */
  close(): void {
    this.closed = true;
    for (const conn of this.#waiting.splice(0)) conn.close();
    this.#wake?.();
  }
}

/** A connection as our side has it; the other members are the local program's. */
export class FakeConnection implements LocalConnection {
  /** What the program got. */
  readonly got: Uint8Array[] = [];
  /** True once we said that nothing more comes. */
  gotEnd = false;
  /** True once we closed it. */
  closed = false;
  /** How many bytes of the program's we read. */
  taken = 0;
  /** While true the program does not read: writes wait. */
  stopped = false;
  /** True once the program is gone: reads and writes fail. */
  reset = false;
  readonly #sent: (Uint8Array | null)[] = [];
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  /** The program sends. */
  send(bytes: Uint8Array | string): void {
    this.#sent.push(
      typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes,
    );
    this.#wakeReader?.();
  }

  /** The program sends nothing more. */
  end(): void {
    this.#sent.push(null);
    this.#wakeReader?.();
  }

  /** The program is gone. */
  breakOff(): void {
    this.reset = true;
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }

  /** The program reads on. */
  goOn(): void {
    this.stopped = false;
    this.#wakeWriter?.();
  }

  /** What the program got, as text. */
  get text(): string {
    const decoder = new TextDecoder();
    return this.got.map((each) => decoder.decode(each, { stream: true }))
      .join("");
  }
  /** How many bytes the program got. */
  get size(): number {
    return this.got.reduce((sum, each) => sum + each.length, 0);
  }

  async read(target: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.closed) throw new Deno.errors.Interrupted("closed");
      if (this.reset) throw new Deno.errors.ConnectionReset("reset");
      const first = this.#sent[0];
      if (first === null) return null;
      if (first !== undefined) {
        const part = first.subarray(0, target.length);
        target.set(part);
        this.taken += part.length;
        if (part.length === first.length) this.#sent.shift();
        else this.#sent[0] = first.subarray(part.length);
        return part.length;
      }
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.stopped && !this.closed && !this.reset) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
    if (this.closed) throw new Deno.errors.BadResource("closed");
    if (this.reset) throw new Deno.errors.BrokenPipe("broken pipe");
    this.got.push(bytes.slice());
    return bytes.length;
  }

  closeWrite(): Promise<void> {
    this.gotEnd = true;
    return Promise.resolve();
  }

  close(): void {
    if (this.closed) throw new Deno.errors.BadResource("closed twice");
    this.closed = true;
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }
}
