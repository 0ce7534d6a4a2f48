/**
 * `ssm cp`: files and folders to a node and from it.
 *
 * @module
 */

import { buildCommand } from "@stricli/core";
import type { CommandWorld, Connection } from "./context.ts";
import { type CopyFlags, copyFlags } from "./cp/flags.ts";
import { type CopyRequest, parseCopy } from "./cp/location.ts";
import { UsageError } from "./errors.ts";
import { connectionOf, generalAliases } from "./flags.ts";
import { fullDescription } from "./help.ts";
import { checkReason } from "./reason.ts";
import { targetForms } from "./target/forms.ts";
import { checkTarget } from "./target/target.ts";

/** The command, for the tree in `mod.ts`. */
export const copyCommand = buildCommand<CopyFlags, string[], CommandWorld>({
  docs: {
    brief: "Copy files to a node and from it",
    fullDescription: fullDescription({
      usage: "cp [flags] source… destination",
      description:
        "Copies files and folders between this machine and a node, without SSH and S3.\n" +
        "One end is on the node, written target:path as with scp; the target is\n" +
        "SSM_TARGET where nothing is before the colon. Every file is checked with\n" +
        "SHA-256. A copy that was stopped goes on where it was when the same command\n" +
        "is run again.",
      examples: [
        [
          "A file of the node, into this folder",
          "ssm cp web-server:/var/log/syslog .",
        ],
        [
          "Two files to the node's folder tmp in the home folder",
          "ssm cp app.tar.gz notes.txt web-server:tmp/",
        ],
        [
          "A folder with all that is in it",
          "ssm cp -r web-server:/etc/nginx ./backup",
        ],
        [
          "Out of a program, and into one",
          "pg_dump app | gzip | ssm cp - db:/var/tmp/app.sql.gz\n" +
          "  ssm cp 'db:/var/log/postgresql/*.log' - | grep FATAL",
        ],
      ],
      notes: `${targetForms({ containers: true })}
  What is before the colon cannot have one, but for a prefix and [2001:db8::5].

A path on the node begins at the home folder unless it begins with a slash;
* ? and […] in a source there stand for names, ~ for a home. A path of this
machine with a colon in it is written ./a:b.

Needs a POSIX shell on the node, so none that runs Windows.

Exit codes:
  0      everything was copied
  1      something was not, or the session was ended
  125    it failed before a session began
  128+n  ended by signal n
  255    the connection was lost and could not be resumed`,
    }),
  },
  parameters: {
    flags: copyFlags,
    aliases: { ...generalAliases, r: "recursive", p: "preserve" },
    positional: {
      kind: "array",
      parameter: {
        brief: "What to copy, and where to",
        placeholder: "path",
        parse: String,
      },
    },
  },
  async func(flags, ...positionals) {
    const options = parseCopyCommand(flags, positionals, this.rest);
    const { runCopyCommand } = await import("./cp/run.ts");
    this.setExitCode(await runCopyCommand(options, this.context));
  },
});

/** What `ssm cp` is to do. */
export interface CopyCommandOptions {
  readonly request: CopyRequest;
  readonly connection: Connection;
  readonly recursive: boolean;
  readonly preserve: boolean;
  /** Sessions at most; `undefined` = by the bytes. */
  readonly sessions: number | undefined;
  readonly documentName: string | undefined;
  readonly reason: string | undefined;
  readonly quiet: boolean;
  readonly verbose: number;
}

/**
 * Flags and arguments into what is to be done.
 * @param flags As parsed.
 * @param positionals The arguments.
 * @param rest What followed `--`: arguments that may begin with a dash.
 * @throws UsageError
 */
export function parseCopyCommand(
  flags: CopyFlags,
  positionals: readonly string[],
  rest: readonly string[] | undefined,
): CopyCommandOptions {
  const request = parseCopy(
    [...positionals, ...rest ?? []],
    Deno.build.os === "windows",
  );
  if (request.target !== "") checkTarget(request.target);
  if (request.destination === undefined && flags.recursive) {
    throw new UsageError(
      "Cannot copy folders to standard output: -r needs a folder to copy into",
    );
  }
  return {
    request,
    connection: connectionOf(flags),
    recursive: flags.recursive,
    preserve: flags.preserve,
    sessions: flags.sessions,
    documentName: flags.documentName,
    reason: checkReason(flags.reason),
    quiet: flags.quiet,
    verbose: flags.verbose,
  };
}
