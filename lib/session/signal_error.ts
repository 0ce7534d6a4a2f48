/**
 * A signal to our process as an error: a file of its own, as start-up needs it and nothing else of
 * a session.
 *
 * @module
 */

/** The reason of an AbortSignal that a signal to our process aborted. */
export class SignalError extends Error {
  override name = "SignalError";
  /** @param signal Its name, `SIGTERM`. */
  constructor(readonly signal: string) {
    super(`Received ${signal}`);
  }
}
