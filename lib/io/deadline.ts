/**
 * A time limit and an abort signal around one attempt.
 *
 * @module
 */

import type { Clock } from "../session/transport.ts";

/**
 * Runs an attempt under a signal that aborts when the outer one does or the time is up.
 *
 * @param clock Measures the time.
 * @param limit Milliseconds.
 * @param outer Aborts the attempt from outside; has no effect once the attempt is over.
 * @param late The error to abort with when the time is up.
 * @param attempt Must reject soon after its signal aborts.
 * @returns What the attempt gives.
 * @throws The signal's reason when it aborted, whatever the attempt threw then.
 */
export async function withDeadline<T>(
  clock: Clock,
  limit: number,
  outer: AbortSignal | undefined,
  late: () => Error,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const forward = () => controller.abort(outer?.reason);
  outer?.addEventListener("abort", forward);
  const cancel = clock.setTimer(limit, () => controller.abort(late()));
  try {
    return await attempt(controller.signal);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    cancel();
    outer?.removeEventListener("abort", forward);
  }
}

/**
 * Closes a connection as soon as a signal aborts, so that whatever waits on it rejects.
 *
 * @param conn The connection; closing it twice does no harm.
 * @param signal The signal to obey.
 * @returns Ends the watch when disposed.
 */
export function closeOnAbort(
  conn: Pick<Deno.Conn, "close">,
  signal: AbortSignal,
): Disposable {
  const close = () => closeQuietly(conn);
  if (signal.aborted) close();
  else signal.addEventListener("abort", close);
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", close) };
}

/**
 * Closes a connection that may be closed already.
 *
 * @param conn The connection.
 */
export function closeQuietly(conn: Pick<Deno.Conn, "close">): void {
  try {
    conn.close();
  } catch {
    // Closed already, by the peer's fault or an abort: that is what was wanted.
  }
}
