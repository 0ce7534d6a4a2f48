/**
 * Errors become text here and nowhere else: a sentence, `hint:` lines with commands that can be
 * pasted, and an exit code.
 *
 * | code  | when                                                                       |
 * | ----- | -------------------------------------------------------------------------- |
 * | 0     | a session that ended well, by the user's wish too                          |
 * | 1     | the agent or the service ended it with an error, or by a time-out of theirs |
 * | 124   | `--timeout`                                                                |
 * | 125   | ours failed before the session began                                       |
 * | 126   | the command to run cannot be executed                                      |
 * | 127   | the command to run does not exist                                          |
 * | 128+n | signal n; 141 when nobody reads our output                                 |
 * | 255   | a connection lost and not to be resumed                                    |
 *
 * @module
 */

import { SignalError } from "../lib/session/signal_error.ts";
import { refusalOf } from "../lib/aws/refusal.ts";
import { visible } from "../lib/text.ts";
import { signalExitCode, TimeoutError } from "./signals.ts";
import { wrap } from "./wrap.ts";

/** The exit codes that are not another program's. */
export const exitCodes = {
  success: 0,
  sessionFailed: 1,
  timeout: 124,
  failed: 125,
  notExecutable: 126,
  notFound: 127,
  lost: 255,
} as const;

/** What the user asked for makes no sense: exit code 125. */
export class UsageError extends Error {
  override name = "UsageError";
  /**
   * @param message The sentence.
   * @param hints Commands that can be pasted.
   */
  constructor(
    message: string,
    readonly hints: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Something failed, and the code says what kind of end that is. */
export class CommandError extends Error {
  override name = "CommandError";
  /**
   * @param message The sentence.
   * @param exitCode See the table above.
   * @param hints Commands that can be pasted.
   * @param details Lines below the sentence, such as candidates; foreign text in them must have
   * been made visible.
   */
  constructor(
    message: string,
    readonly exitCode: number,
    readonly hints: readonly string[] = [],
    readonly details: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What the user reads of an error. */
export interface Failure {
  /** The sentence; `undefined` where nothing needs to be said. */
  readonly message: string | undefined;
  /** Lines below it. */
  readonly details: readonly string[];
  /** Commands that can be pasted. */
  readonly hints: readonly string[];
  readonly exitCode: number;
}

/**
 * What to say of an error, and how to end.
 * @param error Anything that was thrown.
 */
export function describeError(error: unknown): Failure {
  const quiet = { message: undefined, details: [], hints: [] };
  if (error instanceof SignalError) {
    return { ...quiet, exitCode: signalExitCode(error.signal) };
  }
  // Whoever read our output has gone, as `head` does: nobody is left to tell.
  if (error instanceof Deno.errors.BrokenPipe) {
    return { ...quiet, exitCode: signalExitCode("SIGPIPE") };
  }
  if (!(error instanceof Error)) {
    return {
      ...quiet,
      message: `Something unexpected was thrown: ${visible(String(error))}`,
      exitCode: exitCodes.failed,
    };
  }
  const chain = [...causes(error)];
  return {
    message: visible(sentence(error)),
    details: [
      ...listOf(error, "details"),
      ...firstOf(chain, refusalDetails),
    ].map(visible),
    // What helps against the cause helps: a session's end has an expired login only there.
    hints: firstOf(chain, (each) => listOf(each, "hints")).map(visible),
    exitCode: error instanceof CommandError
      ? error.exitCode
      : error instanceof TimeoutError
      ? exitCodes.timeout
      : exitCodes.failed,
  };
}

/** Columns below which broken lines are harder to read than a terminal's own. */
const narrowest = 20;

/**
 * The text of a failure, for standard error; empty when there is nothing to say.
 * @param failure From {@linkcode describeError}.
 * @param color True when it may be coloured.
 * @param columns The terminal's, where it is one: sentences are broken between words. Tables and
 * hints, which are pasted, are not.
 */
export function formatFailure(
  failure: Failure,
  color: boolean,
  columns = Infinity,
): string {
  if (failure.message === undefined) return "";
  const lines = (text: string, indent: number) =>
    text.includes("  ")
      ? text
      : wrap(text, Math.max(columns - indent, narrowest))
        .join(`\n${" ".repeat(indent)}`);
  const paint = (code: number, text: string) =>
    color ? `\x1b[${code}m${text}\x1b[0m` : text;
  return [
    `${paint(31, "ssm:")} ${lines(failure.message, "ssm: ".length)}`,
    ...failure.details.map((line) => `  ${lines(line, 2)}`),
    ...failure.hints.map((hint) => `${paint(36, "hint:")} ${hint}`),
  ].join("\n") + "\n";
}

/** Errors that are thrown to be read, by name: no class name belongs in front of their message. */
const readable = new Set([
  "AwsCallError",
  "CommandError",
  "ConnectionLostError",
  "ControlError",
  "ListenError",
  "PortInUseError",
  "PortStartError",
  "SessionStartError",
  "SignalError",
  "SimulatorError",
  "TargetError",
  "TimeoutError",
  "TransportError",
  "UpgradeRefusedError",
  "UsageError",
]);

/** The message; with its class where it was not written for users, as nothing else tells then. */
function sentence(error: Error): string {
  return readable.has(error.name) || error.name.endsWith("Error") &&
      /^Cannot /.test(error.message)
    ? error.message
    : `${error.name}: ${error.message}`;
}

/** Errors that caused one another are few; more links than this are a circle. */
const longestChain = 10;

/** The error and what caused it, outermost first. */
function* causes(error: Error): Generator<Error> {
  let link: unknown = error;
  for (let at = 0; at < longestChain && link instanceof Error; at++) {
    yield link;
    link = link.cause;
  }
}

/** What the first error has that has any. */
function firstOf(
  chain: readonly Error[],
  lines: (error: Error) => string[],
): string[] {
  return chain.map(lines).find((each) => each.length > 0) ?? [];
}

/** What our error classes may carry besides a message, whichever folder they come from. */
function listOf(error: Error, name: "details" | "hints"): string[] {
  const value: unknown = name in error
    ? (error as Partial<Record<typeof name, unknown>>)[name]
    : undefined;
  return Array.isArray(value)
    ? value.filter((each: unknown) => typeof each === "string")
    : [];
}

/** What the status of a refused upgrade means (api.md §10). */
function refusalDetails(error: Error): string[] {
  if (error.name !== "UpgradeRefusedError" || !("status" in error)) return [];
  const { status, body } = error as { status: unknown; body?: unknown };
  const said = typeof body === "string" && body.trim() !== ""
    ? [`the server says: ${body.trim().slice(0, 500)}`]
    : [];
  return [refusalOf(Number(status)).meaning, ...said];
}
