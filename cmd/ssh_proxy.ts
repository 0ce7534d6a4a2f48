/**
 * `ssm ssh-proxy <target> [port]`: standard input and output are a port of a node, as ssh's
 * ProxyCommand wants it. Standard output carries nothing else.
 *
 * @module
 */

import { buildCommand, type FlagParametersForType } from "@stricli/core";
import { SignalError } from "../lib/session/signal_error.ts";
import type { StdioEnd } from "../lib/session/stdio_session.ts";
import { visible } from "../lib/text.ts";
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
  numberBetween,
} from "./flags.ts";
import { forwardNotice } from "./forward/notices.ts";
import { fullDescription } from "./help.ts";
import { runNodeSession } from "./node_session.ts";
import { Notices } from "./notices.ts";
import { checkReason, reasonFlag } from "./reason.ts";
import { signalExitCode } from "./signals.ts";
import { checkUser } from "./ssh/arguments.ts";
import { type KeyChoice, sendKey, sendKeyFlag } from "./ssh/key.ts";
import { targetForms } from "./target/forms.ts";
import { Places } from "./target/places.ts";
import { checkTarget, withTarget } from "./target/target.ts";

/** The document whose session is one connection without a listener (api.md §7). */
export const sshDocument = "AWS-StartSSHSession";

/** sshd's port. */
const sshPort = 22;

/** The flags of `ssm ssh-proxy` as parsed. */
export interface SshProxyFlags extends GeneralFlags, ConnectionFlags {
  readonly documentName?: string;
  readonly reason?: string;
  readonly sendKey?: KeyChoice;
  readonly user?: string;
  readonly keySocket?: string;
}

/** `--document-name`, for a command's table of flags. */
export const sshDocumentFlag = {
  kind: "parsed",
  parse: nonEmpty,
  placeholder: "name",
  brief: `Session document instead of ${sshDocument}`,
  optional: true,
} as const;

const flags: FlagParametersForType<SshProxyFlags, CommandWorld> = {
  sendKey: sendKeyFlag,
  user: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "name",
    brief: "User of the node that --send-key is for; ssh's %r",
    optional: true,
  },
  keySocket: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "path",
    brief: "Where --send-key offers the fresh key; ssh's IdentityAgent",
    optional: true,
  },
  documentName: sshDocumentFlag,
  reason: reasonFlag,
  ...connectionFlags,
  ...generalFlags,
};

/** The command, for the tree in `mod.ts`. */
export const sshProxyCommand = buildCommand<
  SshProxyFlags,
  [string, number],
  CommandWorld
>({
  docs: {
    brief: "Be ssh's ProxyCommand: a node's port on standard input and output",
    fullDescription: fullDescription({
      usage: "ssh-proxy <target> [port] [flags]",
      description:
        "Connects standard input and output with a port of a node, 22 if nothing is\n" +
        "said. ssh runs it as its ProxyCommand, and so does everything that uses ssh:\n" +
        "scp, sftp, rsync, git, VS Code. 'ssm ssh-config' writes the configuration, and\n" +
        "'ssm ssh' needs none. Nothing is said on standard error but errors, and with -v\n" +
        "what happens to the connection.",
      examples: [
        [
          "By hand",
          "ssh -o ProxyCommand='ssm ssh-proxy %h %p' ubuntu@i-0123456789abcdef0",
        ],
        [
          "What sshd says first, without ssh",
          "ssm ssh-proxy web-server </dev/null",
        ],
      ],
      notes: `${targetForms({ containers: false })}

Exit codes:
  0      the node closed the connection, or our input ended and no more came
  125    it failed before the session began
  128+n  ended by signal n
  255    the port cannot be reached, or the connection was lost`,
    }),
  },
  parameters: {
    flags,
    aliases: generalAliases,
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "The node", placeholder: "target", parse: String },
        {
          brief: "Its port",
          placeholder: "port",
          parse: numberBetween(1, 65_535),
          default: String(sshPort),
        },
      ],
    },
  },
  async func(flags, target, port) {
    const options = parseSshProxy(flags, target, port, this.rest);
    this.setExitCode(await runSshProxy(options, this.context));
  },
});

/** What `ssm ssh-proxy` is to do. */
export interface SshProxyOptions {
  readonly target: string;
  readonly port: number;
  readonly connection: Connection;
  readonly documentName: string | undefined;
  readonly reason: string | undefined;
  readonly sendKey:
    | {
      readonly choice: KeyChoice;
      readonly user: string;
      readonly socket: string | undefined;
    }
    | undefined;
  readonly quiet: boolean;
  readonly verbose: number;
}

/**
 * Flags and arguments into what is to be done.
 * @param flags As parsed.
 * @param target The node, as typed.
 * @param port Its port.
 * @param rest What followed `--`.
 * @throws UsageError
 */
export function parseSshProxy(
  flags: SshProxyFlags,
  target: string,
  port: number,
  rest: readonly string[] | undefined,
): SshProxyOptions {
  if (rest !== undefined) {
    throw new UsageError(
      "Cannot run a command: ssm ssh-proxy takes none after --; ssm ssh does",
      ["ssm ssh web-server uptime"],
    );
  }
  checkTarget(target);
  if (flags.user !== undefined) checkUser(flags.user);
  return {
    target,
    port,
    connection: connectionOf(flags),
    documentName: flags.documentName,
    reason: checkReason(flags.reason),
    sendKey: keyOf(flags),
    quiet: flags.quiet,
    verbose: flags.verbose,
  };
}

function keyOf(
  { sendKey: choice, user, keySocket }: SshProxyFlags,
): SshProxyOptions["sendKey"] {
  if (choice === undefined) return undefined;
  if (user === undefined) {
    throw new UsageError(
      "Cannot send a key: --user does not say whom it is for",
    );
  }
  return { choice, user, socket: keySocket };
}

/**
 * Runs the session.
 * @param options From {@linkcode parseSshProxy}.
 * @param context The world.
 * @returns The exit code.
 * @throws CommandError For an end that is an error.
 */
export async function runSshProxy(
  options: SshProxyOptions,
  context: Context,
): Promise<number> {
  const { target, port, connection, documentName, reason, verbose } = options;
  // After a Ctrl-C, which is for all programs of the terminal, ssh ends us with a SIGHUP of its own:
  // a second signal is no hurry here, and the end takes some seconds at most.
  const first = new AbortController();
  using _handler = context.onSignal((name) =>
    first.abort(new SignalError(name))
  );
  const signal = AbortSignal.any([context.signal, first.signal]);
  // ssh has the terminal: nothing is said in the middle of it that nobody asked for.
  const notices = new Notices(context.terminal, {
    quiet: options.quiet || verbose === 0,
    verbose,
  }, context.log);
  const use = {
    target,
    connection,
    command: "ssm ssh-proxy",
    rest: port === sshPort ? "" : String(port),
  };
  const destination = `port ${port} of ${visible(target)}`;
  try {
    using places = await Places.open(context, connection, notices);
    const end = await runNodeSession(
      {
        ...use,
        documentName: documentName ?? sshDocument,
        parameters: { portNumber: [String(port)] },
        reason,
      },
      { context, places, notices, signal },
      async ({ grant, control, node, began }) => {
        const { aws } = node.place;
        notices.say(
          `Session ${visible(grant.sessionId)} on ${visible(node.id)}`,
        );
        const key = options.sendKey;
        using _key = key === undefined
          ? undefined
          : await sendKey({ ...key, node }, { context, aws, notices, signal });
        return await context.stdioSession({
          grant,
          control,
          terminal: context.terminal,
          clock: context.clock,
          signal,
          onBegun: began,
          notify: (notice) =>
            notices.say(forwardNotice(notice, {
              node: visible(target),
              destination,
              onNode: port,
            })),
        });
      },
    );
    return exitCodeOf(
      end,
      destination,
      withTarget(target, {
        ...use,
        command: "ssm shell",
        rest: "",
      }),
    );
  } finally {
    await notices.written();
  }
}

/**
 * @param end How the session ended.
 * @param destination What it was for.
 * @param look The command to look at the node with.
 */
function exitCodeOf(end: StdioEnd, destination: string, look: string): number {
  if (end.kind === "signal") return signalExitCode(end.signal);
  if (end.kind === "left" || end.silent) return exitCodes.success;
  const unreachable = /^Unable to connect/.test(end.message);
  throw new CommandError(
    unreachable
      ? `Cannot reach ${destination}: ${end.message}`
      : `The connection to ${destination} is over: ${end.message}`,
    exitCodes.lost,
    unreachable ? [look] : [],
    [],
    { cause: end.cause },
  );
}
