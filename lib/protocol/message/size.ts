/**
 * The payload of PayloadType 3: a terminal's size (sessions.md §2.1).
 *
 * @module
 */

import { decodeJsonObject, encodeJson, member } from "./json.ts";
import { PayloadError } from "./payload.ts";

/** A terminal's size in characters. */
export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** The agent narrows to 16 bits, and a malformed size jams its reader (pitfalls.md §2.24). */
function clamp(value: number): number {
  return Number.isNaN(value)
    ? 1
    : Math.min(65535, Math.max(1, Math.trunc(value)));
}

/** The JSON of a size, in the official order of keys, each clamped to 1…65535. */
export function encodeSize(size: TerminalSize): Uint8Array {
  return encodeJson({ cols: clamp(size.cols), rows: clamp(size.rows) });
}

/**
 * Reads a size.
 *
 * @throws {PayloadError} If a number is missing, negative or more than 32 bits wide.
 */
export function decodeSize(payload: Uint8Array): TerminalSize {
  const object = decodeJsonObject(payload, "size");
  const read = (name: string): number => {
    const value = member(object, name);
    if (
      !Number.isInteger(value) || (value as number) < 0 ||
      (value as number) > 0xffff_ffff
    ) {
      throw new PayloadError(
        `Cannot decode size: ${name} is not a 32-bit number`,
      );
    }
    return value as number;
  };
  return { cols: read("cols"), rows: read("rows") };
}
