/**
 * What a message costs in each transport: `deno bench -A tests/bench/transport_bench.ts`. One
 * iteration is 1000 messages over loopback, in batches of 64 messages as a session has them; the
 * peer is a raw socket of the same process that discards, or repeats finished frames, so the
 * figures hold its share too.
 */

import { acceptFor } from "../../lib/io/upgrade.ts";
import { systemClock } from "../../lib/io/clock.ts";
import { readHead, writeAll } from "../../lib/io/http_head.ts";
import { FrameBuffer, opcodes } from "../../lib/io/web_socket_frame.ts";
import { openTransport } from "../../lib/io/web_socket.ts";
import type { Transport } from "../../lib/session/transport.ts";

const perIteration = 1000;
const batch = 64;

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

/** Opens a transport and gives the raw socket at its other end. */
async function connect(
  kind: "native" | "builtin",
): Promise<[Transport, Deno.TcpConn]> {
  const accepting = (async () => {
    const conn = await listener.accept();
    const { headers } = await readHead(conn);
    const accept = await acceptFor(headers["sec-websocket-key"] ?? "");
    await writeAll(
      conn,
      new TextEncoder().encode(
        `HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      ),
    );
    return conn;
  })();
  const open = openTransport({
    kind,
    clock: systemClock,
    env: () => undefined,
    pingInterval: 0,
  });
  const url = `ws://127.0.0.1:${listener.addr.port}/`;
  return [await open({ url, headers: {} }), await accepting];
}

async function discard(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(256 * 1024);
  while (await conn.read(buffer) !== null);
}

for (const kind of ["native", "builtin"] as const) {
  for (const size of [1024, 16 * 1024]) {
    const message = new Uint8Array(size).fill(0x5a);

    Deno.bench({
      name: `${kind}: send 1000 messages of ${size} bytes`,
      group: `send ${size}`,
      baseline: kind === "native",
      async fn(b) {
        const [transport, peer] = await connect(kind);
        const sink = discard(peer);
        b.start();
        for (let sent = 0; sent < perIteration;) {
          const end = Math.min(sent + batch, perIteration);
          for (; sent < end; sent++) transport.send(message);
          await transport.drained();
        }
        while (transport.buffered > 0) await transport.drained();
        b.end();
        peer.close();
        await sink.catch(() => {});
        await transport.closed;
      },
    });

    Deno.bench({
      name: `${kind}: receive 1000 messages of ${size} bytes`,
      group: `receive ${size}`,
      baseline: kind === "native",
      async fn(b) {
        const [transport, peer] = await connect(kind);
        const frames = new FrameBuffer(batch * (size + 4), undefined);
        for (let i = 0; i < batch; i++) frames.append(opcodes.binary, message);
        const all = frames.frames;
        const one = all.length / batch;
        b.start();
        const writing = (async () => {
          for (let left = perIteration; left > 0; left -= batch) {
            await writeAll(peer, all.subarray(0, Math.min(left, batch) * one));
          }
        })();
        for (let got = 0; got < perIteration;) {
          got += (await transport.read())!.length;
        }
        b.end();
        await writing;
        peer.close();
        await transport.closed;
      },
    });
  }
}
