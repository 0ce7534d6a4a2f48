/**
 * SHA-256, as files are checked with.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { LocalFile } from "./local_files.ts";

/** Bytes read at a time. */
const step: number = 1024 * 1024;

/** A sum that grows. */
export class Sum {
  readonly #hash = createHash("sha256");
  /** Adds bytes. */
  add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }
  /** The sum, hexadecimal; nothing can be added then. */
  value(): string {
    return this.#hash.digest("hex");
  }
}

/** The sum of some bytes, hexadecimal. */
export function sumOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The sum of a part of a file, as far as it goes, hexadecimal. */
export async function sumOfFile(
  file: LocalFile,
  offset: number,
  length: number,
): Promise<string> {
  const sum = new Sum();
  for (let at = 0; at < length; at += step) {
    const bytes = await file.readAt(offset + at, Math.min(step, length - at));
    sum.add(bytes);
    if (bytes.length === 0) break;
  }
  return sum.value();
}
