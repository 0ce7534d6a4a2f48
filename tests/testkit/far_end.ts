/**
 * Servers for the far end of a forward, and bytes to send there and back.
 *
 * @module
 */

/** A TCP server on loopback; `await using` ends it and every connection. */
export interface FarEnd extends AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  readonly count: number;
  /** Resolves with the first connection's answer of `serve`, when that is done with it. */
  readonly first: Promise<unknown>;
  /** Takes no more connections; those that are there go on. */
  stopListening(): void;
}

/**
 * Starts a server.
 * @param serve Serves a connection, which is closed when it returns. That the other side is gone
 * is no error.
 * @param port Where; any that is free when absent.
 */
export function startFarEnd(
  serve: (conn: Deno.TcpConn) => Promise<unknown>,
  port = 0,
): FarEnd {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const first = Promise.withResolvers<unknown>();
  first.promise.catch(() => {});
  const conns = new Map<Deno.TcpConn, Promise<void>>();
  let count = 0;
  const serveOne = async (conn: Deno.TcpConn) => {
    try {
      first.resolve(await serve(conn));
    } catch (error) {
      first.reject(error);
    } finally {
      conns.delete(conn);
      closeQuietly(conn);
    }
  };
  const accepting = (async () => {
    for await (const conn of listener) {
      count++;
      conns.set(conn, serveOne(conn));
    }
  })();
  let listening = true;
  const stopListening = () => {
    if (listening) listener.close();
    listening = false;
  };
  return {
    port: listener.addr.port,
    get count() {
      return count;
    },
    first: first.promise,
    stopListening,
    async [Symbol.asyncDispose]() {
      stopListening();
      await accepting;
      const all = [...conns.values()];
      for (const conn of conns.keys()) closeQuietly(conn);
      await Promise.all(all);
    },
  };
}

/** A server that says everything again, to the end of each connection. */
export function startEcho(port?: number): FarEnd {
  return startFarEnd(async (conn) => {
    await conn.readable.pipeTo(conn.writable);
  }, port);
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // Its streams closed it.
  }
}

/** Connects to a forward's port, or to another place of this machine. */
export function connect(
  port: number,
  hostname = "127.0.0.1",
): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname, port });
}

/** Writes everything. */
export async function writeAll(
  conn: Pick<Deno.Conn, "write">,
  data: Uint8Array | string,
): Promise<void> {
  const bytes = typeof data === "string"
    ? new TextEncoder().encode(data)
    : data;
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

/** Reads exactly so many bytes; throws when there are fewer. */
export async function readExactly(
  conn: Pick<Deno.Conn, "read">,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await conn.read(bytes.subarray(at));
    if (count === null) throw new Error(`It ended after ${at} of ${length}`);
    at += count;
  }
  return bytes;
}

/** Reads to the end. */
export async function readAll(
  conn: Pick<Deno.Conn, "read">,
): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(64 * 1024);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) break;
    parts.push(buffer.slice(0, count));
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Resolves when the other side has closed or reset the connection, whatever it says before. */
export async function untilClosed(
  conn: Pick<Deno.Conn, "read">,
): Promise<void> {
  await readAll(conn).catch(() => {});
}

/** Sends a text and expects it back. */
export async function echoes(
  conn: Pick<Deno.Conn, "read" | "write">,
  text: string,
): Promise<boolean> {
  await writeAll(conn, text);
  const { length } = new TextEncoder().encode(text);
  return new TextDecoder().decode(await readExactly(conn, length)) === text;
}

/** Bytes that no two calls have in common. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** The SHA-256 of bytes, in hex. */
export async function sha256(
  bytes: Uint8Array<ArrayBuffer> | ArrayBuffer,
): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** A port on which nobody listens: it was free a moment ago. */
export function freePort(hostname = "127.0.0.1"): number {
  const listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
