/**
 * The checks of a target: the node and its agent, or the container; and, if asked for, a session.
 *
 * @module
 */

import { formatEcsSpec, parseEcsSpec } from "../../lib/aws/ecs_spec.ts";
import { isHere, unknownFacts } from "../../lib/aws/diagnose.ts";
import { soughtBy } from "../../lib/aws/find_elsewhere.ts";
import type {
  AmbiguousTargetError,
  ContainerNotReadyError,
  EcsSpec,
  ResolvedTarget,
} from "../../lib/aws/mod.ts";
import { shellQuote, visible } from "../../lib/text.ts";
import type { Context } from "../context.ts";
import type { DoctorOptions } from "../doctor.ts";
import { describeError } from "../errors.ts";
import { problemDetails, problemHints } from "../target/ecs_hints.ts";
import {
  awsArguments,
  connectionArguments,
  isNamed,
  nodeRows,
} from "../target/target.ts";
import type { DoctorCalls } from "./calls.ts";
import {
  acceptedCredentials,
  type CheckResult,
  result,
  skipped,
} from "./check.ts";
import {
  callErrorOf,
  callFailed,
  callShown,
  heard,
  lower,
  type Outcome,
} from "./limited.ts";
import { agentCheck, nodeCheck, type NodeFindings } from "./node_checks.ts";
import { trySession } from "./try_session.ts";

/** What the checks are made with. */
export interface TargetWorld {
  readonly options: DoctorOptions;
  readonly context: Context;
  readonly calls: DoctorCalls;
  readonly ask: <Value>(
    run: (signal: AbortSignal) => Promise<Value>,
  ) => Promise<Outcome<Value>>;
  /** False where nobody can be asked. */
  readonly ready: Promise<boolean>;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** The checks, and what others learn of them. */
export interface TargetChecks {
  readonly checks: readonly Promise<CheckResult>[];
  /** The node's id, where there is one. */
  readonly node: Promise<string | undefined>;
  /** What the calls have shown about actions. */
  readonly shown: Promise<readonly (readonly [string, "allowed" | "denied"])[]>;
}

/**
 * Starts them.
 * @param world What with.
 */
export function targetChecks(world: TargetWorld): TargetChecks {
  const { target } = world.options;
  if (target === undefined) {
    return {
      checks: [],
      node: Promise.resolve(undefined),
      shown: Promise.resolve([]),
    };
  }
  const ecs = parseEcsSpec(target);
  return ecs === undefined ? checksOfNode(target, world) : {
    checks: [containerCheck(ecs, world)],
    node: Promise.resolve(undefined),
    shown: Promise.resolve([]),
  };
}

function checksOfNode(target: string, world: TargetWorld): TargetChecks {
  const { options, context, calls, ask, ready, now } = world;
  const flags = awsArguments(options.connection);
  const inRegion = (region: string) =>
    `ssm doctor ${shellQuote(target)}` +
    connectionArguments({ ...options.connection, region });
  const resolved = ready.then((is) =>
    is ? ask((signal) => calls.resolveTarget(target, signal)) : undefined
  );
  const findings = resolved.then((found) =>
    found?.ok ? findingsOf(found.value, world) : undefined
  );
  const node = findings.then((found) => found?.facts.id);
  const checked = Promise.all([resolved, findings]).then(
    async ([found, known]): Promise<CheckResult> =>
      found === undefined
        ? skipped("node", acceptedCredentials)
        : !found.ok
        ? await notFound(found.error, target, world, inRegion)
        : known === undefined
        ? skipped("node", acceptedCredentials)
        : nodeCheck(known, flags, now(), inRegion),
  );
  const agent = findings.then((known) =>
    known === undefined || known.elsewhere.length > 0
      ? skipped("agent", "the node")
      : agentCheck(known.facts, flags)
  );
  const session = !options.session ? [] : [
    Promise.all([node, checked]).then(([id, { status }]) =>
      id === undefined || status === "error"
        ? skipped("session", "a node that is connected")
        : trySession(id, options, calls, context)
    ),
  ];
  return {
    checks: [checked, agent, ...session],
    node: heard(node),
    shown: heard(
      Promise.all([resolved, findings]).then(([, known]) =>
        known === undefined ? [] : [
          ...(known.facts.registered === undefined
            ? []
            : [["ssm:DescribeInstanceInformation", "allowed"] as const]),
          ...(known.facts.ec2State === undefined
            ? []
            : [["ec2:DescribeInstances", "allowed"] as const]),
          ...callShown("ssm:GetConnectionStatus", known.connection),
        ]
      ),
    ),
  };
}

async function findingsOf(
  { id, name }: ResolvedTarget,
  { calls, ask, context }: TargetWorld,
): Promise<NodeFindings> {
  const [facts, connection] = await Promise.all([
    ask((signal) => calls.diagnose(id, signal)),
    ask((signal) => calls.connectionStatus(id, signal)),
  ]);
  const known = facts.ok
    ? facts.value
    : unknownFacts(id, "nothing could be asked about it");
  const connected = connection.ok && connection.value === "connected";
  return {
    facts: known,
    name,
    connection,
    elsewhere: !isHere(known) && !connected
      ? await calls.findElsewhere(
        [{ key: "InstanceIds", values: [id] }],
        context.signal,
      )
      : [],
  };
}

async function notFound(
  error: unknown,
  target: string,
  { calls, context, options }: TargetWorld,
  inRegion: (region: string) => string,
): Promise<CheckResult> {
  const id = "node";
  if (callErrorOf(error) !== undefined) return callFailed(id, error);
  const { message = "", hints } = describeError(error);
  if (isNamed<AmbiguousTargetError>(error, "AmbiguousTargetError")) {
    const flags = connectionArguments(options.connection);
    return result(id, "error", lower(message), {
      details: nodeRows(error.candidates, false),
      hints: error.candidates.slice(0, 1).map(({ id }) =>
        `ssm doctor ${shellQuote(id)}${flags}`
      ),
    });
  }
  const sought = soughtBy(target);
  const elsewhere = sought === undefined
    ? []
    : await calls.findElsewhere(sought, context.signal);
  return elsewhere.length === 0
    ? result(id, "error", lower(message), {
      hints: hints.length > 0 ? hints : [
        `ssm list --all${connectionArguments(options.connection)}`,
      ],
    })
    : result(
      id,
      "error",
      `${visible(target)} is not in this region, but found in ${
        elsewhere.map(visible).join(", ")
      }`,
      { hints: elsewhere.map(inRegion) },
    );
}

async function containerCheck(
  spec: EcsSpec,
  { calls, ask, ready, options }: TargetWorld,
): Promise<CheckResult> {
  const id = "container";
  if (!await ready) return skipped(id, acceptedCredentials);
  const found = await ask((signal) => calls.resolveContainer(spec, signal));
  if (found.ok) {
    const { spec, platform, roleArn } = found.value;
    return result(id, "ok", `${visible(formatEcsSpec(spec))} takes sessions`, {
      details: [
        platform + (roleArn === undefined ? "" : `, role ${visible(roleArn)}`),
      ],
    });
  }
  const { error } = found;
  if (callErrorOf(error) !== undefined) return callFailed(id, error);
  const { message = "", details, hints } = describeError(error);
  return isNamed<ContainerNotReadyError>(error, "ContainerNotReadyError")
    ? result(id, "error", lower(message), {
      details: problemDetails(error.problems),
      hints: problemHints(error, options.connection),
    })
    : result(id, "error", lower(message), { details, hints });
}
