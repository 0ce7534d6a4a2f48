/**
 * The root command: every subcommand, its aliases and help.
 *
 * @module
 */

import { buildRouteMap, type Command, type RouteMap } from "@stricli/core";
import type { FlagShape, SplitArguments } from "./argv.ts";
import { completionCommand } from "./completion.ts";
import { configRoutes } from "./config.ts";
import type { CommandWorld } from "./context.ts";
import { copyCommand } from "./cp.ts";
import { doctorCommand } from "./doctor.ts";
import { execCommand } from "./exec.ts";
import { forwardCommand } from "./forward.ts";
import { fullDescription } from "./help.ts";
import { listCommand } from "./list.ts";
import { playCommand } from "./play.ts";
import { loginCommand, logoutCommand } from "./login.ts";
import { pluginRoutes } from "./plugin.ts";
import { splitExecArguments, splitShellArguments } from "./second_argument.ts";
import { sessionsRoutes } from "./sessions.ts";
import { shellCommand } from "./shell.ts";
import { simulateCommand } from "./simulate.ts";
import { splitSshArguments } from "./ssh/arguments.ts";
import { sshCommand } from "./ssh.ts";
import { sshConfigCommand } from "./ssh_config.ts";
import { sshProxyCommand } from "./ssh_proxy.ts";
import { upCommand } from "./up.ts";

/** Every command. */
export const root: RouteMap<CommandWorld> = buildRouteMap({
  routes: {
    shell: shellCommand,
    list: listCommand,
    exec: execCommand,
    forward: forwardCommand,
    up: upCommand,
    ssh: sshCommand,
    sshConfig: sshConfigCommand,
    sshProxy: sshProxyCommand,
    cp: copyCommand,
    play: playCommand,
    sessions: sessionsRoutes,
    doctor: doctorCommand,
    login: loginCommand,
    logout: logoutCommand,
    config: configRoutes,
    plugin: pluginRoutes,
    completion: completionCommand,
    simulate: simulateCommand,
  },
  aliases: { ls: "list" },
  docs: {
    brief: "AWS Systems Manager Session Manager in one executable",
    fullDescription: fullDescription({
      usage: "<command> [flags]",
      description: "Opens sessions on nodes through AWS Systems Manager " +
        "Session Manager, without the\nAWS CLI and its plugin. In a terminal, ssm " +
        "alone lets you choose a node,\nand opens a shell there.",
      examples: [
        ["Which nodes there are", "ssm list"],
        [
          "A shell on the node with the Name tag web-server",
          "ssm shell web-server",
        ],
        [
          "A command on that node, its exit code ours",
          "ssm exec web-server -- uname -a",
        ],
        [
          "Port 80 of that node, at port 8080 of this machine",
          "ssm forward web-server --remote 80 --local 8080",
        ],
        [
          "A shell on this machine, without AWS",
          "ssm simulate -- ssm shell web-server",
        ],
      ],
      notes: `Flags:
  -h, --help     Show this text
      --version  Show the version`,
    }),
  },
});

/** Commands whose command line has another program's in it, or may be meant to. */
export const splitters: ReadonlyMap<
  Command<CommandWorld>,
  (args: readonly string[], flags: readonly FlagShape[]) => SplitArguments
> = new Map<
  Command<CommandWorld>,
  typeof splitSshArguments
>([
  [sshCommand, splitSshArguments],
  [execCommand, splitExecArguments],
  [shellCommand, splitShellArguments],
]);
