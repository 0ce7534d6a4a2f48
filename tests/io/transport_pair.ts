import {
  type Rfc6455Options,
  Rfc6455Transport,
} from "../../lib/io/rfc6455_transport.ts";
import { FrameParser } from "../../lib/io/web_socket_parser.ts";
import { ManualClock, settle } from "../testkit/manual_clock.ts";
import { type MemoryConn, memoryConns } from "./memory_conn.ts";

/** A client's transport in memory and the raw other end. */
export function pair(options: Partial<Rfc6455Options> = {}, capacity?: number) {
  const clock = new ManualClock();
  const [near, far] = memoryConns(capacity);
  const client = new Rfc6455Transport(near, {
    role: "client",
    clock,
    ...options,
  });
  return { clock, near, far, client };
}

/** A client's and a server's transport, joined in memory; the options are the client's. */
export function twoEnds(
  capacity?: number,
  options: Partial<Rfc6455Options> = {},
) {
  const { clock, near, far, client } = pair(options, capacity);
  const server = new Rfc6455Transport(far, { role: "server", clock });
  return { clock, near, far, client, server };
}

/** What arrives at a raw end, parsed; the caller pumps it. */
export function watch(conn: MemoryConn) {
  const seen: string[] = [];
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const parser = new FrameParser("server", 1 << 24, {
    message: (bytes) => seen.push(`message ${bytes.length}`),
    ping: (bytes) => seen.push(`ping ${text(bytes)}`),
    pong: (bytes) => seen.push(`pong ${text(bytes)}`),
    close: (code, reason) => seen.push(`close ${code} ${reason}`),
  });
  const pump = async () => {
    await settle();
    while (conn.waiting > 0) {
      const buffer = new Uint8Array(1 << 20);
      const count = await conn.read(buffer);
      if (count === null) return;
      parser.push(buffer.slice(0, count));
      await settle();
    }
  };
  return { seen, pump };
}
