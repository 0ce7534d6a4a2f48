/**
 * What Run Command gives of a script's output, and what it cut off (api.md §5). The agent counts
 * bytes and marks its cut (`runpluginutil.go`, `iohandler.go`); the service counts characters and
 * does not.
 *
 * @module
 */

/** Both streams, as far as they are known. Bytes that are no UTF-8 were replaced on the way. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** What is not all there. */
  readonly truncated: { readonly stdout: boolean; readonly stderr: boolean };
}

/** The agent cuts a stream that has so many bytes or more. */
export const STREAM_LIMIT = 24_000;

/** The service gives so many characters of standard error. */
export const ERROR_LIMIT = 8_000;

/** `Output` in a list has so many bytes at most, for both streams. */
const LIST_LIMIT = 2_500;

/** What the agent puts in place of what it cut. */
const STREAM_MARK = "--output truncated--";
const LIST_MARKS = ["\n---Output truncated---", "\n---Error truncated----"];

/** What stands between the streams in a list's `Output`. */
const ERROR_TITLE = "\n----------ERROR-------\n";

/** A service that counted bytes would end within one character, replaced or not, of its limit. */
const LONGEST_CHARACTER = 6;

const encoder = new TextEncoder();

/** A lower bound of the length in bytes of what the script wrote: a replaced byte is three. */
function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/**
 * The output as GetCommandInvocation gives it.
 *
 * @param stdout `StandardOutputContent`.
 * @param stderr `StandardErrorContent`.
 * @param code The exit code, for the agent's own words about it.
 */
export function invocationOutput(
  stdout: string,
  stderr: string,
  code: number,
): CommandOutput {
  const cutOut = isCut(stdout);
  const cutError = isCut(stderr) || isCutTo(ERROR_LIMIT, stderr);
  return {
    stdout: cutOut ? withoutMark(stdout) : stdout,
    stderr: cutError ? withoutMark(stderr) : withoutAgentWords(stderr, code),
    truncated: { stdout: cutOut, stderr: cutError },
  };
}

/** What is not cut has less than {@linkcode STREAM_LIMIT} bytes, so no more characters either. */
function isCut(text: string): boolean {
  return text.length >= STREAM_LIMIT ||
    text.endsWith(STREAM_MARK) && bytesOf(text) >= STREAM_LIMIT;
}

function isCutTo(limit: number, text: string): boolean {
  if (text.length >= limit) return true;
  const bytes = bytesOf(text);
  return bytes > text.length && bytes > limit - LONGEST_CHARACTER &&
    bytes < limit + LONGEST_CHARACTER;
}

function withoutMark(text: string): string {
  return text.endsWith(STREAM_MARK) ? text.slice(0, -STREAM_MARK.length) : text;
}

/** The agent ends the standard error of a script that failed with a line that is not the script's. */
function withoutAgentWords(stderr: string, code: number): string {
  const words = `failed to run commands: exit status ${code}`;
  return code !== 0 && stderr.endsWith(words)
    ? stderr.slice(0, -words.length)
    : stderr;
}

/**
 * The output as ListCommandInvocations gives it.
 *
 * @param text `Output` of the plugin.
 * @param code The exit code, as above.
 * @returns `undefined` where that is not all of it, or cannot be told apart: GetCommandInvocation
 * has more.
 */
export function listedOutput(
  text: string,
  code: number,
): CommandOutput | undefined {
  if (bytesOf(text) >= LIST_LIMIT) return undefined;
  if (LIST_MARKS.some((mark) => text.includes(mark))) return undefined;
  const parts = text.split(ERROR_TITLE);
  if (parts.length > 2) return undefined;
  const [stdout = "", stderr = ""] = parts;
  return {
    stdout,
    stderr: withoutAgentWords(stderr, code),
    truncated: { stdout: false, stderr: false },
  };
}
