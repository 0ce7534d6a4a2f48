/**
 * `ssm ssh [user@]target …`: the user's own ssh, through Session Manager.
 *
 * @module
 */

import { buildCommand, type FlagParametersForType } from "@stricli/core";
import { runChild } from "./child.ts";
import { chooseTarget, givenTarget } from "./target/choose_target.ts";
import type { CommandWorld, Connection, Context } from "./context.ts";
import { UsageError } from "./errors.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  connectionOf,
  type GeneralFlags,
  generalFlags,
} from "./flags.ts";
import { fullDescription } from "./help.ts";
import { checkReason, reasonFlag } from "./reason.ts";
import {
  parseDestination,
  parseSshArguments,
  type SshArguments,
} from "./ssh/arguments.ts";
import { checkNodeId, isHostName } from "./ssh/config_text.ts";
import { type KeyChoice, sendKeyFlag } from "./ssh/key.ts";
import { proxyCommand } from "./ssh/proxy_command.ts";
import { sshDocumentFlag } from "./ssh_proxy.ts";
import { Notices } from "./notices.ts";
import { findNode } from "./target/find_node.ts";
import { targetForms } from "./target/forms.ts";
import { Places } from "./target/places.ts";

/** The flags of `ssm ssh` as parsed. */
export interface SshFlags extends GeneralFlags, ConnectionFlags {
  readonly documentName?: string;
  readonly reason?: string;
  readonly sendKey?: KeyChoice;
}

/** How {@linkcode SshFlags} are parsed; all of them are long, as the short ones are ssh's. */
export const sshFlags: FlagParametersForType<SshFlags, CommandWorld> = {
  sendKey: sendKeyFlag,
  documentName: sshDocumentFlag,
  reason: reasonFlag,
  ...connectionFlags,
  ...generalFlags,
};

/** The command, for the tree in `mod.ts`. */
export const sshCommand = buildCommand<SshFlags, [], CommandWorld>({
  docs: {
    brief: "Log in by SSH through Session Manager, with your own ssh",
    fullDescription: fullDescription({
      usage: "ssh [flags] [user@]target [ssh's arguments…]",
      description:
        "Runs your ssh with Session Manager in between: no open port on the node, and\n" +
        "your keys, agent, configuration and known hosts as ever. Host keys are kept\n" +
        "under the node's id. One-letter options are ssh's own, before the target or\n" +
        "behind it; long ones are ours. ssh's exit code is ours.",
      examples: [
        [
          "A shell on the node with the Name tag web-server",
          "ssm ssh ubuntu@web-server",
        ],
        [
          "A command, with a forwarded port of another host",
          "ssm ssh ubuntu@web-server -L 5432:db.internal:5432 uptime",
        ],
        [
          "Without a key of yours on the node, by EC2 Instance Connect",
          "ssm ssh --send-key ec2-user@web-server",
        ],
      ],
      notes: `${targetForms({ containers: false })}

'ssm ssh-config' makes plain ssh, scp, sftp, rsync, git and VS Code do the same.

Exit codes:
  125    it failed before ssh began
  127    there is no ssh
  else   ssh's own: the remote command's, or 255`,
    }),
  },
  parameters: { flags: sshFlags, aliases: {} },
  async func(flags) {
    const options = parseSsh(flags, this.rest ?? []);
    this.setExitCode(await runSsh(options, this.context));
  },
});

/** What `ssm ssh` is to do. */
export interface SshOptions {
  readonly user: string | undefined;
  /** As typed; `undefined` for `SSM_TARGET` or a choice. */
  readonly target: string | undefined;
  readonly ssh: SshArguments;
  readonly connection: Connection;
  readonly documentName: string | undefined;
  readonly reason: string | undefined;
  readonly sendKey: KeyChoice | undefined;
  readonly verbose: number;
}

/**
 * Flags and arguments into what is to be done.
 * @param flags As parsed.
 * @param rest ssh's part of the command line.
 * @throws UsageError
 */
export function parseSsh(
  flags: SshFlags,
  rest: readonly string[],
): SshOptions {
  const ssh = parseSshArguments(rest);
  const { user, target } = parseDestination(ssh.destination);
  if (flags.sendKey === "fresh" && Deno.build.os === "windows") {
    throw new UsageError(
      "Cannot offer a fresh key: ssh on Windows takes no Unix socket for an agent",
      ["ssm ssh --send-key=agent ec2-user@web-server"],
    );
  }
  return {
    user,
    target,
    ssh,
    connection: connectionOf(flags),
    documentName: flags.documentName,
    reason: checkReason(flags.reason),
    sendKey: flags.sendKey,
    verbose: flags.verbose,
  };
}

/**
 * Finds the node, and runs ssh.
 * @param options From {@linkcode parseSsh}.
 * @param context The world.
 * @returns ssh's exit code.
 */
export async function runSsh(
  options: SshOptions,
  context: Context,
): Promise<number> {
  const { id, name, connection } = await nodeOf(options, context);
  checkNodeId(id);
  await using folder = options.sendKey === "fresh"
    ? await (await context.sshTools()).privateFolder()
    : undefined;
  const keySocket = folder === undefined ? undefined : `${folder.path}/agent`;
  return await runChild(
    sshArgv({ ...options, connection }, {
      id,
      name,
      keySocket,
      own: context.ownCommand(),
    }),
    {},
    context,
  );
}

/** The node, and what its stanza in ssh's configuration may be called. */
async function nodeOf(
  options: SshOptions,
  context: Context,
): Promise<
  {
    readonly id: string;
    readonly name: string;
    readonly connection: Connection;
  }
> {
  const { connection } = options;
  const { signal } = context;
  const given = givenTarget(options.target, context);
  const notices = new Notices(context.terminal, {
    quiet: false,
    verbose: options.verbose,
  }, context.log);
  using places = await Places.open(context, connection, notices);
  const again = { connection, command: "ssm ssh" };
  const { id, place } = given === undefined
    ? await chooseTarget(context, places, again, signal)
    : await findNode(context, places, { target: given, ...again }, signal);
  await notices.written();
  return {
    id,
    name: given !== undefined && isHostName(given) ? given : id,
    connection: place.connection,
  };
}

/**
 * argv of ssh. What the user said goes first, as ssh takes the first of what is said twice.
 * @param options What to do.
 * @param found Where to, with the name that the user's configuration may know it by.
 */
export function sshArgv(
  options: SshOptions,
  { id, name, keySocket, own }: {
    readonly id: string;
    readonly name: string;
    /** Where a fresh key is offered. */
    readonly keySocket: string | undefined;
    /** argv of our program. */
    readonly own: readonly string[];
  },
): string[] {
  const { user, ssh, connection, documentName, reason, sendKey, verbose } =
    options;
  const set = (name: string, value: string) => ["-o", `${name}=${value}`];
  const command = proxyCommand(own, {
    nodeId: id,
    connection,
    documentName,
    reason,
    sendKey,
    keySocket,
    verbose,
  });
  return [
    "ssh",
    ...ssh.options,
    ...set("ProxyCommand", command),
    ...set("HostName", id),
    ...set("HostKeyAlias", id),
    ...(keySocket === undefined ? [] : [
      ...set("IdentityAgent", `"${keySocket.replaceAll("%", "%%")}"`),
      ...set("IdentitiesOnly", "no"),
    ]),
    "--",
    user === undefined ? name : `${user}@${name}`,
    ...ssh.command,
  ];
}
