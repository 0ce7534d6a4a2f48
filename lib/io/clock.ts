/**
 * The real clock.
 *
 * @module
 */

import type { Clock } from "../session/transport.ts";

/** Real time: the Unix epoch from the start of the process on, in steps that never go back. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  wall: () => Date.now(),
  setTimer(delay, run) {
    const id = setTimeout(run, delay);
    return () => clearTimeout(id);
  },
};
