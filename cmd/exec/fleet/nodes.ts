/**
 * Which nodes a fleet is.
 *
 * @module
 */

import type { NodeInformation } from "../../../lib/aws/mod.ts";
import { parseEcsSpec } from "../../../lib/aws/ecs_spec.ts";
import { shellQuote, visible } from "../../../lib/text.ts";
import type { AwsAccess } from "../../context.ts";
import { CommandError, exitCodes, UsageError } from "../../errors.ts";
import { findNode } from "../../target/find_node.ts";
import type { Places } from "../../target/places.ts";
import { connectionArguments } from "../../target/target.ts";
import type { FleetOptions, TagFilter } from "./options.ts";
import type { PlacedNode } from "./run_on_node.ts";

/** A node, and why it cannot have a session, if that is known. */
export interface FoundNode extends PlacedNode {
  /** A phrase; `undefined` where it may be connected. */
  readonly offline: string | undefined;
}

/** So many targets are looked up at a time. */
const lookups = 5;

/** So many values one filter of AWS holds (api.md §4, §5), and so many filters Run Command. */
export const filterLimits = { values: 50, keys: 5 } as const;

/**
 * Finds every target before anything is run: a typing error does not leave half a fleet done.
 * @param options The targets.
 * @param places Where to look.
 * @param signal Gives up.
 * @returns Each node once, in the order given.
 * @throws CommandError, AwsCallError; UsageError for a container of ECS.
 */
export async function namedNodes(
  { targets, connection }: FleetOptions,
  places: Places,
  signal: AbortSignal,
): Promise<readonly FoundNode[]> {
  const container = targets.find((each) => parseEcsSpec(each) !== undefined);
  if (container !== undefined) {
    throw new UsageError(
      `Cannot use ${
        visible(container)
      } with other targets: it is a container ` +
        "of ECS, and runs on many nodes take no containers",
      [`ssm exec ${shellQuote(container)} -- …`],
    );
  }
  const found = new Map<string, FoundNode>();
  for (let at = 0; at < targets.length; at += lookups) {
    const nodes = await Promise.all(
      targets.slice(at, at + lookups).map((target) =>
        findNode(
          undefined,
          places,
          { target, command: "ssm exec", connection },
          signal,
        )
      ),
    );
    for (const node of nodes) {
      if (!found.has(node.id)) {
        found.set(node.id, { ...node, offline: undefined });
      }
    }
  }
  return distinct([...found.values()]);
}

/** Tags as AWS's filters: those with the same key in one. */
export function tagFilters(
  tags: readonly TagFilter[],
): readonly { readonly key: string; readonly values: readonly string[] }[] {
  const filters = new Map<string, string[]>();
  for (const { key, value } of tags) {
    const values = filters.get(key) ?? [];
    if (!values.includes(value)) values.push(value);
    filters.set(key, values);
  }
  return [...filters].map(([key, values]) => ({ key: `tag:${key}`, values }));
}

/**
 * The nodes with the tags, as Session Manager knows them.
 * @param tags The tags.
 * @param limit How many at most.
 * @param places Where to look.
 * @param signal Gives up.
 * @returns `undefined` when there are more than `limit`.
 * @throws CommandError when there are none; AwsCallError
 */
export async function taggedNodes(
  { tags, connection }: FleetOptions,
  limit: number,
  places: Places,
  signal: AbortSignal,
): Promise<readonly FoundNode[] | undefined> {
  let count = 0;
  const search = await places.search(async (place, signal) => {
    const there: NodeInformation[] = [];
    for await (const node of place.aws.nodes(tagFilters(tags), signal)) {
      if (++count > limit) return undefined;
      there.push(node);
    }
    const names = await namesOf(there.map(({ id }) => id), place.aws, signal);
    return there.map((node) => ({
      id: node.id,
      name: names.get(node.id) ?? node.name ?? node.computerName,
      place,
      ...factsOf(node),
    }));
  }, signal);
  places.settle(search);
  const { found } = search;
  if (count > limit) return undefined;
  if (count === 0) throw noNodes(tags, connection);
  return distinct(found.flatMap(({ value }) => value));
}

function factsOf(
  { ping, platform, agentVersion }: NodeInformation,
): Pick<FoundNode, "offline" | "platform" | "agentVersion"> {
  const offline = ping === "Online"
    ? undefined
    : `it is not connected to Session Manager (${visible(ping)})`;
  return { offline, platform, agentVersion };
}

/**
 * What Session Manager knows of nodes that were found by id or name: a call for each 50. Who may not
 * ask goes on without.
 * @param nodes The nodes.
 * @param signal Gives up.
 */
export async function withFacts(
  nodes: readonly FoundNode[],
  signal: AbortSignal,
): Promise<readonly FoundNode[]> {
  const facts = new Map<string, NodeInformation>();
  const managed = nodes.filter(({ id }) => /^m?i-/.test(id));
  await Promise.all(
    [...Map.groupBy(managed, ({ place }) => place)].map(
      async ([{ aws }, there]) => {
        const ids = there.map(({ id }) => id);
        try {
          for (let at = 0; at < ids.length; at += filterLimits.values) {
            const values = ids.slice(at, at + filterLimits.values);
            const filter = { key: "InstanceIds", values };
            for await (const each of aws.nodes([filter], signal)) {
              facts.set(each.id, each);
            }
          }
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof Error)) throw error;
        }
      },
    ),
  );
  return nodes.map((node) => {
    const known = facts.get(node.id);
    return known === undefined ? node : { ...node, ...factsOf(known) };
  });
}

/** EC2 answers for so many at a time. */
const namesAtATime = 200;

async function namesOf(
  nodes: readonly string[],
  aws: AwsAccess,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const ids = nodes.filter((id) => id.startsWith("i-"));
  const names = new Map<string, string>();
  for (let at = 0; at < ids.length; at += namesAtATime) {
    const some = await aws.namesOf(ids.slice(at, at + namesAtATime), signal);
    for (const [id, name] of some) names.set(id, name);
  }
  return names;
}

/**
 * The error for tags that no node has.
 * @param tags The tags.
 * @param connection Where they were looked for.
 */
export function noNodes(
  tags: readonly TagFilter[],
  connection: FleetOptions["connection"],
): CommandError {
  return new CommandError(
    `Cannot find a node with ${
      tags.map(({ key, value }) => visible(`${key}=${value}`)).join(", ")
    }: Session Manager knows none ${
      connection.allRegions || connection.moreProfiles !== undefined
        ? "in the places searched"
        : "in this account and region"
    }`,
    exitCodes.failed,
    [
      "ssm list --all" + connectionArguments(connection),
    ],
  );
}

/** Nodes that share a name are told apart by their ids. */
function distinct(nodes: readonly FoundNode[]): readonly FoundNode[] {
  const count = new Map<string, number>();
  for (const { name } of nodes) {
    if (name !== undefined) count.set(name, (count.get(name) ?? 0) + 1);
  }
  return nodes.map((node) =>
    node.name !== undefined && (count.get(node.name) ?? 0) > 1
      ? { ...node, title: node.id }
      : node
  );
}
