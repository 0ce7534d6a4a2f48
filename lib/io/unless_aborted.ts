/**
 * Giving up on what cannot be cancelled.
 *
 * @module
 */

/**
 * Settles as `work` does, or rejects with the signal's reason; `work` goes on regardless, and what
 * becomes of it then is nobody's concern.
 * @param work What may take for ever, as a read.
 * @param signal Gives up.
 */
export function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() =>
      signal.removeEventListener("abort", onAbort)
    );
  });
}
