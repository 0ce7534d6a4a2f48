/**
 * How much the simulator's agent takes its time.
 *
 * @module
 */

import type { Repair } from "../../protocol/channel/outgoing.ts";

/** The waits of an agent, in milliseconds. */
export interface Pace {
  /** Between the start of a program on a terminal and the first read. */
  readonly firstRead: number;
  /** After each read. */
  readonly readPause: number;
  /**
   * How long the agent waits for acknowledgements at the end, the time without a client not
   * counted; with `drainWhileProgress` each acknowledgement begins it anew.
   */
  readonly drain: number;
  readonly drainWhileProgress: boolean;
  /** Between a failure to start and its report. */
  readonly startFailure: number;
  /** One dial after the other, so that one without an answer holds all others up. */
  readonly serialDials: boolean;
  /** How losses are repaired. */
  readonly repair: Repair;
}

/**
 * The official agent's: `shell.go` (1 s, 1 ms), `PrepareToCloseChannel` (2 s), `sessionplugin.go`
 * (2 s), dials in the accept loop, repair by ten messages a second (sessions.md §2.5 and §2.6,
 * data-channel.md §9, pitfalls.md §2.16 and §6.1).
 */
export const realPace: Pace = {
  firstRead: 1000,
  readPause: 1,
  drain: 2000,
  drainWhileProgress: false,
  startFailure: 2000,
  serialDials: true,
  repair: "head",
};

/**
 * No wait that has no cause. The end still waits for acknowledgements, as otherwise a lost message
 * would be lost for good; that takes as long as the repair.
 */
export const fastPace: Pace = {
  firstRead: 0,
  readPause: 0,
  drain: 30_000,
  drainWhileProgress: true,
  startFailure: 0,
  serialDials: false,
  repair: "selective",
};
