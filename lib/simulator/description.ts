/**
 * What descriptions of nodes and of tasks have in common: how they are split, and what is made up
 * for what they leave out.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** A description that cannot be used; the message says what would be right. */
export class FleetError extends Error {
  override name = "FleetError";
}

/**
 * Splits a description at its commas; a backslash takes the next character as it is.
 *
 * @param text The description.
 */
export function splitParts(text: string): readonly string[] {
  const parts = [""];
  for (let i = 0; i < text.length; i++) {
    const last = parts.length - 1;
    if (text[i] === "\\" && i + 1 < text.length) parts[last] += text[++i] ?? "";
    else if (text[i] === ",") parts.push("");
    else parts[last] += text[i] ?? "";
  }
  return parts;
}

/** What takes the parts of a description in; a text says what is wrong with one. */
export interface PartTaker {
  /** A `key=value`. */
  setKey(key: string, value: string): string | undefined;
  /** A word that stands alone. */
  setWord(word: string): string | undefined;
}

/**
 * Hands the parts of a description over, each once.
 *
 * @param text The description.
 * @param taker Takes them.
 * @param fail Makes the error.
 * @throws What `fail` makes.
 */
export function takeParts(
  text: string,
  taker: PartTaker,
  fail: (why: string) => FleetError,
): void {
  const seen = new Set<string>();
  for (const part of splitParts(text)) {
    const mark = part.indexOf("=");
    const key = mark < 0 ? part : part.slice(0, mark);
    if (part === "") throw fail("a part between commas is empty");
    if (seen.has(key)) throw fail(`'${key}' is given twice`);
    seen.add(key);
    const problem = mark < 0
      ? taker.setWord(key)
      : taker.setKey(key, part.slice(mark + 1));
    if (problem !== undefined) throw fail(problem);
  }
}

/**
 * 64 hex digits, the same for the same seed, place and text.
 *
 * @param seed Of the run.
 * @param place Which of several.
 * @param text The description, or what it is for.
 */
export function seededHex(seed: number, place: number, text: string): string {
  return createHash("sha256").update(JSON.stringify([seed, place, text]))
    .digest("hex");
}

/** What a description may hold. */
export interface Vocabulary {
  /** Keys with a value; one that ends with `:KEY` stands for all that begin so. */
  readonly keys: readonly string[];
  /** Words without one. */
  readonly words: readonly string[];
}

/**
 * What to say of a key or word that is none, or of a key that has no value.
 *
 * @param said What the user wrote.
 */
export function unknownWord(
  said: string,
  { keys, words }: Vocabulary,
): string {
  const isKey = keys.some((key) => {
    const prefix = key.endsWith(":KEY") ? key.slice(0, -3) : undefined;
    return prefix === undefined
      ? key === said
      : said.startsWith(prefix) && said !== prefix;
  });
  if (isKey) return `${said} has no value, write ${said}=…`;
  return `unknown '${said}', known are ${
    keys.map((name) => `${name}=…`).join(", ")
  } and ${words.join(", ")}`;
}
