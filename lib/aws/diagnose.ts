/**
 * Why a node does not take sessions: what Session Manager and, where permitted, EC2 know of it.
 *
 * @module
 */

import { minuteOf, visible } from "../text.ts";
import type { Ec2Instance } from "./ec2.ts";
import type { NodeFilter, NodeInformation } from "./ssm.ts";

/** The calls a diagnosis makes; `SsmCalls` and `Ec2Calls` have them. */
export interface DiagnoseCalls {
  /** DescribeInstanceInformation (api.md §4). */
  describeInstanceInformation(
    filters: readonly NodeFilter[],
    signal?: AbortSignal,
  ): AsyncIterable<NodeInformation>;
  /** EC2 DescribeInstances of one id. */
  describeInstance(
    id: string,
    signal?: AbortSignal,
  ): Promise<Ec2Instance | undefined>;
}

/** What a diagnosis comes down to. */
export type TargetVerdict =
  /** EC2: stopped, stopping or pending. */
  | "not-running"
  /** EC2: terminated or shutting down. */
  | "terminated"
  /** Registered, and silent since `lastPing`. */
  | "offline"
  /** Session Manager has never seen it, in this account and region. */
  | "never-registered"
  /** Neither Session Manager nor EC2 knows the id, in this account and region. */
  | "no-such-node"
  /** Session Manager counts it as online; the agent may just have lost its connection. */
  | "online"
  /** Too little could be asked. */
  | "unknown";

/** What is known of a node. `undefined` members could not be learned. */
export interface TargetFacts {
  readonly id: string;
  readonly verdict: TargetVerdict;
  /** Whether Session Manager knows the node. */
  readonly registered: boolean | undefined;
  readonly ping: string | undefined;
  readonly lastPing: Date | undefined;
  readonly platform: string | undefined;
  readonly agentVersion: string | undefined;
  /** EC2's state, or `absent` when EC2 knows no such instance here. */
  readonly ec2State: string | undefined;
  /** EC2 says whether the instance has an instance profile. */
  readonly instanceProfile: boolean | undefined;
  /** The verdict as a phrase, for "… is not connected: <phrase>". */
  readonly phrase: string;
}

/**
 * Facts of a node of which nothing is known.
 *
 * @param id The node.
 * @param phrase Why not.
 */
export function unknownFacts(id: string, phrase: string): TargetFacts {
  return {
    id,
    verdict: "unknown",
    registered: undefined,
    ping: undefined,
    lastPing: undefined,
    platform: undefined,
    agentVersion: undefined,
    ec2State: undefined,
    instanceProfile: undefined,
    phrase,
  };
}

/**
 * Gathers the facts. Never rejects, except with the signal's reason: a call that fails only
 * leaves its part unknown.
 *
 * @param id The node, as given to StartSession.
 * @param calls The lookups.
 * @param signal Gives up.
 */
export async function diagnoseTarget(
  id: string,
  calls: DiagnoseCalls,
  signal?: AbortSignal,
): Promise<TargetFacts> {
  const [node, instance] = await Promise.all([
    attempt(async () => {
      const filters = [{ key: "InstanceIds", values: [id] }];
      for await (
        const each of calls.describeInstanceInformation(filters, signal)
      ) {
        if (each.id === id) return each;
      }
      return undefined;
    }),
    id.startsWith("i-")
      ? attempt(() => calls.describeInstance(id, signal))
      : UNKNOWN,
  ]);
  signal?.throwIfAborted();
  const known = node.known ? node.value : undefined;
  const machine = instance.known ? instance.value : undefined;
  const facts = {
    id,
    registered: node.known ? known !== undefined : undefined,
    ping: known?.ping,
    lastPing: known?.lastPing,
    platform: known?.platform ??
      (machine?.platform === "windows" ? "Windows" : undefined),
    agentVersion: known?.agentVersion,
    ec2State: instance.known ? machine?.state ?? "absent" : undefined,
    instanceProfile: machine && machine.instanceProfile !== undefined,
  };
  const verdict = judge(facts);
  return { ...facts, verdict, phrase: say(verdict, facts) };
}

/**
 * Whether a node is in this account and region, as far as that is known; where nobody could be asked
 * it may be elsewhere.
 *
 * @param facts The diagnosis.
 */
export function isHere({ registered, ec2State }: TargetFacts): boolean {
  return registered === true || ec2State !== undefined && ec2State !== "absent";
}

type Outcome<Value> =
  | { readonly known: true; readonly value: Value }
  | { readonly known: false };

const UNKNOWN: { readonly known: false } = { known: false };

async function attempt<Value>(
  ask: () => Promise<Value>,
): Promise<Outcome<Value>> {
  try {
    return { known: true, value: await ask() };
  } catch {
    // AccessDenied and network alike: less is known, and the first error is what counts.
    return UNKNOWN;
  }
}

/** What a verdict follows from. */
export type VerdictFacts = Pick<
  TargetFacts,
  "registered" | "ping" | "lastPing" | "ec2State" | "instanceProfile"
>;

/**
 * What the facts come down to.
 * @param facts What is known; `undefined` members could not be learned.
 */
export function judge(facts: VerdictFacts): TargetVerdict {
  switch (facts.ec2State) {
    case "terminated":
    case "shutting-down":
      return "terminated";
    case "stopped":
    case "stopping":
    case "pending":
      return "not-running";
  }
  if (facts.registered === true) {
    return facts.ping === "Online" ? "online" : "offline";
  }
  if (facts.registered === undefined) return "unknown";
  return facts.ec2State === "absent" ? "no-such-node" : "never-registered";
}

/**
 * A verdict in a few words, for a column of a table: `stopped`, `never registered`.
 * @param verdict From {@linkcode judge}.
 * @param facts What it was judged by.
 * @returns `undefined` where nothing is known to be in the way.
 */
export function shortReason(
  verdict: TargetVerdict,
  facts: VerdictFacts,
): string | undefined {
  switch (verdict) {
    case "terminated":
    case "not-running":
      return visible(facts.ec2State ?? "not running");
    case "offline": {
      const since = facts.lastPing === undefined
        ? ""
        : ` since ${minuteOf(facts.lastPing)}`;
      // Not the ping's own word, which has a column beside it.
      const gone = facts.ec2State === "absent" ? ", unknown to EC2" : "";
      return `agent silent${since}${gone}`;
    }
    case "never-registered":
      return facts.instanceProfile === false
        ? "never registered, no instance profile"
        : "never registered";
    case "no-such-node":
      return "unknown";
    case "online":
    case "unknown":
      return undefined;
  }
}

function say(verdict: TargetVerdict, facts: VerdictFacts): string {
  switch (verdict) {
    case "terminated":
    case "not-running":
      return `the instance is ${visible(facts.ec2State ?? "")}`;
    case "offline":
      return facts.lastPing === undefined
        ? "the agent is offline"
        : `the agent is offline since ${facts.lastPing.toISOString()}`;
    case "never-registered":
      return "the node never registered with Session Manager in this account " +
        "and region" +
        (facts.instanceProfile === false
          ? "; the instance has no instance profile"
          : "");
    case "no-such-node":
      return "this account and region have no such node";
    case "online":
      return "Session Manager counts the agent as online, yet cannot reach it";
    case "unknown":
      return "ssm:DescribeInstanceInformation and ec2:DescribeInstances " +
        "could not be asked why";
  }
}
