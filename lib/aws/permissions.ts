/**
 * Which calls to AWS each command makes, and what they are allowed by: the one table for
 * `--explain`, for `ssm doctor` and for the page about IAM. `tests/cli/permissions_test.ts` compares
 * it with what the commands call.
 *
 * @module
 */

import {
  commandDocuments,
  diagnosis,
  everything,
  lookup,
  nodeResources,
  type PlanFacts,
  type PlannedCall,
  regions,
  runCommand,
  running,
  start,
} from "./permission_parts.ts";
import { documentArn, keysArn, ownSessionsArn } from "./resource_arns.ts";

export type {
  PlanFacts,
  PlannedCall,
  PlannedTarget,
  PolicyCondition,
} from "./permission_parts.ts";

type Plan = (facts: PlanFacts) => readonly PlannedCall[];

/** A session on one node or container, from the target to its end. */
function session(
  documents: (facts: PlanFacts) => readonly string[],
  encrypted = true,
): Plan {
  return (facts) => {
    const named = facts.documentName;
    return [
      ...lookup(facts),
      ...start(facts, named === undefined ? documents(facts) : [named]),
      ...running(facts, encrypted),
      ...diagnosis(facts),
    ];
  };
}

const exec: Plan = (facts) => {
  const many = facts.targets.length > 1 || facts.given("tag");
  const via = facts.value("via");
  const documents = facts.given("tty", "t")
    ? [commandDocuments.terminal]
    : [commandDocuments.command, commandDocuments.terminal];
  const bySession = [
    ...start(facts, documents),
    ...running(facts, true),
  ];
  const containers = facts.targets.every(({ kind }) => kind === "ecs");
  const information: PlannedCall[] = containers ? [] : [{
    action: "ssm:DescribeInstanceInformation",
    // Run Command finds nodes by their tags itself.
    need: many && !(facts.given("tag") && via === "run-command")
      ? "always"
      : "helps",
    purpose: many
      ? "find the nodes, their platforms and agents' versions"
      : "learn the node's platform and agent's version",
    resources: everything,
  }, {
    action: "ec2:DescribeInstances",
    need: "helps",
    purpose: "show the nodes' Name tags",
    resources: everything,
  }];
  const byRunCommand = runCommand(facts);
  return [
    ...(facts.given("tag") ? [] : lookup(facts)),
    ...information,
    ...(via === "run-command" ? byRunCommand : bySession),
    // Where no session can run a command, Run Command does, unless the user said otherwise.
    ...(via === undefined && !facts.given("tty") && !containers
      ? byRunCommand.map((call): PlannedCall => ({
        ...call,
        need: many && call.need === "always" ? "maybe" : "helps",
        purpose: `${call.purpose}, where Run Command has to`,
      }))
      : []),
    ...diagnosis(facts),
  ];
};

const forward: Plan = (facts) => {
  const behind = [facts.value("remote"), facts.value("forward")]
    .some((text) => text !== undefined && /[^\d:]/.test(text)) ||
    facts.given("forward", "L");
  return session(
    () =>
      behind
        ? [commandDocuments.port, commandDocuments.remotePort]
        : [commandDocuments.port],
    false,
  )(facts);
};

const ssh: Plan = (facts) => [
  ...session(() => [commandDocuments.ssh], false)(facts),
  ...(facts.given("send-key")
    ? facts.targets.map((target): PlannedCall => ({
      action: "ec2-instance-connect:SendSSHPublicKey",
      need: "always",
      purpose: "let the key in for a minute",
      ...nodeResources(facts.place, target),
    }))
    : []),
];

const names: Plan = (facts) => [
  {
    action: "ssm:DescribeInstanceInformation",
    need: "always",
    purpose: "list the nodes",
    resources: everything,
  },
  {
    action: "ec2:DescribeInstances",
    need: "helps",
    purpose: "show Name tags, and nodes that Session Manager does not know",
    resources: everything,
  },
  ...regions(facts),
];

const sessions: Plan = ({ place, arguments: words }) => [
  {
    action: "ssm:DescribeSessions",
    need: "always",
    purpose: "list the sessions",
    resources: everything,
  },
  {
    action: "sts:GetCallerIdentity",
    need: "helps",
    purpose: "tell which are yours",
    resources: everything,
  },
  {
    action: "ec2:DescribeInstances",
    need: "helps",
    purpose: "show the nodes' Name tags",
    resources: everything,
  },
  ...(words[0] === "kill"
    ? [
      {
        action: "ssm:TerminateSession",
        need: "always",
        purpose: "end them",
        resources: [ownSessionsArn(place)],
      } as const,
    ]
    : []),
];

const doctor: Plan = (facts) => {
  const [target = { kind: "search" } as const] = facts.targets;
  const ask = (
    action: string,
    purpose: string,
    resources: readonly string[] = everything,
  ): PlannedCall => ({ action, need: "helps", purpose, resources });
  return [
    ask("sts:GetCallerIdentity", "say who you are"),
    ask("iam:SimulatePrincipalPolicy", "say what you are allowed"),
    ask("iam:GetRole", "find the policies of a role with a path"),
    ask("ssm:GetDocument", "read the account's session preferences", [
      documentArn(facts.place, commandDocuments.shell),
    ]),
    ask("ssm:DescribeInstanceInformation", "see the node's agent"),
    ask(
      "ssm:GetConnectionStatus",
      "see whether it is connected",
      nodeResources(facts.place, target).resources,
    ),
    ask("ec2:DescribeInstances", "see the node's state"),
    ask("ec2:DescribeRegions", "look for the node in other regions"),
    ask("kms:GenerateDataKey", "try the account's key, as a dry run", [
      keysArn(facts.place),
    ]),
    ask("ssmmessages:OpenDataChannel", "try the WebSocket, without a session", [
      ownSessionsArn(facts.place),
    ]),
    ...(facts.given("session")
      ? [
        ...start(facts, [commandDocuments.shell]),
        ...running(facts, false).filter(({ action }) =>
          action === "ssm:TerminateSession"
        ),
      ]
      : []),
  ];
};

const shellPlan = session(() => [commandDocuments.shell]);

/** By the words that lead to a command. */
const plans: Readonly<Record<string, Plan>> = {
  shell: shellPlan,
  exec,
  forward,
  up: session(
    () => [commandDocuments.port, commandDocuments.remotePort],
    false,
  ),
  ssh,
  "ssh-proxy": ssh,
  "ssh-config": (facts) => facts.targets.length === 0 ? [] : names(facts),
  cp: session(() => [commandDocuments.terminal]),
  list: names,
  sessions,
  "sessions list": sessions,
  "sessions kill": (facts) =>
    sessions({ ...facts, arguments: ["kill", ...facts.arguments] }),
  doctor,
  login: () => [],
};

/**
 * The calls that a command makes, in the order in which it makes them.
 *
 * @param command The words that lead to it: `ssh-config`.
 * @param facts What is known of it.
 * @returns `undefined` for a command that this table does not have.
 */
export function plannedCalls(
  command: string,
  facts: PlanFacts,
): readonly PlannedCall[] | undefined {
  return Object.hasOwn(plans, command) ? plans[command]?.(facts) : undefined;
}

/** The commands that the table has, by the words that lead to them. */
export const plannedCommands: readonly string[] = Object.keys(plans);
