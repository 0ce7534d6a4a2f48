/**
 * A TCP server on loopback whose connections a test looks into: the destination of forwards.
 */

/** One connection that came in. */
export interface Visit {
  readonly conn: Deno.TcpConn;
  /** What arrived so far. */
  text: string;
  /** Bytes that arrived so far. */
  received: number;
  /** The other end has closed its writing half, or everything. */
  ended: boolean;
}

/** A listener that reads everything it gets. */
export class LoopbackServer implements AsyncDisposable {
  readonly visits: Visit[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #accepting: Promise<void>;
  readonly #reading: Promise<void>[] = [];
  readonly #onVisit: (visit: Visit) => void;
  readonly #onBytes: (visit: Visit, bytes: Uint8Array) => unknown;

  /**
   * @param onVisit Called with each connection.
   * @param onBytes Called with what it brings; reading goes on when it has resolved.
   * @param hostname Where to listen.
   */
  constructor(
    onVisit: (visit: Visit) => void = () => {},
    onBytes: (visit: Visit, bytes: Uint8Array) => unknown = () => {},
    hostname = "127.0.0.1",
  ) {
    this.#onVisit = onVisit;
    this.#onBytes = onBytes;
    this.#listener = Deno.listen({ hostname, port: 0 });
    this.#accepting = this.#accept();
  }

  /** One that sends back what it gets, and closes when the other end does. */
  static echo(): LoopbackServer {
    return new LoopbackServer(undefined, async (visit, bytes) => {
      const copy = bytes.slice();
      for (let at = 0; at < copy.length;) {
        at += await visit.conn.write(copy.subarray(at));
      }
    });
  }

  /** As a document's parameter. */
  get port(): string {
    return String(this.#listener.addr.port);
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      const visit = { conn, text: "", received: 0, ended: false };
      this.visits.push(visit);
      this.#onVisit(visit);
      this.#reading.push(this.#read(visit));
    }
  }

  async #read(visit: Visit): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const count = await visit.conn.read(buffer);
        if (count === null) break;
        const bytes = buffer.subarray(0, count);
        visit.received += count;
        if (visit.received < 100_000) {
          visit.text += decoder.decode(bytes, { stream: true });
        }
        await this.#onBytes(visit, bytes);
      }
    } catch {
      // Reset, or closed by the test.
    }
    visit.ended = true;
  }

  async [Symbol.asyncDispose]() {
    this.#listener.close();
    await this.#accepting;
    for (const { conn } of this.visits) {
      try {
        conn.close();
      } catch {
        // The test did.
      }
    }
    await Promise.all(this.#reading);
  }
}
