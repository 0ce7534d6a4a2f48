/**
 * From round trips to the retransmission timeout, RTO (data-channel.md §6.1).
 *
 * @module
 */

/** SRTT before the first sample, in milliseconds (P config.go, A config.go). */
export const initialRoundTrip = 100;
/** The official ends' RTO before the first sample, in milliseconds (P config.go, A config.go). */
export const initialTimeout = 200;
/** G, the least that is added to SRTT, in milliseconds (P config.go). */
export const clockGranularity = 10;
/** The official ends' largest RTO, in milliseconds (P config.go). */
export const officialMaximum = 1000;

/** What differs between the official estimator and ours. */
export interface EstimatorOptions {
  /** Take the first sample as it is (RFC 6298 §2.2) instead of averaging it with 100 ms. */
  readonly trustFirstSample: boolean;
  /** RTO before the first sample, in milliseconds. */
  readonly initial: number;
  /** The largest RTO in milliseconds. */
  readonly maximum: number;
}

/** As both official ends calculate. */
export const officialEstimator: EstimatorOptions = {
  trustFirstSample: false,
  initial: initialTimeout,
  maximum: officialMaximum,
};

/**
 * Ours: a megabyte in front of a message on a slow line takes more than the official second, and
 * resending it meanwhile only lengthens the queue (data-channel.md §6.2).
 */
export const ourEstimator: EstimatorOptions = {
  trustFirstSample: true,
  // RFC 6298 §2.1: with less than the round trip a whole first window goes out twice.
  initial: 1000,
  maximum: 60_000,
};

/** SRTT, RTTVAR and RTO, all in milliseconds. */
export class RoundTripEstimator {
  #smoothed = initialRoundTrip;
  #variation = 0;
  #timeout: number;
  #sampled = false;
  readonly #options: EstimatorOptions;

  /** @param options {@linkcode ourEstimator} or {@linkcode officialEstimator}. */
  constructor(options: EstimatorOptions) {
    this.#options = options;
    this.#timeout = options.initial;
  }

  /** SRTT. */
  get smoothed(): number {
    return this.#smoothed;
  }
  /** RTTVAR. */
  get variation(): number {
    return this.#variation;
  }
  /** RTO. */
  get timeout(): number {
    return this.#timeout;
  }
  /** True once a round trip was measured. */
  get sampled(): boolean {
    return this.#sampled;
  }

  /**
   * Takes the round trip of a message that was sent only once (Karn: an acknowledgement of a
   * repeated message does not tell which of the two it answers).
   *
   * @param roundTrip Milliseconds.
   */
  sample(roundTrip: number): void {
    if (!this.#sampled && this.#options.trustFirstSample) {
      this.#smoothed = roundTrip;
      this.#variation = roundTrip / 2;
    } else {
      // The variation looks at the old average.
      this.#variation = 0.75 * this.#variation +
        0.25 * Math.abs(this.#smoothed - roundTrip);
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * roundTrip;
    }
    this.#sampled = true;
    this.#timeout = Math.min(
      this.#options.maximum,
      this.#smoothed + Math.max(clockGranularity, 4 * this.#variation),
    );
  }
}
