/**
 * `ssm shell [target]`: a shell on a node.
 *
 * @module
 */

import { buildCommand, type FlagParametersForType } from "@stricli/core";
import { parseEcsSpec } from "../lib/aws/ecs_spec.ts";
import { shellQuote } from "../lib/text.ts";
import type { CommandWorld, Connection } from "./context.ts";
import { UsageError } from "./errors.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  connectionOf,
  duration,
  generalAliases,
  type GeneralFlags,
  generalFlags,
  nativeFlag,
  nonEmpty,
} from "./flags.ts";
import { fullDescription } from "./help.ts";
import { escapeKeys } from "./notices.ts";
import { type DocumentParameters, documentParameters } from "./parameters.ts";
import { checkReason, reasonFlag } from "./reason.ts";
import {
  type RecordFlags,
  recordFlags,
  type RecordOptions,
  recordOptions,
} from "./record/flags.ts";
import { targetForms } from "./target/forms.ts";
import { checkTarget } from "./target/target.ts";

/** The flags of `ssm shell` as parsed. */
export interface ShellFlags extends GeneralFlags, ConnectionFlags, RecordFlags {
  readonly command?: string;
  readonly documentName?: string;
  readonly parameters?: readonly string[];
  readonly reason?: string;
  readonly escape: string;
  readonly timeout?: number;
  /** False has the official plugin run the session. */
  readonly native?: boolean;
}

const flags: FlagParametersForType<ShellFlags, CommandWorld> = {
  command: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "line",
    brief: "What to run in a container in place of its shell, without a shell",
    optional: true,
  },
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
  reason: reasonFlag,
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
  native: nativeFlag,
  ...recordFlags,
  ...connectionFlags,
  ...generalFlags,
};

/** The command, for the tree in `mod.ts`. */
export const shellCommand = buildCommand<ShellFlags, [string?], CommandWorld>({
  docs: {
    brief: "Open a shell on a node or in a container",
    fullDescription: fullDescription({
      usage: "shell [target] [flags]",
      description:
        "Opens a shell on a node through Session Manager, or in a container of ECS.\n" +
        "Without a target it is SSM_TARGET, or chosen from a list. A lost connection\n" +
        "resumes by itself. Credentials, profiles and regions are those of the AWS CLI.",
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
          "Type piped commands and return; shows prompts and echo, as typed",
          "echo 'uname -a' | ssm shell web-server -q",
        ],
        [
          "In a container of ECS: its only task's, or one of your choice",
          "ssm shell ecs:prod/web",
        ],
        [
          "In a container of several, with another program than /bin/sh",
          "ssm shell ecs:prod/web/app --command 'bash -l'",
        ],
        [
          "With a recording, to be played with 'ssm play'",
          "ssm shell web-server --record deploy.cast",
        ],
        [
          "A command from a document, on a terminal",
          "ssm shell web-server --document-name AWS-StartInteractiveCommand \\\n" +
          "    --parameters command=top",
        ],
      ],
      notes: `${targetForms({ containers: true })}

${escapeKeys("~")}

Exit codes:
  0      the session ended well; the shell's own code is not known: ssm exec
         has that of a command
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
        brief: "The node or container",
        placeholder: "target",
        parse: String,
        optional: true,
      }],
    },
  },
  async func(flags, target) {
    const options = parseShell(flags, target, this.rest);
    if (flags.native === false) {
      const { runOfficialShell } = await import("./official/shell.ts");
      return this.setExitCode(await runOfficialShell(options, this.context));
    }
    const { runShellCommand } = await import("./shell/run.ts");
    this.setExitCode(await runShellCommand(options, this.context));
  },
});

/** What `ssm shell` is to do. */
export interface ShellCommandOptions {
  /** As typed; `undefined` for `SSM_TARGET` or a choice. */
  readonly target: string | undefined;
  readonly connection: Connection;
  /** What to run in a container; `undefined` for a shell. */
  readonly command: string | undefined;
  readonly documentName: string | undefined;
  readonly parameters: DocumentParameters | undefined;
  readonly reason: string | undefined;
  readonly escape: string | undefined;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  /** `undefined` records nothing. */
  readonly record: RecordOptions | undefined;
  readonly quiet: boolean;
  readonly verbose: number;
}

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
      "Cannot run a command: ssm shell takes none; ssm exec does",
      [`ssm exec ${shellQuote(target ?? "web-server")} -- ${
        rest.length === 0 ? "uname -a" : rest.map(shellQuote).join(" ")
      }`],
    );
  }
  if (target !== undefined) checkTarget(target);
  const reason = checkReason(flags.reason);
  const parameters = flags.parameters && documentParameters(flags.parameters);
  if (parameters !== undefined && flags.documentName === undefined) {
    throw new UsageError(
      "Cannot use --parameters: they belong to a document, and --document-name is not given",
      [`ssm shell ${
        shellQuote(target ?? "web-server")
      } --document-name NAME --parameters …`],
    );
  }
  if (flags.command !== undefined && flags.documentName !== undefined) {
    throw new UsageError(
      "Cannot use --command with --document-name (or SSM_DOCUMENT_NAME): " +
        "it is the document that says what runs",
    );
  }
  const record = recordOptions(flags);
  if (record !== undefined && flags.native === false) {
    throw new UsageError(
      "Cannot use --record with --no-native: the official plugin has the terminal then",
    );
  }
  return {
    target,
    connection: connectionOf(flags),
    command: flags.command,
    documentName: flags.documentName,
    parameters,
    reason,
    escape: flags.escape === "none" ? undefined : flags.escape,
    timeout: flags.timeout,
    record,
    quiet: flags.quiet,
    verbose: flags.verbose,
  };
}

/**
 * Reads `--escape`: one printable ASCII character, or `none`, as with `ssh -e`.
 * @param text What was typed.
 * @throws UsageError
 */
export function escapeCharacter(text: string): string {
  if (text !== "none" && !/^[!-~]$/.test(text)) {
    throw new UsageError("it is one printable character, or none");
  }
  return text;
}

/**
 * Refuses `--command` for a node, whose shell is the account's document's; only ECS takes one.
 * @param command The flag's value.
 * @param target As typed, or of SSM_TARGET.
 * @throws UsageError
 */
export function checkCommand(
  command: string | undefined,
  target: string | undefined,
): void {
  if (command === undefined) return;
  if (target !== undefined && parseEcsSpec(target) !== undefined) return;
  throw new UsageError(
    "Cannot use --command: it is for containers of ECS, and the target is none",
    [
      `ssm exec -t ${shellQuote(target ?? "web-server")} --shell ${
        shellQuote(command)
      }`,
    ],
  );
}
