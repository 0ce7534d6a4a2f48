/**
 * Asks AWS one question about a target.
 *
 * @module
 */

import type { Ec2Instance } from "./ec2.ts";
import { present } from "./present.ts";
import type { NodeFilter, NodeInformation } from "./ssm.ts";
import type { TargetCandidate } from "./target_errors.ts";
import type { Ec2Attribute, LookupStep } from "./target_plan.ts";

/** The calls that questions are made of; `SsmCalls` and `Ec2Calls` have them. */
export interface LookupCalls {
  /** DescribeInstanceInformation (api.md §4); pages are fetched as they are asked for. */
  describeInstanceInformation(
    filters: readonly NodeFilter[],
    signal?: AbortSignal,
  ): AsyncIterable<NodeInformation>;
  /** EC2 DescribeInstances by an attribute that is exactly this; terminated ones left out. */
  findInstances(
    attribute: Ec2Attribute,
    value: string,
    signal?: AbortSignal,
  ): Promise<readonly Ec2Instance[]>;
}

/** What a question came to. */
export interface LookupAnswer {
  /** Those online first. */
  readonly candidates: readonly TargetCandidate[];
  /** False where there are too many nodes to look at all of them. */
  readonly complete: boolean;
}

/**
 * Asks it.
 *
 * @param step The question.
 * @param calls The calls.
 * @throws AwsCallError
 */
export async function takeStep(
  step: LookupStep,
  calls: LookupCalls,
  signal?: AbortSignal,
): Promise<LookupAnswer> {
  switch (step.kind) {
    case "id": {
      const filter = { key: "InstanceIds", values: [step.id] };
      const nodes = await nodesOf([filter], calls, signal);
      return answer(
        nodes.filter(({ id }) => id === step.id)
          .map((node) => ofNode(node, undefined)),
      );
    }
    case "tags": {
      const filters = step.tags.map(({ key, values }) => ({
        key: `tag:${key}`,
        values: [...values],
      }));
      const nodes = await nodesOf(filters, calls, signal);
      const names = step.tags.find(({ key }) => key === "Name")?.values;
      const name = names?.length === 1 ? names[0] : undefined;
      return answer(nodes.map((node) => ofNode(node, name)));
    }
    case "instances": {
      const { attribute, value } = step;
      const found = await calls.findInstances(attribute, value, signal);
      const name = attribute === "tag:Name" ? value : undefined;
      return answer(found.map((each) => ofInstance(each, name)));
    }
    case "scan":
      return await scan(step, calls, signal);
  }
}

/**
 * The order in which candidates are shown: those that can be reached first.
 *
 * @param candidates Any.
 */
export function inOrder<Candidate extends TargetCandidate>(
  candidates: readonly Candidate[],
): Candidate[] {
  const rank = ({ state }: TargetCandidate) =>
    state === "Online" || state === "running" ? 0 : 1;
  return candidates.toSorted((a, b) =>
    rank(a) - rank(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}

function answer(candidates: readonly TargetCandidate[]): LookupAnswer {
  return { candidates: inOrder(candidates), complete: true };
}

function nodesOf(
  filters: readonly NodeFilter[],
  calls: LookupCalls,
  signal: AbortSignal | undefined,
): Promise<NodeInformation[]> {
  return Array.fromAsync(calls.describeInstanceInformation(filters, signal));
}

async function scan(
  { property, value, limit }: LookupStep & { readonly kind: "scan" },
  calls: LookupCalls,
  signal: AbortSignal | undefined,
): Promise<LookupAnswer> {
  const found: TargetCandidate[] = [];
  let seen = 0;
  for await (const node of calls.describeInstanceInformation([], signal)) {
    // One that is found among some need not be the only one.
    if (++seen > limit) return { candidates: [], complete: false };
    const fits = property === "address"
      ? node.address === value
      : isComputer(node.computerName, value);
    if (fits) found.push(ofNode(node, undefined));
  }
  return answer(found);
}

/** By its whole name, or by the first label alone; without regard to case, as DNS does. */
function isComputer(computer: string | undefined, wanted: string): boolean {
  if (computer === undefined) return false;
  const [name, text] = [computer, wanted].map((each) =>
    each.toLowerCase().replace(/\.$/, "")
  );
  return name === text || name?.split(".")[0] === text;
}

function ofNode(
  node: NodeInformation,
  name: string | undefined,
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

function ofInstance(
  instance: Ec2Instance,
  name: string | undefined = instance.name,
): TargetCandidate {
  return {
    id: instance.id,
    name,
    state: instance.state,
    address: instance.address,
    computerName: undefined,
  };
}
