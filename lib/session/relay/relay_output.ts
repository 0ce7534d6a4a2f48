/**
 * The output of a relayed command: decoded, and given back to the channel in the measure in which
 * the caller is done with it.
 *
 * @module
 */

import type { OutputStream } from "../command_session.ts";
import { RelayDecoder } from "./decoder.ts";

/** What a {@linkcode RelayOutput} is joined to. */
export interface RelayOutputOptions {
  readonly onOutput: (bytes: Uint8Array, stream: OutputStream) => void;
  /** So many bytes as they came are done with. */
  readonly consumed: (bytes: number) => void;
  readonly onWanted: () => void;
  readonly onCommandEnd: () => void;
  readonly onMessage: (text: string) => void;
  /** Whether anything may stand before the first message. */
  readonly lenient: boolean;
}

/** Both outputs of one relayed command. */
export class RelayOutput {
  readonly #options: RelayOutputOptions;
  readonly #decoder: RelayDecoder;
  /** Bytes as they came that are not given back. */
  #encoded = 0;
  /** What they became and the caller is not done with. */
  #decoded = 0;

  constructor(options: RelayOutputOptions) {
    this.#options = options;
    this.#decoder = new RelayDecoder({
      output: (bytes, stream) => {
        this.#decoded += bytes.length;
        options.onOutput(bytes, stream);
      },
      wanted: options.onWanted,
      ended: options.onCommandEnd,
      message: options.onMessage,
    }, options.lenient);
  }

  /** What came before the relay's first word. */
  get noise(): string {
    return this.#decoder.noise;
  }

  /**
   * Takes what came.
   *
   * @throws {RelayError} When it is not a relay's.
   */
  push(bytes: Uint8Array): void {
    this.#encoded += bytes.length;
    this.#decoder.push(bytes);
    if (this.#decoded === 0) this.#giveBack(this.#encoded);
  }

  /** The caller is done with so many decoded bytes. */
  consumed(bytes: number): void {
    const share = bytes / this.#decoded;
    this.#decoded -= bytes;
    this.#giveBack(
      this.#decoded === 0 ? this.#encoded : Math.floor(this.#encoded * share),
    );
  }

  #giveBack(bytes: number): void {
    this.#encoded -= bytes;
    if (bytes > 0) this.#options.consumed(bytes);
  }
}
