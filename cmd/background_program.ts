/**
 * Another one of us, in a session of its own, that goes on when we have ended.
 *
 * @module
 */

import type { ChildEnd } from "./context.ts";
import { ownCommand } from "./own_command.ts";

/** The byte on its standard error behind all that it said before it was ready; no text has it. */
export const endMark = 0;

/** What {@linkcode runInBackground} started. */
export interface BackgroundProgram {
  readonly pid: number;
  /** What it prints on standard output, line by line. */
  readonly lines: AsyncIterable<string>;
  /** Resolves when all is passed on that it said before it was ready, or to its end. Never rejects. */
  readonly passedOn: Promise<void>;
  readonly ended: Promise<ChildEnd>;
  kill(signal: Deno.Signal): void;
}

/**
 * Starts it with our arguments, and one that tells it that it is in the background.
 * @param errorIsTerminal True where its messages can go on to the terminal. Elsewhere they come to
 * us, and end with us: whoever waits for the end of our standard error must not wait for it.
 */
export function runInBackground(errorIsTerminal: boolean): BackgroundProgram {
  const [program = "", ...first] = ownCommand();
  const child = new Deno.Command(program, {
    args: [...first, ...Deno.args, "--background-child"],
    stdin: "inherit",
    stdout: "piped",
    stderr: errorIsTerminal ? "inherit" : "piped",
    detached: true,
  }).spawn();
  child.unref();
  return {
    pid: child.pid,
    lines: lines(child.stdout),
    passedOn: errorIsTerminal ? Promise.resolve() : passOn(child.stderr),
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

/** Passes on what comes, for as long as we live; resolves at the mark, or the end. */
function passOn(stream: ReadableStream<Uint8Array>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  (async () => {
    for await (const bytes of stream) {
      const end = bytes.indexOf(endMark);
      // Nobody may read our standard error; what comes is to be taken all the same.
      await writeError(end < 0 ? bytes : bytes.subarray(0, end))
        .catch(() => {});
      if (end >= 0) resolve();
    }
  })().catch(() => {}).finally(resolve);
  return promise;
}

async function writeError(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await Deno.stderr.write(bytes.subarray(at));
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
