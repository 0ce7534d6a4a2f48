/**
 * `ssm simulate` as a program of its own, and programs in a terminal beside it.
 *
 * @module
 */

import { cleanHome, programCommand } from "./executable.ts";
import { openPty, type Pty } from "./pty.ts";

/** A running `ssm simulate`. */
export interface SimulatorProgram extends AsyncDisposable {
  /** Its process id. */
  readonly pid: number;
  /** A whole environment that leads to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Sessions that are not terminated. */
  activeSessions(): Promise<readonly string[]>;
  /** Ends it as Ctrl-C does; the exit code. */
  interrupt(): Promise<number>;
}

/**
 * Starts `ssm simulate` at the fast pace.
 * @param args More flags.
 */
export async function startSimulatorProgram(
  args: readonly string[] = [],
): Promise<SimulatorProgram> {
  const home = await cleanHome();
  const [program = "", ...first] = programCommand();
  const child = new Deno.Command(program, {
    args: [...first, "simulate", "--pace", "fast", "--quiet", ...args],
    env: home.env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  // The environment comes in one write, and ends with the last export's line.
  while (!/^export [\s\S]*\n$/m.test(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`ssm simulate ended: ${text}`);
    text += value;
  }
  const env: Record<string, string> = { ...home.env };
  for (
    const [, name = "", value = ""] of text.matchAll(/^export (\w+)=(.*)$/gm)
  ) {
    env[name] = value.replace(/^'(.*)'$/, "$1");
  }
  let ended: number | undefined;
  const end = async (signal: Deno.Signal) => {
    if (ended !== undefined) return ended;
    child.kill(signal);
    ended = (await child.status).code;
    await reader.cancel();
    return ended;
  };
  return {
    pid: child.pid,
    env,
    activeSessions: () => activeSessions(env),
    interrupt: () => end("SIGINT"),
    async [Symbol.asyncDispose]() {
      await end("SIGTERM");
      await home[Symbol.asyncDispose]();
    },
  };
}

async function activeSessions(
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const { DescribeSessionsCommand, SSMClient } = await import(
    "@aws-sdk/client-ssm"
  );
  const { FetchHttpHandler } = await import("@smithy/fetch-http-handler");
  const handler = new FetchHttpHandler();
  const client = new SSMClient({
    region: env.AWS_REGION ?? "",
    endpoint: env.AWS_ENDPOINT_URL ?? "",
    requestHandler: handler,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
      sessionToken: env.AWS_SESSION_TOKEN ?? "",
    },
  });
  const { Sessions = [] } = await client.send(
    new DescribeSessionsCommand({ State: "Active" }),
  );
  client.destroy();
  return Sessions.map((session) => session.SessionId ?? "");
}

/** A program in the foreground of a terminal that outlives it. */
export interface ForegroundProgram extends AsyncDisposable {
  readonly pty: Pty;
  /** The program's own process id. */
  readonly pid: number;
  /** `stty -a` from before the program began. */
  readonly settingsBefore: string;
  /** Resolves with the exit code, when the program has ended; its terminal is still there. */
  code(): Promise<number>;
}

/**
 * Runs a program in the foreground of a new terminal.
 * @param command argv.
 * @param env The whole environment.
 */
export async function runInTerminal(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ForegroundProgram> {
  const pty = await openPty(
    [
      "/bin/sh",
      "-c",
      // Waits until the settings are read; stays until they are read again.
      `read go; sh -c 'echo "PROGRAM $$"; exec "$@"' sh "$@"; echo "CODE $?"; read end`,
      "sh",
      ...command,
    ],
    { env, clearEnv: true },
  );
  const settingsBefore = await pty.settings();
  await pty.write("\n");
  const first = await pty.until(/PROGRAM (\d+)\r?\n/);
  const pid = Number(/PROGRAM (\d+)/.exec(first)?.[1]);
  return {
    pty,
    pid,
    settingsBefore,
    async code() {
      const text = await pty.until(/CODE (\d+)\r?\n/);
      return Number(/CODE (\d+)/.exec(text)?.[1]);
    },
    async [Symbol.asyncDispose]() {
      await pty[Symbol.asyncDispose]();
    },
  };
}
