/**
 * Text that comes from elsewhere (AWS, a node, a file) made safe to show and safe to paste.
 *
 * @module
 */

/** Characters that move the cursor, hide text or turn its direction round. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Characters a POSIX shell leaves alone in a word; zsh expands a word that begins with `=`. */
const PLAIN_WORD = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/;

/** The escape of one character, as JavaScript and `$'…'` of bash, zsh and ksh write it. */
function escape(character: string): string {
  switch (character) {
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
  }
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x80) return "\\x" + hex.padStart(2, "0");
  return code < 0x10000
    ? "\\u" + hex.padStart(4, "0")
    : "\\U" + hex.padStart(8, "0");
}

/**
 * Makes control characters visible, so that a name, tag or message cannot drive the terminal:
 * C0, DEL and C1 controls, bidirectional, zero-width and other format characters and lone surrogates become
 * `\n`, `\x1b`, `\u202e` and the like. Everything else, backslashes too, stays as it is.
 *
 * @param text Any text.
 * @returns One line of text.
 */
export function visible(text: string): string {
  return text.replace(UNSAFE, escape);
}

/**
 * Quotes text so that a shell takes it as one word. A word that needs no quotes stays bare. With
 * control characters in it the form is `$'…'` (bash, zsh, ksh), whose characters are all visible;
 * anything else means the same in every POSIX shell and in fish, which knows `\\` and `\'` inside of
 * `'…'`: backslashes and quotes stand outside.
 *
 * @param text Any text; foreign text must go through here before it becomes part of a command.
 */
export function shellQuote(text: string): string {
  if (PLAIN_WORD.test(text)) return text;
  if (visible(text) !== text) {
    const shown = text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")
      .replace(UNSAFE, escape);
    return "$'" + shown + "'";
  }
  return text.includes("\\")
    ? text.replace(
      /[\\']|[^\\']+/g,
      (part) => part === "\\" || part === "'" ? "\\" + part : `'${part}'`,
    )
    : "'" + text.replaceAll("'", `'\\''`) + "'";
}

/**
 * What the operating system says, without what the platform adds:
 * `No such file or directory (os error 2): open 'x'`, `Failed to spawn 'x': Permission denied`.
 *
 * @param error What a call of the platform threw, or anything.
 */
export function platformReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error \d+\).*$/s, "")
    .replace(/^Failed to spawn '.*': /s, "");
}

/**
 * A point in time to the minute, in UTC: `2026-01-31 12:59Z`.
 * @param date When.
 */
export function minuteOf(date: Date): string {
  return date.toISOString().replace("T", " ").replace(/:\d\d\.\d+Z$/, "Z");
}
