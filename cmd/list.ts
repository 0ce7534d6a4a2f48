/**
 * `ssm list [filter…]`: the nodes there are.
 *
 * @module
 */

import { buildCommand, type FlagParametersForType } from "@stricli/core";
import type { CommandWorld, Connection } from "./context.ts";
import { UsageError } from "./errors.ts";
import { tagsFrom } from "./exec/fleet/flags.ts";
import type { TagFilter } from "./exec/fleet/options.ts";
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
import {
  columnNames,
  type NodeColumn,
  nodeColumn,
} from "./list/node_columns.ts";

/** In which form nodes are listed. */
export type ListOutput = "table" | "json" | "csv" | "ids";

/** The flags of `ssm list` as parsed. */
export interface ListFlags extends GeneralFlags, ConnectionFlags {
  readonly output: ListOutput;
  /** A list for each time it was given. */
  readonly tag?: readonly (readonly TagFilter[])[];
  readonly columns?: readonly NodeColumn[];
  readonly sort?: ListOrder;
  readonly all: boolean;
}

/** By which column, and in which direction. */
export interface ListOrder {
  readonly column: NodeColumn;
  readonly descending: boolean;
}

const flags: FlagParametersForType<ListFlags, CommandWorld> = {
  output: {
    kind: "enum",
    values: ["table", "json", "csv", "ids"],
    brief: "The form: table, json, csv, or ids, one per line [SSM_OUTPUT]",
    default: "table",
  },
  tag: {
    kind: "parsed",
    parse: tagsFrom,
    placeholder: "key=value",
    brief: "Nodes with this tag only; several keys must all fit, several " +
      "values of one key are alternatives",
    optional: true,
    variadic: true,
  },
  all: {
    kind: "boolean",
    brief: "Show nodes that Session Manager cannot reach, too, and why",
    default: false,
    withNegated: false,
  },
  columns: {
    kind: "parsed",
    parse: columnList,
    placeholder: "name,…",
    brief: "Columns of table and csv, see below",
    optional: true,
  },
  sort: {
    kind: "parsed",
    parse: listOrder,
    placeholder: "column",
    brief: "Order by a column; with - in front, the largest first",
    optional: true,
  },
  ...connectionFlags,
  ...generalFlags,
};

/** The command, for the tree in `commands.ts`. */
export const listCommand = buildCommand<ListFlags, string[], CommandWorld>({
  docs: {
    brief: "List the nodes that sessions can be started on",
    fullDescription: fullDescription({
      usage: "list [filter…] [flags]",
      description:
        "Lists nodes: what Session Manager knows of them, and what EC2 adds, names and\n" +
        "tags above all. A filter is looked for in ids, names, addresses, host names and\n" +
        "tags, and begins with ! for what is not wanted; several must all fit. tag:KEY=…,\n" +
        "ip:…, id:… and name:… look there only. Without --all, those that Session Manager\n" +
        "cannot reach are counted, not shown.",
      examples: [
        ["The nodes that can be reached", "ssm list"],
        [
          "Those with both tags, as JSON",
          "ssm list --tag role=web --tag env=prod -o json",
        ],
        [
          "All that have web in a name or a tag, and why not",
          "ssm list --all web '!staging'",
        ],
        [
          "A command on each of them",
          "ssm list web -o ids | xargs -r -I{} ssm exec -n {} -- uptime",
        ],
        [
          "When each was launched, the youngest first",
          "ssm list --columns name,launched,tag:team --sort -launched",
        ],
      ],
      notes: `Columns:
  ${wrapped(columnNames)}
  tag:KEY is the value of that tag. Without --columns, a narrow terminal leaves
  out what matters least; what goes elsewhere is never cut.

Exit codes:
  0    also where there is nothing to list
  1    a service, region or profile could not be asked; the others are listed
  125  nothing could be asked`,
    }),
  },
  parameters: {
    flags,
    aliases: { ...generalAliases, o: "output" },
    positional: {
      kind: "array",
      parameter: {
        brief: "What to look for",
        placeholder: "filter",
        parse: String,
      },
    },
  },
  async func(flags, ...filter) {
    const options = parseList(flags, filter, this.rest);
    const { runList } = await import("./list/run.ts");
    this.setExitCode(await runList(options, this.context));
  },
});

/** What `ssm list` is to do. */
export interface ListOptions {
  readonly connection: Connection;
  /** Words as of `cmd/choose/query.ts`. */
  readonly filter: readonly string[];
  readonly tags: readonly TagFilter[];
  readonly output: ListOutput;
  /** `undefined`: the usual ones. */
  readonly columns: readonly NodeColumn[] | undefined;
  readonly order: ListOrder | undefined;
  readonly all: boolean;
  readonly quiet: boolean;
  readonly verbose: number;
  readonly noColor: boolean;
}

/**
 * Flags and arguments into what is to be done.
 * @param flags As parsed.
 * @param filter The arguments.
 * @param rest What followed `--`.
 * @throws UsageError
 */
export function parseList(
  flags: ListFlags,
  filter: readonly string[],
  rest: readonly string[] | undefined,
): ListOptions {
  if (rest !== undefined) {
    throw new UsageError(
      "Cannot run a command: ssm list takes none; ssm exec does",
      ["ssm exec --tag role=web -- uptime"],
    );
  }
  const { output, columns } = flags;
  if (columns !== undefined && (output === "json" || output === "ids")) {
    throw new UsageError(
      `Cannot use --columns with --output ${output}: they are for table and csv`,
      output === "json"
        ? ["ssm list --output json | jq '.[] | {id, name}'"]
        : [],
    );
  }
  return {
    connection: connectionOf(flags),
    filter,
    tags: flags.tag?.flat() ?? [],
    output,
    columns,
    order: flags.sort,
    all: flags.all,
    quiet: flags.quiet,
    verbose: flags.verbose,
    noColor: flags.noColor,
  };
}

/**
 * Reads `--columns`.
 * @throws UsageError for an unknown or empty one.
 */
export function columnList(text: string): readonly NodeColumn[] {
  return text.split(",").map((name) => nodeColumn(nonEmpty(name.trim())));
}

/**
 * Reads `--sort`.
 * @throws UsageError for an unknown column.
 */
export function listOrder(text: string): ListOrder {
  const descending = text.startsWith("-");
  return { column: nodeColumn(text.slice(descending ? 1 : 0)), descending };
}

function wrapped(names: readonly string[]): string {
  const half = Math.ceil(names.length / 2);
  return `${names.slice(0, half).join(", ")},\n  ${
    names.slice(half).join(", ")
  };`;
}
