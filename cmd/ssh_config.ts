/**
 * `ssm ssh-config [target…]`: the part of ssh's configuration that leads through us.
 *
 * @module
 */

import { buildCommand, type FlagParametersForType } from "@stricli/core";
import { shellQuote, visible } from "../lib/text.ts";
import type { CommandWorld, Connection, Context } from "./context.ts";
import { CommandError, exitCodes, UsageError } from "./errors.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  connectionOf,
  generalAliases,
  type GeneralFlags,
  generalFlags,
  nonEmpty,
} from "./flags.ts";
import { fullDescription } from "./help.ts";
import { Notices } from "./notices.ts";
import { checkReason, reasonFlag } from "./reason.ts";
import { checkUser } from "./ssh/arguments.ts";
import { withBlock } from "./ssh/config_block.ts";
import { configText, isHostName, type NamedHost } from "./ssh/config_text.ts";
import { type KeyChoice, sendKeyFlag } from "./ssh/key.ts";
import { proxyCommand } from "./ssh/proxy_command.ts";
import { sshDocumentFlag } from "./ssh_proxy.ts";
import { findNode } from "./target/find_node.ts";
import { Places } from "./target/places.ts";
import { targetForms } from "./target/forms.ts";
import { checkTarget } from "./target/target.ts";

/** The flags of `ssm ssh-config` as parsed. */
export interface SshConfigFlags extends GeneralFlags, ConnectionFlags {
  readonly write?: string;
  readonly user?: string;
  readonly sendKey?: KeyChoice;
  readonly documentName?: string;
  readonly reason?: string;
}

const flags: FlagParametersForType<SshConfigFlags, CommandWorld> = {
  write: {
    kind: "parsed",
    parse: String,
    inferEmpty: true,
    placeholder: "file",
    brief: "Write it to ~/.ssh/config, or a file, in place of what it wrote " +
      "there before",
    optional: true,
  },
  user: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "name",
    brief: "User to log in as, where ssh is told no other",
    optional: true,
  },
  sendKey: sendKeyFlag,
  documentName: sshDocumentFlag,
  reason: reasonFlag,
  ...connectionFlags,
  ...generalFlags,
};

/** The command, for the tree in `mod.ts`. */
export const sshConfigCommand = buildCommand<
  SshConfigFlags,
  string[],
  CommandWorld
>({
  docs: {
    brief: "Print or write the configuration with which ssh goes through ssm",
    fullDescription: fullDescription({
      usage: "ssh-config [target|pattern…] [flags]",
      description:
        "Prints what ssh's configuration needs, so that ssh, scp, sftp, rsync, git and VS\n" +
        "Code reach nodes by their ids: i-…, mi-…. Targets get their names as well, those\n" +
        "of a pattern such as 'web-*' all that fit; run it again when nodes come and go.\n" +
        "With --write it goes to the end of ~/.ssh/config, one block for each profile,\n" +
        "and nothing else in the file changes.",
      examples: [
        ["See what it would be", "ssm ssh-config"],
        [
          "Then: ssh ubuntu@i-0123456789abcdef0, scp, rsync, git clone …",
          "ssm ssh-config --write",
        ],
        [
          "With names, a user and a profile: ssh web-server",
          "ssm ssh-config web-server 'db-*' --user ubuntu --profile prod --write",
        ],
        [
          "To a file that ~/.ssh/config includes",
          "ssm ssh-config --write=~/.ssh/ssm.conf",
        ],
      ],
      notes: targetForms({ containers: false }),
    }),
  },
  parameters: {
    flags,
    aliases: generalAliases,
    positional: {
      kind: "array",
      parameter: { brief: "Nodes", placeholder: "target", parse: String },
    },
  },
  async func(flags, ...targets) {
    const options = parseSshConfig(flags, targets, this.rest);
    this.setExitCode(await runSshConfig(options, this.context));
  },
});

/** What `ssm ssh-config` is to do. */
export interface SshConfigOptions {
  readonly targets: readonly string[];
  /** Empty for `~/.ssh/config`; `undefined` to print. */
  readonly write: string | undefined;
  readonly user: string | undefined;
  readonly sendKey: KeyChoice | undefined;
  readonly connection: Connection;
  readonly documentName: string | undefined;
  readonly reason: string | undefined;
  readonly quiet: boolean;
  readonly verbose: number;
}

/**
 * Flags and arguments into what is to be done.
 * @param flags As parsed.
 * @param targets As typed.
 * @param rest What followed `--`.
 * @throws UsageError
 */
export function parseSshConfig(
  flags: SshConfigFlags,
  targets: readonly string[],
  rest: readonly string[] | undefined,
): SshConfigOptions {
  if (rest !== undefined) {
    throw new UsageError("Cannot run a command: ssm ssh-config runs none", [
      "ssm ssh web-server uptime",
    ]);
  }
  for (const target of targets) checkTarget(target);
  // A value of an optional flag stands behind =; a path as a target is one that does not.
  const file = targets.find((target) => /^[~.]?\//.test(target));
  if (flags.write === "" && file !== undefined) {
    throw new UsageError(
      `Cannot use ${visible(file)} as a node: the file follows --write with =`,
      [`ssm ssh-config --write=${shellQuote(file)}`],
    );
  }
  if (flags.user !== undefined) checkUser(flags.user);
  return {
    targets,
    write: flags.write,
    user: flags.user,
    sendKey: flags.sendKey,
    connection: connectionOf(flags),
    documentName: flags.documentName,
    reason: checkReason(flags.reason),
    quiet: flags.quiet,
    verbose: flags.verbose,
  };
}

/**
 * Prints the block, or writes it.
 * @param options From {@linkcode parseSshConfig}.
 * @param context The world.
 * @returns The exit code.
 * @throws CommandError, UsageError, AwsCallError
 */
export async function runSshConfig(
  options: SshConfigOptions,
  context: Context,
): Promise<number> {
  const notices = new Notices(context.terminal, options, context.log);
  try {
    const hosts = await namedHosts(options, context, notices);
    const text = blockText(options, hosts, context);
    if (options.write === undefined) {
      await context.terminal.write(new TextEncoder().encode(text));
      return exitCodes.success;
    }
    const path = options.write === ""
      ? `${homeFolder(context)}/.ssh/config`
      : options.write.replace(/^~(?=\/)/, () => homeFolder(context));
    const name = options.connection.profile ?? "default";
    const { editFile } = await context.sshTools();
    const changed = await editFile(
      path,
      (bytes) => withBlock(bytes, name, text),
    );
    notices.say(
      changed
        ? `Wrote ${visible(path)}`
        : `${visible(path)} is as it should be`,
    );
    return exitCodes.success;
  } catch (error) {
    throw error instanceof Deno.errors.PermissionDenied
      ? new CommandError(
        `Cannot write ssh's configuration: ${error.message}`,
        exitCodes.failed,
        [],
        [],
        { cause: error },
      )
      : error;
  } finally {
    await notices.written();
  }
}

function blockText(
  options: SshConfigOptions,
  hosts: readonly NamedHost[],
  context: Context,
): string {
  // %r@%h:%p tells logins apart; two at once of the same kind may take each other's key.
  const keySocket = options.sendKey === "fresh"
    ? `${plainFolder(homeFolder(context))}/.ssh/ssm/%r@%h:%p`
    : undefined;
  return configText({
    hosts,
    user: options.user,
    keySocket,
    proxyCommand: proxyCommand(context.ownCommand(), {
      nodeId: undefined,
      connection: options.connection,
      documentName: options.documentName,
      reason: options.reason,
      sendKey: options.sendKey,
      keySocket,
      verbose: options.verbose,
    }),
  });
}

function homeFolder(context: Context): string {
  const home = context.env("HOME") ?? context.env("USERPROFILE");
  if (home === undefined) {
    throw new UsageError("Cannot find your home folder: HOME is not set", [
      "ssm ssh-config --write=FILE",
    ]);
  }
  return home;
}

/** A folder that ssh and a shell take as it is, its tokens put in. */
function plainFolder(path: string): string {
  if (/['"%\\]/.test(path) || visible(path) !== path) {
    throw new UsageError(
      `Cannot use ${visible(path)} for the socket of a fresh key`,
    );
  }
  return path;
}

/** The most nodes that Session Manager is asked for: four pages of the API. */
const mostNodes = 200;

/** The nodes that are to have a name. */
async function namedHosts(
  { targets, connection }: SshConfigOptions,
  context: Context,
  notices: Notices,
): Promise<NamedHost[]> {
  if (targets.length === 0) return [];
  using places = await Places.open(context, connection, notices);
  const hosts: NamedHost[] = [];
  for (const target of targets) {
    const found = /[*?]/.test(target)
      ? await fitting(target, places, notices, context.signal)
      : [await namedHost(target, places, connection, context)];
    for (const host of found) {
      if (!hosts.some(({ name }) => name === host.name)) hosts.push(host);
    }
  }
  return hosts;
}

async function namedHost(
  target: string,
  places: Places,
  connection: Connection,
  context: Context,
): Promise<NamedHost> {
  const { id, name } = await findNode(
    context,
    places,
    { target, command: "ssm ssh-config", connection },
    context.signal,
  );
  return { name: name ?? id, id };
}

/** The nodes whose Name tags fit a pattern of `*` and `?`. */
async function fitting(
  pattern: string,
  places: Places,
  notices: Notices,
  signal: AbortSignal,
): Promise<NamedHost[]> {
  const search = await places.search(
    ({ aws }, signal) => aws.listNodes(mostNodes, signal),
    signal,
  );
  places.settle(search);
  const { found } = search;
  const nodes = found.flatMap(({ value }) => value.nodes);
  if (found.some(({ value }) => value.more)) {
    notices.say(
      `There are more than ${mostNodes} nodes; the others are left out`,
    );
  }
  const test = new RegExp(
    `^${
      pattern.replace(/[\\^$.+()[\]{}|]/g, "\\$&").replaceAll("*", ".*")
        .replaceAll("?", ".")
    }$`,
    "su",
  );
  const fits = nodes.flatMap(({ name, id }) =>
    name !== undefined && test.test(name) ? [{ name, id }] : []
  );
  const usable = fits.filter(({ name, id }) => {
    const twice = fits.filter((each) => each.name === name).length > 1;
    if (twice) {
      notices.say(
        `Left out ${id}: another node is called ${visible(name)}, too`,
      );
    } else if (!isHostName(name)) {
      notices.say(`Left out ${id}: ssh takes no host called ${visible(name)}`);
    }
    return !twice && isHostName(name);
  });
  if (usable.length === 0) {
    throw new CommandError(
      `No node's name fits ${visible(pattern)}`,
      exitCodes.failed,
    );
  }
  return usable.toSorted((one, other) => one.name < other.name ? -1 : 1);
}
