/**
 * The text of `--help`: usage, what the command does, examples, flags with their values and
 * defaults. The parser's own help shows neither examples nor the names of values.
 *
 * @module
 */

import type { Command, CommandContext, RouteMap } from "@stricli/core";
import { flagName } from "./argv.ts";
import { isSharedFlag } from "./flags.ts";
import { wrap } from "./wrap.ts";

/** What the author of a command says about it. */
export interface HelpText {
  /** After `ssm `: `shell <target> [flags]`. */
  readonly usage: string;
  /** Paragraphs of at most 80 columns. */
  readonly description: string;
  /** At least one: what it is for, and the command line. */
  readonly examples: readonly (readonly [purpose: string, command: string])[];
  /** After the flags: tables that are too long for a flag's line. */
  readonly notes?: string;
}

/** The width that every text has to fit in. */
const columns = 80;

/** Where the notes begin in a full description; no text has it. */
const notesMark = "\0";

/**
 * A command's `fullDescription`.
 * @param text What it says.
 */
export function fullDescription(text: HelpText): string {
  const examples = text.examples.map(([purpose, command]) =>
    `  # ${purpose}\n  ${command}`
  );
  return `Usage:\n  ssm ${text.usage}\n\n${text.description}\n\nExamples:\n` +
    examples.join("\n\n") +
    (text.notes === undefined ? "" : notesMark + text.notes);
}

/**
 * The help of a command.
 * @param command With a description from {@linkcode fullDescription}.
 */
export function commandHelp<C extends CommandContext>(
  command: Command<C>,
): string {
  const [text = "", notes] = (command.fullDescription ?? command.brief).split(
    notesMark,
  );
  const letters = Object.entries(command.parameters.aliases ?? {});
  const rows = Object.entries(command.parameters.flags ?? {})
    .filter(([, flag]) => !flag.hidden)
    .map(([key, flag]) => ({
      shared: isSharedFlag(key, flag),
      left: flagColumn(
        letters.find(([, name]) => name === key)?.[0],
        flagName(key) + valueSuffix(flag),
      ),
      right: flag.brief +
        ("variadic" in flag && flag.variadic ? " (repeatable)" : "") +
        ("default" in flag && flag.default !== undefined &&
            flag.kind !== "boolean"
          ? ` (default ${flag.default})`
          : ""),
    }));
  rows.push({
    shared: true,
    left: flagColumn("h", "help"),
    right: "Show this text",
  });
  const width = Math.max(...rows.map((row) => row.left.length)) + 2;
  const table = (shared: boolean) =>
    rows.filter((row) => row.shared === shared)
      .map(({ left, right }) => {
        const lines = wrap(right, columns - 2 - width);
        return `  ${left.padEnd(width)}${lines.join("\n".padEnd(width + 3))}\n`;
      }).join("");
  const own = table(false);
  return `${text}\n\n${own === "" ? "" : `Flags:\n${own}\n`}` +
    `General flags:\n${table(true)}` +
    (notes === undefined ? "" : `\n${notes}\n`);
}

/**
 * The help of the program, or of a group of commands.
 * @param routes The commands.
 * @param prefix What leads to them: `["ssm"]`.
 */
export function routesHelp<C extends CommandContext>(
  routes: RouteMap<C>,
  prefix: readonly string[],
): string {
  const [text = "", notes] = (routes.fullDescription ?? routes.brief).split(
    notesMark,
  );
  const entries = routes.getAllEntries().filter((entry) => !entry.hidden)
    .map((entry) => ({
      name: [entry.name["convert-camel-to-kebab"], ...entry.aliases].join(", "),
      brief: entry.target.brief,
    }));
  const width = Math.max(...entries.map((entry) => entry.name.length)) + 2;
  return `${text}\n\nCommands:\n` +
    entries.map(({ name, brief }) => `  ${name.padEnd(width)}${brief}\n`)
      .join("") +
    `\n'${prefix.join(" ")} <command> --help' says more about a command.\n` +
    (notes === undefined ? "" : `\n${notes}\n`);
}

function flagColumn(letter: string | undefined, name: string): string {
  return `${letter === undefined ? "    " : `-${letter}, `}--${name}`;
}

function valueSuffix(
  flag: {
    readonly kind: string;
    readonly placeholder?: string;
    readonly inferEmpty?: boolean;
    readonly values?: readonly string[];
  },
): string {
  if (flag.kind === "boolean" || flag.kind === "counter") return "";
  const value = flag.placeholder ?? flag.values?.join("|") ?? "value";
  return flag.inferEmpty ? `[=${value}]` : ` <${value}>`;
}
