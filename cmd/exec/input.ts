/**
 * Whether there is input for a command. A terminal is none, nor is what ends at once, such as
 * /dev/null; anything else has to reach the command, as nobody would notice if it did not.
 *
 * @module
 */

import type { Clock, Terminal } from "../../lib/session/transport.ts";
import type { ReadInput } from "../../lib/session/relay/relay_input.ts";

/** How long an open pipe may take to say whether anything is in it, in milliseconds. */
const patience = 300;

/** Standard input that may have something in it. */
export interface PipedInput {
  /** Reads it from its beginning. */
  readonly read: ReadInput;
  /** True where it was open, and nothing was in it within {@linkcode patience}. */
  readonly silent: boolean;
  /** True once there was something to read in what was silent. */
  readonly cameLate: boolean;
}

/**
 * Looks at standard input.
 * @param terminal Whose.
 * @param clock Measures how long is waited.
 * @param signal Gives up.
 * @returns What was seen; `undefined` when there is nothing.
 */
export async function pipedInput(
  terminal: Terminal,
  clock: Clock,
  signal: AbortSignal,
): Promise<PipedInput | undefined> {
  if (terminal.interactive) return undefined;
  const first = terminal.read(signal);
  const late = Promise.withResolvers<"late">();
  const cancel = clock.setTimer(patience, () => late.resolve("late"));
  let begun: Uint8Array | undefined | "late";
  try {
    begun = await Promise.race([first, late.promise]);
  } finally {
    cancel();
  }
  if (begun === undefined) return undefined;
  let waiting: Promise<Uint8Array | undefined> | undefined = first;
  const silent = begun === "late";
  let cameLate = false;
  first.then((bytes) => cameLate = silent && bytes !== undefined, () => {
    // It may fail after the command has ended, when nobody asks any more.
  });
  return {
    silent,
    get cameLate() {
      return cameLate;
    },
    read(reading) {
      const next = waiting ?? terminal.read(reading);
      waiting = undefined;
      return next;
    },
  };
}
