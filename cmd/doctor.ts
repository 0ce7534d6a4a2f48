/**
 * `ssm doctor [target]`: whether sessions work here, and what does not.
 *
 * @module
 */

import { buildCommand, type FlagParametersForType } from "@stricli/core";
import { parseEcsSpec } from "../lib/aws/ecs_spec.ts";
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
import { fullDescription } from "./help.ts";
import { checkTarget } from "./target/target.ts";

/** The flags of `ssm doctor` as parsed. */
export interface DoctorFlags extends GeneralFlags, ConnectionFlags {
  readonly session: boolean;
  readonly documentName?: string;
  readonly output?: "text" | "json";
  readonly json: boolean;
}

const flags: FlagParametersForType<DoctorFlags, CommandWorld> = {
  session: {
    kind: "boolean",
    brief: "Start a session on the target, connect, and end it at once",
    default: false,
    withNegated: false,
  },
  documentName: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "name",
    brief: "Session document to check instead of the account's own " +
      "[SSM_DOCUMENT_NAME]",
    optional: true,
  },
  output: {
    kind: "enum",
    values: ["text", "json"],
    brief: "For people, or for programs; default text [SSM_OUTPUT]",
    optional: true,
  },
  json: {
    kind: "boolean",
    brief: "The same as --output json",
    default: false,
    withNegated: false,
  },
  ...connectionFlags,
  ...generalFlags,
};

/** The command, for the tree in `commands.ts`. */
export const doctorCommand = buildCommand<DoctorFlags, [string?], CommandWorld>(
  {
    docs: {
      brief: "Find out why sessions do not work",
      fullDescription: fullDescription({
        usage: "doctor [target] [flags]",
        description:
          "Checks what sessions need: credentials, region, clock, proxy, DNS, certificates,\n" +
          "connections, the WebSocket, permissions, and the account's preferences, which\n" +
          "say whether sessions are recorded. With a target also the node and its agent.\n" +
          "Each line is ok, a warning or an error, with what to do. Nothing is changed, and\n" +
          "no session is started without --session.",
        examples: [
          ["Whether sessions would work from here", "ssm doctor"],
          ["Why a node takes none", "ssm doctor web-server"],
          [
            "The true test: a session that is ended at once",
            "ssm doctor web-server --session",
          ],
          [
            "What is wrong, for a script",
            "ssm doctor --json | jq -r '.checks[] | select(.status == \"error\").id'",
          ],
        ],
        notes: `Exit codes:
  0    no error was found; there may be warnings
  1    something that sessions need does not work
  125  nothing could be checked`,
      }),
    },
    parameters: {
      flags,
      aliases: { ...generalAliases, o: "output" },
      positional: {
        kind: "tuple",
        parameters: [{
          brief: "A node or container that takes no sessions",
          placeholder: "target",
          parse: String,
          optional: true,
        }],
      },
    },
    async func(flags, target) {
      const options = parseDoctor(flags, target, this.rest);
      const { runDoctor } = await import("./doctor/run.ts");
      this.setExitCode(await runDoctor(options, this.context));
    },
  },
);

/** What `ssm doctor` is to do. */
export interface DoctorOptions {
  readonly target: string | undefined;
  /** A session is tried. */
  readonly session: boolean;
  readonly documentName: string | undefined;
  readonly json: boolean;
  readonly connection: Connection;
  readonly noColor: boolean;
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
export function parseDoctor(
  flags: DoctorFlags,
  target: string | undefined,
  rest: readonly string[] | undefined,
): DoctorOptions {
  if (rest !== undefined) {
    throw new UsageError("Cannot run a command: ssm doctor runs none", [
      "ssm doctor web-server",
    ]);
  }
  if (target !== undefined) checkTarget(target);
  const connection = connectionOf(flags);
  if (connection.allRegions || (connection.moreProfiles?.length ?? 0) > 0) {
    throw new UsageError(
      "Cannot check several places at once: give one profile and one region",
      ["ssm doctor web-server --profile prod --region eu-west-1"],
    );
  }
  if (flags.session && target === undefined) {
    throw new UsageError(
      "Cannot try a session: no target says where",
      ["ssm doctor web-server --session"],
    );
  }
  if (
    flags.session && target !== undefined && parseEcsSpec(target) !== undefined
  ) {
    throw new UsageError(
      "Cannot try a session in a container: a command would have to run in it",
      ["ssm exec ecs:prod/web -- true"],
    );
  }
  return {
    target,
    session: flags.session,
    documentName: flags.documentName,
    json: flags.json || flags.output === "json",
    connection,
    noColor: flags.noColor,
    quiet: flags.quiet,
    verbose: flags.verbose,
  };
}
