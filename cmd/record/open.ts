/**
 * The file of a recording: new, in the place of another one, or one that goes on.
 *
 * @module
 */

import { CastError } from "../../lib/cast/event.ts";
import { readCast } from "../../lib/cast/reader.ts";
import type { OpenFile } from "../../lib/io/background_file.ts";
import { requireOwnFile } from "../../lib/io/file_owner.ts";
import { continueFile } from "../../lib/io/private_file.ts";
import { ProvisionalFile } from "../../lib/io/provisional_file.ts";
import type { TerminalSize } from "../../lib/session/transport.ts";
import { platformReason, shellQuote, visible } from "../../lib/text.ts";
import { CommandError, exitCodes } from "../errors.ts";
import type { RecordOptions } from "./flags.ts";

/** A file to record into. */
export interface OpenRecording {
  readonly open: OpenFile;
  /** To be kept when a session begins; `undefined` for one that was there before. */
  readonly made: ProvisionalFile | undefined;
  /** Where another recording in it ended; `undefined` in a file that is empty. */
  readonly offset: RecordingEnd | undefined;
}

/** How a recording ended. */
export interface RecordingEnd {
  /** Seconds since it began. */
  readonly time: number;
  readonly size: TerminalSize;
  /** False when its last line has no end. */
  readonly ended: boolean;
}

/**
 * Opens the file.
 * @param options Which, and what becomes of one that is there.
 * @throws CommandError
 */
export async function openRecording(
  { path, existing }: RecordOptions,
): Promise<OpenRecording> {
  try {
    if (existing === "append") {
      const offset = await endOf(path);
      if (offset !== undefined) {
        return { open: await continueFile(path), made: undefined, offset };
      }
    }
    const made = existing === "overwrite"
      ? await ProvisionalFile.replace(path)
      : await ProvisionalFile.create(path);
    return { open: made.open, made, offset: undefined };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const there = error instanceof Deno.errors.AlreadyExists &&
      existing === "refuse";
    throw new CommandError(
      `Cannot record to ${visible(path)}: ${
        there
          ? "it is there already; --record-append goes on behind it, " +
            "--record-overwrite replaces it"
          : reasonOf(error)
      }`,
      exitCodes.failed,
      there ? [`ssm play ${shellQuote(path)}`] : [],
      [],
      { cause: error },
    );
  }
}

/** The end of the recording that is there; `undefined` where there is none. */
async function endOf(path: string): Promise<RecordingEnd | undefined> {
  let file: Deno.FsFile;
  try {
    // A pipe would wait for somebody who writes, and so would we, deaf to signals.
    const facts = await Deno.stat(path);
    requireOwnFile(path, facts);
    if (!facts.isFile) throw new Error("it is no plain file");
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const { version, header, events, close } = await readCast(file.readable);
  if (version !== 2) {
    await close();
    throw new CommandError(
      `Cannot record to ${visible(path)}: it is of asciicast version ` +
        `${version}, and ours are of version 2`,
      exitCodes.failed,
    );
  }
  let time = 0;
  let size = { cols: header.width, rows: header.height };
  for await (const event of events) {
    time = Math.max(time, event.time);
    const [, cols, rows] = event.code === "r"
      ? /^(\d+)x(\d+)$/.exec(event.data) ?? []
      : [];
    if (cols !== undefined && rows !== undefined) {
      size = { cols: Number(cols), rows: Number(rows) };
    }
  }
  return { time, size, ended: await endsWithLine(path) };
}

async function endsWithLine(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  await file.seek(-1, Deno.SeekMode.End);
  const last = new Uint8Array(1);
  await file.read(last);
  return last[0] === 0x0a;
}

function reasonOf(error: unknown): string {
  return error instanceof CastError
    ? `it is no whole recording, ${error.message}`
    : platformReason(error);
}
