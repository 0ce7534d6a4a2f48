/**
 * A start that is given up while its answer is on its way: the session it may have made must not be
 * left running.
 *
 * @module
 */

/** How long an aborted start waits for its answer, in milliseconds, so as to end the session. */
const START_GRACE = 3_000;

/**
 * Starts something. When the signal aborts meanwhile, waits a short time for the answer and ends
 * what it names.
 *
 * @param start The call; its signal gives up waiting for the answer.
 * @param end Ends what was started.
 * @param signal Gives up; its reason is thrown.
 */
export async function startOrEnd<Started>(
  start: (signal: AbortSignal) => Promise<Started>,
  end: (started: Started) => Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<Started> {
  signal?.throwIfAborted();
  const hold = new AbortController();
  const answer = start(hold.signal);
  if (signal === undefined) return await answer;
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const onAbort = () => resolve(undefined);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const started = await Promise.race([answer, aborted]);
    if (started !== undefined && !signal.aborted) return started;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  const timer = setTimeout(() => hold.abort(signal.reason), START_GRACE);
  try {
    await end(await answer);
  } catch {
    // Refused, unanswered or not to be ended: the caller learns why it gave up, which is first.
  } finally {
    clearTimeout(timer);
  }
  throw signal.reason;
}
