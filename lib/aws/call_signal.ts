/**
 * Giving up a call: by the SDK where it takes a signal, and by waiting no longer where it does not.
 *
 * @module
 */

/**
 * The SDK's options of one call.
 *
 * @param signal Gives up the call, if there is one.
 */
export function abortable(
  signal: AbortSignal | undefined,
): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/**
 * Waits for a promise or the signal, whichever comes first: fetching credentials takes no signal,
 * and a user who leaves does not wait for it.
 *
 * @param promise What is waited for; left to itself when the signal comes first.
 * @param signal Gives up the wait; its reason is thrown.
 */
export async function orAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
