/**
 * Groups of forwards as files hold them: in the user's own file, and with less in it in an `ssm.json`
 * that comes with a repository.
 *
 * @module
 */

import type { ForwardSpec } from "../forward/spec.ts";
import { parseRemote } from "../forward/forms.ts";
import { bindRule, parseLocal } from "../forward/local.ts";
import { fieldsOf, numericAddress } from "../forward/parts.ts";
import { UsageError } from "../errors.ts";
import { checkTarget } from "../target/target.ts";
import type { JsonNode, Place, Problem } from "./json_tree.ts";
import type { Shape } from "./shape.ts";

/** A forward of a group. */
export interface GroupForward {
  /** What it is called in the table; the destination where nothing is said. */
  readonly name: string | undefined;
  /** As it would be typed. */
  readonly target: string;
  readonly spec: ForwardSpec;
  /** Only in the user's own file. */
  readonly profile: string | undefined;
  readonly region: string | undefined;
  readonly at: Place;
}

/** A group. */
export interface Group {
  readonly name: string;
  readonly forwards: readonly GroupForward[];
  readonly at: Place;
}

/** Forwards of a group at most; each is a session of the account. */
export const mostForwards = 32;

/** Groups of a file at most. */
export const mostGroups = 100;

const namePattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

/** A target, for errors. */
const targetShape: Shape = {
  kind: "text",
  what: "a target, as web-server or i-0123456789abcdef0",
  pattern: "^[^-\\s].{0,299}$",
  check: (text) => reasonOf(() => checkTarget(text)),
  description: "A target as it would be typed, or an alias",
};

/** What leads off this machine; the user's own file may, a checked-in one may not. */
export type Trust = "own" | "checked-in";

const typed = { text: "it", command: "ssm forward" };

/** What is wrong according to a parser of the command line, without its "Cannot use it". */
function reasonOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.replace(/^Cannot use .*?: /, "");
  }
}

function remoteOf(text: string) {
  return parseRemote(typed, text);
}

/** In the user's own file an address that others can reach is asked for by writing it. */
function localOf(text: string, trust: Trust) {
  const address = trust === "own"
    ? numericAddress(fieldsOf(text).slice(0, -1).join(":"))
    : undefined;
  return parseLocal(typed, text, bindRule(typed, address), "80");
}

/**
 * What is wrong with a place to listen. A checked-in file gets a port of loopback and nothing else:
 * a socket's path could be one that other programs trust.
 */
function localReason(text: string, trust: Trust): string | undefined {
  const reason = reasonOf(() => localOf(text, trust));
  if (trust === "own") return reason;
  if (/^unix:|\//.test(text)) {
    return "a checked-in ssm.json listens on ports alone; " +
      "a socket belongs in your own configuration";
  }
  return reason === undefined || !/other machines|every address/.test(reason)
    ? reason
    : "a checked-in ssm.json listens on this machine's loopback alone";
}

const port: Shape = { kind: "number", least: 1, most: 65535 };

/**
 * The shape of a forward.
 * @param trust Whose file it is.
 */
export function forwardShape(trust: Trust): Shape {
  const own = trust === "own";
  return {
    kind: "object",
    description: "A forward: a port of a node, or of a host behind it",
    members: {
      name: {
        kind: "text",
        what: "a short name of letters, digits, dots and dashes",
        pattern: namePattern,
        description: "What it is called in the table",
      },
      target: targetShape,
      remote: {
        kind: "either",
        description: "A port of the node, or host:port behind it",
        shapes: [port, {
          kind: "text",
          what: 'a port, or "host:port"',
          pattern: "^\\S+$",
          check: (text) => reasonOf(() => remoteOf(text)),
        }],
      },
      local: {
        kind: "either",
        description: own
          ? "A port of this machine, address:port or unix:path; a free port if nothing is said"
          : "A port of this machine's loopback; a free one if nothing is said",
        shapes: [port, {
          kind: "text",
          what: own
            ? 'a port, "address:port" or "unix:path"'
            : 'a port, or "127.0.0.1:port"',
          pattern: own ? "^\\S.*$" : "^[^/\\s]+$",
          check: (text) => localReason(text, trust),
        }],
      },
      ...(own ? { profile: profileShape, region: regionShape } : {}),
    },
    required: ["target", "remote"],
    ...(own ? { refused: ownRefusals } : { refused: checkedInRefusals }),
  };
}

/** The shape of an AWS profile's name. */
export const profileShape: Shape = {
  kind: "text",
  what: "the name of an AWS profile",
  pattern: "^\\S.{0,127}$",
  description: "The AWS profile",
};

/** The shape of a region. */
export const regionShape: Shape = {
  kind: "text",
  what: "an AWS region, as eu-west-1",
  pattern: "^[a-z]{2,8}(-[a-z]{2,16}){1,3}-[0-9]{1,2}$",
  description: "The AWS region",
};

const ownRefusals = {
  bind: 'say the address in local: "127.0.0.2:8080"',
  command: "ssm forward … -- command runs one",
};

const onlyForwards = "a checked-in ssm.json says which forwards there are, " +
  "and nothing about whose they are; ";

/** What repositories may not decide, and where it belongs. */
const checkedInRefusals: Readonly<Record<string, string>> = {
  profile: `${onlyForwards}give --profile, or an alias in your configuration`,
  region: `${onlyForwards}give --region, or an alias in your configuration`,
  endpoint: `${onlyForwards}an endpoint is nothing that a repository decides`,
  "endpoint-url":
    `${onlyForwards}an endpoint is nothing that a repository decides`,
  bind: "it listens on this machine's loopback alone",
  command: "it runs nothing",
};

/**
 * The shape of a file's groups.
 * @param trust Whose file it is.
 */
export function groupsShape(trust: Trust): Shape {
  return {
    kind: "record",
    description: "Groups of forwards, which ssm up opens",
    names: namePattern,
    namesAre: "a name has letters, digits, dots, dashes and underscores",
    most: mostGroups,
    value: {
      kind: "list",
      description: "The forwards of a group",
      item: forwardShape(trust),
      least: 1,
      most: mostForwards,
    },
  };
}

/** The whole of an `ssm.json`. */
export const checkedInShape: Shape = {
  kind: "object",
  members: {
    $schema: { kind: "text", what: "the address of this file's schema" },
    groups: groupsShape("checked-in"),
  },
  required: ["groups"],
  refused: {
    ...checkedInRefusals,
    defaults: `${onlyForwards}settings belong in your own configuration`,
    profiles: `${onlyForwards}settings belong in your own configuration`,
    aliases: `${onlyForwards}aliases belong in your own configuration`,
  },
};

/**
 * Reads groups that have the shape.
 * @param node The value of `groups`; `undefined` for none.
 * @param trust Whose file it is.
 */
export function readGroups(
  node: JsonNode | undefined,
  trust: Trust,
): Map<string, Group> {
  const groups = new Map<string, Group>();
  if (node?.kind !== "object") return groups;
  for (const [name, { at, value }] of node.members) {
    if (value.kind !== "array") continue;
    groups.set(name, {
      name,
      at,
      forwards: value.items.map((item) => readForward(item, trust)),
    });
  }
  return groups;
}

function readForward(node: JsonNode, trust: Trust): GroupForward {
  const text = (name: string) =>
    node.kind === "object"
      ? plainText(node.members.get(name)?.value)
      : undefined;
  const local = text("local");
  return {
    name: text("name"),
    target: text("target") ?? "",
    spec: {
      ...remoteOf(text("remote") ?? ""),
      local: local === undefined
        ? { kind: "tcp", port: 0, hosts: ["127.0.0.1"], optionalHosts: ["::1"] }
        : localOf(local, trust),
    },
    profile: text("profile"),
    region: text("region"),
    at: node.at,
  };
}

/**
 * A text, or a number as one.
 * @param node The value.
 */
export function plainText(node: JsonNode | undefined): string | undefined {
  return node?.kind === "string" || node?.kind === "number" ||
      node?.kind === "boolean"
    ? String(node.value)
    : undefined;
}

/**
 * Finds places that two forwards of a group would listen in.
 * @param groups The groups.
 */
export function sharedPlaces(groups: ReadonlyMap<string, Group>): Problem[] {
  const problems: Problem[] = [];
  for (const { name, forwards } of groups.values()) {
    const taken = new Map<string, Place>();
    for (const { spec: { local }, at } of forwards) {
      const place = local.kind === "unix"
        ? `the socket ${local.path}`
        : local.port === 0
        ? undefined
        : `port ${local.port}`;
      if (place === undefined) continue;
      const first = taken.get(place);
      if (first === undefined) taken.set(place, at);
      else {
        problems.push({
          at,
          message:
            `groups.${name} has ${place} twice, first in line ${first.line}`,
        });
      }
    }
  }
  return problems;
}
