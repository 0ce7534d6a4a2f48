/**
 * The actions of {@linkcode plannedCalls}' table by what people use them for, each once: what
 * `ssm doctor` asks IAM about.
 *
 * @module
 */

import { commandDocuments } from "./permission_parts.ts";
import { plannedCalls, type PlannedTarget } from "./permissions.ts";
import type { ArnPlace } from "./resource_arns.ts";

/** Actions that belong together. */
export interface PermissionGroup {
  readonly what: string;
  /** True where there are no sessions without them. */
  readonly required: boolean;
  /** The command that needs them, `TARGET` in it for a node. */
  readonly command: string;
  /** Actions, and the resources that they are for. */
  readonly actions: ReadonlyMap<string, ActionResources>;
}

/** What IAM is asked about for an action. */
export interface ActionResources {
  /** ARNs that the action needs all of. */
  readonly arns: readonly string[];
  /** In place of `arns`, either of which will do. */
  readonly instead: readonly string[];
  /** True where they stand for others, which a policy may name one by one. */
  readonly vague: boolean;
}

/** A use of a command that shows what belongs to it. */
interface Use {
  readonly what: string;
  readonly required?: boolean;
  /** True where calls that only help belong to it. */
  readonly helps?: boolean;
  readonly command: string;
  /** The words that lead to it. */
  readonly words: string;
  readonly target?: PlannedTarget;
  readonly flags?: Readonly<Record<string, string>>;
}

const web: PlannedTarget = {
  kind: "tags",
  tags: [{ key: "Name", values: ["web-server"] }],
};
const container: PlannedTarget = {
  kind: "ecs",
  cluster: "*",
  service: undefined,
  task: undefined,
};

/** The most important first: an action is in the first group that has it. */
const uses: readonly Use[] = [
  {
    what: "sessions",
    required: true,
    command: "ssm shell TARGET",
    words: "shell",
  },
  {
    what: "finding nodes",
    helps: true,
    command: "ssm shell web-server",
    words: "shell",
    target: web,
  },
  {
    what: "saying why a node takes no session",
    helps: true,
    command: "ssm doctor TARGET",
    words: "doctor",
  },
  {
    what: "ssm sessions",
    command: "ssm sessions list",
    words: "sessions list",
  },
  {
    what: "Run Command",
    command: "ssm exec TARGET --via run-command",
    words: "exec",
    flags: { via: "run-command" },
  },
  {
    what: "containers of ECS",
    command: "ssm shell ecs:prod/web",
    words: "shell",
    target: container,
  },
  {
    what: "ssm ssh --send-key",
    command: "ssm ssh --send-key TARGET",
    words: "ssh",
    flags: { "send-key": "" },
  },
];

/**
 * Calls that say for themselves whether they are allowed, or are nobody's business: who one is, what
 * IAM thinks of it, and a key, which its own policy decides about.
 */
const apart = /^(sts|iam|kms):/;

/**
 * The groups.
 * @param place Where.
 * @param node The node's id; `undefined` for every one.
 * @param documentName The document of sessions; `undefined` for the account's own.
 * @param caller What the ids of the caller's sessions begin with, and IAM's `aws:userid`.
 */
export function permissionGroups(
  place: ArnPlace,
  node: string | undefined,
  documentName: string | undefined,
  caller: { readonly name: string; readonly userId: string },
): readonly PermissionGroup[] {
  const seen = new Set<string>();
  const meant: PlannedTarget = { kind: "id", id: node ?? "*" };
  return uses.map((use) => {
    const { words, what, command, required = false, target, flags = {} } = use;
    const given = (...names: readonly string[]) =>
      names.some((name) => Object.hasOwn(flags, name));
    const calls = plannedCalls(words, {
      place,
      targets: [target ?? meant],
      documentName,
      given,
      value: (name) => flags[name],
      arguments: [],
    }) ?? [];
    const planned = new Map<string, string[]>();
    for (const { action, need, resources } of calls) {
      if (apart.test(action) || seen.has(action)) continue;
      if (need === "helps" && use.helps !== true) continue;
      planned.set(action, [...(planned.get(action) ?? []), ...resources]);
    }
    const actions = new Map(
      [...planned].map(([action, arns]) => [action, concrete(arns)]),
    );
    for (const action of actions.keys()) seen.add(action);
    return { what, required, command, actions };
  });

  /** As far as that can be: IAM compares texts, and decides on nothing that is meant. */
  function concrete(planned: readonly string[]): ActionResources {
    const { region, account } = place;
    const own = (name: string) =>
      planned.map((arn) =>
        arn.replace(":*:*:session/", `:${region}:${account}:session/`)
          .replace("${aws:userid}-*", `${name}-0123456789abcdef0`)
      );
    const arns = [...new Set(own(caller.name))];
    // Of all nodes, clusters and tasks a policy may allow some.
    const vague = /:(managed-instance|instance|cluster|task)\/(.*\/)?\*$/;
    const exact = arns.filter((arn) =>
      !vague.test(arn) && !arn.endsWith(commandDocuments.runPowerShell)
    );
    const instead = own(caller.userId).filter((arn) => !arns.includes(arn));
    return {
      arns: exact.length === 0 ? ["*"] : exact,
      instead: [...new Set(instead)],
      vague: arns.some((arn) => vague.test(arn)),
    };
  }
}
