/**
 * A copy between this machine and a node, from the first session to the last.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import type { SessionControl, SessionGrant } from "../session/control.ts";
import type { SessionNotice } from "../session/session_report.ts";
import type { Clock } from "../session/transport.ts";
import { CopyError, type CopyJob, reasonOf } from "./copy_job.ts";
import { openCopySession } from "./copy_session.ts";
import { download, downloadStream } from "./download.ts";
import type { LocalFiles } from "./local_files.ts";
import { cleanPath } from "./shell_word.ts";
import { ShellPool } from "./shell_pool.ts";
import type { Tally } from "./tally.ts";
import { remoteEntry, upload } from "./upload.ts";
import { storeStream } from "./upload_stream.ts";

/** What {@linkcode runCopy} needs. */
export interface CopyOptions {
  readonly direction: "up" | "down";
  /** Paths on the side that is copied from; of none, what `read` gives. */
  readonly sources: readonly string[];
  /** The path on the other side; `undefined` = `write`. */
  readonly destination: string | undefined;
  readonly recursive: boolean;
  readonly preserve: boolean;
  /** Sessions at most; `undefined` = by the bytes. */
  readonly sessions: number | undefined;
  /** Starts a session for a command, on the node. */
  readonly start: (command: string, signal: AbortSignal) => Promise<{
    readonly grant: SessionGrant;
    readonly control: SessionControl;
  }>;
  readonly clock: Clock;
  /** The files of this machine. */
  readonly files: LocalFiles;
  /** The next bytes of the stream to copy; `undefined` at its end. */
  readonly read: () => Promise<Uint8Array | undefined>;
  /** Takes the next bytes of the stream that is copied to. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Counted up as it goes on. */
  readonly tally: Tally;
  /** The first session is ready: what fails from here on is no failure to begin. */
  readonly began: () => void;
  /** A file could not be copied; the others go on. */
  readonly failed: CopyJob["failed"];
  /** A session has something to say. */
  readonly notify: (notice: SessionNotice) => void;
  /** There are so many sessions now. */
  readonly opened: (sessions: number) => void;
  /** A session cannot be had, or was lost, and the others go on. */
  readonly missed: (error: unknown) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Sessions that are opened without being asked for, at most. */
const automaticSessions = 4;
const MiB = 1024 * 1024;
/**
 * One more session for each so many bytes: an agent sends 1 MB/s, and a session takes a second and
 * more to begin (sessions.md §2.5).
 */
const bytesForDown: number = 2 * MiB;
/** An agent takes tens of MB/s (pitfalls.md §6.6). */
const bytesForUp: number = 64 * MiB;
/** One more for each so many files: a node starts programs for each, which takes it 5 ms. */
const filesForSession = 250;
/** Bytes that a session has in hand: half a second of what an agent sends. */
const budgetDown: number = MiB / 2;
/** Two chunks on their way: what one is written with goes on beside the next. */
const budgetUp: number = 2 * MiB;

/**
 * Copies. All sessions are ended when this returns or throws.
 *
 * @throws {CopyError} When it cannot be done as asked for; CopySessionLostError when there is no
 * session any more; what `start`, `read` and `write` throw; TransportError and ControlError.
 */
export async function runCopy(options: CopyOptions): Promise<void> {
  const { clock, start, preserve, notify, opened, missed, signal } = options;
  const up = options.direction === "up";
  const pool = new ShellPool({
    open: (either) =>
      openCopySession({
        start,
        clock,
        keepModes: !preserve,
        notify,
      }, AbortSignal.any([signal, either])),
    budget: up ? budgetUp : budgetDown,
    opened,
    missed,
  });
  try {
    await pool.start(signal);
    options.began();
    await copy(options, {
      pool,
      files: options.files,
      recursive: options.recursive,
      preserve,
      grow: () => pool.grow(sessionsFor(options)),
      tally: options.tally,
      failed: options.failed,
      random: (length) => new Uint8Array(randomBytes(length)),
    });
  } finally {
    await pool.close(signal.reason ?? new CopyError("The copy is over"));
  }
}

/** Sessions that are of use, or that were asked for if those are fewer. */
function sessionsFor({ direction, sessions, tally }: CopyOptions): number {
  const { total = 0, files } = tally;
  if (sessions !== undefined) {
    return Math.min(sessions, 1 + Math.floor(total / MiB) + files);
  }
  const bytes = direction === "up" ? bytesForUp : bytesForDown;
  const further = Math.floor(total / bytes + files / filesForSession);
  return Math.min(automaticSessions, 1 + further);
}

async function copy(options: CopyOptions, job: CopyJob): Promise<void> {
  const { direction, sources, destination, read, write, tally } = options;
  if (direction === "down") {
    return destination === undefined
      ? await downloadStream(sources, write, job)
      : await download(sources, destination, job);
  }
  if (sources.length > 0) return await upload(sources, destination ?? "", job);
  const target = cleanPath(destination ?? "");
  if ((await remoteEntry(target, job))?.kind === "folder") {
    throw new CopyError(
      `${target} on the node is a folder: standard input needs a file's name`,
    );
  }
  tally.total = undefined;
  tally.files = 1;
  if (options.sessions !== undefined) job.pool.grow(options.sessions);
  try {
    await storeStream(read, target, job);
  } catch (error) {
    options.failed("node", target, reasonOf(error));
  }
}
