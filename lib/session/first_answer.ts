/**
 * An agent that cannot connect to its port should end the session and say why. The official one
 * crashes over that when the session has no listener (pitfalls.md §2.26), and whether the service
 * then tells anybody is not known: so whoever has sent something and neither had it acknowledged
 * nor heard anything does not wait for ever.
 *
 * @module
 */

import type { PortSession } from "./port_session.ts";
import type { Clock } from "./transport.ts";

/** Milliseconds without any answer after which the agent is given up; a port of its own answers at once. */
export const answerLimit = 30_000;
/** Milliseconds between two looks. */
const lookInterval = 5_000;

/** Watches a session until it has its first answer. */
export class FirstAnswer implements Disposable {
  readonly #clock: Clock;
  readonly #session: Pick<PortSession, "stats" | "sent">;
  readonly #silent: () => void;
  readonly #before: number;
  /** Milliseconds that something has waited for an answer, over a connection. */
  #waited = 0;
  /** True while there is no connection, which is nobody's silence. */
  lost = false;
  #cancel: (() => void) | undefined;

  /**
   * @param clock Measures the time.
   * @param session The session, just begun.
   * @param silent Called once after {@linkcode answerLimit}.
   */
  constructor(
    clock: Clock,
    session: Pick<PortSession, "stats" | "sent">,
    silent: () => void,
  ) {
    this.#clock = clock;
    this.#session = session;
    this.#silent = silent;
    this.#before = this.#acknowledged;
    this.#watch();
  }

  /** Bytes that the agent has acknowledged. */
  get #acknowledged(): number {
    return this.#session.sent - this.#session.stats.up;
  }

  #watch(): void {
    this.#cancel = this.#clock.setTimer(lookInterval, () => {
      const { up, down } = this.#session.stats;
      if (down > 0 || this.#acknowledged > this.#before) return;
      if (up > 0 && !this.lost) this.#waited += lookInterval;
      if (this.#waited >= answerLimit) this.#silent();
      else this.#watch();
    });
  }

  /** Watches no more. */
  [Symbol.dispose](): void {
    this.#cancel?.();
  }
}
