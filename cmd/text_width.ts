/**
 * How many columns of a terminal a text takes, and texts cut to columns. Not what `--help` needs:
 * it loads a package.
 *
 * @module
 */

import measure from "fast-string-truncated-width";

/** Characters that take one column each. */
const plain = /^[\x20-\x7e]*$/;

/**
 * The columns that a text takes: two for a wide character, none for a combining one.
 * @param text Without control characters.
 */
export function textWidth(text: string): number {
  return plain.test(text) ? text.length : measure(text).width;
}

/**
 * A text cut to columns, with `…` at its end where something is missing.
 * @param text Without control characters.
 * @param columns At most so many.
 */
export function cutText(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (plain.test(text)) {
    return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
  }
  if (textWidth(text) <= columns) return text;
  let cut = "";
  let left = columns - 1;
  for (const letter of lettersOf(text)) {
    left -= textWidth(letter);
    if (left < 0) break;
    cut += letter;
  }
  return `${cut}…`;
}

/**
 * What users see as one character each: with the marks on it, and flags whole.
 * @param text Without control and format characters, as `visible` leaves it.
 */
export function lettersOf(text: string): string[] {
  return text.match(
    /\p{RI}\p{RI}|\P{M}[\p{M}\p{Emoji_Modifier}]*|\p{M}+/gu,
  ) ?? [];
}

/**
 * A text cut or filled up with spaces to so many columns.
 * @param text Without control characters.
 * @param columns Exactly so many.
 */
export function fitText(text: string, columns: number): string {
  const cut = cutText(text, columns);
  return cut + " ".repeat(Math.max(0, columns - textWidth(cut)));
}
