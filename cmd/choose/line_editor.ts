/**
 * One line of text that is typed, with a cursor in it.
 *
 * @module
 */

import { lettersOf } from "../text_width.ts";
import type { Key } from "./keys.ts";

/** Longer than any filter that is typed; what is pasted beyond it is dropped. */
const longestLine = 256;

/** A line being edited. Positions count characters as users see them. */
export class LineEditor {
  #before: string[] = [];
  #behind: string[] = [];

  /** The whole line. */
  get text(): string {
    return [...this.#before, ...this.#behind].join("");
  }

  /** What stands before the cursor. */
  get before(): string {
    return this.#before.join("");
  }

  /**
   * Takes a key.
   * @param key The key.
   * @returns False for one that does not edit.
   */
  take(key: Key): boolean {
    if (key.kind === "text") {
      if (this.#before.length + this.#behind.length < longestLine) {
        // Joined anew, as a combining character belongs to the one before.
        this.#before = lettersOf(this.before + key.text)
          .slice(0, longestLine - this.#behind.length);
      }
      return true;
    }
    switch (key.name) {
      case "backspace":
        this.#before.pop();
        return true;
      case "delete":
        this.#behind.shift();
        return true;
      case "erase-before":
        this.#before = [];
        return true;
      case "erase-behind":
        this.#behind = [];
        return true;
      case "erase-word":
        this.#before = lettersOf(this.before.replace(/\S*\s*$/, ""));
        return true;
      case "left":
        this.#behind.unshift(...this.#before.splice(-1));
        return true;
      case "right":
        this.#before.push(...this.#behind.splice(0, 1));
        return true;
      case "line-start":
        this.#behind.unshift(...this.#before.splice(0));
        return true;
      case "line-end":
        this.#before.push(...this.#behind.splice(0));
        return true;
      default:
        return false;
    }
  }
}
