/**
 * The way out of a session: what was printed is shown, the connection closed, the session
 * terminated if it would go on without us. None of it may keep the user for long.
 *
 * @module
 */

import type { SessionControl } from "./control.ts";
import type { SessionDriver } from "./driver.ts";
import type { Clock } from "./transport.ts";

/** How long leaving may take, in milliseconds: TerminateSession and the closing of the socket. */
export const leaveLimit = 3000;
/**
 * How long the closing of the socket may take when the session is over, in milliseconds: nobody
 * waits for anything then, and a service that does not answer must not keep the user.
 */
export const farewellLimit = 100;
/** How long the terminal may take for the last output when we leave, in milliseconds. */
export const lastWordsLimit = 1000;

/** What {@linkcode leave} needs. */
export interface LeaveOptions {
  readonly driver: Pick<SessionDriver, "stop">;
  readonly clock: Clock;
  /** Terminates the session; absent if that is over already. */
  readonly control: SessionControl | undefined;
  /** Told in a sentence if the session may still be running. */
  readonly warn: (text: string) => void;
}

/** Closes the connection and terminates the session. Never throws. */
export async function leave(options: LeaveOptions): Promise<void> {
  const { driver, clock, control, warn } = options;
  const late = new AbortController();
  const limit = control === undefined ? farewellLimit : leaveLimit;
  const cancel = clock.setTimer(
    limit,
    () => late.abort(new Error(`no answer came within ${limit / 1000} s`)),
  );
  const leaving = [driver.stop()];
  if (control !== undefined) {
    leaving.push(
      unlessAborted(control.terminate(late.signal), late.signal)
        .catch((error) =>
          warn(
            `The session could not be terminated: ${
              error instanceof Error ? error.message : String(error)
            }`,
          )
        ),
    );
  }
  // Whoever needs the connection's end for something is not us.
  await unlessAborted(Promise.allSettled(leaving), late.signal)
    .catch(() => {});
  cancel();
}

/**
 * Waits until the session's last output is written, which comes before anything we say. That may
 * take for ever, as with a pager, and is the user's choice until the signal aborts.
 *
 * @param written Resolves when all is written.
 * @param onLong Called after {@linkcode lastWordsLimit}.
 * @returns False if the signal came first.
 */
export async function lastWords(
  written: Promise<unknown>,
  clock: Clock,
  signal: AbortSignal,
  onLong: () => void,
): Promise<boolean> {
  const cancel = clock.setTimer(lastWordsLimit, onLong);
  try {
    await unlessAborted(written, signal);
    return true;
  } catch {
    return false;
  } finally {
    cancel();
  }
}

/** Settles as `work` does, or rejects with the signal's reason; `work` goes on regardless. */
async function unlessAborted(
  work: Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
