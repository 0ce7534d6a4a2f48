/**
 * The calls that commands have in common: finding a node, starting a session, running it.
 *
 * @module
 */

import {
  type ArnPlace,
  documentArn,
  ecsArns,
  ecsSessionsArn,
  keysArn,
  nodeArns,
  ownSessionsArn,
} from "./resource_arns.ts";
import type { TargetTag } from "./target_spec.ts";

/** What a target is, as far as its text tells. */
export type PlannedTarget =
  /** `i-…`, `mi-…` */
  | { readonly kind: "id"; readonly id: string }
  /** All of these tags; a name is one. */
  | { readonly kind: "tags"; readonly tags: readonly TargetTag[] }
  /** A container of ECS. */
  | {
    readonly kind: "ecs";
    readonly cluster: string;
    readonly service: string | undefined;
    readonly task: string | undefined;
  }
  /** An address or a host's name, or whatever else has to be looked up. */
  | { readonly kind: "search" }
  /** None: the user chooses. */
  | { readonly kind: "choice" };

/** What is known of a command before it runs. */
export interface PlanFacts {
  readonly place: ArnPlace;
  readonly targets: readonly PlannedTarget[];
  /** `--document-name` */
  readonly documentName: string | undefined;
  /** Whether a flag, or one of its spellings, was given. */
  readonly given: (...flags: readonly string[]) => boolean;
  /** A flag's value, the first one's where it repeats. */
  readonly value: (flag: string) => string | undefined;
  /** Every argument that is no flag. */
  readonly arguments: readonly string[];
}

/** One call, and the action that allows it: both have one name, except the WebSocket's upgrade. */
export interface PlannedCall {
  /** As `ssm:StartSession`. */
  readonly action: string;
  /**
   * - `always`: each time;
   * - `maybe`: when what `purpose` says is so, and the command fails without it;
   * - `helps`: without it less is said or shown, and the command works.
   */
  readonly need: "always" | "maybe" | "helps";
  /** What it is for, or when it is made; a phrase. */
  readonly purpose: string;
  readonly resources: readonly string[];
  /** IAM's `Condition`. */
  readonly condition?: PolicyCondition;
}

/** Operator → key → values. */
export type PolicyCondition = Readonly<
  Record<string, Readonly<Record<string, string | readonly string[]>>>
>;

/** The documents that the commands start sessions with (api.md §7). */
export const commandDocuments = {
  shell: "SSM-SessionManagerRunShell",
  command: "AWS-StartNonInteractiveCommand",
  terminal: "AWS-StartInteractiveCommand",
  port: "AWS-StartPortForwardingSession",
  remotePort: "AWS-StartPortForwardingSessionToRemoteHost",
  ssh: "AWS-StartSSHSession",
  runShell: "AWS-RunShellScript",
  runPowerShell: "AWS-RunPowerShellScript",
} as const;

/** Of actions that know no resources. */
export const everything: readonly string[] = ["*"];

/**
 * How a target becomes a node's id.
 * @param facts What is known.
 */
export function lookup(facts: PlanFacts): PlannedCall[] {
  const kinds = new Set(facts.targets.map(({ kind }) => kind));
  const calls: PlannedCall[] = [];
  if (kinds.has("tags")) {
    calls.push({
      action: "ssm:DescribeInstanceInformation",
      need: "always",
      purpose: "find the node",
      resources: everything,
    }, {
      action: "ec2:DescribeInstances",
      need: "helps",
      purpose: "find one that Session Manager does not know",
      resources: everything,
    });
  }
  if (kinds.has("search")) {
    calls.push({
      action: "ec2:DescribeInstances",
      need: "maybe",
      purpose: "find the node by an address or a host's name",
      resources: everything,
    }, {
      action: "ssm:DescribeInstanceInformation",
      need: "maybe",
      purpose: "find it among Session Manager's nodes",
      resources: everything,
    });
  }
  if (kinds.has("choice")) {
    calls.push({
      action: "ssm:DescribeInstanceInformation",
      need: "always",
      purpose: "list the nodes to choose from",
      resources: everything,
    }, {
      action: "ec2:DescribeInstances",
      need: "helps",
      purpose: "show their Name tags",
      resources: everything,
    });
  }
  if (kinds.has("ecs")) calls.push(...containerLookup(facts));
  return [...regions(facts), ...calls];
}

/**
 * What `--all-regions` asks; where it may not, the regions that every account has stand in.
 * @param facts What is known.
 */
export function regions({ given }: PlanFacts): PlannedCall[] {
  return given("all-regions")
    ? [{
      action: "ec2:DescribeRegions",
      need: "helps",
      purpose: "know the account's regions",
      resources: everything,
    }]
    : [];
}

function containerLookup({ targets, place }: PlanFacts): PlannedCall[] {
  return targets.flatMap((target): PlannedCall[] => {
    if (target.kind !== "ecs") return [];
    const { task } = ecsArns(place, target.cluster, target.task);
    return [
      ...(target.task === undefined
        ? [
          {
            action: "ecs:ListTasks",
            need: "always",
            purpose: "find the task",
            resources: everything,
          } as const,
        ]
        : []),
      {
        action: "ecs:DescribeTasks",
        need: "always",
        purpose: "see whether it takes sessions",
        resources: [task],
      },
      {
        action: "ecs:DescribeTaskDefinition",
        need: "helps",
        purpose: "tell which of several containers is meant, and what it lacks",
        resources: everything,
      },
      ...(["ecs:ListClusters", "ecs:ListServices"] as const).map((
        action,
      ): PlannedCall => ({
        action,
        need: "helps",
        purpose: "suggest names like one that is not there",
        resources: everything,
      })),
    ];
  });
}

/**
 * What starts sessions on the targets.
 * @param facts What is known.
 * @param documents The documents, of which one is enough each time.
 */
export function start(
  facts: PlanFacts,
  documents: readonly string[],
): PlannedCall[] {
  const { place, targets } = facts;
  const calls: PlannedCall[] = [];
  for (const target of targets) {
    if (target.kind === "ecs") {
      const { cluster, task } = ecsArns(place, target.cluster, target.task);
      calls.push({
        action: "ecs:ExecuteCommand",
        need: "always",
        purpose: "start the session",
        resources: [cluster, task],
      });
    } else calls.push(onNode("ssm:StartSession", "start the session", target));
  }
  if (targets.some(({ kind }) => kind !== "ecs")) {
    calls.push({
      action: "ssm:StartSession",
      need: "always",
      purpose: `with the document ${documents.join(" or ")}`,
      resources: documents.map((name) => documentArn(place, name)),
    });
  }
  return calls;

  function onNode(
    action: string,
    purpose: string,
    target: PlannedTarget,
  ): PlannedCall {
    return { action, need: "always", purpose, ...nodeResources(place, target) };
  }
}

/**
 * A node as a policy names it: by its id, or by its tag.
 * @param place Where.
 * @param target The node.
 */
export function nodeResources(
  place: ArnPlace,
  target: PlannedTarget,
): Pick<PlannedCall, "resources" | "condition"> {
  switch (target.kind) {
    case "id":
      return { resources: nodeArns(place, target.id) };
    case "tags":
      return {
        resources: nodeArns(place),
        condition: {
          StringEquals: Object.fromEntries(
            target.tags.map(({ key, values }) => [
              `ssm:resourceTag/${key}`,
              values.length === 1 ? values[0] ?? "" : values,
            ]),
          ),
        },
      };
    default:
      return { resources: nodeArns(place) };
  }
}

/**
 * What a session needs while it runs.
 * @param facts What is known.
 * @param encrypted False for sessions of ports, which never are.
 */
export function running(
  { place, targets }: PlanFacts,
  encrypted: boolean,
): PlannedCall[] {
  const resources = [
    ...(targets.some(({ kind }) => kind !== "ecs")
      ? [ownSessionsArn(place)]
      : []),
    ...(targets.some(({ kind }) => kind === "ecs")
      ? [ecsSessionsArn(place)]
      : []),
  ];
  return [
    {
      action: "ssmmessages:OpenDataChannel",
      need: "always",
      purpose: "open the WebSocket that carries it",
      resources,
    },
    {
      action: "ssm:ResumeSession",
      need: "maybe",
      purpose: "go on after a lost connection",
      resources,
    },
    {
      action: "ssm:TerminateSession",
      need: "maybe",
      purpose: "end it, where it does not end by itself",
      resources,
    },
    ...(encrypted
      ? [
        {
          action: "kms:GenerateDataKey",
          need: "maybe",
          purpose: "where the account's preferences name a key",
          resources: [keysArn(place)],
          condition: {
            StringLike: { "kms:EncryptionContext:aws:ssm:SessionId": "*" },
          },
        } as const,
      ]
      : []),
  ];
}

/**
 * What is asked when a node takes no session.
 * @param facts What is known.
 */
export function diagnosis({ targets }: PlanFacts): PlannedCall[] {
  if (targets.every(({ kind }) => kind === "ecs")) return [];
  return [
    "ssm:DescribeInstanceInformation",
    "ec2:DescribeInstances",
    "ec2:DescribeRegions",
  ].map((action): PlannedCall => ({
    action,
    need: "helps",
    purpose: action === "ec2:DescribeRegions"
      ? "look for the node in other regions when it is not in this one"
      : "say why the node takes no session",
    resources: everything,
  }));
}

/**
 * Run Command on the targets, or on all nodes with a tag.
 * @param facts What is known.
 */
export function runCommand(facts: PlanFacts): PlannedCall[] {
  const { place, targets } = facts;
  const documents = [
    commandDocuments.runShell,
    commandDocuments.runPowerShell,
  ];
  const follow = (action: string, purpose: string): PlannedCall => ({
    action,
    need: "maybe",
    purpose,
    resources: everything,
  });
  return [
    ...targets.map((target): PlannedCall => ({
      action: "ssm:SendCommand",
      need: "always",
      purpose: "run the command",
      ...nodeResources(place, target),
    })),
    {
      action: "ssm:SendCommand",
      need: "always",
      purpose: `with the document ${documents.join(" or ")}`,
      resources: documents.map((name) => documentArn(place, name)),
    },
    follow("ssm:GetCommandInvocation", "get its output and exit code"),
    follow("ssm:ListCommandInvocations", "follow it on many nodes"),
    follow("ssm:ListCommands", "follow it on many nodes"),
    follow("ssm:CancelCommand", "stop it"),
  ];
}
