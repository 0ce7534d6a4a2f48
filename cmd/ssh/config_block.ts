/**
 * A block of ours in somebody's file, between two marks, and nothing else of it touched.
 *
 * @module
 */

import { CommandError, exitCodes } from "../errors.ts";

/** What a file has of ours, and where. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * Puts a block into a file's text, in place of the one of the same name, else at the end: what
 * stands before it goes first with ssh, and a block of hosts ends only with the next one.
 *
 * @param bytes The file.
 * @param name Which of our blocks.
 * @param text The block's lines, each with its end.
 * @throws CommandError When the marks are not a pair.
 */
export function withBlock(
  bytes: Uint8Array,
  name: string,
  text: string,
): Uint8Array {
  // One character for each byte, whatever encoding the file is in.
  const file = toBinary(bytes);
  const [begin, finish] = [mark(name, ">>>"), mark(name, "<<<")]
    .map((each) => toBinary(new TextEncoder().encode(each)));
  const body = toBinary(new TextEncoder().encode(text));
  const block = `${begin}\n${body}${finish}\n`;
  const place = find(file, begin ?? "", finish ?? "");
  if (place !== undefined) {
    return fromBinary(
      file.slice(0, place.start) + block + file.slice(place.end),
    );
  }
  const gap = file === "" ? "" : file.endsWith("\n") ? "\n" : "\n\n";
  return fromBinary(file + gap + block);
}

function mark(name: string, arrows: string): string {
  return `# ${arrows} ssm ssh-config: ${name} ${arrows}`;
}

function find(file: string, begin: string, finish: string): Place | undefined {
  const start = lineAt(file, begin, 0);
  if (start === undefined && lineAt(file, finish, 0) === undefined) {
    return undefined;
  }
  const last = start === undefined ? undefined : lineAt(file, finish, start);
  if (start === undefined || last === undefined) throw unpaired(begin, finish);
  const lineEnd = file.indexOf("\n", last);
  const end = lineEnd < 0 ? file.length : lineEnd + 1;
  if (
    lineAt(file, begin, start + 1, last) !== undefined ||
    lineAt(file, begin, end) !== undefined ||
    lineAt(file, finish, end) !== undefined
  ) throw unpaired(begin, finish);
  return { start, end };
}

/** Where a line begins that is just this. */
function lineAt(
  file: string,
  line: string,
  from: number,
  to: number = file.length,
): number | undefined {
  for (let at = file.indexOf(line, from); at >= 0 && at < to;) {
    const before = at === 0 ? "\n" : file[at - 1];
    const after = file[at + line.length] ?? "\n";
    if (before === "\n" && (after === "\n" || after === "\r")) return at;
    at = file.indexOf(line, at + 1);
  }
  return undefined;
}

function unpaired(begin: string, finish: string): CommandError {
  return new CommandError(
    "Cannot change the file: the marks of our block are not one pair",
    exitCodes.failed,
    [],
    [begin, finish],
  );
}

function toBinary(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}

function fromBinary(text: string): Uint8Array {
  return Uint8Array.from(text, (each) => each.charCodeAt(0));
}
