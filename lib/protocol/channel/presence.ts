/**
 * Whether the other end is there: our connection, its connection (which the service reports with
 * pause and start publication, data-channel.md §3), and how long it has been silent.
 *
 * @module
 */

import type { ChannelState } from "./channel_state.ts";
import { silenceLimit } from "./options.ts";

/** What one end knows of the other's presence. Times are milliseconds. */
export class Presence {
  readonly #state: ChannelState;
  #limit: number;
  #connected = true;
  #paused = false;
  #lostAt: number;
  /** The last moment at which silence was no fault: a word came, or none could. */
  #heardAt: number;

  constructor(state: ChannelState, now: number, limit: number = silenceLimit) {
    this.#state = state;
    this.#limit = limit;
    this.#lostAt = now;
    this.#heardAt = now;
  }

  /** True while we have a connection. */
  get connected(): boolean {
    return this.#connected;
  }
  /** True while the peer has none: nothing is repeated, and no silence is counted. */
  get paused(): boolean {
    return this.#paused;
  }
  /** True while both ends have one. */
  get reachable(): boolean {
    return this.#connected && !this.#paused;
  }
  /** When our last connection was lost. */
  get lostAt(): number {
    return this.#lostAt;
  }

  /** Any word of the peer shows that its end is connected. */
  heard(now: number): void {
    this.#heardAt = now;
    this.unpause(now);
  }

  /** From now on, silence is taken for the peer's end after so many milliseconds. */
  allowSilence(limit: number): void {
    this.#limit = limit;
  }

  /** The service says that the peer's end went away. */
  pause(): void {
    if (!this.#paused) this.#state.emit({ type: "paused" });
    this.#paused = true;
  }

  /** The service says that it is there. */
  unpause(now: number): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#heardAt = now;
    this.#state.emit({ type: "unpaused" });
  }

  /** Our connection was lost. */
  disconnected(now: number): void {
    this.#connected = false;
    this.#lostAt = now;
  }

  /** There is a new one. */
  reconnected(now: number): void {
    this.#connected = true;
    this.heard(now);
  }

  /**
   * When the peer's silence is to be taken for its end (data-channel.md §6.2).
   *
   * @param waitingSince When the oldest message that waits for an answer was sent: without one
   * silence proves nothing, an idle shell may be silent for ever.
   */
  silenceEnds(waitingSince: number | undefined): number | undefined {
    if (waitingSince === undefined || this.#limit === Infinity) {
      return undefined;
    }
    return Math.max(waitingSince, this.#heardAt) + this.#limit;
  }

  /**
   * Ends the channel where the peer's silence is its end.
   *
   * @param waitingSince As for {@linkcode silenceEnds}.
   */
  judgeSilence(waitingSince: number | undefined, now: number): void {
    const ends = this.silenceEnds(waitingSince);
    if (ends === undefined || now < ends) return;
    this.#state.fail(
      "unresponsive",
      `The agent has been silent for ${this.#limit / 60_000} minutes`,
    );
  }
}
