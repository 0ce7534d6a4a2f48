/**
 * What a user may type as a target, read into what is meant. Pure; nothing is looked up here.
 *
 * @module
 */

import { visible } from "../text.ts";
import { ECS_PREFIX, isSessionTarget } from "./ecs_spec.ts";
import { isNodeId } from "./node_id.ts";
import { InvalidTargetError } from "./target_errors.ts";

/** A tag that a node must have; of several values any will do. */
export interface TargetTag {
  readonly key: string;
  readonly values: readonly string[];
}

/** What a target is. */
export type TargetSpec =
  /** A node's id, or what StartSession takes for a container. */
  | { readonly kind: "id"; readonly id: string }
  /** A Name tag. */
  | { readonly kind: "name"; readonly name: string }
  /** All of these tags. */
  | { readonly kind: "tags"; readonly tags: readonly TargetTag[] }
  /** A private or public address, without brackets; IPv6 in the form that was typed. */
  | { readonly kind: "ip"; readonly address: string }
  /** A private or public DNS name of EC2. */
  | { readonly kind: "dns"; readonly name: string }
  /** The name that the node's own system has. */
  | { readonly kind: "host"; readonly name: string }
  /** An instance of an Auto Scaling group. */
  | { readonly kind: "asg"; readonly name: string }
  /** Something without a prefix: a Name tag, and if it is none, what it looks like. */
  | {
    readonly kind: "word";
    readonly text: string;
    /** Tags, where it can be those; they come before a Name tag then. */
    readonly tags: readonly TargetTag[] | undefined;
  };

/** The prefixes that say what is meant; `ecs:` is read by `ecs_spec.ts`. */
export const targetPrefixes = [
  "id",
  "name",
  "tag",
  "ip",
  "dns",
  "host",
  "asg",
] as const;

/** Says what the rest is. A Name tag that begins so takes `name:` in front. */
const PREFIX = /^(id|name|tag|ip|dns|host|asg):(.*)$/s;

/** Meant as an id: nothing but hex digits after the prefix. */
const LIKE_NODE_ID = /^m?i-[0-9a-f]*$/i;

/** Limits of AWS for a tag, in characters. */
const LONGEST_KEY = 128;
const LONGEST_VALUE = 256;

/** A DNS name has so many characters at most (RFC 1035 §2.3.4). */
const LONGEST_HOST = 253;

/** EC2's own DNS names: by address, or, `i-….ec2.internal`, by id. */
const EC2_DNS =
  /^(?:ip-|ec2-|i-)[0-9a-f-]+\.(?:[a-z0-9-]+\.)*(?:internal|amazonaws\.com(?:\.cn)?)$/i;

/** How a target is read where some forms mean something else. */
export interface TargetGrammar {
  /** False where tags need `tag:`, as `a:b` may be ports there; true without it. */
  readonly bareTags?: boolean;
}

/**
 * Reads a target.
 *
 * @param text As typed.
 * @param grammar What may stand without a prefix.
 * @throws InvalidTargetError for what can be nothing, and for a container of ECS.
 */
export function parseTarget(
  text: string,
  { bareTags = true }: TargetGrammar = {},
): TargetSpec {
  const [, prefix, rest = ""] = PREFIX.exec(text) ?? [];
  switch (prefix) {
    case "id":
      if (isId(rest)) return { kind: "id", id: rest };
      throw notAnId(rest);
    case "name":
      return { kind: "name", name: checkedName(rest) };
    case "tag":
      return tagsSpec(rest, text);
    case "ip":
      return { kind: "ip", address: checkedAddress(rest) };
    case "dns":
      return { kind: "dns", name: checkedHost(rest, "DNS name") };
    case "host":
      return { kind: "host", name: checkedHost(rest, "computer name") };
    case "asg":
      return { kind: "asg", name: checkedGroup(rest) };
  }
  if (isId(text)) return { kind: "id", id: text };
  if (LIKE_NODE_ID.test(text)) throw notAnId(text);
  if (text.startsWith(ECS_PREFIX)) {
    throw new InvalidTargetError(
      `Cannot use ${visible(text)} as a node: it is a container of ECS; ` +
        "a Name tag that begins so takes name: in front",
    );
  }
  const address = text.replace(/^\[(.*)\]$/s, "$1");
  if (isAddress(address)) return { kind: "ip", address };
  if (EC2_DNS.test(text)) return { kind: "dns", name: text };
  const tags = bareTags ? parseTags(text) : undefined;
  return { kind: "word", text: checkedName(text), tags };
}

/**
 * A target as it is typed with a prefix, which means the same wherever it is read.
 *
 * @param spec From {@linkcode parseTarget}; a word is written as a Name tag.
 */
export function formatTarget(spec: TargetSpec): string {
  switch (spec.kind) {
    case "id":
      return `id:${spec.id}`;
    case "tags":
      return `tag:${formatTags(spec.tags)}`;
    case "ip":
      return `ip:${spec.address}`;
    case "word":
      return `name:${spec.text}`;
    default:
      return `${spec.kind}:${spec.name}`;
  }
}

/** The tag that EC2 Auto Scaling gives its instances. */
export const groupTag = "aws:autoscaling:groupName";

/**
 * The tags that a target asks for; a word is a Name tag, as far as it does not look like tags.
 *
 * @param spec From {@linkcode parseTarget}.
 * @returns `undefined` for a target that is about something else.
 */
export function tagsMeant(
  spec: TargetSpec,
): readonly TargetTag[] | undefined {
  const only = (key: string, value: string) => [{ key, values: [value] }];
  switch (spec.kind) {
    case "tags":
      return spec.tags;
    case "name":
      return only("Name", spec.name);
    case "asg":
      return only(groupTag, spec.name);
    case "word":
      return spec.tags ?? only("Name", spec.text);
    default:
      return undefined;
  }
}

/**
 * Tags as they are typed: `Env=prod,Role=web`.
 *
 * @param tags The tags.
 */
export function formatTags(tags: readonly TargetTag[]): string {
  return tags.flatMap(({ key, values }) =>
    values.map((value) =>
      [key, value].map((part) => part.replace(/[\\,]/g, "\\$&")).join("=")
    )
  ).join(",");
}

/**
 * Whether a text is an IPv4 or IPv6 address, without brackets or a zone.
 *
 * @param text Any.
 */
export function isAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

/**
 * Whether a text is an IPv4 address in the usual form.
 *
 * @param text Any.
 */
export function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 &&
    parts.every((part) =>
      /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255
    );
}

function isIpv6(text: string): boolean {
  return /^[0-9a-f:]+(?::[\d.]+)?$/i.test(text) && text.includes(":") &&
    (text.match(/:/g)?.length ?? 0) > 1 &&
    URL.parse(`http://[${text}]/`) !== null;
}

function isId(text: string): boolean {
  return isNodeId(text) || isSessionTarget(text);
}

function notAnId(text: string): InvalidTargetError {
  return new InvalidTargetError(
    `Cannot use ${text === "" ? "id:" : visible(text)} as a node: an id has ` +
      "8 or 17 lower-case hex digits after i-, or 17 after mi-",
  );
}

function checkedName(name: string): string {
  if (name !== "" && name.length <= LONGEST_VALUE) return name;
  throw new InvalidTargetError(
    `Cannot look up a node: a Name tag has 1 to ${LONGEST_VALUE} characters`,
  );
}

function checkedGroup(name: string): string {
  if (name !== "" && name.length <= LONGEST_VALUE) return name;
  throw new InvalidTargetError(
    "Cannot look up a node: an Auto Scaling group's name has " +
      `1 to ${LONGEST_VALUE} characters`,
  );
}

function checkedHost(name: string, what: string): string {
  if (name !== "" && name.length <= LONGEST_HOST) return name;
  throw new InvalidTargetError(
    `Cannot look up a node: a ${what} has 1 to ${LONGEST_HOST} characters`,
  );
}

function checkedAddress(text: string): string {
  const address = text.replace(/^\[(.*)\]$/s, "$1");
  if (isAddress(address)) return address;
  throw new InvalidTargetError(
    `Cannot look up a node by ip:${visible(text)}: it is no address, ` +
      "as 10.0.0.1 and 2001:db8::1 are",
  );
}

function tagsSpec(rest: string, text: string): TargetSpec {
  const tags = parseTags(rest);
  if (tags === undefined) {
    throw new InvalidTargetError(
      `Cannot look up a node by ${visible(text)}: it is tag:KEY=VALUE or ` +
        `tag:KEY=VALUE,KEY=VALUE, with up to ${LONGEST_KEY} and ` +
        `${LONGEST_VALUE} characters; a comma of a value has \\ in front`,
    );
  }
  const [only] = tags;
  // Name tags have more ways to be found.
  return only?.key === "Name" && tags.length === 1 && only.values.length === 1
    ? { kind: "name", name: only.values[0] ?? "" }
    : { kind: "tags", tags };
}

/**
 * Reads `Key=Value`, or `Key:Value` where there is no `=`, separated by commas. `+`, `=`, `:`, `/` and
 * spaces are usual in tags, whereas most services of AWS allow no comma; where a value has one, it
 * takes a backslash in front.
 *
 * @param text As typed.
 * @returns Each key once, in order; `undefined` for what are no tags.
 */
export function parseTags(text: string): readonly TargetTag[] | undefined {
  const tags = new Map<string, string[]>();
  for (const part of splitAtCommas(text)) {
    const [, key, value] = /^([^=]+)=(.+)$/s.exec(part) ??
      /^([^=:]+):([^=]+)$/s.exec(part) ?? [];
    if (
      key === undefined || value === undefined || key.length > LONGEST_KEY ||
      value.length > LONGEST_VALUE
    ) return undefined;
    const values = tags.get(key) ?? [];
    if (!values.includes(value)) values.push(value);
    tags.set(key, values);
  }
  return [...tags].map(([key, values]) => ({ key, values }));
}

/** `\,` is a comma, and `\\` a backslash; any other backslash is one. */
function splitAtCommas(text: string): string[] {
  const parts = [""];
  for (const [piece] of text.matchAll(/\\[\\,]|[^]/gu)) {
    if (piece === ",") parts.push("");
    else parts.push(parts.pop() + piece.replace(/^\\(?=.)/s, ""));
  }
  return parts;
}
