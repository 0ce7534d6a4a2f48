/**
 * The escape character of an interactive session, as ssh has it: `~` right after Enter, or at the
 * beginning, makes the next key a command to us.
 *
 * @module
 */

/** What a key after the escape character asks for. */
export type EscapeCommand = "leave" | "help" | "suspend";

/** A piece of input: bytes for the other side, or a command to us. */
export type InputPart =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "command"; readonly command: EscapeCommand };

const CR = 13, LF = 10, DOT = 0x2e, QUESTION = 0x3f, CTRL_Z = 26;

/** Finds the escape sequences in typed bytes, whatever pieces they come in. */
export class EscapeParser {
  readonly #escape: number | undefined;
  #atLineStart = true;
  #escaped = false;

  /** @param escape One ASCII character; `undefined` turns the sequences off. */
  constructor(escape: string | undefined) {
    this.#escape = escape?.charCodeAt(0);
  }

  /** Splits typed bytes into what goes on and what is meant for us. */
  feed(typed: Uint8Array): InputPart[] {
    if (this.#escape === undefined) return [{ kind: "bytes", bytes: typed }];
    const parts: InputPart[] = [];
    let bytes: number[] = [];
    const command = (name: EscapeCommand) => {
      if (bytes.length > 0) {
        parts.push({ kind: "bytes", bytes: Uint8Array.from(bytes) });
      }
      bytes = [];
      parts.push({ kind: "command", command: name });
      this.#atLineStart = true;
    };
    for (const byte of typed) {
      if (this.#escaped) {
        this.#escaped = false;
        if (byte === DOT) command("leave");
        else if (byte === QUESTION) command("help");
        else if (byte === CTRL_Z) command("suspend");
        else {
          // Twice the escape character sends one; with any other key both were meant.
          bytes.push(this.#escape);
          if (byte !== this.#escape) bytes.push(byte);
          this.#atLineStart = byte === CR || byte === LF;
        }
      } else if (this.#atLineStart && byte === this.#escape) {
        this.#escaped = true;
      } else {
        bytes.push(byte);
        this.#atLineStart = byte === CR || byte === LF;
      }
    }
    if (bytes.length > 0) {
      parts.push({ kind: "bytes", bytes: Uint8Array.from(bytes) });
    }
    return parts;
  }
}
