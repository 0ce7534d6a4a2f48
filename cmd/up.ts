/**
 * `ssm up [group]`: a group of forwards, with a live table.
 *
 * @module
 */

import { buildCommand, type FlagParametersForType } from "@stricli/core";
import type { CommandWorld, Connection } from "./context.ts";
import { UsageError } from "./errors.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  connectionOf,
  generalAliases,
  type GeneralFlags,
  generalFlags,
  nonEmpty,
} from "./flags.ts";
import { forwardFlags } from "./forward/flags.ts";
import { fullDescription } from "./help.ts";
import { outputFlag, type OutputForm } from "./output_flag.ts";
import { checkReason, reasonFlag } from "./reason.ts";

/** The flags of `ssm up` as parsed. */
export interface UpFlags extends GeneralFlags, ConnectionFlags {
  readonly file?: string;
  readonly confirm?: string;
  readonly sessions?: number;
  readonly retry?: number;
  readonly documentName?: string;
  readonly reason?: string;
  readonly output?: OutputForm;
}

const flags: FlagParametersForType<UpFlags, CommandWorld> = {
  file: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "file",
    brief: "An ssm.json in place of the folder's and of your own groups",
    optional: true,
  },
  confirm: {
    kind: "parsed",
    parse: sha256,
    placeholder: "sha256",
    brief: "Confirm the ssm.json with this SHA-256, where nobody can be asked",
    optional: true,
  },
  sessions: forwardFlags.sessions,
  retry: forwardFlags.retry,
  documentName: forwardFlags.documentName,
  reason: reasonFlag,
  output: {
    ...outputFlag,
    brief: "A live table, or an object for each event on standard output; " +
      "a table if nothing is said [SSM_OUTPUT]",
  },
  ...connectionFlags,
  ...generalFlags,
};

/** The command, for the tree in `mod.ts`. */
export const upCommand = buildCommand<UpFlags, [string?], CommandWorld>({
  docs: {
    brief: "Open a group of forwards, with a live table",
    fullDescription: fullDescription({
      usage: "up [group] [flags]",
      description:
        "Opens the forwards of a group, from your configuration ('ssm config edit') or\n" +
        "from the ssm.json of this folder or one above it in the same repository, and\n" +
        "shows how each of them is. One that fails says so, and the others go on. Ctrl-C\n" +
        "ends them all. Without a name it is the only group there is, or your choice.",
      examples: [
        ["The group dev", "ssm up dev"],
        ["The only one there is", "ssm up"],
        [
          "For a program",
          "ssm up dev --output json",
        ],
        [
          "Where nobody can be asked about the ssm.json of a repository",
          'ssm up dev --confirm "$SSM_JSON_SHA256"',
        ],
      ],
      notes: `An ssm.json, checked in with a repository:
  { "groups": { "dev": [
    { "name": "postgres", "target": "bastion", "remote": "db.internal:5432",
      "local": 5432 },
    { "target": "web-server", "remote": 80, "local": 8080 } ] } }

It comes from whoever wrote the repository. So it may have groups of forwards to
loopback and nothing else, and you are asked the first time and whenever it or
what it means has changed.

Exit codes:
  0      ended with Ctrl-C, and nothing had failed
  125    a forward could not begin
  128+n  ended by signal n
  255    a forward could not go on`,
    }),
  },
  parameters: {
    flags,
    aliases: { ...generalAliases, o: "output" },
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "The group",
        placeholder: "group",
        parse: nonEmpty,
        optional: true,
      }],
    },
  },
  async func(flags, group) {
    if (this.rest !== undefined) {
      throw new UsageError("Cannot run a command: ssm up takes none", [
        "ssm forward db --remote 5432 -- psql -h 127.0.0.1 -p {port}",
      ]);
    }
    const { runUp } = await import("./up/run.ts");
    const { root } = await import("./commands.ts");
    this.setExitCode(await runUp(parseUp(flags, group), root, this.context));
  },
});

/** What `ssm up` is to do. */
export interface UpOptions {
  /** As typed; `undefined` for the only one or a choice. */
  readonly group: string | undefined;
  /** An `ssm.json` as typed. */
  readonly file: string | undefined;
  /** 64 hex digits. */
  readonly confirm: string | undefined;
  readonly connection: Connection;
  readonly sessions: number | undefined;
  /** Tries after a loss. */
  readonly retry: number;
  readonly documentName: string | undefined;
  readonly reason: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: number;
}

/**
 * Flags and arguments into what is to be done.
 * @param flags As parsed.
 * @param group The argument.
 * @throws UsageError
 */
export function parseUp(flags: UpFlags, group: string | undefined): UpOptions {
  return {
    group,
    file: flags.file,
    confirm: flags.confirm,
    connection: connectionOf(flags),
    sessions: flags.sessions,
    retry: flags.retry ?? Infinity,
    documentName: flags.documentName,
    reason: checkReason(flags.reason),
    json: flags.output === "json",
    quiet: flags.quiet,
    verbose: flags.verbose,
  };
}

/** @throws UsageError */
function sha256(text: string): string {
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw new UsageError(
      "a SHA-256 has 64 hex digits, as sha256sum prints them",
    );
  }
  return text.toLowerCase();
}
