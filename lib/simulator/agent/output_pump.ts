/**
 * What an agent sends by itself: payload after payload out of a source, at the agent's pace.
 *
 * @module
 */

import type { Clock } from "../../session/transport.ts";
import type { AgentChannel } from "./agent_channel.ts";
import type { Pace } from "./pace.ts";
import { PauseDebt } from "./pause_debt.ts";

/** What an {@linkcode OutputPump} works with. */
export interface OutputPumpOptions {
  readonly channel: AgentChannel;
  readonly clock: Clock;
  readonly pace: Pace;
  /**
   * Fills the beginning of `target` with the next payload.
   *
   * @returns Its length in bytes; 0 when there is none now.
   */
  readonly fill: (target: Uint8Array) => number;
}

/**
 * Sends a source's payloads, as `transferDataToMgs` of the agent does: one, then a pause; without
 * pauses all that the channel has room for in one go.
 */
export class OutputPump {
  readonly #options: OutputPumpOptions;
  readonly #pauses: PauseDebt;
  /** So many payloads in one go. */
  readonly #burst: number;
  #state: "idle" | "running" | "waiting" | "closed" = "idle";
  #again = false;
  #cancel: (() => void) | undefined;

  /** Begins with {@linkcode OutputPump.kick}. */
  constructor(options: OutputPumpOptions) {
    this.#options = options;
    this.#pauses = new PauseDebt(options.pace.readPause);
    this.#burst = options.pace.readPause === 0 ? Infinity : 1;
  }

  /** The source has something. */
  kick(): void {
    if (this.#state === "running") this.#again = true;
    else if (this.#state === "idle") this.#run();
  }

  /** Sends nothing more. */
  close(): void {
    this.#state = "closed";
    this.#cancel?.();
  }

  get #closed(): boolean {
    return this.#state === "closed";
  }

  #run(): void {
    const { channel, clock, fill } = this.#options;
    this.#state = "running";
    for (;;) {
      this.#again = false;
      const sent = channel.sendFrom(fill, this.#burst);
      if (this.#closed) return;
      if (sent < this.#burst && !channel.ready) return this.#waitForRoom();
      const delay = sent > 0 ? this.#pauses.next(clock.now()) : 0;
      if (delay > 0) return this.#waitFor(delay);
      if (sent < this.#burst && !this.#again) break;
    }
    this.#state = "idle";
  }

  #waitFor(delay: number): void {
    this.#state = "waiting";
    this.#cancel = this.#options.clock.setTimer(delay, () => this.#run());
  }

  #waitForRoom(): void {
    this.#state = "waiting";
    void this.#options.channel.writable().then((writable) => {
      if (writable && !this.#closed) this.#run();
    });
  }
}
