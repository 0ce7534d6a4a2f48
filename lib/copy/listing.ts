/**
 * What the node tells about its files: the data of the requests `t` and `l` of `remote_program.ts`.
 *
 * @module
 */

import { decodePath } from "./path_text.ts";
import { restoreText } from "./reply_parser.ts";

/** A file or folder on the node. */
export interface RemoteEntry {
  /** As the node names it. */
  readonly path: string;
  readonly kind: "file" | "folder" | "other";
  /** Permissions, the lowest twelve bits of the mode. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  /** When it was changed, in seconds since the Unix epoch. */
  readonly modified: number;
  readonly readable: boolean;
}

/** A path that there is nothing at, and what the node says about it. */
export interface MissingEntry {
  readonly path: string;
  readonly kind: "missing";
  readonly reason: string;
}

const slash = 0x2f, LF = 10;

/** The entries of sources and destinations, each `1 stat//path//`, `0 stat//path//` or `! reason//path//`. */
export function parseSources(
  data: Uint8Array,
): (RemoteEntry | MissingEntry)[] {
  const fields = splitNames(restoreText(data));
  const entries: (RemoteEntry | MissingEntry)[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const about = decodePath(fields[at]!);
    const named = decodePath(fields[at + 1]!);
    // The shell has put homes in; a tilde that is left is a name's.
    const path = named.startsWith("~") ? `./${named}` : named;
    if (about.startsWith("!")) {
      entries.push({ path, kind: "missing", reason: lastPart(about.slice(2)) });
      continue;
    }
    const entry = parseEntry(path, about.slice(2), about[0] === "1");
    entries.push(entry ?? { path, kind: "missing", reason: about.slice(2) });
  }
  return entries;
}

/**
 * What is below a folder, parents first; the folder itself is `.`.
 *
 * @throws {RangeError} When the node did not say all of it.
 */
export function parseListing(data: Uint8Array): RemoteEntry[] {
  const bytes = restoreText(data);
  const entries: RemoteEntry[] = [];
  for (let at = 0; at < bytes.length;) {
    const names: string[] = [];
    for (;;) {
      const end = findSeparator(bytes, at);
      if (end < 0) throw new RangeError("The node's list of files ends early");
      const name = bytes.subarray(at, end);
      at = end + 2;
      if (name.length === 0) break;
      names.push(decodePath(name));
    }
    const lines: string[] = [];
    for (let line = 0; line <= names.length; line++) {
      const end = bytes.indexOf(LF, at);
      if (end < 0) throw new RangeError("The node's list of files ends early");
      lines.push(decodePath(bytes.subarray(at, end)));
      at = end + 1;
    }
    const readable = lines[names.length] ?? "";
    names.forEach((path, index) => {
      const entry = parseEntry(
        path,
        lines[index] ?? "",
        readable[index] === "1",
      );
      if (entry === undefined) {
        throw new RangeError("The node's list of files makes no sense");
      }
      entries.push(entry);
    });
  }
  return entries;
}

/** `mode:size:time`, the mode in hexadecimal. */
function parseEntry(
  path: string,
  text: string,
  readable: boolean,
): RemoteEntry | undefined {
  const [, mode = "", size, time] =
    /^([0-9a-f]+):(\d+):(-?\d+)$/i.exec(text.trim()) ?? [];
  const bits = Number.parseInt(mode, 16);
  if (Number.isNaN(bits)) return undefined;
  const kinds: Record<number, RemoteEntry["kind"]> = {
    0x8: "file",
    0x4: "folder",
  };
  return {
    path,
    kind: kinds[bits >> 12] ?? "other",
    mode: bits & 0o7777,
    size: Number(size),
    modified: Number(time),
    readable,
  };
}

/** What a tool says behind its name and the file's. */
function lastPart(text: string): string {
  return text.slice(text.lastIndexOf(": ") + 1).trim();
}

function splitNames(bytes: Uint8Array): Uint8Array[] {
  const names: Uint8Array[] = [];
  for (let at = 0;;) {
    const end = findSeparator(bytes, at);
    if (end < 0) return names;
    names.push(bytes.subarray(at, end));
    at = end + 2;
  }
}

/** No path has two slashes in a row. */
function findSeparator(bytes: Uint8Array, from: number): number {
  for (let at = from;; at++) {
    at = bytes.indexOf(slash, at);
    if (at < 0 || at + 1 >= bytes.length) return -1;
    if (bytes[at + 1] === slash) return at;
  }
}
