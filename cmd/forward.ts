/**
 * `ssm forward`: ports of a node, or of hosts behind it, on this machine.
 *
 * @module
 */

import { buildCommand } from "@stricli/core";
import type { CommandWorld, Connection } from "./context.ts";
import { UsageError } from "./errors.ts";
import { connectionOf, generalAliases } from "./flags.ts";
import { type ForwardCommandFlags, forwardFlags } from "./forward/flags.ts";
import { type ForwardSpec, parseForwardArguments } from "./forward/spec.ts";
import { fullDescription } from "./help.ts";
import { checkReason } from "./reason.ts";
import { targetForms } from "./target/forms.ts";
import { checkTarget } from "./target/target.ts";

/** The command, for the tree in `mod.ts`. */
export const forwardCommand = buildCommand<
  ForwardCommandFlags,
  string[],
  CommandWorld
>({
  docs: {
    brief: "Forward ports of a node, or of hosts behind it",
    fullDescription: fullDescription({
      usage: "forward [target] [ports…] [flags] [-- command…]",
      description:
        "Makes ports of a node, or of hosts that the node can reach, ports of this\n" +
        "machine. A lost connection resumes by itself, a session that has ended is\n" +
        "followed by a new one, and programs can connect all the while. With a command,\n" +
        "runs it when everything is ready, closes the ports when it ends, and ends with\n" +
        "its exit code.",
      examples: [
        [
          "Port 80 of the node, at port 8080 here",
          "ssm forward web-server --remote 80 --local 8080",
        ],
        [
          "A database that the node can reach, at a free port",
          "ssm forward bastion --remote db.internal:5432",
        ],
        [
          "Several, as with ssh",
          "ssm forward bastion -L 5432:db.internal:5432 -L 6379:cache:6379",
        ],
        [
          "Several, as with kubectl: local:remote, a free local port, the same port",
          "ssm forward web-server 8080:80 :443 9000",
        ],
        [
          "Port 8080 of a container of ECS",
          "ssm forward ecs:prod/web --remote 8080",
        ],
        [
          "For a script: no waiting, no port to choose, nothing left behind",
          "ssm forward db --remote 5432 -- psql -h 127.0.0.1 -p {port}",
        ],
        [
          "For you alone: a port is open to every user of this machine",
          "ssm forward db --remote 5432 --local unix:./pg.sock",
        ],
      ],
      notes: `${targetForms({ containers: true, bareTags: false })}
  If none is given it is SSM_TARGET. An argument like 8080 or 8080:80 is a port;
  name:8080 is a target of that name.

The command gets {port} replaced by the first forward's local port, and these
variables: SSM_HOST and SSM_PORT, the first forward's address and port;
SSM_PORT_<remote port> for each.

Session Manager cannot tell the far end that a program has finished sending. So
what waits for that, as 'echo q | nc -N', ends once the far end has been silent
for the time of --half-close.

A forward with -f ends with 'kill <pid>'. 'ssm sessions kill' ends a session of
it only, and it opens another.

SIGUSR1 prints the figures of all forwards on standard error.

Exit codes:
  0      ended with Ctrl-C
  125    it failed before it was ready
  126    the command cannot be executed
  127    the command does not exist
  128+n  ended by signal n
  255    it could not go on: access denied, or all of --retry used up
  else   the command's own`,
    }),
  },
  parameters: {
    flags: forwardFlags,
    aliases: { ...generalAliases, L: "forward", f: "background" },
    positional: {
      kind: "array",
      parameter: {
        brief: "The node or container, and ports",
        placeholder: "target",
        parse: String,
      },
    },
  },
  async func(flags, ...positionals) {
    const options = parseForward(flags, positionals, this.rest);
    if (flags.native === false) {
      const { runOfficialForward } = await import("./official/forward.ts");
      return this.setExitCode(await runOfficialForward(options, this.context));
    }
    const { runForwardCommand } = await import("./forward/run.ts");
    this.setExitCode(await runForwardCommand(options, this.context));
  },
});

/** What `ssm forward` is to do. */
export interface ForwardCommandOptions {
  /** As typed; `undefined` = SSM_TARGET or a choice. */
  readonly target: string | undefined;
  readonly specs: readonly ForwardSpec[];
  readonly connection: Connection;
  readonly sessions: number | undefined;
  readonly payloadSize: number | undefined;
  /** Tries after a loss. */
  readonly retry: number;
  /** Milliseconds; `undefined` = the session's own. */
  readonly grace: number | undefined;
  readonly documentName: string | undefined;
  readonly reason: string | undefined;
  readonly command: readonly string[] | undefined;
  readonly json: boolean;
  readonly background: boolean;
  /** We are what another of us started in the background. */
  readonly backgroundChild: boolean;
  readonly quiet: boolean;
  readonly verbose: number;
}

/**
 * Flags and arguments into what is to be done.
 * @param flags As parsed.
 * @param positionals The arguments.
 * @param rest What followed `--`.
 * @throws UsageError
 */
export function parseForward(
  flags: ForwardCommandFlags,
  positionals: readonly string[],
  rest: readonly string[] | undefined,
): ForwardCommandOptions {
  const { remote, local, forward } = flags;
  const { target, specs } = parseForwardArguments(positionals, {
    remote,
    local,
    forward,
    // A variable may have given --bind; --address is always typed.
    bind: flags.address ?? flags.bind,
  });
  if (target !== undefined) checkTarget(target);
  if (rest?.length === 0 || rest?.[0] === "") {
    throw new UsageError("Cannot run a command: none follows the --", [
      "ssm forward db --remote 5432 -- psql -h 127.0.0.1 -p {port}",
    ]);
  }
  if (rest !== undefined && flags.background) {
    throw new UsageError(
      "Cannot use -f with a command: it says when the forward ends",
      ["ssm forward db --remote 5432 -f"],
    );
  }
  return {
    target,
    specs,
    connection: connectionOf(flags),
    sessions: flags.sessions,
    payloadSize: flags.payloadSize,
    retry: flags.retry ?? Infinity,
    grace: flags.halfClose,
    documentName: flags.documentName,
    reason: checkReason(flags.reason),
    command: rest,
    json: flags.json,
    background: flags.background && !flags.backgroundChild,
    backgroundChild: flags.backgroundChild,
    quiet: flags.quiet,
    verbose: flags.verbose,
  };
}
