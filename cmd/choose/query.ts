/**
 * What is typed to filter nodes: words that must all fit.
 *
 * ```text
 * web prod          both, anywhere
 * tag:role=web      that tag; tag:role for any value of it
 * ip:10.0           an address that begins so; id: and name: likewise
 * !staging          not that
 * "two words"       one word with a space in it
 * ```
 *
 * @module
 */

/** What a filter looks at. All but `tags` are in lower case. */
export interface Searched {
  readonly id: string;
  readonly name: string;
  /** What the machine calls itself. */
  readonly host: string;
  /** Private and public. */
  readonly addresses: readonly string[];
  /** Of EC2. */
  readonly tags: Readonly<Record<string, string>>;
  /** Whatever else a word without a prefix may be found in. */
  readonly others: readonly string[];
}

/** One word of a query. */
export interface QueryWord {
  /** `any` has had no prefix. */
  readonly kind: "any" | "tag" | "ip" | "id" | "name";
  /** In lower case. */
  readonly text: string;
  readonly negated: boolean;
}

/**
 * The words of a query. What is not finished yet (`!`, `tag:`) asks for nothing.
 * @param text As typed.
 */
export function parseQuery(text: string): QueryWord[] {
  const words = text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
  return words.flatMap((word): QueryWord[] => {
    const negated = word.startsWith("!");
    const plain = word.slice(negated ? 1 : 0).replaceAll('"', "")
      .toLowerCase();
    const [, prefix, rest = ""] = /^(tag|ip|id|name):(.*)$/s.exec(plain) ?? [];
    const kind = prefix as Exclude<QueryWord["kind"], "any"> | undefined;
    const meant = kind === undefined ? plain : rest;
    return meant === "" ? [] : [{ kind: kind ?? "any", text: meant, negated }];
  });
}

/**
 * Whether something has a word in it, letter by letter; case does not count.
 * @param word The word; whether it is negated is for the caller.
 * @param searched Where to look.
 */
export function hasWord(
  { kind, text }: QueryWord,
  searched: Searched,
): boolean {
  switch (kind) {
    case "id":
      return searched.id.startsWith(text);
    case "name":
      return searched.name.includes(text);
    case "ip":
      return searched.addresses.some((address) => address.startsWith(text));
    case "tag":
      return hasTag(text, searched.tags);
    case "any":
      return searched.id.includes(text) || searched.name.includes(text) ||
        searched.host.includes(text) ||
        searched.addresses.some((address) => address.includes(text)) ||
        searched.others.some((other) => other.includes(text)) ||
        Object.entries(searched.tags).some((tag) =>
          tag.join("=").toLowerCase().includes(text)
        );
  }
}

/** `key`, `key=` and the beginning of a value, or `key:` and the same. */
function hasTag(
  text: string,
  tags: Readonly<Record<string, string>>,
): boolean {
  const [, key = "", mark, value = ""] = /^([^=:]*)([=:]?)(.*)$/s.exec(text) ??
    [];
  return Object.entries(tags).some(([name, has]) =>
    mark === ""
      ? name.toLowerCase().startsWith(key)
      : name.toLowerCase() === key && has.toLowerCase().startsWith(value)
  ) || (text.includes(":") && Object.entries(tags).some((tag) =>
    // Keys such as aws:autoscaling:groupName have colons of their own.
    tag.join("=").toLowerCase().startsWith(text)
  ));
}
