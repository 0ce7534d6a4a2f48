/**
 * JSON from the peer, checked field by field. Go's decoder matches names without regard to case
 * and takes `null` for an absent value; so do these.
 *
 * @module
 */

import { PayloadError } from "./payload.ts";

/** An object as it came, names as they came. */
export type JsonObject = Readonly<Record<string, unknown>>;

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** Compact JSON in UTF-8. */
export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/**
 * Parses a payload that must be a JSON object.
 *
 * @param what The payload's name in the error: "handshake request".
 * @throws {PayloadError} If it is not UTF-8, not JSON, or not an object.
 */
export function decodeJsonObject(
  payload: Uint8Array,
  what: string,
): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(payload));
  } catch (cause) {
    throw new PayloadError(`Cannot decode ${what}: it is not JSON`, { cause });
  }
  return asObject(value, what);
}

/**
 * The value itself, if it is an object that is no array.
 *
 * @throws {PayloadError} Otherwise.
 */
export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new PayloadError(`Cannot decode ${what}: it is not an object`);
  }
  return value as JsonObject;
}

/** A member by its name, whatever its case; an exact match wins. `null` counts as absent. */
export function member(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name] ?? undefined;
  const wanted = name.toLowerCase();
  for (const key of Object.keys(object)) {
    if (key.toLowerCase() === wanted) return object[key] ?? undefined;
  }
  return undefined;
}

/**
 * A text member; absent gives "".
 *
 * @throws {PayloadError} If it is present and no text.
 */
export function textMember(
  object: JsonObject,
  name: string,
  what: string,
): string {
  const value = member(object, name) ?? "";
  if (typeof value !== "string") {
    throw new PayloadError(`Cannot decode ${what}: ${name} is not text`);
  }
  return value;
}
