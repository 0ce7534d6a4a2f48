/**
 * Lists of simulated nodes, from what a user writes on a command line.
 *
 * @module
 */

import {
  FleetError,
  seededHex,
  takeParts,
  unknownWord,
} from "./description.ts";
import type { SimulatedNode } from "./options.ts";

export { FleetError } from "./description.ts";

/** What every node has that its description does not mention. */
const defaults = {
  platform: "Linux",
  agentVersion: "3.3.987.0",
  ping: "Online",
} as const;

/** The most nodes {@linkcode makeNodes} makes. Our choice: enough to try paging and pickers. */
export const nodeLimit = 100_000;

const keys = [
  "name",
  "id",
  "platform",
  "agent",
  "address",
  "public",
  "ipv6",
  "computer",
  "region",
  "tag:KEY",
];
const words = [
  "offline",
  "inactive",
  "stopped",
  "terminated",
  "unregistered",
  "no-profile",
  "managed",
];

const idPattern = /^m?i-[0-9a-f]{17}$/;
const platforms = ["Linux", "Windows", "MacOS"] as const;

/**
 * Reads descriptions of nodes, one text per node:
 * `name=web,platform=Linux,tag:role=web,agent=3.1.0.0,address=10.0.0.5,computer=web.internal,offline`.
 *
 * Keys: `name`, `id`, `platform`, `agent`, `address`, `public` (its public address), `ipv6` (as EC2
 * writes it), `computer`, `region`, `tag:KEY`. Words: `offline` (its agent's connection is lost),
 * `inactive`, `stopped` and `terminated` (EC2's states; offline too), `unregistered` (EC2 knows it,
 * Session Manager never saw it), `no-profile` (it has no instance profile), `managed` (an `mi-` node,
 * unknown to
 * EC2). A comma or backslash within a value has a backslash in front. What is not said is made from
 * the seed and the node's place, the same for each run.
 *
 * @param descriptions One text per node.
 * @param seed Makes other ids and addresses for another number.
 * @throws FleetError For a description that cannot be read, and for an id given twice.
 */
export function parseNodes(
  descriptions: readonly string[],
  seed = 1,
): readonly SimulatedNode[] {
  const nodes = descriptions.map((text, place) => parseNode(text, place, seed));
  checkNodes(nodes);
  return nodes;
}

/**
 * Makes many nodes, the same for the same seed: names `node-00001` and so on, every tenth with
 * Windows, every twentieth offline, every fiftieth an `mi-` node. They take turns in the regions.
 *
 * @param count How many, 0–{@linkcode nodeLimit}.
 * @param seed Makes other ids for another number.
 * @param regions Where they are; empty = in the simulator's first region.
 * @throws FleetError When `count` is no such number.
 */
export function makeNodes(
  count: number,
  seed = 1,
  regions: readonly string[] = [],
): readonly SimulatedNode[] {
  if (!Number.isInteger(count) || count < 0 || count > nodeLimit) {
    throw new FleetError(
      `Cannot make nodes: their number must be a whole one from 0 to ${nodeLimit}, not ${count}`,
    );
  }
  const roles = ["web", "api", "db", "worker", "cache"];
  const width = Math.max(5, String(count).length);
  return Array.from({ length: count }, (_, i) => {
    const number = i + 1;
    const managed = number % 50 === 0;
    const region = regions[i % regions.length];
    return build({
      ...(region === undefined ? {} : { region }),
      name: `node-${String(number).padStart(width, "0")}`,
      tags: { role: roles[i % roles.length] ?? "web" },
      platform: number % 10 === 0 ? "Windows" : "Linux",
      ping: number % 20 === 0 ? "ConnectionLost" : "Online",
      managed,
    }, seededHex(seed, i, "many"));
  });
}

/**
 * Refuses a list of nodes that no account could have: an id twice, or no id at all.
 *
 * @param nodes The list.
 * @throws FleetError Naming the id.
 */
export function checkNodes(nodes: readonly SimulatedNode[]): void {
  const seen = new Set<string>();
  for (const { id } of nodes) {
    if (!idPattern.test(id)) {
      throw new FleetError(
        `Cannot use node id '${id}': it must be i- or mi- and 17 hex digits in lower case`,
      );
    }
    if (seen.has(id)) {
      throw new FleetError(
        `Cannot use node id '${id}' twice: give each node its own`,
      );
    }
    seen.add(id);
  }
}

interface Description {
  name?: string;
  id?: string;
  tags: Record<string, string>;
  platform?: SimulatedNode["platform"];
  agentVersion?: string;
  ping?: SimulatedNode["ping"];
  ec2State?: "running" | "stopped" | "terminated";
  registered?: boolean;
  instanceProfile?: boolean;
  address?: string;
  publicAddress?: string;
  ipv6Address?: string;
  computerName?: string;
  region?: string;
  managed?: boolean;
}

function parseNode(text: string, place: number, seed: number): SimulatedNode {
  const fail = (why: string) =>
    new FleetError(`Cannot read node '${text}': ${why}`);
  const description: Description = { tags: {} };
  takeParts(text, {
    setKey: (key, value) => setKey(description, key, value),
    setWord: (word) => setWord(description, word),
  }, fail);
  if (text === "") throw fail("it is empty, give at least name=…");
  const { id, managed, ec2State } = description;
  if (managed && id?.startsWith("i-")) {
    throw fail("a managed node's id begins with mi-");
  }
  if ((managed || id?.startsWith("mi-")) && ec2State !== undefined) {
    throw fail(`an mi- node is no EC2 instance, it cannot be ${ec2State}`);
  }
  if (
    (managed || id?.startsWith("mi-")) && description.registered === false
  ) {
    throw fail("an mi- node is always registered");
  }
  return build(description, seededHex(seed, place, text));
}

/** Sets a `key=value`; a text says what is wrong with it. */
function setKey(
  description: Description,
  key: string,
  value: string,
): string | undefined {
  if (value === "" && !key.startsWith("tag:")) return `${key} has no value`;
  switch (key) {
    case "name":
      description.name = value;
      return undefined;
    case "id":
      if (!idPattern.test(value)) {
        return "id must be i- or mi- and 17 hex digits in lower case";
      }
      description.id = value;
      return undefined;
    case "platform": {
      const platform = platforms.find((name) =>
        name.toLowerCase() === value.toLowerCase()
      );
      if (platform === undefined) {
        return `platform must be one of ${platforms.join(", ")}`;
      }
      description.platform = platform;
      return undefined;
    }
    case "agent":
      if (!/^\d{1,5}(\.\d{1,5}){2,3}$/.test(value)) {
        return `agent must be a version as ${defaults.agentVersion}`;
      }
      description.agentVersion = value;
      return undefined;
    case "address":
      if (!isAddress(value)) return "address must be an IPv4 address";
      description.address = value;
      return undefined;
    case "public":
      if (!isAddress(value)) return "public must be an IPv4 address";
      description.publicAddress = value;
      return undefined;
    case "ipv6":
      if (!/^[0-9a-f:]*:[0-9a-f:]*$/.test(value)) {
        return "ipv6 must be an IPv6 address in lower case";
      }
      description.ipv6Address = value;
      return undefined;
    case "region":
      description.region = value;
      return undefined;
    case "computer":
      description.computerName = value;
      return undefined;
    default:
      if (!key.startsWith("tag:") || key.length < 5) {
        return unknownWord(key, { keys, words });
      }
      if (key === "tag:Name") return "write name=… for the tag Name";
      description.tags = { ...description.tags, [key.slice(4)]: value };
      return undefined;
  }
}

/** Sets a word that stands alone; a text says what is wrong with it. */
function setWord(description: Description, word: string): string | undefined {
  switch (word) {
    case "offline":
      description.ping = "ConnectionLost";
      return undefined;
    case "inactive":
      description.ping = "Inactive";
      return undefined;
    case "stopped":
    case "terminated":
      if (description.ec2State !== undefined) {
        return "stopped and terminated exclude each other";
      }
      description.ec2State = word;
      return undefined;
    case "unregistered":
      description.registered = false;
      return undefined;
    case "no-profile":
      description.instanceProfile = false;
      return undefined;
    case "managed":
      description.managed = true;
      return undefined;
    default:
      return unknownWord(word, { keys, words });
  }
}

/** Completes a description; `hex` is at least 24 digits that depend on seed and place. */
function build(description: Description, hex: string): SimulatedNode {
  const { name, tags, ec2State } = description;
  const id = description.id ??
    `${description.managed ? "mi-" : "i-"}${hex.slice(0, 17)}`;
  const managed = id.startsWith("mi-");
  const down = ec2State === "stopped" || ec2State === "terminated";
  const octet = (at: number) => parseInt(hex.slice(at, at + 2), 16);
  return {
    id,
    tags: name === undefined ? tags : { Name: name, ...tags },
    platform: description.platform ?? defaults.platform,
    agentVersion: description.agentVersion ?? defaults.agentVersion,
    ping: description.ping ?? (down ? "ConnectionLost" : defaults.ping),
    ...(managed ? {} : { ec2State: ec2State ?? "running" }),
    registered: description.registered ?? true,
    ...(description.instanceProfile === false
      ? { instanceProfile: false }
      : {}),
    address: description.address ??
      `10.${octet(18)}.${octet(20)}.${octet(22)}`,
    ...(description.publicAddress === undefined
      ? {}
      : { publicAddress: description.publicAddress }),
    ...(description.ipv6Address === undefined
      ? {}
      : { ipv6Address: description.ipv6Address }),
    ...(description.region === undefined ? {} : { region: description.region }),
    computerName: description.computerName ??
      `${hostLabel(name) ?? id}.internal`,
  };
}

/** A name as a DNS label, if something is left of it. */
function hostLabel(name: string | undefined): string | undefined {
  const label = name?.toLowerCase().replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "").slice(0, 63);
  return label === "" ? undefined : label;
}

function isAddress(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && +part < 256);
}
