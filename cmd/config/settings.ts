/**
 * What a setting is: a flag whose description names an `SSM_` variable. Found in the commands' own
 * tables of flags, so that a new one is a setting of the file without a word here.
 *
 * @module
 */

import type { Command, RouteMap } from "@stricli/core";
import { flagName, variablesOf } from "../argv.ts";
import { connectionFlags, generalFlags } from "../flags.ts";
import type { CommandWorld } from "../context.ts";

/** A flag that can stand in the file. */
export interface Setting {
  /** The flag, without dashes: `document-name`. */
  readonly name: string;
  readonly kind: "text" | "boolean" | "counter" | "word";
  /** What a word may be. */
  readonly values: readonly string[];
  /** True for a list. */
  readonly repeats: boolean;
  /** The variables that stand in for it, `SSM_…` first. */
  readonly variables: readonly string[];
  /** Its description without the variables. */
  readonly brief: string;
  /** The built-in default as it would be typed; `undefined` where there is none. */
  readonly builtIn: string | undefined;
  /** The commands that have it, without `ssm`. */
  readonly commands: readonly string[];
  /**
   * What it may be called in the file: its name, and where commands may differ in what they mean by
   * it one for each, `exec.timeout`.
   */
  readonly keys: readonly string[];
  /**
   * What is wrong with a value.
   * @returns The end of a sentence; `undefined` where it is fine for every command.
   */
  check(text: string): string | undefined;
  /** True for a text that is a number to every command. */
  isNumber(text: string): boolean;
}

/**
 * Flags that are each command's own thing by the same name: a document for shells is none for ports,
 * so one for all of them cannot be meant.
 */
const ownThings: readonly string[] = ["document-name"];

function keysOf(name: string, commands: readonly string[]): string[] {
  const dotted = commands.map((command) =>
    `${command.replaceAll(" ", ".")}.${name}`
  );
  if (ownThings.includes(name)) return dotted;
  return [name, ...(isShared(name) ? [] : dotted)];
}

/** The flags that mean the same everywhere. */
function isShared(name: string): boolean {
  return Object.keys({ ...connectionFlags, ...generalFlags })
    .some((key) => flagName(key) === name);
}

type Flags = NonNullable<Command<CommandWorld>["parameters"]["flags"]>;
type Flag = Flags[string];

/**
 * The settings, in the order of their names.
 * @param root Every command.
 */
export function settingsOf(root: RouteMap<CommandWorld>): Setting[] {
  const found = new Map<string, { flags: Flag[]; commands: string[] }>();
  for (const { path, command } of commandsOf(root, [])) {
    for (const [key, flag] of Object.entries(command.parameters.flags ?? {})) {
      if (!/\[SSM_/.test(flag.brief) || flag.hidden) continue;
      const name = flagName(key);
      const entry = found.get(name) ?? { flags: [], commands: [] };
      entry.flags.push(flag);
      entry.commands.push(path.join(" "));
      found.set(name, entry);
    }
  }
  return [...found].map(([name, { flags, commands }]) =>
    setting(name, flags, commands)
  ).toSorted((a, b) => a.name < b.name ? -1 : 1);
}

function* commandsOf(
  routes: RouteMap<CommandWorld>,
  path: readonly string[],
): Generator<
  { readonly path: readonly string[]; readonly command: Command<CommandWorld> }
> {
  for (const { name, target } of routes.getAllEntries()) {
    const here = [...path, name["convert-camel-to-kebab"]];
    if ("parameters" in target) yield { path: here, command: target };
    else yield* commandsOf(target, here);
  }
}

/**
 * A flag's built-in default: the parser's, or what its description calls the default, so that the
 * two cannot differ.
 * @param flag How it is parsed.
 * @returns As it would be typed; `undefined` where it is no one value.
 */
function builtInOf(flag: Flag): string | undefined {
  if ("default" in flag && flag.default !== undefined) {
    return String(flag.default);
  }
  if (/, the default; --no-/.test(flag.brief)) return "true";
  return /; default ([^\s,;]+)/.exec(flag.brief)?.[1];
}

function setting(
  name: string,
  flags: readonly Flag[],
  commands: readonly string[],
): Setting {
  const [first] = flags;
  const parsers = [
    ...new Set(
      flags.flatMap((flag) => flag.kind === "parsed" ? [flag.parse] : []),
    ),
  ];
  const values = flags.flatMap((flag) =>
    flag.kind === "enum" ? flag.values : []
  );
  const builtIn = flags.map(builtInOf).find((text) => text !== undefined);
  return {
    name,
    kind: first?.kind === "boolean" || first?.kind === "counter"
      ? first.kind
      : first?.kind === "enum"
      ? "word"
      : "text",
    values: [...new Set(values)],
    repeats: Boolean(
      first !== undefined && "variadic" in first && first.variadic,
    ),
    variables: variablesOf(first?.brief ?? ""),
    brief: (first?.brief ?? "").replace(/ ?\[SSM_[^\]]*\]/, ""),
    builtIn,
    commands,
    keys: keysOf(name, commands),
    check: (text) => {
      for (const parse of parsers) {
        try {
          // The parsers take what is typed, and need no world.
          void parse.call(undefined as never, text);
        } catch (error) {
          return error instanceof Error ? error.message : String(error);
        }
      }
      return undefined;
    },
    isNumber: (text) =>
      /^(0|[1-9]\d{0,14})$/.test(text) && parsers.length > 0 &&
      parsers.every((parse) => {
        try {
          const value: unknown = parse.call(undefined as never, text);
          return typeof value !== "string" && !Array.isArray(value);
        } catch {
          return false;
        }
      }),
  };
}
