/**
 * How long an agent may take to begin.
 *
 * @module
 */

/** After this long without a word from the agent the user is told, in milliseconds (handshake.md §1). */
export const waitingNotice = 5000;
/** After this long the session is given up, in milliseconds (handshake.md §1). */
export const startLimit = 60_000;
/** Why. */
export const notStarted = `The agent did not answer within ${
  startLimit / 1000
} s`;
