/**
 * A forward through a Session Manager that fails in every way it can: connections that send and
 * get at the same time, SHA-256 on both sides, and somebody who connects all the while.
 *
 * @module
 */

import { createHash } from "node:crypto";
import {
  connect,
  readExactly,
  startFarEnd,
  writeAll,
} from "../testkit/far_end.ts";
import { interrupt, startForward } from "../testkit/forward_program.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

/** What to run. */
export interface FaultyForward {
  /** Bytes each way, over all connections. */
  readonly bytes: number;
  readonly connections: number;
  /** Flags of `ssm simulate`. */
  readonly simulate: readonly string[];
  /** Flags of `ssm forward`. */
  readonly forward?: readonly string[];
}

/** What came of it. */
export interface FaultyForwardResult {
  /** Connections whose bytes arrived as they were sent, both ways. */
  readonly equal: number;
  readonly seconds: number;
  /** How often the connection was lost, and came back. */
  readonly lost: number;
  readonly resumed: number;
  /** Attempts to connect meanwhile, and those that failed. */
  readonly attempts: number;
  readonly refused: number;
  readonly code: number;
  /** Sessions that the service still counts as active afterwards. */
  readonly left: readonly string[];
  /** MiB of the client's memory at every tenth of the way; Linux only. */
  readonly rss: readonly number[];
  readonly stderr: string;
}

const block = 64 * 1024;

/** Bytes that repeat nowhere, the same for the same seed. */
function* blocks(seed: number, bytes: number): Generator<Uint8Array> {
  const base = new Uint8Array(block);
  let state = seed | 1;
  for (let i = 0; i < block; i++) {
    state = Math.imul(state, 0x01000193) ^ (state >>> 15);
    base[i] = state;
  }
  const view = new DataView(base.buffer);
  for (let at = 0, number = 0; at < bytes; at += block, number++) {
    // Each kilobyte of each block is one of its kind.
    for (let i = 0; i < block; i += 1024) view.setUint32(i, number * 64 + i);
    yield base.subarray(0, Math.min(block, bytes - at));
  }
}

async function send(
  conn: Deno.TcpConn,
  seed: number,
  bytes: number,
  sent: (count: number) => void = () => {},
): Promise<string> {
  const hash = createHash("sha256");
  for (const each of blocks(seed, bytes)) {
    hash.update(each);
    await writeAll(conn, each);
    sent(each.length);
  }
  return hash.digest("hex");
}

async function take(conn: Deno.TcpConn, bytes: number): Promise<string> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(block);
  for (let left = bytes; left > 0;) {
    const count = await conn.read(buffer.subarray(0, Math.min(block, left)));
    if (count === null) throw new Error(`It ended, ${left} bytes too early`);
    hash.update(buffer.subarray(0, count));
    left -= count;
  }
  return hash.digest("hex");
}

/** The far end: sends its bytes while it takes ours, then says what it took, in hex. */
async function serve(conn: Deno.TcpConn): Promise<void> {
  const request = await readExactly(conn, 8);
  const view = new DataView(request.buffer);
  const seed = view.getUint32(0), bytes = view.getUint32(4);
  if (bytes === 0) return;
  const [taken] = await Promise.all([
    take(conn, bytes),
    send(conn, seed + 1, bytes),
  ]);
  await writeAll(conn, taken);
  await conn.read(request);
}

/** One connection; true when both directions were as they should be. */
async function exchange(
  port: number,
  seed: number,
  bytes: number,
  sent: (count: number) => void,
): Promise<boolean> {
  const conn = await connect(port);
  try {
    const request = new Uint8Array(8);
    const view = new DataView(request.buffer);
    view.setUint32(0, seed);
    view.setUint32(4, bytes);
    await writeAll(conn, request);
    const [got, gave] = await Promise.all([
      take(conn, bytes),
      send(conn, seed, bytes, sent),
    ]);
    const taken = new TextDecoder().decode(await readExactly(conn, 64));
    const expected = createHash("sha256");
    for (const each of blocks(seed + 1, bytes)) expected.update(each);
    return taken === gave && got === expected.digest("hex");
  } finally {
    conn.close();
  }
}

async function rssOf(pid: number): Promise<number | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** Runs it to its end. */
export async function runFaultyForward(
  options: FaultyForward,
  withMemory = false,
): Promise<FaultyForwardResult> {
  await using simulator = await startSimulatorProgram(options.simulate);
  await using far = startFarEnd(serve);
  await using program = await startForward(simulator.env, [
    "web-server",
    "--remote",
    String(far.port),
    ...options.forward ?? [],
  ]);
  const { bytes, connections } = options;
  const rss: (number | undefined)[] = [];
  let total = 0, attempts = 0, refused = 0, running = true;
  const sent = (count: number) => {
    total += count;
    if (withMemory && total > rss.length * bytes / 10) {
      rss.push(undefined);
      const place = rss.length - 1;
      void rssOf(program.pid).then((value) => rss[place] = value);
    }
  };
  const visitor = (async () => {
    while (running) {
      attempts++;
      await connect(program.port).then((conn) => conn.close(), () => refused++);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const start = performance.now();
  const results = await Promise.all(
    Array.from(
      { length: connections },
      (_, i) =>
        exchange(program.port, 1000 * (i + 1), bytes / connections, sent),
    ),
  );
  const seconds = (performance.now() - start) / 1000;
  running = false;
  await visitor;
  const { code, stderr } = await interrupt(program);
  const count = (pattern: RegExp) => [...stderr.matchAll(pattern)].length;
  return {
    equal: results.filter((equal) => equal).length,
    seconds,
    lost: count(/ lost: /g),
    resumed: count(/ resumed after /g),
    attempts,
    refused,
    code,
    left: await simulator.activeSessions(),
    rss: rss.filter((value) => value !== undefined),
    stderr,
  };
}
