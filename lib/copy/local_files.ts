/**
 * The files of this machine as a copy needs them. `lib/io` implements it.
 *
 * @module
 */

/** A file cannot be used as asked for; the message is a phrase. */
export class LocalFileError extends Error {
  override name = "LocalFileError";
}

/** A file or folder of this machine. */
export interface LocalEntry {
  readonly kind: "file" | "folder" | "other" | "missing";
  /** Permissions; `undefined` where the platform has none. */
  readonly mode: number | undefined;
  /** Bytes. */
  readonly size: number;
  /** When it was changed, in seconds since the Unix epoch. */
  readonly modified: number;
  /** What tells two names of one folder from two folders; empty where the platform does not tell. */
  readonly identity: string;
}

/** An open file. Calls may overlap; what is read stays as it is. */
export interface LocalFile {
  /** So many bytes, or fewer where the file ends before. */
  readAt(offset: number, length: number): Promise<Uint8Array>;
  /** Writes bytes, which may change afterwards. */
  writeAt(offset: number, bytes: Uint8Array): Promise<void>;
  /** Bytes in it now. */
  size(): Promise<number>;
  /** Makes it so long. */
  truncate(length: number): Promise<void>;
  /** Closes it when what is under way is done. Never rejects. */
  close(): Promise<void>;
}

/** How a file is to end up. */
export interface LocalEnd {
  /** Permissions; `undefined` leaves those it has. */
  readonly mode: number | undefined;
  /** Seconds since the Unix epoch; `undefined` leaves the time of its last byte. */
  readonly modified: number | undefined;
  /** True where a file that is there keeps its permissions. */
  readonly keepMode: boolean;
}

/** The files of this machine. All calls reject with the platform's errors,
 * and with {@linkcode LocalFileError}. */
export interface LocalFiles {
  /** What is there, links followed. Does not reject for what is missing. */
  stat(path: string): Promise<LocalEntry>;
  /** The names in a folder, sorted. */
  names(folder: string): Promise<string[]>;
  /** A path below a folder. */
  join(folder: string, name: string): string;
  /** The folder that a file lies in. */
  folderOf(path: string): string;
  /** The last part of a path; `.` or `..` where that is all there is. */
  baseName(path: string): string;
  /** Whether a file of this machine can have this name. */
  allows(name: string): boolean;
  /** Opens a file to read. */
  open(path: string): Promise<LocalFile>;
  /** Opens a partial file, which only the user may read; makes it if need be. */
  openPart(path: string): Promise<LocalFile>;
  /** Gives a partial file its name, in place of what has it, or of what a link of that name leads to. */
  finish(part: string, path: string, end: LocalEnd): Promise<void>;
  /** Removes a file, if it is there. */
  remove(path: string): Promise<void>;
  /** Makes a folder that is not there; those above it must be. @param mode Permissions. */
  makeFolder(path: string, mode: number | undefined): Promise<void>;
  /** Sets permissions and time. */
  settle(path: string, end: Omit<LocalEnd, "keepMode">): Promise<void>;
}
