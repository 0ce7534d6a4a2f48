/**
 * A command string into words, as the agent does it where it runs a command without a shell
 * (sessions.md §3): the rules of `google/shlex`, which are a shell's without its expansions.
 *
 * @module
 */

import { StartError } from "./session_plugin.ts";

/** What stands between words; other white space is part of them. */
const space = /[ \t\r\n]/;

/** In `'…'` nothing is special, in `"…"` and outside a backslash takes the next character. */
type Quote = "'" | '"' | undefined;

/**
 * Splits a command string.
 *
 * @param text The document's `commands`.
 * @returns The words; none for an empty text, and for one that is a comment.
 * @throws {StartError} When a quote is not closed, with the agent's text.
 */
export function commandWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: Quote;
  const characters = [...text];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (quote === undefined && space.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === undefined && word === undefined && character === "#") {
      const end = characters.indexOf("\n", at);
      at = end < 0 ? characters.length : end;
    } else if (quote === character) {
      quote = undefined;
    } else if (
      quote === undefined && (character === "'" || character === '"')
    ) {
      quote = character;
      word ??= "";
    } else if (character === "\\" && quote !== "'") {
      const next = characters[++at];
      if (next === undefined) {
        throw unparsed("EOF found after escape character");
      }
      word = (word ?? "") + next;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (quote !== undefined) {
    throw unparsed("EOF found when expecting closing quote");
  }
  if (word !== undefined) words.push(word);
  return words;
}

function unparsed(why: string): StartError {
  return new StartError(`Failed to parse commands input: ${why}\n`);
}
