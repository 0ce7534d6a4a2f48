/**
 * `ssm sessions`: the sessions of an account, those that live and those that have ended, and their
 * end.
 *
 * @module
 */

import {
  buildCommand,
  buildRouteMap,
  type FlagParametersForType,
  type RouteMap,
} from "@stricli/core";
import type { CommandWorld } from "./context.ts";
import { UsageError } from "./errors.ts";
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
import { fullDescription } from "./help.ts";
import { pointInTime } from "./sessions/since.ts";
import { checkTarget } from "./target/target.ts";

/** Which sessions. */
interface FilterFlags {
  readonly target?: string;
  readonly mine: boolean;
}

/** The flags of `ssm sessions list` as parsed. */
export interface ListFlags extends GeneralFlags, ConnectionFlags, FilterFlags {
  readonly history: boolean;
  readonly since?: string;
  readonly limit?: number;
  readonly owner?: string;
  readonly output: "table" | "json" | "csv" | "ids";
}

/** The flags of `ssm sessions kill` as parsed. */
export interface KillFlags extends GeneralFlags, ConnectionFlags, FilterFlags {
  readonly orphaned: boolean;
  readonly yes: boolean;
}

const filterFlags: FlagParametersForType<FilterFlags> = {
  mine: {
    kind: "boolean",
    brief: "Only those that this identity started",
    default: false,
    withNegated: false,
  },
  target: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "target",
    brief: "Only those on this node or container",
    optional: true,
  },
};

/** How many ended sessions are shown where nothing is said. */
const defaultHistory = 100;

const listCommand = buildCommand<ListFlags, [], CommandWorld>({
  docs: {
    brief: "List sessions; 'ssm sessions' alone does the same",
    fullDescription: fullDescription({
      usage: "sessions list [flags]",
      description:
        "Lists the sessions that live, of everybody in the account and region, or with\n" +
        "--history those that ended in the last 30 days. Connected means that a client\n" +
        "is there now; a session without one is ended by the service after a while.",
      examples: [
        ["Who is where?", "ssm sessions"],
        [
          "What I did on a node today",
          "ssm sessions --history --mine " +
          "--target web-server --since 12h",
        ],
        [
          "For a program",
          "ssm sessions --history --owner alice --output json | jq '.[].reason'",
        ],
        ["In all regions", "ssm sessions --all-regions"],
      ],
    }),
  },
  parameters: {
    flags: {
      history: {
        kind: "boolean",
        brief: "Those that have ended",
        default: false,
        withNegated: false,
      },
      ...filterFlags,
      owner: {
        kind: "parsed",
        parse: nonEmpty,
        placeholder: "who",
        brief: "Only those of a user: an ARN, or a name at its end",
        optional: true,
      },
      since: {
        kind: "parsed",
        parse: pointInTime,
        placeholder: "time",
        brief: "Only those that began after a date, or so long ago: 2h, 7d",
        optional: true,
      },
      limit: {
        kind: "parsed",
        parse: numberBetween(1, 10_000),
        placeholder: "count",
        brief:
          `At most so many, the newest; ${defaultHistory} of the history ` +
          "where it is not given",
        optional: true,
      },
      output: {
        kind: "enum",
        values: ["table", "json", "csv", "ids"],
        brief: "What is printed [SSM_OUTPUT]",
        default: "table",
      },
      ...connectionFlags,
      ...generalFlags,
    },
    aliases: { ...generalAliases, o: "output" },
  },
  async func(flags) {
    const { history, mine, owner, output, quiet, verbose } = flags;
    if (mine && owner !== undefined) {
      throw new UsageError("Cannot use --mine with --owner: both say whose");
    }
    if (flags.target !== undefined) checkTarget(flags.target);
    const { runSessionList } = await import("./sessions/list.ts");
    this.setExitCode(
      await runSessionList({
        connection: connectionOf(flags),
        state: history ? "History" : "Active",
        mine,
        owner,
        target: flags.target,
        since: flags.since,
        limit: flags.limit ?? (history ? defaultHistory : undefined),
        output,
        quiet,
        verbose,
      }, this.context),
    );
  },
});

const killCommand = buildCommand<KillFlags, string[], CommandWorld>({
  docs: {
    brief: "End sessions",
    fullDescription: fullDescription({
      usage: "sessions kill [id…] [flags]",
      description:
        "Ends sessions: those with these ids, or a beginning or end that only one id\n" +
        "has; with --mine all that this identity started, and with --orphaned those of\n" +
        "them that no client is connected to. More than one, and whatever was not named,\n" +
        "is listed first, and ended when you say yes.\n\n" +
        "What --orphaned can know is the service's word that nobody is connected now. A\n" +
        "client that has lost its network, or whose machine sleeps, may be about to come\n" +
        "back to its session: look at the list before you say yes.",
      examples: [
        ["One, by the end of its id", "ssm sessions kill 7qk9yknu8hgf"],
        ["What a crash left behind", "ssm sessions kill --orphaned"],
        [
          "All of mine on a node, without a question",
          "ssm sessions kill --mine --target web-server --yes",
        ],
      ],
    }),
  },
  parameters: {
    flags: {
      ...filterFlags,
      orphaned: {
        kind: "boolean",
        brief: "Those of this identity that no client is connected to",
        default: false,
        withNegated: false,
      },
      yes: {
        kind: "boolean",
        brief: "Do not ask",
        default: false,
        withNegated: false,
      },
      ...connectionFlags,
      ...generalFlags,
    },
    aliases: { ...generalAliases, y: "yes" },
    positional: {
      kind: "array",
      parameter: {
        brief: "The session, or an end or beginning of its id",
        placeholder: "id",
        parse: String,
      },
    },
  },
  async func(flags, ...ids) {
    const { mine, orphaned, target, yes, quiet, verbose } = flags;
    const chosen = mine || orphaned;
    if (ids.length > 0 && (chosen || target !== undefined)) {
      throw new UsageError(
        `Cannot use ids with ${
          mine ? "--mine" : orphaned ? "--orphaned" : "--target"
        }: they say which sessions`,
      );
    }
    if (ids.length === 0 && !chosen) {
      throw new UsageError(
        "Cannot end sessions: give their ids, --mine or --orphaned",
        ["ssm sessions", "ssm sessions kill --orphaned"],
      );
    }
    if (ids.includes("")) {
      throw new UsageError("Cannot end a session: its id is empty");
    }
    if (target !== undefined) checkTarget(target);
    const { runSessionKill } = await import("./sessions/kill.ts");
    this.setExitCode(
      await runSessionKill({
        connection: connectionOf(flags),
        ids,
        orphaned,
        target,
        yes,
        quiet,
        verbose,
      }, this.context),
    );
  },
});

/** The commands, for the tree in `commands.ts`. */
export const sessionsRoutes: RouteMap<CommandWorld> = buildRouteMap({
  routes: { list: listCommand, kill: killCommand },
  defaultCommand: "list",
  aliases: { ls: "list", terminate: "kill" },
  docs: {
    brief: "List sessions, and end them",
    fullDescription: fullDescription({
      usage: "sessions [command] [flags]",
      description:
        "Lists the sessions of the account and region, and ends those that are to end.\n" +
        "Without a command it is 'ssm sessions list', with all of its flags.",
      examples: [
        ["Who is where?", "ssm sessions"],
        [
          "What was done on a node in the last week",
          "ssm sessions --history --target web-server --since 7d",
        ],
        ["End one", "ssm sessions kill 7qk9yknu8hgf"],
        ["End what a crash left behind", "ssm sessions kill --orphaned"],
      ],
    }),
  },
});
