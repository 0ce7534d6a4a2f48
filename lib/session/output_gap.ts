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
/** What was on its way before comes again within so many milliseconds. */
const repairTime = 1000;
/** So many milliseconds after the session's begin the agent has begun to read output. */
const firstRead = 1000;

/** Of one command. */
export class OutputGap {
  readonly #clock: Clock;
  readonly #stopped = Promise.withResolvers<void>();
  #cancel = () => {};
  #startedAt = Infinity;
  #printedAt = -Infinity;
  #losses = 0;
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

  /** Output has come. */
  printed(): void {
    this.#printedAt = this.#clock.now();
    if (this.#losses > 0) this.#suspect();
  }

  /** The connection was lost. */
  lost(): void {
    this.#losses++;
    this.#suspected = false;
    this.#cancel();
    // It may not have read before.
    const began = this.#printedAt > -Infinity ||
      this.#clock.now() - this.#startedAt >= firstRead;
    if (!began) this.#suspect();
  }

  /** There is a connection again. */
  resumed(): void {
    const goesOnAfter = this.#clock.now() + repairTime;
    this.#cancel = this.#clock.setTimer(silence + repairTime, () => {
      if (this.#suspected && this.#printedAt < goesOnAfter) {
        this.#stopped.resolve();
      }
    });
  }

  /** Looks no more. */
  close(): void {
    this.#cancel();
  }

  #suspect(): void {
    this.#suspected = true;
    this.#possible = true;
  }
}
