/**
 * Several streams in one.
 *
 * @module
 */

/**
 * What the streams give, as it comes; each is asked for its next when its last was taken.
 *
 * @param streams Any number. When one of them rejects, or the reader stops, the others are told to
 * stop, and not waited for: a call under way ends by its own signal.
 * @throws What the first stream that fails rejects with.
 */
export async function* merged<Item>(
  streams: readonly AsyncIterable<Item>[],
): AsyncGenerator<Item, void, void> {
  type Turn = { readonly at: number; readonly result: IteratorResult<Item> };
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]());
  const turns = new Map<number, Promise<Turn>>();
  const ask = (at: number) => {
    const next = iterators[at]?.next();
    if (next === undefined) return;
    turns.set(at, next.then((result) => ({ at, result })));
  };
  iterators.forEach((_, at) => ask(at));
  try {
    while (turns.size > 0) {
      const { at, result } = await Promise.race(turns.values());
      turns.delete(at);
      if (result.done) continue;
      yield result.value;
      ask(at);
    }
  } finally {
    for (const [at, turn] of turns) {
      turn.catch(() => {});
      iterators[at]?.return?.().catch(() => {});
    }
  }
}
