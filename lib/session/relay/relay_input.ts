/**
 * Input for a relayed command: read ahead a little, and sent when the node asks for it.
 *
 * @module
 */

import { encodeBase64 } from "../../protocol/message/handshake.ts";
import { inputPiece } from "./program.ts";

/** What gives the input: some bytes, or nothing more. */
export type ReadInput = (
  signal: AbortSignal,
) => Promise<Uint8Array | undefined>;

/** One command's input. */
export class RelayInput {
  readonly #read: ReadInput;
  readonly #send: (bytes: Uint8Array) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #stopped = new AbortController();
  readonly #waiting: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #wanted = false;
  #sending = false;
  #wake: (() => void) | undefined;

  /**
   * @param read Called again and again until it gives nothing.
   * @param send Sends an answer to the node.
   * @param failed Told when reading or sending fails.
   */
  constructor(
    read: ReadInput,
    send: (bytes: Uint8Array) => Promise<void>,
    failed: (error: unknown) => void,
  ) {
    this.#read = read;
    this.#send = send;
    this.#failed = failed;
  }

  /** Begins to read. */
  start(): void {
    this.#run().catch((error) => {
      if (!this.#stopped.signal.aborted) this.#failed(error);
    });
  }

  /** The node asks. */
  wanted(): void {
    this.#wanted = true;
    this.#answer();
  }

  /** Nobody takes input any more: the rest is answered with its end. */
  stop(): void {
    this.#stopped.abort(new DOMException("The command ended", "AbortError"));
    this.#waiting.length = this.#bytes = 0;
    this.#ended = true;
    this.#wake?.();
    this.#answer();
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      if (this.#bytes >= inputPiece) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        continue;
      }
      const bytes = await this.#read(this.#stopped.signal);
      if (this.#ended) return;
      if (bytes === undefined) this.#ended = true;
      else if (bytes.length > 0) this.#waiting.push(bytes.slice());
      this.#bytes += bytes?.length ?? 0;
      this.#answer();
    }
  }

  #answer(): void {
    if (!this.#wanted || this.#sending) return;
    if (this.#bytes === 0 && !this.#ended) return;
    this.#wanted = false;
    this.#sending = true;
    this.#send(this.#piece()).then(
      () => {
        this.#sending = false;
        this.#wake?.();
        this.#answer();
      },
      (error) => this.#failed(error),
    );
  }

  /** The length in base64, a line's end, and that; 0 for the end (`program.ts`). */
  #piece(): Uint8Array {
    const piece = new Uint8Array(Math.min(this.#bytes, inputPiece));
    for (let at = 0; at < piece.length;) {
      const first = this.#waiting[0]!;
      const taken = first.subarray(0, piece.length - at);
      piece.set(taken, at);
      at += taken.length;
      if (taken.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(taken.length);
    }
    this.#bytes -= piece.length;
    const text = encodeBase64(piece);
    return new TextEncoder().encode(`${text.length}\n${text}`);
  }
}
