/**
 * Another one of us, in a session of its own, that goes on when we have ended.
 *
 * @module
 */

import type { ChildEnd } from "./context.ts";
import { permissionFlags } from "./permissions.ts";

/** What {@linkcode runInBackground} started. */
export interface BackgroundProgram {
  readonly pid: number;
  /** What it prints on standard output, line by line. */
  readonly lines: AsyncIterable<string>;
  readonly ended: Promise<ChildEnd>;
  kill(signal: Deno.Signal): void;
}

/**
 * Starts it with our arguments, and one that tells it that it is in the background.
 * @param errorIsTerminal True where its messages can go on to the terminal. Elsewhere they come to
 * us, and end with us: whoever waits for the end of our standard error must not wait for it.
 */
export function runInBackground(errorIsTerminal: boolean): BackgroundProgram {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...ownArguments(), ...Deno.args, "--background-child"],
    stdin: "inherit",
    stdout: "piped",
    stderr: errorIsTerminal ? "inherit" : "piped",
    detached: true,
  }).spawn();
  if (!errorIsTerminal) void relay(child.stderr);
  child.unref();
  return {
    pid: child.pid,
    lines: lines(child.stdout),
    ended: child.status.then(({ code, signal }) => ({
      code,
      signal: signal ?? undefined,
    })),
    kill(signal) {
      try {
        child.kill(signal);
      } catch {
        // It has just ended.
      }
    },
  };
}

/** What leads Deno to our program; an executable is the program. */
function ownArguments(): string[] {
  if (Deno.build.standalone) return [];
  const config = new URL("deno.json", Deno.mainModule);
  return [
    "run",
    "--no-prompt",
    "--quiet",
    ...permissionFlags,
    `--config=${config.pathname}`,
    Deno.mainModule,
  ];
}

async function relay(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const bytes of stream) {
    for (let at = 0; at < bytes.length;) {
      at += await Deno.stderr.write(bytes.subarray(at));
    }
  }
}

async function* lines(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const whole = (rest + text).split("\n");
    rest = whole.pop() ?? "";
    yield* whole;
  }
}
