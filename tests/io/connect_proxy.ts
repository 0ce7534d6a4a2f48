import { readHead } from "../../lib/io/http_head.ts";

/** A proxy on loopback that knows CONNECT and nothing else. */
export class ConnectProxy implements AsyncDisposable {
  readonly port: number;
  /** What was asked of it: the first line and the Proxy-Authorization of each request. */
  readonly requests: { line: string; authorization: string | undefined }[] = [];
  #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  #answer: string;
  #target: number | undefined;
  #tasks: Promise<void>[] = [];

  /**
   * @param answer The status line that every request gets.
   * @param target A port of this machine to lead to, whatever is asked for.
   */
  constructor(
    answer = "HTTP/1.1 200 Connection established",
    target?: number,
  ) {
    this.#target = target;
    this.port = this.#listener.addr.port;
    this.#answer = answer;
    this.#tasks.push(this.#serve());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await Promise.all(this.#tasks);
  }

  async #serve(): Promise<void> {
    for await (const client of this.#listener) {
      this.#tasks.push(this.#tunnel(client));
    }
  }

  async #tunnel(client: Deno.TcpConn): Promise<void> {
    const { startLine, headers } = await readHead(client);
    this.requests.push({
      line: startLine,
      authorization: headers["proxy-authorization"],
    });
    await client.write(new TextEncoder().encode(`${this.#answer}\r\n\r\n`));
    if (!this.#answer.includes(" 200 ")) return client.close();
    const asked = startLine.split(" ")[1]!.split(":");
    const server = await Deno.connect({
      hostname: "127.0.0.1",
      port: this.#target ?? Number(asked[1]),
    });
    await Promise.allSettled([pump(client, server), pump(server, client)]);
    client.close();
    server.close();
  }
}

async function pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  for (;;) {
    const count = await from.read(buffer).catch(() => null);
    if (count === null) break;
    for (let at = 0; at < count;) {
      at += await to.write(buffer.subarray(at, count));
    }
  }
  await to.closeWrite().catch(() => {});
}
