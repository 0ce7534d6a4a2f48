/**
 * Messages between the network and whoever calls `read`.
 *
 * @module
 */

/** The received messages of one transport. */
export class ArrivedMessages {
  #messages: Uint8Array[] = [];
  #reader: ((messages: readonly Uint8Array[] | undefined) => void) | undefined;
  #ended = false;
  #discarded = false;

  /** True while messages wait to be read. */
  get waiting(): boolean {
    return this.#messages.length > 0;
  }

  /** Queues a message; {@linkcode deliver} hands it on. */
  push(message: Uint8Array): void {
    if (!this.#discarded) this.#messages.push(message);
  }

  /**
   * Everything that arrived; `undefined` after the end.
   *
   * @throws {TypeError} Another call is still waiting.
   */
  read(): Promise<readonly Uint8Array[] | undefined> {
    if (this.#reader !== undefined) {
      return Promise.reject(
        new TypeError("Cannot read messages: another read is waiting"),
      );
    }
    if (this.waiting) return Promise.resolve(this.#take());
    if (this.#ended) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#reader = resolve);
  }

  /** Hands waiting messages, or the end, to whoever waits in {@linkcode read}. */
  deliver(): void {
    const reader = this.#reader;
    if (reader === undefined || !(this.waiting || this.#ended)) return;
    this.#reader = undefined;
    reader(this.waiting ? this.#take() : undefined);
  }

  /** Nothing more will arrive; what waits can still be read. */
  end(): void {
    this.#ended = true;
    this.deliver();
  }

  /** Nobody wants any of it any more. */
  discard(): void {
    this.#discarded = true;
    this.#messages = [];
    this.end();
  }

  #take(): Uint8Array[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }
}
