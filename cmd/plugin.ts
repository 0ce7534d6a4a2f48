/**
 * `ssm plugin`: ourselves in place of the AWS CLI's session-manager-plugin. What the AWS CLI passes
 * is answered by `plugin/run.ts`; here are the commands that put us in its place.
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

/** The flags of `ssm plugin install` as parsed. */
export interface InstallFlags extends GeneralFlags {
  readonly dir?: string;
  readonly force: boolean;
}

/** The flags of `ssm plugin uninstall` as parsed. */
export type UninstallFlags = GeneralFlags;

const installCommand = buildCommand<InstallFlags, [], CommandWorld>({
  docs: {
    brief: "Put ssm in place of session-manager-plugin",
    fullDescription: fullDescription({
      usage: "plugin install [flags]",
      description:
        "Makes session-manager-plugin a link to this ssm, in a folder of the PATH that\n" +
        "comes before any other session-manager-plugin, and says which one it hides.\n" +
        "From then on 'aws ssm start-session', 'aws ecs execute-command' and everything\n" +
        "that uses them run their sessions with ssm. Doing it again changes nothing.",
      examples: [
        ["Where it fits best", "ssm plugin install"],
        [
          "In a folder of your choice",
          "ssm plugin install --dir ~/.local/bin",
        ],
        ["Back to how it was", "ssm plugin uninstall"],
      ],
    }),
  },
  parameters: {
    flags: {
      dir: {
        kind: "parsed",
        parse: nonEmpty,
        placeholder: "folder",
        brief: "The folder, which is made if it is not there",
        optional: true,
      },
      force: {
        kind: "boolean",
        brief: "Replace a session-manager-plugin that is not ours",
        default: false,
        withNegated: false,
      },
      ...generalFlags,
    },
    aliases: generalAliases,
  },
  async func(flags) {
    const { installPlugin } = await import("./plugin/install.ts");
    this.setExitCode(await installPlugin(flags, this.context));
  },
});

const uninstallCommand = buildCommand<UninstallFlags, [], CommandWorld>({
  docs: {
    brief: "Take ssm out of session-manager-plugin's place",
    fullDescription: fullDescription({
      usage: "plugin uninstall [flags]",
      description:
        "Removes every session-manager-plugin on the PATH that is a link to ssm, and\n" +
        "says which one runs from then on. Others are left alone.",
      examples: [["Back to how it was", "ssm plugin uninstall"]],
    }),
  },
  parameters: { flags: generalFlags, aliases: generalAliases },
  async func(flags) {
    const { uninstallPlugin } = await import("./plugin/install.ts");
    this.setExitCode(await uninstallPlugin(flags, this.context));
  },
});

const statusCommand = buildCommand<GeneralFlags, [], CommandWorld>({
  docs: {
    brief: "Say which session-manager-plugin the AWS CLI starts",
    fullDescription: fullDescription({
      usage: "plugin status [flags]",
      description:
        "Prints every session-manager-plugin on the PATH in the order in which they\n" +
        "are found, with its version; the AWS CLI starts the first. Exit code 0 when\n" +
        "that one is ssm, else 1.",
      examples: [["Which one is it?", "ssm plugin status"]],
    }),
  },
  parameters: { flags: generalFlags, aliases: generalAliases },
  async func() {
    const { pluginStatus } = await import("./plugin/install.ts");
    this.setExitCode(await pluginStatus(this.context));
  },
});

/** The commands, for the tree in `mod.ts`. */
export const pluginRoutes: RouteMap<CommandWorld> = buildRouteMap({
  routes: {
    install: installCommand,
    uninstall: uninstallCommand,
    status: statusCommand,
  },
  docs: {
    brief: "Run the AWS CLI's sessions in place of session-manager-plugin",
    fullDescription: fullDescription({
      usage: "plugin <command> [flags]",
      description:
        "Puts ssm in place of the AWS CLI's session-manager-plugin. 'ssm plugin' with\n" +
        "any other arguments is that plugin: it takes what the AWS CLI passes to it.",
      examples: [
        ["Put it in its place", "ssm plugin install"],
        [
          "Sessions of the AWS CLI then run with ssm",
          "aws ssm start-session --target i-0123456789abcdef0",
        ],
        ["Which one does the AWS CLI start?", "ssm plugin status"],
        ["Back to how it was", "ssm plugin uninstall"],
      ],
    }),
  },
});
