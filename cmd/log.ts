/**
 * `-v`, `-vv` and `--log-file`: where the log of a run goes to. The file gets everything, the
 * terminal as much as was asked for.
 *
 * @module
 */

import { Log, type LogEvent, type LogLevel } from "../lib/log/log.ts";
import { platformReason, visible } from "../lib/text.ts";
import { version } from "../lib/version.ts";
import type { Context } from "./context.ts";
import { CommandError, exitCodes } from "./errors.ts";

/** The log of one run of the program. */
export class CommandLog extends Log {
  #redirected: ((line: string) => void) | undefined;

  /**
   * Has lines for the terminal said by somebody who has a live line there, until disposed.
   * @param say Says one line.
   */
  redirect(say: (line: string) => void): Disposable {
    const before = this.#redirected;
    this.#redirected = say;
    return {
      [Symbol.dispose]: () => {
        this.#redirected = before;
      },
    };
  }

  /** Who says lines on the terminal; `undefined` where nobody has taken that over. */
  get redirected(): ((line: string) => void) | undefined {
    return this.#redirected;
  }
}

/** Lines that may wait for the disk. */
const mostWaiting = 200_000;

/** How much is to be logged, and where to. */
export interface LogChoice {
  readonly quiet: boolean;
  /** How often `-v` was given. */
  readonly verbose: number;
  /** A path; `undefined` for none. */
  readonly file: string | undefined;
}

/**
 * Opens the log of a run.
 * @param choice What was asked for.
 * @param context Whose log, and where to say that the file cannot be written.
 * @returns To be disposed of at the end: the file is complete then.
 * @throws CommandError When the file cannot be opened.
 */
export async function openLog(
  choice: LogChoice,
  context: Context,
): Promise<AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const { log, terminal } = context;
  const said = (line: string) => {
    if (log.redirected !== undefined) return log.redirected(line);
    terminal.writeError(new TextEncoder().encode(`${line}\n`)).catch(() => {});
  };
  const level = Math.min(choice.quiet ? 0 : choice.verbose, 2) as LogLevel;
  if (level > 0) {
    stack.use(log.add({
      level,
      write(line, event) {
        if (event.level > 0 && !event.said) said(line);
      },
    }));
  }
  if (choice.file !== undefined) {
    stack.use(await logToFile(choice.file, context, said));
  }
  return stack;
}

async function logToFile(
  path: string,
  context: Context,
  say: (line: string) => void,
): Promise<AsyncDisposable> {
  const { log, clock } = context;
  const [{ BackgroundFile }, { openSharedFile }] = await Promise.all([
    import("../lib/io/background_file.ts"),
    import("../lib/io/private_file.ts"),
  ]);
  let open;
  try {
    open = await openSharedFile(path);
  } catch (error) {
    throw new CommandError(
      `Cannot log to ${visible(path)}: ${platformReason(error)}`,
      exitCodes.failed,
      [],
      [],
      { cause: error },
    );
  }
  // Programs of ours that this one starts, as ssh does with ssm ssh-proxy, log there too.
  context.setEnvironment({ SSM_LOG_FILE: path });
  let waiting: string[] = [];
  const file = new BackgroundFile({
    ...open,
    clock,
    take() {
      const lines = waiting;
      waiting = [];
      return lines.join("");
    },
    onFailure: (error) =>
      say(`Cannot write log ${visible(path)}: ${platformReason(error)}`),
  });
  const sink = log.add({
    level: 2,
    write(line) {
      if (file.failed) return;
      const time = new Date(clock.wall?.() ?? clock.now()).toISOString();
      waiting.push(`${time} ${Deno.pid} ${line}\n`);
      if (waiting.length > mostWaiting) {
        waiting = [];
        return file.fail(new Error("the disk is too slow"));
      }
      file.changed();
    },
  });
  log.event({
    level: 0,
    what: "begin",
    said: true,
    values: {
      ssm: version,
      deno: Deno.version.deno,
      platform: `${Deno.build.os} ${Deno.build.arch}`,
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      sink[Symbol.dispose]();
      await file.close();
    },
  };
}

/**
 * A line that the user was told, for the log.
 * @param log The log.
 * @param level 0 for what is always said, 1 for what `-v` adds.
 * @param line What was said.
 */
export function noteSaid(
  log: Pick<Log, "event">,
  level: LogLevel,
  line: string,
): void {
  const event: LogEvent = { level, what: `said: ${line}`, said: true };
  log.event(event);
}

/** Errors that caused one another are few; more links than this are a circle. */
const longestChain = 10;

/**
 * An error with all that caused it, for the log.
 * @param log The log.
 * @param error What ended the command.
 */
export function logError(log: Pick<Log, "event">, error: unknown): void {
  let link: unknown = error;
  for (let at = 0; at < longestChain && link !== undefined; at++) {
    log.event({
      level: 0,
      what: at === 0 ? "error" : "caused by",
      said: true,
      values: link instanceof Error
        ? { name: link.name, message: link.message, stack: link.stack }
        : { message: String(link) },
    });
    link = link instanceof Error ? link.cause : undefined;
  }
}
