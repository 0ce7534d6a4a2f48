/**
 * Whether an agent stopped to read a command's output, as those of NonInteractiveCommands do once
 * their client was away (pitfalls.md §2.13).
 *
 * Before each read the agent looks whether its client is there, and if not, reads that output never
 * again. The read before is a message, which it sends when the client is back. So where none comes
 * after a loss nothing is missing, and where it is the last one the command may stand still before a
 * full pipe for ever.
 *
 * @module
 */

import type { Clock } from "./transport.ts";

/** Output that stops for so long after it went on behind a loss, in milliseconds, has stopped. */
const silence = 10_000;
/** Output created so many milliseconds after the connection is back was read after the pause. */
const margin = 1000;
/** So many milliseconds after the session's begin the agent has begun to read output. */
const firstRead = 1000;

/** Of one command. */
export class OutputGap {
  readonly #clock: Clock;
  readonly #stopped = Promise.withResolvers<void>();
  #cancel = () => {};
  #watching = false;
  #startedAt = Infinity;
  #printedAt = -Infinity;
  #losses = 0;
  /** From the agent's clock to ours, with the shortest way seen, in milliseconds. */
  #offset = Infinity;
  #resumedAt = Infinity;
  /** A gap may be behind the last loss. */
  #suspected = false;
  #possible = false;

  /** @param clock Tells what came when. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True when output may be missing. */
  get possible(): boolean {
    return this.#possible;
  }

  /** Resolves when nothing is to be expected any more. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /** The session began. */
  started(): void {
    this.#startedAt = this.#clock.now();
  }

  /**
   * Output has come.
   *
   * @param createdDate When the agent read it, in milliseconds of its clock: what it sends again
   * after a loss, ten messages a second, may come minutes later.
   */
  printed(createdDate: number): void {
    const now = this.#printedAt = this.#clock.now();
    this.#offset = Math.min(this.#offset, now - createdDate);
    if (this.#losses === 0) return;
    this.#suspect();
    // It reads on.
    if (createdDate + this.#offset > this.#resumedAt + margin) {
      this.#suspected = false;
    } else if (!this.#watching && this.#resumedAt < Infinity) {
      // What was read before may be the first to come, however late.
      this.#watch(silence);
    }
  }

  /** The connection was lost. */
  lost(): void {
    this.#losses++;
    this.#suspected = false;
    this.#resumedAt = Infinity;
    this.close();
    // It may not have read before.
    const began = this.#printedAt > -Infinity ||
      this.#clock.now() - this.#startedAt >= firstRead;
    if (!began) this.#suspect();
  }

  /** There is a connection again. */
  resumed(): void {
    this.#resumedAt = this.#clock.now();
    this.#watch(silence + margin);
  }

  /** Looks no more. */
  close(): void {
    this.#cancel();
    this.#watching = false;
  }

  #watch(delay: number): void {
    this.#watching = true;
    this.#cancel = this.#clock.setTimer(delay, () => {
      this.#watching = false;
      if (!this.#suspected) return;
      const left = this.#printedAt + silence - this.#clock.now();
      if (left > 0) this.#watch(left);
      else this.#stopped.resolve();
    });
  }

  #suspect(): void {
    this.#suspected = true;
    this.#possible = true;
  }
}
