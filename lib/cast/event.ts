/**
 * A recorded terminal as asciicast has it (docs.asciinema.org/manual/asciicast/v2): a header, and
 * events with the time at which they happened.
 *
 * @module
 */

/** What the header of a recording tells. */
export interface CastHeader {
  readonly width: number;
  readonly height: number;
  /** When it began, in seconds since the Unix epoch. */
  readonly timestamp?: number | undefined;
  /** Players shorten pauses to so many seconds. */
  readonly idleTimeLimit?: number | undefined;
  readonly title?: string | undefined;
  /** SHELL and TERM of whoever recorded. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/**
 * What happened: output, input, a new size (`80x24`), a marker. Other codes are of later versions,
 * and are to be passed over.
 */
export type CastCode = "o" | "i" | "r" | "m";

/** One event. */
export interface CastEvent {
  /** Seconds since the recording began. */
  readonly time: number;
  /** A {@linkcode CastCode}, or one of later days. */
  readonly code: string;
  readonly data: string;
}

/** A recording that is none, or is damaged. */
export class CastError extends Error {
  override name = "CastError";
  /**
   * @param line Counted from 1.
   * @param reason What is wrong with it, as a phrase.
   */
  constructor(readonly line: number, readonly reason: string) {
    super(`line ${line}: ${reason}`);
  }
}

/**
 * The first line of a recording of version 2, with its end.
 * @param header What it tells.
 */
export function headerLine(header: CastHeader): string {
  return JSON.stringify({
    version: 2,
    width: header.width,
    height: header.height,
    timestamp: header.timestamp,
    idle_time_limit: header.idleTimeLimit,
    title: header.title,
    env: header.env,
  }) + "\n";
}

/**
 * The line of an event, with its end.
 * @param time Seconds since the recording began; microseconds are kept.
 */
export function eventLine(time: number, code: CastCode, data: string): string {
  return `[${time.toFixed(6)}, "${code}", ${JSON.stringify(data)}]\n`;
}
