/**
 * Commands that print much and end at once, again and again, through a Session Manager that fails
 * in every way it can: what arrived, and what each was told to be.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { Aws } from "../../lib/aws/mod.ts";
import { systemClock } from "../../lib/io/clock.ts";
import { openTransport } from "../../lib/io/web_socket.ts";
import {
  commandSessionRequest,
  type CommandWay,
  RemoteCommand,
  type RemoteCommandEnd,
} from "../../lib/session/remote_command.ts";
import {
  defaultOptions,
  type Faults,
  startSimulator,
} from "../../lib/simulator/mod.ts";
import { useEnvironment } from "./use_environment.ts";

/** What to run. */
export interface FaultyCommands {
  readonly runs: number;
  /** How many at a time. */
  readonly parallel: number;
  /** Bytes that each command prints on either output, random ones with {@linkcode binary}. */
  readonly bytes: number;
  readonly way: CommandWay;
  readonly pace: "real" | "fast";
  readonly faults: Partial<Faults>;
}

/** What came of it. */
export interface FaultyCommandsResult {
  /** Runs whose outputs and code were all there. */
  readonly whole: number;
  /** Runs that were not whole, and said so: another end than an exit code. */
  readonly told: number;
  /** Runs that were not whole, and nothing said so. */
  readonly silent: number;
  readonly resumed: number;
  readonly seconds: number;
  /** Sessions that the service still counts as active afterwards. */
  readonly left: readonly string[];
  /** The ends that were no exit code. */
  readonly ends: ReadonlyMap<string, number>;
}

/** Runs them. */
export async function runFaultyCommands(
  options: FaultyCommands,
): Promise<FaultyCommandsResult> {
  const file = await Deno.makeTempFile({ prefix: "ssm-soak-" });
  const content = printed(options);
  await Deno.writeFile(file, content);
  const expected = digestOf(content);
  const result = { whole: 0, told: 0, silent: 0, resumed: 0 };
  const ends = new Map<string, number>();
  const started = performance.now();
  try {
    await using simulator = await startSimulator({
      ...defaultOptions,
      pace: options.pace,
      faults: { ...defaultOptions.faults, ...options.faults },
    });
    using _environment = useEnvironment(simulator);
    const env = (name: string) => Deno.env.get(name);
    using aws = new Aws({ version: "0.0.0", env });
    const { id } = await aws.resolveTarget("web-server");
    let next = 0;
    const work = async () => {
      while (next++ < options.runs) {
        const { end, stdout, stderr, resumed } = await once(id, aws, env);
        const same = stdout === expected && stderr === expected;
        const code = end.kind === "exited" && end.code === 7;
        result.resumed += resumed;
        if (same && code) result.whole++;
        else if (end.kind === "exited") result.silent++;
        else {
          result.told++;
          const text = JSON.stringify(end);
          ends.set(text, (ends.get(text) ?? 0) + 1);
        }
      }
    };
    await Promise.all(Array.from({ length: options.parallel }, work));
    return {
      ...result,
      ends,
      seconds: (performance.now() - started) / 1000,
      left: simulator.activeSessions(),
    };
  } finally {
    await Deno.remove(file);
  }

  async function once(
    target: string,
    aws: Aws,
    env: (name: string) => string | undefined,
  ): Promise<{
    end: RemoteCommandEnd;
    stdout: string;
    stderr: string;
    resumed: number;
  }> {
    const words = ["sh", "-c", `cat ${file}; cat ${file} >&2; exit 7`];
    const grant = await aws.ssm.startSession({
      target,
      ...commandSessionRequest(options.way, words),
    });
    const hashes = {
      stdout: createHash("sha256"),
      stderr: createHash("sha256"),
    };
    let resumed = 0;
    const command: RemoteCommand = new RemoteCommand({
      way: options.way,
      command: { words, variables: {} },
      grant,
      control: aws.sessionControl({
        sessionId: grant.sessionId,
        target,
        openTransport: openTransport({
          kind: "native",
          clock: systemClock,
          env,
        }),
        streamHosts: [],
        notice: () => {},
      }),
      clock: systemClock,
      onOutput: (bytes, stream) => {
        hashes[stream].update(bytes);
        command.consumed(bytes.length);
      },
      notify: (notice) => {
        if (notice.kind === "resumed") resumed++;
      },
    });
    const end = await command.run(new AbortController().signal);
    return {
      end,
      stdout: hashes.stdout.digest("hex"),
      stderr: hashes.stderr.digest("hex"),
      resumed,
    };
  }
}

/** Text for the agent's filter, any bytes where they are encoded. */
function printed({ bytes, way }: FaultyCommands): Uint8Array {
  const content = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) {
    crypto.getRandomValues(content.subarray(at, at + 65_536));
  }
  return way === "plain" ? content.map((byte) => 32 + byte % 95) : content;
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
