/**
 * What is left of a command's output when agent and service have cut it, as the official agent does
 * (`iohandler.go`, `pluginutil.go`): it counts bytes, and the service characters (api.md §5).
 *
 * @module
 */

/** From so many bytes on the agent cuts a stream. */
export const streamLimit = 24_000;

/** The most characters of standard error that GetCommandInvocation gives. */
export const errorLimit = 8_000;

/** What the agent puts at the end of a stream that it cut; part of the {@linkcode streamLimit}. */
export const streamMark = "--output truncated--";

/** The most bytes of ListCommandInvocations' `Output`, both streams together. */
export const listLimit = 2_500;

/** What stands between the streams there. */
export const errorTitle = "\n----------ERROR-------\n";

const outputMark = "\n---Output truncated---";
const errorMark = "\n---Error truncated----";

/** The beginning of what a program wrote to one stream, and how much it was. */
export interface StreamOutput {
  /** At least the first {@linkcode streamLimit} bytes, or all. */
  readonly head: Uint8Array;
  /** Bytes. */
  readonly total: number;
}

/**
 * Text as a program's whole output.
 * @param text What it wrote.
 */
export function streamOf(text: string): StreamOutput {
  const head = new TextEncoder().encode(text);
  return { head, total: head.length };
}

/** A stream with a text behind it, as the agent adds its own words to standard error. */
export function withText(stream: StreamOutput, text: string): StreamOutput {
  const more = new TextEncoder().encode(text);
  const head = new Uint8Array(stream.head.length + more.length);
  head.set(stream.head);
  head.set(more, stream.head.length);
  return { head, total: stream.total + more.length };
}

/** `StandardOutputContent`. */
export function outputContent({ head, total }: StreamOutput): string {
  return total < streamLimit
    ? decode(head)
    : decode(head.subarray(0, streamLimit - streamMark.length)) + streamMark;
}

/** `StandardErrorContent`: cut by the agent as the other, and by the service to what it gives. */
export function errorContent(stream: StreamOutput): string {
  return outputContent(stream).slice(0, errorLimit);
}

/** `Output` of a plugin in ListCommandInvocations with Details. */
export function listOutput(stdout: StreamOutput, stderr: StreamOutput): string {
  const title = stderr.total > 0 ? errorTitle : "";
  const space = listLimit - title.length;
  const out = (bytes: number) => decode(stdout.head.subarray(0, bytes));
  const err = (bytes: number) => decode(stderr.head.subarray(0, bytes));
  if (stdout.total + stderr.total < space) {
    return out(stdout.total) + title + err(stderr.total);
  }
  if (stdout.total > space / 2 && stderr.total > space / 2) {
    const half = Math.trunc(
      (space - errorMark.length - outputMark.length) / 2,
    );
    return out(half) + outputMark + title + err(half) + errorMark;
  }
  if (stdout.total <= Math.trunc(space / 2)) {
    return out(stdout.total) + title +
      err(space - errorMark.length - stdout.total) + errorMark;
  }
  return out(space - outputMark.length - stderr.total) + outputMark + title +
    err(stderr.total);
}

/** As Go's encoding/json writes a string: a byte that is no UTF-8 becomes U+FFFD. */
function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
