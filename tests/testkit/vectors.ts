/**
 * Golden vectors and their notation (tests/vectors/README.md).
 *
 * @module
 */

import assert from "node:assert/strict";

/** The bytes of lower-case hex. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  assert.match(hex, /^([0-9a-f]{2})*$/);
  return Uint8Array.from(
    { length: hex.length / 2 },
    (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** "byte i = i mod 251", the pattern of long payloads. */
export function patterned(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => i % 251);
}

/**
 * One member of a vector file, which must be a list with something in it: a test that loops over
 * nothing proves nothing.
 *
 * @param file The name in tests/vectors.
 * @param key The member; absent where the file itself is the list.
 */
export async function vectorsOf<T>(file: string, key?: string): Promise<T[]> {
  const content = await vectorFile<Record<string, unknown>>(file);
  const list = key === undefined ? content : content[key];
  assert(Array.isArray(list), `${file}: ${key ?? "the file"} is no list`);
  assert(list.length > 0, `${file}: ${key ?? "the file"} is empty`);
  return list as T[];
}

/** A whole vector file. */
export async function vectorFile<T>(file: string): Promise<T> {
  const url = new URL(`../vectors/${file}`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(url)) as T;
}
