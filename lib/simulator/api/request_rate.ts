/**
 * How many calls of one operation the simulated APIs take per second, as AWS limits them.
 *
 * @module
 */

import { ApiError } from "./errors.ts";

/** A bucket per operation that fills at a rate and holds one second's worth. */
export class RequestRate {
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /**
   * @param rate Calls per second and operation; 0 = no limit.
   * @param now Milliseconds.
   */
  constructor(readonly rate: number, readonly now: () => number) {}

  /**
   * Takes a call in.
   * @param operation Its name.
   * @throws ApiError ThrottlingException when there are too many.
   */
  take(operation: string): void {
    if (this.rate <= 0) return;
    const full = Math.max(1, this.rate);
    const now = this.now();
    const bucket = this.#buckets.get(operation) ?? { tokens: full, at: now };
    bucket.tokens = Math.min(
      full,
      bucket.tokens + (now - bucket.at) / 1000 * this.rate,
    );
    bucket.at = now;
    this.#buckets.set(operation, bucket);
    if (bucket.tokens < 1) {
      throw new ApiError("ThrottlingException", "Rate exceeded");
    }
    bucket.tokens--;
  }
}
