/**
 * `ssm config`: the user's file. What its commands do is in `config/commands.ts`.
 *
 * @module
 */

import { buildCommand, buildRouteMap, type RouteMap } from "@stricli/core";
import { aliasRoutes } from "./config_alias.ts";
import type { CommandWorld } from "./context.ts";
import {
  generalAliases,
  type GeneralFlags,
  generalFlags,
  nonEmpty,
} from "./flags.ts";
import { fullDescription } from "./help.ts";
import { outputFlag, type OutputForm } from "./output_flag.ts";

/** The flags of `ssm config show` as parsed. */
export interface ShowFlags extends GeneralFlags {
  readonly profile?: string;
  readonly output?: OutputForm;
}

/** The flags of commands that change a section as parsed. */
export interface SectionFlags extends GeneralFlags {
  /** Whose section; `undefined` for every profile's. */
  readonly profile?: string;
}

const sectionFlag = {
  kind: "parsed",
  parse: nonEmpty,
  placeholder: "name",
  brief: "For this AWS profile alone",
  optional: true,
} as const;

const nameParameter = {
  brief: "The setting, as its flag without the leading dashes",
  placeholder: "name",
  parse: String,
} as const;

const pathCommand = buildCommand<GeneralFlags, [], CommandWorld>({
  docs: {
    brief: "Print where the file is",
    fullDescription: fullDescription({
      usage: "config path [flags]",
      description:
        "Prints the path of your configuration, whether it is there or not: SSM_CONFIG,\n" +
        "or ssm/config.jsonc in XDG_CONFIG_HOME, ~/.config, or on Windows %APPDATA%.",
      examples: [["Where is it?", "ssm config path"]],
    }),
  },
  parameters: { flags: generalFlags, aliases: generalAliases },
  async func() {
    const { printPath } = await import("./config/commands.ts");
    this.setExitCode(await printPath(this.context));
  },
});

const showCommand = buildCommand<ShowFlags, [], CommandWorld>({
  docs: {
    brief: "Show the settings in effect, and where each comes from",
    fullDescription: fullDescription({
      usage: "config show [flags]",
      description:
        "Shows what each setting is when its flag is not given, and where that comes\n" +
        "from: a variable, a line of your file, or the default; - where that is no one\n" +
        "value. A setting of the profile's own section comes before one of every profile.",
      examples: [
        ["What is in effect?", "ssm config show"],
        ["With another profile", "ssm config show --profile prod"],
        ["For a program", "ssm config show --output json"],
      ],
    }),
  },
  parameters: {
    flags: {
      profile: {
        ...sectionFlag,
        brief: "With this AWS profile [SSM_PROFILE, AWS_PROFILE]",
      },
      output: outputFlag,
      ...generalFlags,
    },
    aliases: { ...generalAliases, o: "output" },
  },
  async func(flags) {
    const { showSettings } = await import("./config/show.ts");
    const { root } = await import("./commands.ts");
    this.setExitCode(await showSettings(flags, root, this.context));
  },
});

const getCommand = buildCommand<SectionFlags, [string], CommandWorld>({
  docs: {
    brief: "Print one setting of the file",
    fullDescription: fullDescription({
      usage: "config get <name> [flags]",
      description:
        "Prints a setting's value as it is in your file, or ends with 1 where it is not\n" +
        "there. 'ssm config show' knows what is in effect.",
      examples: [["The default region", "ssm config get region"]],
    }),
  },
  parameters: {
    flags: { profile: sectionFlag, ...generalFlags },
    aliases: generalAliases,
    positional: { kind: "tuple", parameters: [nameParameter] },
  },
  async func(flags, name) {
    const { getSetting } = await import("./config/commands.ts");
    const { root } = await import("./commands.ts");
    this.setExitCode(await getSetting(name, flags, root, this.context));
  },
});

const setCommand = buildCommand<
  SectionFlags,
  [string, ...string[]],
  CommandWorld
>({
  docs: {
    brief: "Write a setting to the file",
    fullDescription: fullDescription({
      usage: "config set <name> <value…> [flags]",
      description:
        "Writes a setting to your file, whose comments stay. A setting is any flag that\n" +
        "has a variable in its help, by its name without the leading dashes. It may be\n" +
        "for one command: list.output, exec.parallel. Without a command it is for all\n" +
        "that have the flag: output alone is for 'ssm up' and 'ssm doctor' as well.",
      examples: [
        ["A region of your own", "ssm config set region eu-west-1"],
        [
          "A reason whenever the profile prod is used",
          "ssm config set reason 'on call' --profile prod",
        ],
      ],
    }),
  },
  parameters: {
    flags: { profile: sectionFlag, ...generalFlags },
    aliases: generalAliases,
    positional: {
      kind: "array",
      minimum: 2,
      parameter: {
        brief: "The setting and its value",
        placeholder: "name",
        parse: String,
      },
    },
  },
  async func(flags, name, ...values) {
    const { setSetting } = await import("./config/commands.ts");
    const { root } = await import("./commands.ts");
    const change = { name, values, ...flags };
    this.setExitCode(await setSetting(change, root, this.context));
  },
});

const unsetCommand = buildCommand<SectionFlags, [string], CommandWorld>({
  docs: {
    brief: "Remove a setting from the file",
    fullDescription: fullDescription({
      usage: "config unset <name> [flags]",
      description: "Removes a setting from your file, whose comments stay.",
      examples: [["Back to the default", "ssm config unset region"]],
    }),
  },
  parameters: {
    flags: { profile: sectionFlag, ...generalFlags },
    aliases: generalAliases,
    positional: { kind: "tuple", parameters: [nameParameter] },
  },
  async func(flags, name) {
    const { unsetSetting } = await import("./config/commands.ts");
    const { root } = await import("./commands.ts");
    this.setExitCode(
      await unsetSetting({ name, ...flags }, root, this.context),
    );
  },
});

const editCommand = buildCommand<GeneralFlags, [], CommandWorld>({
  docs: {
    brief: "Open the file in your editor",
    fullDescription: fullDescription({
      usage: "config edit [flags]",
      description:
        "Opens your file in $VISUAL or $EDITOR, with examples where it is new, and says\n" +
        "what is wrong with it afterwards.",
      examples: [["Write it", "ssm config edit"]],
    }),
  },
  parameters: { flags: generalFlags, aliases: generalAliases },
  async func(flags) {
    const { editConfig } = await import("./config/edit.ts");
    const { root } = await import("./commands.ts");
    this.setExitCode(await editConfig(flags, root, this.context));
  },
});

/** The one argument of commands about a file, which may be left out. */
const optionalFile = (brief: string) => ({
  kind: "tuple" as const,
  parameters: [{
    brief,
    placeholder: "file",
    parse: nonEmpty,
    optional: true as const,
  }] as const,
});

const validateCommand = buildCommand<GeneralFlags, [string?], CommandWorld>({
  docs: {
    brief: "Say what is wrong with the file",
    fullDescription: fullDescription({
      usage: "config validate [file] [flags]",
      description:
        "Reads your file, or the one that is named, and says what is wrong with it by\n" +
        "line and column. A file called ssm.json is read as one of a repository, of\n" +
        "which 'ssm up' opens groups. Exit code 1 when something is wrong.",
      examples: [
        ["Your own", "ssm config validate"],
        ["In a CI job of a repository", "ssm config validate ssm.json"],
      ],
    }),
  },
  parameters: {
    flags: generalFlags,
    aliases: generalAliases,
    positional: optionalFile("The file"),
  },
  async func(flags, file) {
    const { validateFile } = await import("./config/commands.ts");
    const { root } = await import("./commands.ts");
    this.setExitCode(await validateFile(file, flags, root, this.context));
  },
});

const schemaCommand = buildCommand<GeneralFlags, [string?], CommandWorld>({
  docs: {
    brief: "Print the JSON Schema of the file",
    fullDescription: fullDescription({
      usage: "config schema [ssm.json] [flags]",
      description:
        "Prints the JSON Schema of your file, or with ssm.json that of a repository's,\n" +
        'for an editor that knows what to do with one: "$schema" in the file says\n' +
        "where it is. Both are in the folder schema of ssm's own repository, too.",
      examples: [
        ["Your own", "ssm config schema >~/.config/ssm/config.schema.json"],
        ["A repository's", "ssm config schema ssm.json >ssm.schema.json"],
      ],
    }),
  },
  parameters: {
    flags: generalFlags,
    aliases: generalAliases,
    positional: optionalFile("The file's name"),
  },
  async func(_flags, file) {
    const { printSchema } = await import("./config/schema.ts");
    const { root } = await import("./commands.ts");
    this.setExitCode(await printSchema(file, root, this.context));
  },
});

/** The commands, for the tree in `mod.ts`. */
export const configRoutes: RouteMap<CommandWorld> = buildRouteMap({
  routes: {
    path: pathCommand,
    show: showCommand,
    get: getCommand,
    set: setCommand,
    unset: unsetCommand,
    edit: editCommand,
    validate: validateCommand,
    schema: schemaCommand,
    alias: aliasRoutes,
  },
  docs: {
    brief: "Settings, aliases of targets and groups of forwards of your own",
    fullDescription: fullDescription({
      usage: "config <command> [flags]",
      description:
        "Your configuration is one file: JSON with comments. It has settings for every\n" +
        "profile and for one (any flag that has a variable in its help), aliases of\n" +
        "targets, and groups of forwards for 'ssm up'. A flag comes before its variable,\n" +
        "and that before the file. Secrets are no settings.",
      examples: [
        ["Write it in your editor", "ssm config edit"],
        ["What is in effect, and why?", "ssm config show"],
        ["A word for a node", "ssm config alias add db i-0123456789abcdef0"],
      ],
    }),
  },
});
