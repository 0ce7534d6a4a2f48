/**
 * What the shells' scripts call at each Tab: `ssm __complete word…`, the last word being the one
 * that is completed. The answer's first line says what the shell adds (`files`, `folders`, `-` for
 * nothing) and whether it types a space behind the word (`goes-on`); then a line for each word that
 * fits, its description behind a tab.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import type { Context } from "../context.ts";
import type { Candidates } from "./candidate.ts";
import { complete } from "./complete.ts";
import { knownToUs } from "./sources.ts";

/**
 * Answers a shell. Whatever goes wrong, nothing is said: it would stand in the middle of a command
 * line.
 * @param words The words behind `ssm`.
 * @param context The world.
 * @returns The exit code.
 */
export async function runComplete(
  words: readonly string[],
  context: Context,
): Promise<number> {
  try {
    const candidates = await complete(words, knownToUs(context));
    await context.terminal.write(
      new TextEncoder().encode(answerText(candidates)),
    );
    return 0;
  } catch {
    return 1;
  }
}

/**
 * The answer as the scripts read it.
 * @param candidates What fits. Words with control characters are left out: they cannot be typed.
 */
export function answerText(
  { values, also, goesOn = false }: Candidates,
): string {
  const seen = new Set<string>();
  const lines = values.flatMap(({ value, about }) => {
    if (visible(value) !== value || seen.has(value)) return [];
    seen.add(value);
    return [about ? `${value}\t${visible(about)}` : value];
  });
  const first = (also ?? "-") + (goesOn ? " goes-on" : "");
  return [first, ...lines].map((line) => `${line}\n`).join("");
}
