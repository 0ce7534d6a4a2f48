/**
 * A shell session that prints much through a Session Manager that fails in every way it can, and
 * the proof that nothing of it was lost, repeated or swapped: SHA-256 on both sides.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { Aws } from "../../lib/aws/mod.ts";
import { systemClock } from "../../lib/io/clock.ts";
import { openTransport } from "../../lib/io/web_socket.ts";
import { runShell, type SessionEnd } from "../../lib/session/shell.ts";
import type { Terminal } from "../../lib/session/transport.ts";
import {
  defaultOptions,
  type Faults,
  startSimulator,
} from "../../lib/simulator/mod.ts";
import { useEnvironment } from "./use_environment.ts";

/** What to run. */
export interface FaultyShell {
  /** Bytes that the remote program prints. */
  readonly bytes: number;
  readonly pace: "real" | "fast";
  readonly faults: Partial<Faults>;
  readonly transport?: "native" | "builtin";
  readonly kmsKeyId?: string;
}

/** What came of it. */
export interface FaultyShellResult {
  readonly end: SessionEnd;
  readonly bytes: number;
  /** SHA-256 of what arrived, and of what was printed, in hex. */
  readonly arrived: string;
  readonly expected: string;
  /** How often the connection was lost and came back. */
  readonly lost: number;
  readonly resumed: number;
  readonly seconds: number;
  /** Sessions that the service still counts as active afterwards. */
  readonly left: readonly string[];
}

/** Text that repeats nowhere soon, and that the agent's UTF-8 filter leaves alone. */
function* printedText(bytes: number): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let state = 0x2545f491, left = bytes;
  while (left > 0) {
    let line = "";
    while (line.length < 1020) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      line += (state >>> 0).toString(36);
    }
    const block = encoder.encode(`${line.slice(0, 1019)}\n`).slice(0, left);
    left -= block.length;
    yield block;
  }
}

/** Runs it. */
export async function runFaultyShell(
  options: FaultyShell,
): Promise<FaultyShellResult> {
  const file = await Deno.makeTempFile({ prefix: "ssm-soak-" });
  const expected = createHash("sha256");
  const arrived = createHash("sha256");
  let bytes = 0, lost = 0, resumed = 0;
  {
    using out = await Deno.open(file, { write: true });
    for (const block of printedText(options.bytes)) {
      expected.update(block);
      for (let at = 0; at < block.length;) {
        at += await out.write(block.subarray(at));
      }
    }
  }
  const complete = Promise.withResolvers<void>();
  const started = performance.now();
  try {
    await using simulator = await startSimulator({
      ...defaultOptions,
      pace: options.pace,
      kmsKeyId: options.kmsKeyId,
      faults: { ...defaultOptions.faults, ...options.faults },
      // The terminal's own processing off: what the program prints is what arrives. It ends when
      // it is told to, as an agent gives up what is not acknowledged 2 s after the program's end
      // (data-channel.md §9), and repairs ten messages a second.
      shell: [
        "/bin/sh",
        "-c",
        `stty raw -echo; cat ${file}; head -c 1 >/dev/null`,
      ],
    });
    using _environment = useEnvironment(simulator);
    const env = (name: string) => Deno.env.get(name);
    using aws = new Aws({ version: "0.0.0", env });
    const target = await aws.resolveTarget("web-server");
    const grant = await aws.ssm.startSession({ target: target.id });
    const control = aws.sessionControl({
      sessionId: grant.sessionId,
      target: target.id,
      openTransport: openTransport({
        kind: options.transport ?? "native",
        clock: systemClock,
        env,
      }),
      streamHosts: [],
      notice: () => {},
    });
    const end = await runShell({
      grant,
      control,
      terminal: sink((chunk) => {
        arrived.update(chunk);
        bytes += chunk.length;
        if (bytes >= options.bytes) complete.resolve();
      }, complete.promise),
      clock: systemClock,
      escape: undefined,
      signal: new AbortController().signal,
      notify: (notice) => {
        if (notice.kind === "lost") lost++;
        if (notice.kind === "resumed") resumed++;
      },
    });
    return {
      end,
      bytes,
      arrived: arrived.digest("hex"),
      expected: expected.digest("hex"),
      lost,
      resumed,
      seconds: (performance.now() - started) / 1000,
      left: simulator.activeSessions(),
    };
  } finally {
    await Deno.remove(file);
  }
}

/** A terminal whose output goes into a function; one key is pressed when `complete` says so. */
function sink(
  write: (bytes: Uint8Array) => void,
  complete: Promise<void>,
): Terminal {
  let pressed = false;
  return {
    interactive: false,
    size: () => undefined,
    raw: () => ({ [Symbol.dispose]() {} }),
    read: async (signal) => {
      const aborted = Promise.withResolvers<never>();
      signal?.addEventListener("abort", () => aborted.reject(signal.reason));
      if (!pressed) await Promise.race([complete, aborted.promise]);
      else await aborted.promise;
      pressed = true;
      return Uint8Array.of(0x0d);
    },
    unread: () => {},
    write: (bytes) => Promise.resolve(write(bytes)),
    writeError: () => Promise.resolve(),
    onResize: () => ({ [Symbol.dispose]() {} }),
    suspend: () => Promise.resolve(),
  };
}
