/**
 * How many bytes go into one message of a port session (data-channel.md §6.3).
 *
 * Both official ends send 1024, and take whatever comes; what the service between them takes is not
 * known. So payloads grow while that goes well, and stay small for the rest of the session when a
 * connection ends in a way that speaks against it.
 *
 * @module
 */

/** What always works, in bytes (P, A `config.go`). */
export const smallestPayload = 1024;
/** The most that an option may ask for, in bytes (data-channel.md §6.3). */
export const largestPayload: number = 32 * 1024;

/** The sizes in turn, in bytes (data-channel.md §6.3). */
const sizes = [smallestPayload, 4096, 16_384] as const;
/** So many bytes have to be acknowledged before the next size (data-channel.md §6.3). */
export const growAfter: number = 256 * 1024;
/** A connection that ends so soon after a larger payload ended because of it, in milliseconds. */
const suspicion = 5_000;
/** Close code "message too big" (RFC 6455 §7.4.1). */
const tooBig = 1009;

/** The payload size of one session. */
export class PayloadSize {
  readonly #fixed: number | undefined;
  #step = 0;
  #grownAt: number | undefined;
  #base = 0;
  /** True once larger payloads seemed to have ended a connection: they are over. */
  fellBack = false;
  /**
   * True when a connection was too small for its messages again: those that are numbered keep their
   * size, so that no further connection will take them.
   */
  hopeless = false;
  #refusals = 0;

  /** @param fixed Bytes, where the size is not to change. */
  constructor(fixed?: number) {
    this.#fixed = fixed;
  }

  /** Bytes of the next payload, at most. */
  get bytes(): number {
    return this.#fixed ?? sizes[this.#step]!;
  }

  /** A payload of the present size goes out. @param now Milliseconds. */
  sending(now: number): void {
    if (this.#step > 0) this.#grownAt ??= now;
  }

  /** @param total Bytes that the peer has acknowledged in all. */
  acknowledged(total: number): void {
    if (this.#fixed !== undefined || this.fellBack) return;
    if (this.#step === sizes.length - 1 || total - this.#base < growAfter) {
      return;
    }
    this.#base = total;
    this.#step++;
    this.#grownAt = undefined;
  }

  /**
   * A connection ended.
   *
   * @param code Its close code.
   * @param now Milliseconds.
   */
  closed(code: number, now: number): void {
    if (code === tooBig) this.hopeless = ++this.#refusals > 1;
    if (this.#fixed !== undefined || this.#step === 0) return;
    const soon = this.#grownAt !== undefined &&
      now - this.#grownAt <= suspicion;
    if (code !== tooBig && !soon) return;
    this.fellBack = true;
    this.#step = 0;
  }
}
