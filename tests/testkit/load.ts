/**
 * Traffic for a forward: a far end that echoes, takes or gives, and local programs that measure.
 * The first byte of a connection says what it is for: `e`cho, `u`pload or `d`ownload.
 *
 * @module
 */

const chunk = new Uint8Array(64 * 1024);

/** A far end on 127.0.0.1. */
export interface FarEnd extends AsyncDisposable {
  readonly port: number;
  /** Bytes that uploads have brought so far. */
  readonly taken: number;
}

/** Starts a far end. */
export function startFarEnd(): FarEnd {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns = new Set<Deno.Conn>();
  let taken = 0;
  const serve = async (conn: Deno.TcpConn) => {
    conns.add(conn);
    conn.setNoDelay(true);
    try {
      const buffer = new Uint8Array(64 * 1024);
      let count = await conn.read(buffer.subarray(0, 1));
      const mode = count === null ? "" : String.fromCharCode(buffer[0]!);
      while (mode === "d") await writeAll(conn, chunk);
      while ((count = await conn.read(buffer)) !== null) {
        if (mode === "e") await writeAll(conn, buffer.subarray(0, count));
        else taken += count;
      }
    } catch {
      // The other end has hung up.
    } finally {
      conns.delete(conn);
      close(conn);
    }
  };
  const accepting = (async () => {
    for await (const conn of listener) void serve(conn);
  })();
  return {
    port: listener.addr.port,
    get taken() {
      return taken;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of conns) close(conn);
      await accepting;
    },
  };
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed.
  }
}

async function connect(port: number, mode: string): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  await conn.write(new TextEncoder().encode(mode));
  return conn;
}

/**
 * Uploads for a while.
 * @param port The forward's.
 * @param far Counts what arrives.
 * @param connections How many at once.
 * @param time Milliseconds, after half a second to get going.
 * @returns Bytes and seconds.
 */
export async function upload(
  port: number,
  far: FarEnd,
  connections: number,
  time: number,
  between: () => void = () => {},
): Promise<{ bytes: number; seconds: number }> {
  const conns = await Promise.all(
    Array.from({ length: connections }, () => connect(port, "u")),
  );
  const writers = conns.map(async (conn) => {
    try {
      for (;;) await writeAll(conn, chunk);
    } catch {
      // Closed below.
    }
  });
  const result = await measure(() => far.taken, time, between);
  for (const conn of conns) close(conn);
  await Promise.all(writers);
  return result;
}

/** Downloads for a while; as {@linkcode upload}. */
export async function download(
  port: number,
  connections: number,
  time: number,
  between: () => void = () => {},
): Promise<{ bytes: number; seconds: number }> {
  const conns = await Promise.all(
    Array.from({ length: connections }, () => connect(port, "d")),
  );
  let got = 0;
  const readers = conns.map(async (conn) => {
    const buffer = new Uint8Array(256 * 1024);
    try {
      for (;;) {
        const count = await conn.read(buffer) ?? 0;
        got += count;
      }
    } catch {
      // Closed below.
    }
  });
  const result = await measure(() => got, time, between);
  for (const conn of conns) close(conn);
  await Promise.all(readers);
  return result;
}

async function measure(
  count: () => number,
  time: number,
  between: () => void,
): Promise<{ bytes: number; seconds: number }> {
  await sleep(500);
  between();
  const before = count(), start = performance.now();
  await sleep(time);
  const bytes = count() - before;
  const seconds = (performance.now() - start) / 1000;
  between();
  return { bytes, seconds };
}

/**
 * Round trips of one byte.
 * @param port The forward's.
 * @param times How many.
 * @returns Milliseconds, sorted.
 */
export async function echo(port: number, times: number): Promise<number[]> {
  const conn = await connect(port, "e");
  const byte = new Uint8Array(1), trips: number[] = [];
  for (let i = -20; i < times; i++) {
    const start = performance.now();
    await conn.write(byte);
    await conn.read(byte);
    if (i >= 0) trips.push(performance.now() - start);
    await sleep(2);
  }
  close(conn);
  return trips.sort((a, b) => a - b);
}

/**
 * Opens connections that stay open, each after one byte there and back.
 * @param port The forward's.
 * @param count How many.
 */
export async function openMany(
  port: number,
  count: number,
): Promise<{ readonly conns: readonly Deno.TcpConn[] } & Disposable> {
  const conns: Deno.TcpConn[] = [];
  const byte = new Uint8Array(1);
  for (let i = 0; i < count; i++) {
    const conn = await connect(port, "e");
    await conn.write(byte);
    if (await conn.read(byte) !== 1) throw new Error(`connection ${i} failed`);
    conns.push(conn);
  }
  return {
    conns,
    [Symbol.dispose]() {
      for (const conn of conns) close(conn);
    },
  };
}

/** Waits so many milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
