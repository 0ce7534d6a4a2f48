/**
 * From what the user typed to a node id: ids as they are, anything else as a Name tag, and a
 * prefix where that is not what is meant.
 *
 * @module
 */

import { visible } from "../text.ts";
import type { Ec2Instance } from "./ec2.ts";
import { ECS_PREFIX, isSessionTarget } from "./ecs_spec.ts";
import { AwsCallError } from "./errors.ts";
import { isNodeId } from "./node_id.ts";
import { present } from "./present.ts";
import type { NodeFilter, NodeInformation } from "./ssm.ts";
import { suggestNames } from "./suggest_names.ts";
import {
  AmbiguousTargetError,
  InvalidTargetError,
  type ResolvedTarget,
  type TargetCandidate,
  TargetNotFoundError,
} from "./target_errors.ts";

export {
  AmbiguousTargetError,
  InvalidTargetError,
  type ResolvedTarget,
  type TargetCandidate,
  TargetNotFoundError,
} from "./target_errors.ts";

/** The calls a lookup makes; `SsmCalls` and `Ec2Calls` have them. */
export interface TargetCalls {
  /** DescribeInstanceInformation (api.md §4). */
  describeInstanceInformation(
    filters: readonly NodeFilter[],
    signal?: AbortSignal,
  ): AsyncIterable<NodeInformation>;
  /** EC2 DescribeInstances by exact Name tag. */
  findInstancesByName(
    name: string,
    signal?: AbortSignal,
  ): Promise<readonly Ec2Instance[]>;
  /** Some Name tags, for "did you mean". */
  someNames(signal?: AbortSignal): Promise<readonly string[]>;
}

/** Meant as an id: nothing but hex digits after the prefix. */
const LIKE_NODE_ID = /^m?i-[0-9a-f]*$/i;

/** Says what the rest is. A Name tag that begins so takes `name:` in front. */
const PREFIX = /^(id|name|tag):(.*)$/s;

/** Limits of AWS for a tag, in characters. */
const LONGEST_KEY = 128;
const LONGEST_VALUE = 256;

/**
 * Finds the node. An id goes through without a call. A name is looked up with
 * DescribeInstanceInformation by `tag:Name`, and with EC2 only when that finds nothing: a stopped
 * or never registered instance is then found too, so that the failed start can say so.
 *
 * `id:` makes the text an id, `name:` a name whatever it looks like; `tag:Key=Value` finds the node
 * with that tag, as Session Manager knows it.
 *
 * Where several nodes have the name it is ambiguous even if only one of them is online: which one
 * that is changes with the weather, and a shell on the wrong machine costs more than a choice.
 *
 * @param text What the user typed.
 * @param calls The lookups.
 * @throws InvalidTargetError, AmbiguousTargetError, TargetNotFoundError, or AwsCallError when
 * neither lookup is permitted or the network fails.
 */
export async function resolveTarget(
  text: string,
  calls: TargetCalls,
  signal?: AbortSignal,
): Promise<ResolvedTarget> {
  const [, prefix, rest = ""] = PREFIX.exec(text) ?? [];
  switch (prefix) {
    case "name":
      return await nodeByName(rest, calls, signal);
    case "tag":
      return await nodeByTag(rest, calls, signal);
    case "id":
      if (isId(rest)) return { id: rest, name: undefined };
      throw notAnId(rest);
  }
  if (isId(text)) return { id: text, name: undefined };
  if (LIKE_NODE_ID.test(text)) throw notAnId(text);
  if (text.startsWith(ECS_PREFIX)) {
    throw new InvalidTargetError(
      `Cannot use ${visible(text)} as a node: it is a container of ECS; ` +
        "a Name tag that begins so takes name: in front",
    );
  }
  return await nodeByName(text, calls, signal);
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

async function nodeByName(
  name: string,
  calls: TargetCalls,
  signal: AbortSignal | undefined,
): Promise<ResolvedTarget> {
  if (name === "" || name.length > LONGEST_VALUE) {
    throw new InvalidTargetError(
      `Cannot look up a node: a Name tag has 1 to ${LONGEST_VALUE} characters`,
    );
  }
  let denied: AwsCallError | undefined;
  try {
    const nodes = await nodesByTag("Name", name, calls, signal);
    if (nodes.length > 0) {
      return choose(name, nodes.map((node) => candidateOfNode(name, node)));
    }
  } catch (error) {
    denied = deniedOrThrow(error);
  }
  let ec2Denied = false;
  try {
    const instances = await calls.findInstancesByName(name, signal);
    if (instances.length > 0) {
      return choose(name, instances.map((each) => candidateOfEc2(name, each)));
    }
  } catch (error) {
    deniedOrThrow(error);
    ec2Denied = true;
  }
  // Without the first lookup "not found" would be a guess.
  if (denied !== undefined) throw denied;
  throw new TargetNotFoundError(
    name,
    ec2Denied
      ? []
      : await suggestNames(name, (signal) => calls.someNames(signal), signal),
    ec2Denied
      ? "Session Manager knows none in this account and region, and EC2 may " +
        "not be asked (ec2:DescribeInstances)"
      : "neither Session Manager nor EC2 knows one in this account and region",
  );
}

async function nodeByTag(
  tag: string,
  calls: TargetCalls,
  signal: AbortSignal | undefined,
): Promise<ResolvedTarget> {
  const at = tag.indexOf("=");
  const [key, value] = [tag.slice(0, Math.max(at, 0)), tag.slice(at + 1)];
  if (
    key === "" || key.length > LONGEST_KEY || value === "" ||
    value.length > LONGEST_VALUE
  ) {
    throw new InvalidTargetError(
      `Cannot look up a node by tag:${visible(tag)}: it is tag:KEY=VALUE, ` +
        `with up to ${LONGEST_KEY} and ${LONGEST_VALUE} characters`,
    );
  }
  if (key === "Name") return await nodeByName(value, calls, signal);
  const nodes = await nodesByTag(key, value, calls, signal);
  if (nodes.length > 0) {
    return choose(tag, nodes.map((node) => candidateOfNode(undefined, node)));
  }
  throw new TargetNotFoundError(
    tag,
    [],
    "Session Manager knows none in this account and region",
    "tag",
  );
}

function nodesByTag(
  key: string,
  value: string,
  calls: TargetCalls,
  signal: AbortSignal | undefined,
): Promise<NodeInformation[]> {
  const filter = { key: `tag:${key}`, values: [value] };
  return Array.fromAsync(calls.describeInstanceInformation([filter], signal));
}

function deniedOrThrow(error: unknown): AwsCallError {
  if (error instanceof AwsCallError && error.kind === "access-denied") {
    return error;
  }
  throw error;
}

/** The only candidate. One found by a tag is without a name. */
function choose(
  target: string,
  candidates: readonly TargetCandidate[],
): ResolvedTarget {
  const only = candidates[0];
  if (only !== undefined && candidates.length === 1) {
    const { id, name, platform, agentVersion } = only;
    return { id, name, ...present({ platform, agentVersion }) };
  }
  const rank = (each: TargetCandidate) =>
    each.state === "Online" || each.state === "running" ? 0 : 1;
  throw new AmbiguousTargetError(
    target,
    candidates.toSorted((a, b) =>
      rank(a) - rank(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
    ),
    only?.name === undefined ? "tag" : "name",
  );
}

function candidateOfNode(
  name: string | undefined,
  node: NodeInformation,
): TargetCandidate {
  return {
    id: node.id,
    name,
    state: node.ping,
    address: node.address,
    computerName: node.computerName,
    ...present({ platform: node.platform, agentVersion: node.agentVersion }),
  };
}

function candidateOfEc2(name: string, instance: Ec2Instance): TargetCandidate {
  return {
    id: instance.id,
    name,
    state: instance.state,
    address: instance.address,
    computerName: undefined,
  };
}
