/**
 * Reads recordings of asciicast versions 2 and 3 (docs.asciinema.org/manual/asciicast/v3). Version
 * 3 differs in the names of the header, in times that count from the event before, and in comments.
 *
 * @module
 */

import { CastError, type CastEvent, type CastHeader } from "./event.ts";
import { type Line, linesOf } from "./lines.ts";

/** A recording whose header has been read. */
export interface CastReader {
  readonly version: 2 | 3;
  readonly header: CastHeader;
  /**
   * The events in their order, read as they are asked for.
   * @throws CastError at a damaged line.
   */
  readonly events: AsyncIterable<CastEvent>;
  /** Lets go of the file; nothing more is read. Idempotent. */
  close(): Promise<void>;
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads a recording's header.
 * @param chunks The recording's bytes, however they are cut.
 * @throws CastError when it is none.
 */
export async function readCast(
  chunks: AsyncIterable<Uint8Array>,
): Promise<CastReader> {
  const lines = linesOf(chunks);
  try {
    return await readHeader(lines);
  } catch (error) {
    await lines.return();
    throw error;
  }
}

async function readHeader(
  lines: AsyncGenerator<Line, void, void>,
): Promise<CastReader> {
  const { value: first } = await lines.next();
  if (!first) throw new CastError(1, "the file is empty");
  const header = objectOf(first);
  const { version } = header;
  if (version === 1) {
    throw new CastError(
      1,
      "this is asciicast version 1; 'asciinema convert' makes version 2 of it",
    );
  }
  if (version !== 2 && version !== 3) {
    throw new CastError(1, "this is no header of asciicast version 2 or 3");
  }
  return {
    version,
    header: version === 2 ? headerOf(header) : headerOf({
      ...header,
      ...sizeOfTerm(header.term),
    }),
    events: eventsOf(lines, version),
    close: async () => void (await lines.return()),
  };
}

function headerOf(header: JsonObject): CastHeader {
  const { width, height, timestamp, idle_time_limit, title } = header;
  if (!isSize(width) || !isSize(height)) {
    throw new CastError(1, "the header has no size of the terminal");
  }
  return {
    width,
    height,
    timestamp: isTime(timestamp) ? timestamp : undefined,
    idleTimeLimit: isTime(idle_time_limit) && idle_time_limit > 0
      ? idle_time_limit
      : undefined,
    title: typeof title === "string" ? title : undefined,
  };
}

function sizeOfTerm(term: unknown): JsonObject {
  const { cols, rows } =
    (typeof term === "object" ? term ?? {} : {}) as JsonObject;
  return { width: cols, height: rows };
}

async function* eventsOf(
  lines: AsyncIterable<Line>,
  version: 2 | 3,
): AsyncGenerator<CastEvent, void, void> {
  let time = 0;
  for await (const line of lines) {
    if (line.text.trim() === "") continue;
    if (version === 3 && line.text.startsWith("#")) continue;
    const [stated, code, data] = eventOf(line);
    time = version === 3 ? time + stated : stated;
    yield { time, code, data };
  }
}

function eventOf(line: Line): [time: number, code: string, data: string] {
  const value = jsonOf(line);
  if (!Array.isArray(value)) {
    throw new CastError(line.number, "this is no event: no list");
  }
  const [time, code, data]: unknown[] = value;
  if (!isTime(time)) {
    throw new CastError(line.number, "this is no event: its time is no number");
  }
  if (typeof code !== "string" || typeof data !== "string") {
    throw new CastError(line.number, "this is no event: its data is no text");
  }
  return [time, code, data];
}

function objectOf(line: Line): JsonObject {
  const value = jsonOf(line);
  if (typeof value !== "object" || value === null) {
    throw new CastError(line.number, "this is no header of a recording");
  }
  return value as JsonObject;
}

function jsonOf(line: Line): unknown {
  try {
    return JSON.parse(line.text);
  } catch {
    throw new CastError(
      line.number,
      line.ended ? "this is no JSON" : "the recording breaks off here",
    );
  }
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && Number.isFinite(value);
}

function isSize(value: unknown): value is number {
  return isTime(value) && Number.isInteger(value) && value > 0;
}
