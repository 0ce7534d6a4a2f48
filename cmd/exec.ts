/**
 * `ssm exec target -- command`: a command on a node, with its outputs and its exit code.
 *
 * @module
 */

import { buildCommand } from "@stricli/core";
import type { CommandWorld, Connection } from "./context.ts";
import { UsageError } from "./errors.ts";
import { type ExecFlags, execFlags } from "./exec/flags.ts";
import type { FleetOptions } from "./exec/fleet/options.ts";
import { connectionOf, generalAliases } from "./flags.ts";
import { fullDescription } from "./help.ts";
import { checkReason } from "./reason.ts";
import { type RecordOptions, recordOptions } from "./record/flags.ts";
import { shellQuote } from "../lib/text.ts";
import { targetForms } from "./target/forms.ts";
import { checkTarget } from "./target/target.ts";

/** The command, for the tree in `mod.ts`. */
export const execCommand = buildCommand<ExecFlags, string[], CommandWorld>({
  docs: {
    brief: "Run a command on a node, or on many",
    fullDescription: fullDescription({
      usage: "exec [target…] [flags] -- command [args…]",
      description:
        "Runs a command on a node: its standard output and standard error are ours, its\n" +
        "exit code is ours, and what is piped in reaches it. Arguments arrive as typed,\n" +
        "without a shell on the way; --shell is for pipelines. Without a target it is\n" +
        "SSM_TARGET, or chosen from a list. With several targets, or --tag, it runs on\n" +
        "all of them, and each line says which node it is of.",
      examples: [
        [
          "A dump of a database into a file here",
          "ssm exec db -- pg_dump app >app.sql",
        ],
        ["A pipeline", "ssm exec web-server --shell 'ps ax | grep nginx'"],
        [
          "Bytes, not text: both ways they arrive as they are",
          "ssm exec db --binary -- tar cz /etc >etc.tgz",
        ],
        [
          "A secret that no log of AWS shows",
          "PGPASSWORD=… ssm exec db --env PGPASSWORD -- pg_dump app",
        ],
        [
          "A script of this machine",
          "ssm exec web-server --script ./check.sh -- --deep",
        ],
        ["On a terminal", "ssm exec web-server -t -- top"],
        ["In a container of ECS", "ssm exec ecs:prod/web -- printenv"],
        [
          "On all nodes with a tag, 20 at a time, until more than 2 fail",
          "ssm exec --tag role=web --parallel 20 --max-errors 2 -- uptime",
        ],
      ],
      notes: `${targetForms({ containers: true })}

What is typed after -- or in --shell is kept by AWS: in CloudTrail, and in the
history of sessions or of Run Command. What must not be there belongs in
--script, --env or standard input, which go through the session alone.

Text arrives as the agent sends it, whose UTF-8 filter alters a few bytes of
what is no text; --binary encodes on the node, which needs base64, od, tr and
dd there.

Ctrl-C is passed on to the command; the second one ends the session. With Run
Command the first one ends it everywhere.

With many nodes standard input is not passed on: what is in it is refused, and a
pipe that is open with nothing in it for 0.3 s counts as none, which is said. -n
does not look.

A node with the --tag that is not connected counts as failed, with 125.
SSM_PARALLEL and SSM_MAX_ERRORS have nothing to say on one node.

Up to 50 nodes have a session each and stream their output; more are Run
Command's, as with --via run-command, which gives a node's output when it is
over, at most 24 000 characters of it.

Exit codes:
  124    --timeout
  125    it failed before the command ran
  126    the node cannot execute the command
  127    the node does not have the command
  128+n  ended by signal n
  255    the connection was lost, and output with it
  else   the command's own; with many nodes 0 if it was 0 everywhere, else 1;
         with --json on one target still the command's own`,
    }),
  },
  parameters: {
    flags: execFlags,
    aliases: { ...generalAliases, t: "tty", n: "noStdin" },
    positional: {
      kind: "array",
      parameter: {
        brief: "The node, or nodes",
        placeholder: "target",
        parse: String,
      },
    },
  },
  async func(flags, ...targets) {
    const options = parseExec(flags, targets, this.rest, this.sources);
    const { runExec } = await import("./exec/run.ts");
    this.setExitCode(await runExec(options, this.context));
  },
});

/** What `ssm exec` is to do. */
export interface ExecOptions {
  /** As typed; `undefined` = SSM_TARGET or a choice. */
  readonly target: string | undefined;
  readonly connection: Connection;
  /** What runs: program and arguments, or a line for the node's shell. */
  readonly line: readonly string[] | string;
  /** A file of this machine that runs in place of a program; `line` has its arguments. */
  readonly script: string | undefined;
  /** `NAME` for one of ours, `NAME=value` as it is. */
  readonly variables: readonly string[];
  readonly via: "session" | "run-command" | undefined;
  /** Set where it runs on many nodes. */
  readonly fleet:
    | Pick<
      FleetOptions,
      "targets" | "tags" | "parallel" | "maxErrors" | "json" | "noColor"
    >
    | undefined;
  readonly binary: boolean;
  readonly tty: boolean;
  readonly noStdin: boolean;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly reason: string | undefined;
  /** `undefined` records nothing. */
  readonly record: RecordOptions | undefined;
  readonly quiet: boolean;
  readonly verbose: number;
}

/**
 * Flags and arguments into what is to be done.
 * @param flags As parsed.
 * @param targets The arguments.
 * @param rest What followed `--`.
 * @param sources The flags that were not typed.
 * @throws UsageError
 */
export function parseExec(
  flags: ExecFlags,
  targets: readonly string[],
  rest: readonly string[] | undefined,
  sources: ReadonlyMap<string, string> = new Map(),
): ExecOptions {
  for (const target of targets) checkTarget(target);
  const [target] = targets;
  const line = lineOf(flags, rest, target);
  const variables = flags.env ?? [];
  if (flags.tty) refuseOnTerminal(flags);
  if (flags.via === "run-command") refuseByRunCommand(flags);
  const record = recordOptions(flags);
  if (record !== undefined && !flags.tty) {
    throw new UsageError(
      "Cannot use --record without --tty: what is recorded is a terminal",
      [`ssm exec -t ${shellQuote(target ?? "web-server")} --record ${
        shellQuote(record.path)
      } -- …`],
    );
  }
  return {
    target,
    connection: connectionOf(flags),
    line,
    script: flags.script,
    variables,
    via: flags.via,
    fleet: fleetOf(flags, targets, sources),
    binary: flags.binary,
    tty: flags.tty,
    noStdin: flags.noStdin,
    timeout: flags.timeout,
    reason: checkReason(flags.reason),
    record,
    quiet: flags.quiet,
    verbose: flags.verbose,
  };
}

/**
 * Many nodes, where they are asked for: by what is typed, never by a variable or a setting, which
 * say how many at a time wherever there are many.
 */
function fleetOf(
  flags: ExecFlags,
  targets: readonly string[],
  sources: ReadonlyMap<string, string>,
): ExecOptions["fleet"] {
  const { tag: tagLists = [], parallel, maxErrors, json, noColor } = flags;
  const tags = tagLists.flat();
  if (tags.length > 0 && targets.length > 0) {
    throw new UsageError("Cannot use --tag with targets: it says which nodes");
  }
  const limited = parallel !== undefined && !sources.has("parallel") ||
    maxErrors !== undefined && !sources.has("max-errors");
  // A list of targets that turned out to be empty is no word for SSM_TARGET.
  if (tags.length === 0 && targets.length === 0 && (json || limited)) {
    throw new UsageError("Cannot tell which nodes: give targets, or --tag", [
      "ssm exec --tag role=web -- uptime",
    ]);
  }
  if (tags.length === 0 && targets.length < 2 && !json) return undefined;
  if (flags.tty) {
    throw new UsageError(
      json
        ? "Cannot use --tty with --json: a terminal's output has no lines to print"
        : "Cannot use --tty with many nodes: there is one terminal",
    );
  }
  return { targets, tags, parallel, maxErrors, json, noColor };
}

function lineOf(
  { shell, script }: ExecFlags,
  rest: readonly string[] | undefined,
  target: string | undefined,
): ExecOptions["line"] {
  if (shell !== undefined) {
    if (script !== undefined || (rest?.length ?? 0) > 0) {
      throw new UsageError(
        "Cannot use --shell with another command: it is the command",
      );
    }
    return checkText([shell])[0]!;
  }
  const line = checkText(rest ?? []);
  if (script === undefined && (line.length === 0 || line[0] === "")) {
    const node = shellQuote(target ?? "web-server");
    throw new UsageError("Cannot run a command: none follows the --", [
      `ssm exec ${node} -- uname -a`,
      `ssm shell ${node}`,
    ]);
  }
  return line;
}

/** What does not arrive as it was typed. Bytes that are no UTF-8 come to us as U+FFFD. */
function checkText(words: readonly string[]): readonly string[] {
  const bad = ["\0", "\ufffd"].find((sign) =>
    words.some((word) => word.includes(sign))
  );
  if (bad === undefined) return words;
  throw new UsageError(
    `Cannot run a command with ${
      bad === "\0" ? "a NUL" : "bytes that are not UTF-8"
    } in its arguments`,
  );
}

/** What needs a channel of its own beside the terminal. */
function refuseOnTerminal(flags: ExecFlags): void {
  const refused = flags.binary
    ? "--binary"
    : flags.script !== undefined
    ? "--script"
    : flags.env !== undefined
    ? "--env"
    : flags.via === "run-command"
    ? "--via run-command"
    : undefined;
  if (refused === undefined) return;
  throw new UsageError(
    `Cannot use ${refused} with --tty: a terminal's session carries nothing but the terminal`,
  );
}

/** What Run Command would keep, or cannot carry. */
function refuseByRunCommand(flags: ExecFlags): void {
  const refused = flags.binary
    ? "--binary"
    : flags.script !== undefined
    ? "--script"
    : flags.env !== undefined
    ? "--env"
    : undefined;
  if (refused === undefined) return;
  throw new UsageError(
    `Cannot use ${refused} with --via run-command: ` +
      (refused === "--binary"
        ? "it carries text"
        : "it keeps everything in its history"),
  );
}
