/**
 * The end of a session with a program: decided once, by the agent, the service, the user or us, and
 * whatever waits for a time goes with it.
 *
 * @module
 */

import type { ConnectionLostError } from "./resume.ts";
import { endOfAbort, type SessionEnd } from "./session_report.ts";
import type { Clock } from "./transport.ts";

/** One session's end; `End` is what else it may come to. */
export class Ending<End = never> {
  readonly #clock: Clock;
  readonly #stopped: () => void;
  readonly #result = Promise.withResolvers<SessionEnd | End>();
  readonly #timers = new Set<() => void>();
  #over = false;
  #gone = false;

  /** @param stopped Called when it is decided; may be called again. */
  constructor(clock: Clock, stopped: () => void) {
    this.#clock = clock;
    this.#stopped = stopped;
    // The rejection is for whoever awaits it; it may come before anybody does.
    this.#result.promise.catch(() => {});
  }

  /** Resolves with the end; rejects with what should not have happened. */
  get promise(): Promise<SessionEnd | End> {
    return this.#result.promise;
  }
  /** True once it is decided. */
  get over(): boolean {
    return this.#over;
  }
  /** True when the service does not know the session any more. */
  get gone(): boolean {
    return this.#gone;
  }

  /** It ends so, unless it has ended. */
  finish(end: SessionEnd | End): void {
    this.stop();
    this.#result.resolve(end);
  }

  /** Something that should not happen did. */
  fail(error: unknown): void {
    this.stop();
    this.#result.reject(error);
  }

  /** The caller gives up: a SignalError is an end, another reason is thrown. */
  aborted(reason: unknown): void {
    try {
      this.finish(endOfAbort(reason));
    } catch {
      this.fail(reason);
    }
  }

  /** There is no way back to the session. */
  lost({ message, timedOut, cause }: ConnectionLostError): void {
    this.#gone = timedOut;
    this.finish({
      kind: timedOut ? "timed-out" : "lost",
      message,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  /** Nothing goes on any more, whatever the end is going to be. */
  stop(): void {
    this.#over = true;
    this.clearTimers();
    this.#stopped();
  }

  /** Runs something after so many milliseconds, if it is not over by then. */
  after(delay: number, run: () => void): void {
    if (!this.#over) this.#timers.add(this.#clock.setTimer(delay, run));
  }

  /** Forgets what waits. */
  clearTimers(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}
