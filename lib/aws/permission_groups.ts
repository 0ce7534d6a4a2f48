/**
 * The actions of {@linkcode plannedCalls}' table by what people use them for, each once: what
 * `ssm doctor` asks IAM about.
 *
 * @module
 */

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
  readonly actions: ReadonlyMap<string, readonly string[]>;
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
 * @param caller What the ids of the caller's sessions begin with.
 */
export function permissionGroups(
  place: ArnPlace,
  node: string | undefined,
  documentName: string | undefined,
  caller: string,
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
    const actions = new Map<string, string[]>();
    for (const { action, need, resources } of calls) {
      if (apart.test(action) || seen.has(action)) continue;
      if (need === "helps" && use.helps !== true) continue;
      const known = actions.get(action) ?? [];
      const concrete = resources.map((arn) =>
        arn.replace("${aws:userid}-*", `${caller}-0123456789abcdef0`)
      );
      actions.set(action, [...new Set([...known, ...concrete])]);
    }
    for (const action of actions.keys()) seen.add(action);
    return { what, required, command, actions };
  });
}
