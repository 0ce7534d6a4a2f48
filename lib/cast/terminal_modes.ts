/**
 * What a recording has switched on in the terminal that plays it, so that it can be switched off
 * where the playing ends: in the middle, a full-screen program has not tidied up.
 *
 * @module
 */

/**
 * Setting and resetting of private modes (DECSET, DECRST), and of the keypad (DECKPAM, DECKPNM).
 */
// deno-lint-ignore no-control-regex
const pattern = /\x1b\[\?([\d;]+)([hl])|\x1b([=>])/g;

/** Modes that are on from the start; what switches them off leaves something to put right. */
const onByDefault: ReadonlySet<string> = new Set(["7", "25"]);

/** Longer than what may be cut in two between one piece of output and the next. */
const longestSequence = 32;

/** The modes of a terminal that is written to. */
export class TerminalModes {
  /** Numbers of those that differ from how terminals begin. */
  readonly #changed = new Set<string>();
  #keypad = false;
  #tail = "";

  /** Looks at what is written to the terminal. */
  see(text: string): void {
    // Most output has none, and a sequence that was cut has its beginning in the tail.
    const all = this.#tail + text;
    if (all.includes("\x1b")) {
      pattern.lastIndex = 0;
      for (const [, numbers, end, keypad] of all.matchAll(pattern)) {
        if (keypad !== undefined) this.#keypad = keypad === "=";
        for (const number of (numbers ?? "").split(";")) {
          if (number === "") continue;
          const on = end === "h";
          if (on === onByDefault.has(number)) this.#changed.delete(number);
          else this.#changed.add(number);
        }
      }
    }
    const escape = all.lastIndexOf("\x1b");
    this.#tail = escape >= 0 && all.length - escape < longestSequence
      ? all.slice(escape)
      : "";
  }

  /** What puts the terminal back, colours and the visible cursor among it. */
  restore(): string {
    // A control string that was not ended would swallow the rest: ST ends it.
    let text = "\x1b\\\x1b[0m";
    for (const number of this.#changed) {
      text += `\x1b[?${number}${onByDefault.has(number) ? "h" : "l"}`;
    }
    return text + (this.#keypad ? "\x1b>" : "") + "\x1b[?25h";
  }
}
