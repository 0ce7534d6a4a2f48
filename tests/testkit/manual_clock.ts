import type { Clock } from "../../lib/session/transport.ts";

/** Time that passes only when told to. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000;
  #timers = new Map<number, { at: number; run: () => void }>();
  #next = 0;

  now(): number {
    return this.#now;
  }

  /** How far the wall clock is ahead, in milliseconds; a test turns it. */
  drift = 0;

  wall(): number {
    return this.#now + this.drift;
  }

  setTimer(delay: number, run: () => void): () => void {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + delay, run });
    return () => this.#timers.delete(id);
  }

  /** How many timers were set so far. */
  get set(): number {
    return this.#next;
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Time passes for everybody but this process: what fell due runs with the next `advance`. */
  sleep(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** Lets so many milliseconds pass, running what falls due, in order. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await settle();
      let due: [number, { at: number; run: () => void }] | undefined;
      for (const entry of this.#timers) {
        if (entry[1].at <= end && (!due || entry[1].at < due[1].at)) {
          due = entry;
        }
      }
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].run();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything that only waits for promises happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}
