/**
 * When the events of a recording are due while it is played: faster or slower, with long pauses cut
 * short, and stopped in between.
 *
 * @module
 */

/** How a recording is played. */
export interface TimelineOptions {
  /** 2 is twice as fast. */
  readonly speed: number;
  /** No pause lasts longer than so many of the recording's seconds. */
  readonly idleLimit: number | undefined;
}

/** The playing of one recording. */
export class Timeline {
  readonly #options: TimelineOptions;
  /** The last event's time in the recording, and in the playing; seconds. */
  #recorded = 0;
  #played = 0;
  /** When playing would have begun had it never paused; milliseconds. */
  #origin: number;
  #pausedAt: number | undefined;
  #skipped = false;

  /** @param now Milliseconds. */
  constructor(options: TimelineOptions, now: number) {
    this.#options = options;
    this.#origin = now;
  }

  /** True while time stands still. */
  get paused(): boolean {
    return this.#pausedAt !== undefined;
  }

  /**
   * The next event comes.
   * @param time Its time in the recording, in seconds; one that goes back counts as no pause.
   */
  next(time: number): void {
    const { speed, idleLimit = Infinity } = this.#options;
    const pause = Math.min(Math.max(0, time - this.#recorded), idleLimit);
    this.#recorded = Math.max(time, this.#recorded);
    this.#played += pause / speed;
    this.#skipped = false;
  }

  /** Milliseconds until the event is due; 0 or less when it is; `undefined` while paused. */
  left(now: number): number | undefined {
    if (this.#skipped) return 0;
    if (this.paused) return undefined;
    return this.#origin + this.#played * 1000 - now;
  }

  /** Stops time, or lets it go on. */
  togglePause(now: number): void {
    if (this.#pausedAt === undefined) this.#pausedAt = now;
    else {
      this.#origin += now - this.#pausedAt;
      this.#pausedAt = undefined;
    }
  }

  /** The event that is waited for comes now; time goes on behind it, or stands still there. */
  skip(now: number): void {
    const at = this.#pausedAt ?? now;
    this.#origin = at - this.#played * 1000;
    this.#skipped = true;
  }
}
