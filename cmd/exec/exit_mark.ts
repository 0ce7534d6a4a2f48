/**
 * The exit code of a command on a terminal, which no agent tells (sessions.md §2.6): the line that
 * runs the command prints it last, in a control string that terminals ignore, and we take it out.
 *
 * @module
 */

import { shellLine, shellWord } from "../../lib/session/relay/words.ts";
import type { Terminal, TerminalSize } from "../../lib/session/transport.ts";

const ESC = 0x1b;
/** Digits of an exit code, and the end of the control string. */
const longestEnd = 8;

/** One command's mark. */
export class ExitMark {
  readonly #nonce: string = crypto.randomUUID();
  readonly #mark: Uint8Array;
  #held: Uint8Array = new Uint8Array();
  /** The exit code, once it was seen. */
  code: number | undefined;

  constructor() {
    this.#mark = new TextEncoder().encode(`\x1bXssm-${this.#nonce}-`);
  }

  /**
   * The command line for the node's shell.
   * @param line Program and arguments, or a line of the user's.
   * @param size Of our terminal: the agent's has another one until the first message arrives, which
   * a short command does not wait for.
   */
  wrap(line: readonly string[] | string, size?: TerminalSize): string {
    // In a shell of its own: what ends that, or a signal to both, must not keep this one's words back.
    const command = typeof line === "string"
      ? shellLine(["sh", "-c", line])
      : `(exec ${shellLine(line)})`;
    return `sh -c ${
      shellWord(
        (size === undefined
          ? ""
          : `stty cols ${size.cols} rows ${size.rows} 2>/dev/null\n`) +
          `trap : INT QUIT\n${command}\nprintf '\\033Xssm-${this.#nonce}-%d\\033\\\\' $?`,
      )
    }`;
  }

  /** A terminal that shows everything but the mark. */
  hide(terminal: Terminal): Terminal {
    return {
      interactive: terminal.interactive,
      size: () => terminal.size(),
      raw: () => terminal.raw(),
      read: (signal) => terminal.read(signal),
      unread: (bytes) => terminal.unread(bytes),
      write: async (bytes) => {
        const shown = this.filter(bytes);
        if (shown.length > 0) await terminal.write(shown);
      },
      writeError: (bytes) => terminal.writeError(bytes),
      onResize: (changed) => terminal.onResize(changed),
      suspend: () => terminal.suspend(),
    };
  }

  /**
   * Takes output and gives what to show; the beginning of what may be the mark waits for more.
   * @param bytes Are used again by the caller.
   */
  filter(bytes: Uint8Array): Uint8Array {
    const all = new Uint8Array(this.#held.length + bytes.length);
    all.set(this.#held);
    all.set(bytes, this.#held.length);
    this.#held = new Uint8Array();
    for (let at = all.indexOf(ESC); at >= 0; at = all.indexOf(ESC, at + 1)) {
      const rest = all.subarray(at);
      const seen = rest.subarray(0, this.#mark.length);
      if (!seen.every((byte, i) => byte === this.#mark[i])) continue;
      const tail = new TextDecoder().decode(
        rest.subarray(this.#mark.length, this.#mark.length + longestEnd),
      );
      // deno-lint-ignore no-control-regex
      const [whole, code] = /^(\d{1,3})\x1b\\/.exec(tail) ?? [];
      if (whole !== undefined) {
        this.code = Number(code);
        const after = rest.subarray(this.#mark.length + whole.length);
        const shown = new Uint8Array(at + after.length);
        shown.set(all.subarray(0, at));
        shown.set(after, at);
        return shown;
      }
      if (rest.length >= this.#mark.length + longestEnd) continue;
      this.#held = rest.slice();
      return all.subarray(0, at);
    }
    return all;
  }

  /** What was held back and is no mark: the end of the output. */
  rest(): Uint8Array {
    const held = this.#held;
    this.#held = new Uint8Array();
    return held;
  }
}
