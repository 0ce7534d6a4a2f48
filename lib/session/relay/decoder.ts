/**
 * Reads what the relay on a node writes (`program.ts`).
 *
 * @module
 */

import type { OutputStream } from "../command_session.ts";
import { errorSigns } from "./program.ts";

/** Who hears what was read. */
export interface RelayEvents {
  /** The bytes are good during the call only. */
  output(bytes: Uint8Array, stream: OutputStream): void;
  /** The command waits for input. */
  wanted(): void;
  /** The command ended; the rest of its output and its code are on their way. */
  ended(): void;
  /** A message of the relay itself, without brackets. */
  message(text: string): void;
}

/** What stands where nothing but the relay's own signs may stand: somebody else writes there. */
export class RelayError extends Error {
  override name = "RelayError";
}

/** The longest message, in bytes. */
const longestMessage = 64;

const STRAY = 255, SPACE = 254, ERROR = 64, PAD = 128, WANT = 129, END = 130;
const OPEN = 131;

/** What each byte means: 0–63 base64, 64–79 standard error, or one of the above. */
const meaning = (() => {
  const table = new Uint8Array(256).fill(STRAY);
  const base64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  [...base64].forEach((sign, value) => table[sign.charCodeAt(0)] = value);
  [...errorSigns].forEach((sign, value) =>
    table[sign.charCodeAt(0)] = ERROR + value
  );
  for (const space of "\r\n") table[space.charCodeAt(0)] = SPACE;
  table["=".charCodeAt(0)] = PAD;
  table["?".charCodeAt(0)] = WANT;
  table["~".charCodeAt(0)] = END;
  table["[".charCodeAt(0)] = OPEN;
  return table;
})();

/** One stream of a relay. */
export class RelayDecoder {
  readonly #events: RelayEvents;
  /** Up to three signs of base64 that wait for the fourth. */
  #bits = 0;
  #signs = 0;
  #pads = 0;
  /** The upper four bits of a byte of standard error. */
  #high = -1;
  #message: string | undefined;
  #stdout = new Uint8Array(1024);
  #stderr = new Uint8Array(1024);
  /** True before the first message: a shell's complaints may come then. */
  #lenient: boolean;
  /** What came before the first message and is none of the relay's. */
  noise = "";

  /** @param lenient Whether the relay begins with a message, before which anything may stand. */
  constructor(events: RelayEvents, lenient: boolean) {
    this.#events = events;
    this.#lenient = lenient;
  }

  /**
   * Takes what came.
   *
   * @throws {RelayError} When it is not a relay's.
   */
  push(bytes: Uint8Array): void {
    if (this.#stdout.length < bytes.length) {
      this.#stdout = new Uint8Array(bytes.length);
      this.#stderr = new Uint8Array(bytes.length);
    }
    const { output } = this.#events;
    let out = 0, err = 0;
    const flush = () => {
      if (out > 0) output(this.#stdout.subarray(0, out), "stdout");
      if (err > 0) output(this.#stderr.subarray(0, err), "stderr");
      out = err = 0;
    };
    for (const byte of bytes) {
      if (this.#message !== undefined) {
        flush();
        this.#messageByte(byte);
        continue;
      }
      const value = meaning[byte]!;
      if (this.#lenient && value !== OPEN) {
        if (this.noise.length < 1000) this.noise += String.fromCharCode(byte);
      } else if (value < 64) {
        this.#bits = this.#bits << 6 | value;
        if (++this.#signs < 4) continue;
        this.#stdout[out++] = this.#bits >> 16;
        if (this.#pads < 2) this.#stdout[out++] = this.#bits >> 8;
        if (this.#pads < 1) this.#stdout[out++] = this.#bits;
        this.#bits = this.#signs = this.#pads = 0;
      } else if (value === PAD) {
        this.#bits <<= 6;
        this.#pads++;
        if (++this.#signs < 4) continue;
        if (this.#pads > 2) {
          throw new RelayError("The relay's base64 is broken");
        }
        this.#stdout[out++] = this.#bits >> 16;
        if (this.#pads < 2) this.#stdout[out++] = this.#bits >> 8;
        this.#bits = this.#signs = this.#pads = 0;
      } else if (value < 80) {
        if (this.#high < 0) this.#high = value - ERROR;
        else {
          this.#stderr[err++] = this.#high << 4 | value - ERROR;
          this.#high = -1;
        }
      } else {
        flush();
        this.#control(byte, value);
      }
    }
    flush();
  }

  #control(byte: number, value: number): void {
    switch (value) {
      case SPACE:
        return;
      case WANT:
        return this.#events.wanted();
      case END:
        return this.#events.ended();
      case OPEN:
        this.#lenient = false;
        this.#message = "";
        return;
      default:
        throw new RelayError(
          `Something else writes to the relay's output: byte ${byte}`,
        );
    }
  }

  #messageByte(byte: number): void {
    const sign = String.fromCharCode(byte);
    if (sign === "]") {
      const text = this.#message!;
      this.#message = undefined;
      return this.#events.message(text);
    }
    this.#message += sign;
    if (this.#message!.length > longestMessage) {
      throw new RelayError("The relay's message has no end");
    }
  }
}
