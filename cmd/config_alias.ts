/**
 * `ssm config alias`: words of the user's own for targets.
 *
 * @module
 */

import { buildCommand, buildRouteMap, type RouteMap } from "@stricli/core";
import type { CommandWorld } from "./context.ts";
import {
  generalAliases,
  type GeneralFlags,
  generalFlags,
  nonEmpty,
} from "./flags.ts";
import { fullDescription } from "./help.ts";
import { outputFlag, type OutputForm } from "./output_flag.ts";

/** The flags of `ssm config alias add` as parsed. */
export interface AliasFlags extends GeneralFlags {
  readonly profile?: string;
  readonly region?: string;
  readonly user?: string;
}

/** The flags of `ssm config alias list` as parsed. */
export interface AliasListFlags extends GeneralFlags {
  readonly output?: OutputForm;
}

const aliasAddCommand = buildCommand<
  AliasFlags,
  [string, string],
  CommandWorld
>({
  docs: {
    brief: "Write an alias to the file",
    fullDescription: fullDescription({
      usage: "config alias add <alias> <node> [flags]",
      description:
        "Makes a word stand for a target wherever one is taken, with its profile and\n" +
        "region, and for 'ssm ssh' the user to log in as.",
      examples: [
        ["A word for an id", "ssm config alias add db i-0123456789abcdef0"],
        [
          "Then: ssm shell db, ssm ssh db",
          "ssm config alias add db name:db-1 --profile prod --user ubuntu",
        ],
      ],
    }),
  },
  parameters: {
    flags: {
      profile: {
        kind: "parsed",
        parse: nonEmpty,
        placeholder: "name",
        brief: "The AWS profile it is in",
        optional: true,
      },
      region: {
        kind: "parsed",
        parse: nonEmpty,
        placeholder: "region",
        brief: "The AWS region it is in",
        optional: true,
      },
      user: {
        kind: "parsed",
        parse: nonEmpty,
        placeholder: "name",
        brief: "Whom 'ssm ssh' logs in as",
        optional: true,
      },
      ...generalFlags,
    },
    aliases: generalAliases,
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "The word", placeholder: "alias", parse: String },
        { brief: "What it stands for", placeholder: "node", parse: String },
      ],
    },
  },
  async func(flags, alias, target) {
    const { addAlias } = await import("./config/commands.ts");
    const { root } = await import("./commands.ts");
    const change = { alias, target, ...flags };
    this.setExitCode(await addAlias(change, root, this.context));
  },
});

const aliasListCommand = buildCommand<AliasListFlags, [], CommandWorld>({
  docs: {
    brief: "List the aliases",
    fullDescription: fullDescription({
      usage: "config alias list [flags]",
      description: "Lists the aliases of your file, and what they stand for.",
      examples: [["Which are there?", "ssm config alias list"]],
    }),
  },
  parameters: {
    flags: { output: outputFlag, ...generalFlags },
    aliases: { ...generalAliases, o: "output" },
  },
  async func(flags) {
    const { listAliases } = await import("./config/show.ts");
    const { root } = await import("./commands.ts");
    this.setExitCode(await listAliases(flags, root, this.context));
  },
});

const aliasRemoveCommand = buildCommand<GeneralFlags, [string], CommandWorld>({
  docs: {
    brief: "Remove an alias from the file",
    fullDescription: fullDescription({
      usage: "config alias remove <alias> [flags]",
      description: "Removes an alias from your file, whose comments stay.",
      examples: [["Away with it", "ssm config alias remove db"]],
    }),
  },
  parameters: {
    flags: generalFlags,
    aliases: generalAliases,
    positional: {
      kind: "tuple",
      parameters: [{ brief: "The word", placeholder: "alias", parse: String }],
    },
  },
  async func(flags, alias) {
    const { removeAlias } = await import("./config/commands.ts");
    const { root } = await import("./commands.ts");
    this.setExitCode(
      await removeAlias({ alias, ...flags }, root, this.context),
    );
  },
});

/** The commands, for `config.ts`. */
export const aliasRoutes: RouteMap<CommandWorld> = buildRouteMap<
  "add" | "list" | "remove",
  CommandWorld
>({
  routes: {
    add: aliasAddCommand,
    list: aliasListCommand,
    remove: aliasRemoveCommand,
  },
  docs: {
    brief: "Words that stand for a target",
    fullDescription: fullDescription({
      usage: "config alias <command> [flags]",
      description: "Words of your own for targets, wherever one is taken.",
      examples: [
        ["A word for an id", "ssm config alias add db i-0123456789abcdef0"],
        ["Then", "ssm shell db"],
      ],
    }),
  },
});
