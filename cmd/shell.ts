/**
 * `ssm shell <target>`: a shell on a node.
 *
 * @module
 */

import { buildCommand, type FlagParametersForType } from "@stricli/core";
import type { SessionControl } from "../lib/session/control.ts";
import type { SessionEnd } from "../lib/session/shell.ts";
import { shellQuote, visible } from "../lib/text.ts";
import type {
  AwsAccess,
  CommandWorld,
  Connection,
  Context,
  StartedSession,
} from "./context.ts";
import { CommandError, exitCodes, UsageError } from "./errors.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  connectionOf,
  duration,
  generalAliases,
  type GeneralFlags,
  generalFlags,
  nonEmpty,
} from "./flags.ts";
import { fullDescription } from "./help.ts";
import { escapeKeys, Notices } from "./notices.ts";
import { type DocumentParameters, documentParameters } from "./parameters.ts";
import { signalExitCode, TimeoutError } from "./signals.ts";

/** The flags of `ssm shell` as parsed. */
export interface ShellFlags extends GeneralFlags, ConnectionFlags {
  readonly documentName?: string;
  readonly parameters?: readonly string[];
  readonly reason?: string;
  readonly escape: string;
  readonly timeout?: number;
}

const flags: FlagParametersForType<ShellFlags, CommandWorld> = {
  documentName: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "name",
    brief: "Session document instead of the account's own [SSM_DOCUMENT_NAME]",
    optional: true,
  },
  parameters: {
    kind: "parsed",
    parse: String,
    placeholder: "key=value",
    brief: "Parameter of the document; commas separate values",
    optional: true,
    variadic: true,
  },
  reason: {
    kind: "parsed",
    parse: String,
    placeholder: "text",
    brief: "Why, for the session's history; up to 256 characters [SSM_REASON]",
    optional: true,
  },
  escape: {
    kind: "parsed",
    parse: escapeCharacter,
    placeholder: "char",
    brief: "Escape character after Enter, or none [SSM_ESCAPE]",
    default: "~",
  },
  timeout: {
    kind: "parsed",
    parse: duration,
    placeholder: "time",
    brief:
      "End the session after 90s, 10m, 2h, … with exit code 124 [SSM_TIMEOUT]",
    optional: true,
  },
  ...connectionFlags,
  ...generalFlags,
};

/** The command, for the tree in `mod.ts`. */
export const shellCommand = buildCommand<ShellFlags, [string?], CommandWorld>({
  docs: {
    brief: "Open a shell on a node",
    fullDescription: fullDescription({
      usage: "shell <target> [flags]",
      description: "Opens a shell on a node through Session Manager. The " +
        "target is an instance id (i-…),\na managed node's id (mi-…), or a " +
        "Name tag. A lost connection resumes by itself.",
      examples: [
        [
          "A shell on the node with the Name tag web-server",
          "ssm shell web-server",
        ],
        [
          "By id, with another profile and region",
          "ssm shell i-0123456789abcdef0 --profile prod --region eu-west-1",
        ],
        [
          "Run piped commands and return",
          "echo 'uname -a' | ssm shell web-server -q",
        ],
        [
          "A command from a document, on a terminal",
          "ssm shell web-server --document-name AWS-StartInteractiveCommand " +
          "--parameters command=top",
        ],
      ],
      notes: `${escapeKeys("~")}

Exit codes:
  0      the session ended well
  1      the agent or the service ended it: an error, a time-out, terminated
  124    --timeout
  125    it failed before the session began
  128+n  ended by signal n
  255    the connection was lost and could not be resumed`,
    }),
  },
  parameters: {
    flags,
    aliases: { ...generalAliases, e: "escape" },
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "The node",
        placeholder: "target",
        parse: String,
        optional: true,
      }],
    },
  },
  async func(flags, target) {
    const options = parseShell(flags, target, this.rest);
    this.setExitCode(await runShellCommand(options, this.context));
  },
});

/** What `ssm shell` is to do. */
export interface ShellCommandOptions {
  readonly target: string;
  readonly connection: Connection;
  readonly documentName: string | undefined;
  readonly parameters: DocumentParameters | undefined;
  readonly reason: string | undefined;
  readonly escape: string | undefined;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly quiet: boolean;
  readonly verbose: number;
}

/** AWS's limit of a session's reason (api.md §2). */
const longestReason = 256;

/**
 * Flags and arguments into what is to be done.
 * @param flags As parsed.
 * @param target The argument.
 * @param rest What followed `--`.
 * @throws UsageError
 */
export function parseShell(
  flags: ShellFlags,
  target: string | undefined,
  rest: readonly string[] | undefined,
): ShellCommandOptions {
  if (rest !== undefined) {
    throw new UsageError(
      "Cannot run a command: ssm shell takes none after --; pipe it in instead",
      ["echo 'uname -a' | ssm shell web-server"],
    );
  }
  if (target === undefined) {
    throw new UsageError("Cannot open a shell: no target is given", [
      "ssm shell web-server",
      "ssm shell --help",
    ]);
  }
  checkTarget(target);
  const reason = flags.reason || undefined;
  if (reason !== undefined && [...reason].length > longestReason) {
    throw new UsageError(
      `Cannot use --reason: it has more than ${longestReason} characters`,
    );
  }
  const parameters = flags.parameters && documentParameters(flags.parameters);
  if (parameters !== undefined && flags.documentName === undefined) {
    throw new UsageError(
      "Cannot use --parameters: they belong to a document, and --document-name is not given",
      [`ssm shell ${shellQuote(target)} --document-name NAME --parameters …`],
    );
  }
  return {
    target,
    connection: connectionOf(flags),
    documentName: flags.documentName,
    parameters,
    reason,
    escape: flags.escape === "none" ? undefined : flags.escape,
    timeout: flags.timeout,
    quiet: flags.quiet,
    verbose: flags.verbose,
  };
}

/**
 * Refuses a target that no node has and that could mean something else to a program it reaches.
 * @param target What the user typed.
 * @throws UsageError
 */
export function checkTarget(target: string): void {
  if (target.startsWith("-")) {
    throw new UsageError(
      `Cannot use ${visible(target)} as a target: it begins with a dash`,
    );
  }
  if (target === "" || visible(target) !== target) {
    throw new UsageError(
      target === ""
        ? "Cannot use an empty target: give a node's id or Name tag"
        : `Cannot use ${
          visible(target)
        } as a target: it has control characters`,
    );
  }
}

/** One printable ASCII character, or `none`, as with `ssh -e`. */
function escapeCharacter(text: string): string {
  if (text !== "none" && !/^[!-~]$/.test(text)) {
    throw new UsageError("it is one printable character, or none");
  }
  return text;
}

/** How long we wait for TerminateSession's answer on the way out. Milliseconds. */
const terminateTimeout = 5_000;

/**
 * Runs the session.
 * @param options From {@linkcode parseShell}.
 * @param context The world.
 * @returns The exit code.
 */
export async function runShellCommand(
  options: ShellCommandOptions,
  context: Context,
): Promise<number> {
  const notices = new Notices(context.terminal, options);
  const timeout = new AbortController();
  const signal = AbortSignal.any([context.signal, timeout.signal]);
  const cancelTimeout = options.timeout === undefined
    ? () => {}
    : context.clock.setTimer(
      options.timeout,
      () => timeout.abort(new TimeoutError(options.timeout ?? 0)),
    );
  try {
    using aws = await context.aws(options.connection);
    const end = await session(options, context, aws, notices, signal);
    return exitCodeOf(end, notices);
  } finally {
    cancelTimeout();
    await notices.written();
  }
}

/** From the target to the session's end; whatever happens, no session is left behind. */
async function session(
  options: ShellCommandOptions,
  context: Context,
  aws: AwsAccess,
  notices: Notices,
  signal: AbortSignal,
): Promise<SessionEnd> {
  const { target, documentName, parameters, reason } = options;
  const node = await aws.resolveTarget(target, signal);
  let started: StartedSession;
  try {
    started = await aws.startSession(
      { target: node.id, documentName, parameters, reason },
      (message) => notices.detail(visible(message)),
      signal,
    );
  } catch (error) {
    throw await explained(error, aws, node.id, options, signal);
  }
  const { sessionId } = started.grant;
  const ending = new EndOnce(started.control);
  try {
    signal.throwIfAborted();
    notices.say(
      `Session ${visible(sessionId)} on ${visible(node.id)}` +
        (node.name === undefined ? "" : ` (${visible(node.name)})`),
    );
    if (context.terminal.interactive && options.escape !== undefined) {
      notices.detail(`Enter ${options.escape}? lists the escape keys`);
    }
    return await context.shell({
      grant: started.grant,
      control: ending.control,
      terminal: context.terminal,
      clock: context.clock,
      escape: options.escape,
      signal,
      notify: (notice) => notices.session(notice, visible(target)),
    });
  } catch (error) {
    await ending.terminate((cause) =>
      notices.say(
        `Cannot terminate session ${visible(sessionId)}: ` +
          visible(cause instanceof Error ? cause.message : String(cause)) +
          `\nhint: aws ssm terminate-session --session-id ${
            shellQuote(sessionId)
          }`,
      )
    );
    throw error;
  }
}

/**
 * Ends a session that nobody has tried to end yet. The shell ends its own; this is for what fails
 * around it.
 */
class EndOnce {
  /** The session's control, to be used in place of the original. */
  readonly control: SessionControl;
  readonly #control: SessionControl;
  #tried = false;

  constructor(control: SessionControl) {
    this.#control = control;
    this.control = {
      open: (url, signal) => control.open(url, signal),
      resume: (signal) => control.resume(signal),
      dataKey: (key, challenge, signal) =>
        control.dataKey(key, challenge, signal),
      terminate: (signal) => {
        this.#tried = true;
        return control.terminate(signal);
      },
    };
  }

  /** Terminates the session unless that was tried. Never rejects; `failed` gets the error. */
  async terminate(failed: (error: unknown) => void): Promise<void> {
    if (this.#tried) return;
    try {
      await this.#control.terminate(AbortSignal.timeout(terminateTimeout));
    } catch (error) {
      failed(error);
    }
  }
}

/** An error of StartSession with what can be learned about the node. */
async function explained(
  error: unknown,
  aws: AwsAccess,
  id: string,
  options: ShellCommandOptions,
  signal: AbortSignal,
): Promise<unknown> {
  if (
    !(error instanceof Error) || !("kind" in error) ||
    error.kind !== "not-connected"
  ) return error;
  const phrase = await aws.diagnose(id, signal);
  const name = options.target === id ? "" : ` (${visible(options.target)})`;
  const connection = [
    ["--profile", options.connection.profile],
    ["--region", options.connection.region],
  ].map(([flag, value]) =>
    value === undefined ? "" : ` ${flag} ${shellQuote(value)}`
  ).join("");
  return new CommandError(
    `Cannot start session: ${visible(id)}${name} is not connected: ${phrase}`,
    exitCodes.failed,
    [
      "aws ssm describe-instance-information --filters " +
      `Key=InstanceIds,Values=${shellQuote(id)}${connection}`,
    ],
    [],
    { cause: error },
  );
}

/** The last word on standard error, and the exit code. */
function exitCodeOf(end: SessionEnd, notices: Notices): number {
  switch (end.kind) {
    case "ended":
      notices.say("Session ended");
      return exitCodes.success;
    case "left":
      notices.say("Session terminated");
      return exitCodes.success;
    case "failed":
      throw new CommandError(
        `The session failed: ${end.message}`,
        exitCodes.sessionFailed,
      );
    case "terminated":
      throw new CommandError(
        `The session was ended by the service: ${end.message}`,
        exitCodes.sessionFailed,
      );
    case "timed-out":
      throw new CommandError(end.message, exitCodes.sessionFailed);
    case "lost":
      throw new CommandError(end.message, exitCodes.lost);
    case "refused":
      throw new CommandError(end.message, exitCodes.failed);
    case "signal":
      return signalExitCode(end.signal);
  }
}
