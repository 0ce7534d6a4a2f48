/**
 * The faults that hit a whole connection: closed after so many bytes or seconds, paused every so
 * often (`Faults` in options.ts).
 *
 * @module
 */

import type { Clock } from "../../session/transport.ts";
import type { Faults } from "../options.ts";

/** What the faults do. */
export interface ForcedClosesActions {
  /** Closes the client's socket. */
  close(): void;
  /** Sends pause_publication or start_publication to both ends. */
  publish(type: "start" | "pause"): void;
}

/** How long a pause lasts, in milliseconds (`Faults.pauseEvery`). */
const pauseLength = 1000;

/** The connection faults of one session, over all its connections. */
export class ForcedCloses {
  #left: number;
  #bytes = 0;
  #cancels = new Map<string, () => void>();

  /** @param faults Bytes and seconds of 0 mean never. */
  constructor(
    private readonly faults: Faults,
    private readonly clock: Clock,
    private readonly actions: ForcedClosesActions,
  ) {
    this.#left = faults.closeLimit;
  }

  /** True while bytes have to be counted: a relay need not add them up otherwise. */
  get countsBytes(): boolean {
    return this.faults.closeAfterBytes > 0 && this.#left > 0;
  }

  /** A client is there: the seconds begin, the bytes begin again. */
  connected(): void {
    this.disconnected();
    const { closeAfterSeconds, pauseEvery } = this.faults;
    this.#bytes = 0;
    if (closeAfterSeconds > 0 && this.#left > 0) {
      this.#after("close", closeAfterSeconds * 1000, () => this.#close());
    }
    if (pauseEvery > 0) this.#pauseLater();
  }

  /** The client is gone: nothing happens until the next. */
  disconnected(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }

  /** So many bytes passed, in whatever direction. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#left > 0 && this.#bytes >= this.faults.closeAfterBytes) {
      this.#close();
    }
  }

  #close(): void {
    this.#left--;
    // What is still on its way to a socket that is closed already closes nothing again.
    this.#bytes = -Infinity;
    this.#cancels.get("close")?.();
    this.actions.close();
  }

  #pauseLater(): void {
    this.#after("pause", this.faults.pauseEvery * 1000, () => {
      this.actions.publish("pause");
      this.#after("pause", pauseLength, () => {
        this.actions.publish("start");
        this.#pauseLater();
      });
    });
  }

  #after(name: string, delay: number, run: () => void): void {
    this.#cancels.get(name)?.();
    this.#cancels.set(name, this.clock.setTimer(delay, run));
  }
}
