/**
 * What every copy has: its sessions, the files of this machine, and the count of what is done.
 *
 * @module
 */

import { platformReason } from "../text.ts";
import { LocalFileError, type LocalFiles } from "./local_files.ts";
import { RemoteError } from "./remote_shell.ts";
import type { ShellPool } from "./shell_pool.ts";
import type { Tally } from "./tally.ts";

/** A side of a copy. */
export type Side = "here" | "node";

/** What a copy works with. */
export interface CopyJob {
  readonly pool: ShellPool;
  readonly files: LocalFiles;
  /** Folders with all that is in them. */
  readonly recursive: boolean;
  /** Permissions and times as they are. */
  readonly preserve: boolean;
  /** Opens as many sessions as the tally calls for. */
  readonly grow: () => void;
  readonly tally: Tally;
  /**
   * A file could not be copied; the others go on.
   * @param side Where it is.
   * @param path Which.
   * @param reason Why, as a phrase.
   * @param target Where it was copied to, if the reason lies there.
   */
  readonly failed: (
    side: Side,
    path: string,
    reason: string,
    target?: string,
  ) => void;
  /** As many random bytes as asked for. */
  readonly random: (length: number) => Uint8Array;
}

/** Files that are copied at a time. */
export const filesAtATime = 256;
/** Parts of one file that are copied at a time. */
export const partsAtATime = 32;

/** A file is not what it was when its copy began. */
export class ChangedError extends Error {
  override name = "ChangedError";
  constructor(options?: ErrorOptions) {
    super("it changed while it was copied", options);
  }
}

/** The copy cannot begin as it was asked for. */
export class CopyError extends Error {
  override name = "CopyError";
}

/**
 * Why a file could not be copied, as a phrase.
 *
 * @throws What is no fault of a file, but ends the copy.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof RemoteError) {
    if (error.code === "gone") return "it cannot be read any more";
    return error.code === "sum"
      ? "what arrived is not what was sent: its SHA-256 is another"
      : toolReason(error.message);
  }
  if (
    error instanceof ChangedError || error instanceof RangeError ||
    error instanceof LocalFileError
  ) return error.message;
  if (isFileError(error)) {
    return error.name === "NotCapable"
      ? "this program may not use it"
      : platformReason(error);
  }
  throw error;
}

/** The side whose fault an error is, of one that {@linkcode reasonOf} knows. */
export function sideOf(error: unknown): Side {
  return error instanceof LocalFileError || isFileError(error)
    ? "here"
    : "node";
}

/** What the tool says behind its own name, the file's and the counts of `dd`. */
function toolReason(text: string): string {
  const line = text.replace(/ \d+\+\d+ records in.*$/, "").trim();
  const at = line.lastIndexOf(": ");
  const reason = at < 0 ? line : line.slice(at + 2);
  // dash's own words, where every other shell has the system's.
  return reason === "Directory nonexistent"
    ? "No such file or directory"
    : reason;
}

/**
 * Errors of files are the platform's own, which have a code of the operating system. That nobody reads
 * our output is none of them.
 */
function isFileError(error: unknown): error is Error {
  if (!(error instanceof Error) || error.name === "BrokenPipe") return false;
  return error.name === "NotCapable" || "code" in error &&
      typeof error.code === "string" && /^E[A-Z]+$/.test(error.code);
}
