/**
 * Which of many items fit a query, and in which order. Words are matched fuzzily, by `fuzzysort`
 * (docs/decisions/choice.md), in names, host names and tags; in ids, addresses and DNS names, whose
 * digits would fit anything fuzzily, letter by letter.
 *
 * @module
 */

import fuzzysort from "fuzzysort";
import { hasWord, parseQuery, type QueryWord, type Searched } from "./query.ts";

type Text = ReturnType<typeof fuzzysort.prepare>;

/** What is known of an item for matching. */
export interface Prepared<Item> {
  readonly item: Item;
  readonly searched: Searched;
  /** For the library: the name, the host name, and the tags. */
  readonly name: Text;
  readonly host: Text;
  readonly tags: Text;
  /** Each text that is searched letter by letter, behind a line break. */
  readonly exact: string;
}

/**
 * Where words are looked for fuzzily. Below `threshold` letters lie too far apart to be meant (of 0
 * to 1, of which 1 is the same; in names as `prod-web-server-42`, `wbsrvr` has 0.28). In tags, which
 * are many words, only what lies close together is.
 */
const fuzzyTexts = [
  { key: "name", threshold: 0.2, weight: 1 },
  { key: "host", threshold: 0.2, weight: 0.9 },
  { key: "tags", threshold: 0.5, weight: 0.8 },
] as const;

/** What a word counts that is found letter by letter, at the beginning and elsewhere. */
const scores = { beginning: 0.95, elsewhere: 0.75 } as const;

/**
 * Makes an item ready; done once for each.
 * @param item The item.
 * @param searched What it is found by.
 */
export function prepared<Item>(
  item: Item,
  searched: Searched,
): Prepared<Item> {
  const tags = Object.entries(searched.tags)
    .filter(([key]) => key !== "Name")
    .map(([key, value]) => `${key}=${value}`);
  return {
    item,
    searched,
    name: fuzzysort.prepare(searched.name),
    host: fuzzysort.prepare(searched.host),
    tags: fuzzysort.prepare(tags.join(" ")),
    exact: [searched.id, ...searched.addresses, ...searched.others]
      .map((text) => `\n${text}`).join(""),
  };
}

/**
 * The items that fit, the best first; without a word to look for, in the order given.
 * @param items In the order that counts where a query fits them equally well.
 * @param query As typed.
 */
export function matching<Item>(
  items: readonly Prepared<Item>[],
  query: string,
): readonly Prepared<Item>[] {
  const words = parseQuery(query);
  const fuzzy = words.filter(({ kind, negated }) => kind === "any" && !negated);
  const exact = words.filter((word) => !fuzzy.includes(word));
  let left = exact.length === 0
    ? items
    : items.filter(({ searched }) =>
      exact.every((word) => hasWord(word, searched) !== word.negated)
    );
  if (fuzzy.length === 0) return left;
  const total = new Map<Prepared<Item>, number>();
  for (const word of fuzzy) {
    const found = scoresOf(left, word);
    left = left.filter((each) => found.has(each));
    for (const each of left) {
      total.set(each, (total.get(each) ?? 0) + (found.get(each) ?? 0));
    }
  }
  return left.toSorted((a, b) => (total.get(b) ?? 0) - (total.get(a) ?? 0));
}

function scoresOf<Item>(
  items: readonly Prepared<Item>[],
  word: QueryWord,
): ReadonlyMap<Prepared<Item>, number> {
  const { text } = word;
  const found = new Map<Prepared<Item>, number>();
  const note = (each: Prepared<Item>, score: number) => {
    if (score > (found.get(each) ?? 0)) found.set(each, score);
  };
  for (const { key, threshold, weight } of fuzzyTexts) {
    const results = fuzzysort.go(text, items, { key, limit: 0, threshold });
    for (const { obj, score } of results) note(obj, score * weight);
  }
  for (const each of items) {
    if (!each.exact.includes(text)) continue;
    note(
      each,
      each.exact.includes(`\n${text}`) ? scores.beginning : scores.elsewhere,
    );
  }
  return found;
}
