/**
 * Work on many things, some of them at a time.
 *
 * @module
 */

/**
 * Works on each of them. The first error ends it: no more is begun, and it is thrown when what was
 * begun has come to its end.
 *
 * @param items Taken one by one, as there is room.
 * @param limit How many at a time.
 * @param work What to do with one.
 */
export async function each<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failed = false;
  let error: unknown;
  for await (const item of items) {
    const one: Promise<void> = work(item).catch((reason) => {
      if (!failed) error = reason;
      failed = true;
    }).finally(() => running.delete(one));
    running.add(one);
    while (running.size >= limit && !failed) await Promise.race(running);
    if (failed) break;
  }
  await Promise.all(running);
  if (failed) throw error;
}
