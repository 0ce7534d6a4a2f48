/** A TCP relay on loopback whose two directions can be held up, counted and cut. */
export class Relay implements AsyncDisposable {
  readonly port: number;
  /** Bytes passed on to the client and to the server. */
  readonly passed = { down: 0, up: 0 };
  #listener: Deno.TcpListener;
  #target: number;
  #conns = new Set<Deno.TcpConn>();
  #tasks: Promise<void>[] = [];
  #held: Promise<void> | undefined;
  #release = () => {};

  constructor(target: number) {
    this.#target = target;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#tasks.push(this.#serve());
  }

  /** Stops taking bytes from the client. */
  hold(): void {
    this.#held = new Promise((resolve) => this.#release = resolve);
  }

  /** Goes on after {@linkcode hold}. */
  resume(): void {
    this.#held = undefined;
    this.#release();
  }

  /** Cuts every connection, without a word of WebSocket. */
  cut(): void {
    for (const conn of this.#conns) {
      try {
        conn.close();
      } catch {
        // The other direction closed it.
      }
    }
    this.#conns.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.resume();
    this.cut();
    await Promise.all(this.#tasks);
  }

  async #serve(): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.#target,
      });
      this.#conns.add(client).add(server);
      this.#tasks.push(
        this.#pump(client, server, "up"),
        this.#pump(server, client, "down"),
      );
    }
  }

  async #pump(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    direction: "up" | "down",
  ): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (direction === "up") await this.#held;
        if (count === null) break;
        for (let at = 0; at < count;) {
          at += await to.write(buffer.subarray(at, count));
        }
        this.passed[direction] += count;
      }
      await to.closeWrite();
    } catch {
      // Cut.
    }
  }
}
