/**
 * From a command line that is not finished to what may come next. The parser has proposals of its
 * own, but for its own syntax: it knows no flags before the command, no `-pvalue`, no values behind
 * `=` and no files (docs/decisions/command_library.md); `argv.ts` does.
 *
 * @module
 */

import type { Command, RouteMap } from "@stricli/core";
import { type FlagShape, flagShapes } from "../argv.ts";
import { root } from "../commands.ts";
import type { CommandWorld } from "../context.ts";
import { connectionFlags, generalAliases, generalFlags } from "../flags.ts";
import {
  type Candidate,
  type Candidates,
  type CompletionSources,
  nothing,
} from "./candidate.ts";
import {
  type KnownHere,
  type Place,
  positionalPlace,
  valuesFor,
} from "./values.ts";

type Target = Command<CommandWorld> | RouteMap<CommandWorld>;

/** A flag as it can be typed, and what is known of its value. */
interface KnownFlag extends FlagShape {
  readonly brief: string;
  readonly place: Place;
}

/** Flags that may come before a command. */
const leading = { ...connectionFlags, ...generalFlags };

/**
 * Completes the last word.
 * @param words What was typed behind `ssm`, up to the cursor; the last one may be empty.
 * @param sources What is known of the world.
 */
export async function complete(
  words: readonly string[],
  sources: CompletionSources,
): Promise<Candidates> {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  // What follows is another program's.
  if (before.includes("--")) return { values: [], also: "files" };
  const line = readLine(before);
  const where = {
    profile: line.given.get("profile"),
    region: line.given.has("all-regions") ? "*" : line.given.get("region"),
  };
  const here: KnownHere = {
    ...sources,
    targets: () => sources.targets(where),
  };
  if (line.waiting !== undefined) {
    return fitting(
      await valuesFor(line.waiting.place, current, here),
      current,
    );
  }
  if (current.startsWith("-")) {
    const equals = current.indexOf("=");
    if (equals < 0) return flagsLike(current, line);
    const flag = line.flags.find(({ name }) =>
      current.slice(2, equals) === name
    );
    if (flag === undefined) return nothing;
    const typed = current.slice(equals + 1);
    const found = fitting(await valuesFor(flag.place, typed, here), typed);
    return {
      ...found,
      values: found.values.map((each) => ({
        ...each,
        value: current.slice(0, equals + 1) + each.value,
      })),
    };
  }
  const { target } = line;
  if (!("parameters" in target)) return commandsLike(current, target, line);
  const place = positionalPlace(target, line.path, line.arguments);
  return fitting(await valuesFor(place, current, here), current);
}

/** How far the line has come. */
interface Line {
  target: Target;
  path: string[];
  flags: readonly KnownFlag[];
  /** The flags that were given, with their last values. */
  given: Map<string, string | undefined>;
  /** How many arguments were. */
  arguments: number;
  /** The flag whose value comes next. */
  waiting: KnownFlag | undefined;
}

function readLine(words: readonly string[]): Line {
  const line: Line = {
    target: root,
    path: [],
    flags: knownFlags({ flags: leading, aliases: generalAliases }),
    given: new Map(),
    arguments: 0,
    waiting: undefined,
  };
  const groups = words[0] === "help" ? words.slice(1) : words;
  for (const word of groups) {
    if (line.waiting !== undefined) {
      line.given.set(line.waiting.name, word);
      line.waiting = undefined;
    } else if (word.startsWith("-") && word !== "-") {
      readFlag(word, line);
    } else if ("parameters" in line.target) line.arguments++;
    else enter(line, word);
  }
  return line;
}

/** A word that chooses a command, or is the first argument of the group's own one. */
function enter(line: Line, word: string): void {
  if ("parameters" in line.target) return;
  const entry = line.target.getAllEntries().find(({ name, aliases }) =>
    name["convert-camel-to-kebab"] === word || aliases.includes(word)
  );
  if (entry !== undefined) {
    line.path.push(entry.name["convert-camel-to-kebab"]);
    line.target = entry.target;
  } else {
    const own = line.target.getDefaultCommand();
    if (own === undefined) return;
    line.target = own;
    line.arguments++;
  }
  line.flags = flagsOf(line.target);
}

function flagsOf(target: Target): readonly KnownFlag[] {
  const command = "parameters" in target ? target : target.getDefaultCommand();
  return knownFlags(
    command?.parameters ?? { flags: leading, aliases: generalAliases },
  );
}

function readFlag(word: string, line: Line): void {
  if (line.path.length > 0 && !("parameters" in line.target)) {
    // `ssm sessions --mine` is `ssm sessions list --mine`.
    line.target = line.target.getDefaultCommand() ?? line.target;
  }
  if (word.startsWith("--")) {
    const [name = "", value] = word.slice(2).split("=", 2);
    const flag = line.flags.find((each) => each.name === name);
    if (flag === undefined) return;
    line.given.set(flag.name, value);
    if (flag.kind === "value" && value === undefined) line.waiting = flag;
    return;
  }
  for (let at = 1; at < word.length; at++) {
    const flag = line.flags.find(({ letters }) => letters.includes(word[at]!));
    if (flag === undefined) return;
    line.given.set(flag.name, undefined);
    if (flag.kind !== "value") continue;
    const value = word.slice(at + 1).replace(/^=/, "");
    if (value === "") line.waiting = flag;
    else line.given.set(flag.name, value);
    return;
  }
}

function flagsLike(current: string, line: Line): Candidates {
  const open = line.flags.filter((flag) =>
    !flag.hidden && (flag.repeats || !line.given.has(flag.name))
  );
  if (!current.startsWith("--") && current.length > 1) return nothing;
  return fitting({
    values: open.map(({ name, brief }) => ({
      value: `--${name}`,
      about: brief,
    })),
  }, current);
}

function commandsLike(
  current: string,
  routes: RouteMap<CommandWorld>,
  line: Line,
): Candidates {
  const values: Candidate[] = routes.getAllEntries()
    .filter((entry) => !entry.hidden).map(({ name, target }) => ({
      value: name["convert-camel-to-kebab"],
      about: target.brief,
    }));
  if (line.path.length === 0) {
    values.push({ value: "help", about: "Say more about a command" });
  }
  return fitting({ values }, current);
}

function fitting(candidates: Candidates, current: string): Candidates {
  return {
    ...candidates,
    values: candidates.values.filter(({ value }) => value.startsWith(current)),
  };
}

function knownFlags(parameters: Parameters<typeof flagShapes>[0]): KnownFlag[] {
  const entries = Object.entries(parameters.flags ?? {});
  return flagShapes(parameters).map((shape, at) => {
    const [key, flag] = entries[at] ?? [];
    // The last one is --help.
    return {
      ...shape,
      brief: flag?.brief.replace(/ \[[A-Z_, ]+\]/, "") ?? "Show this text",
      place: {
        name: key ?? "help",
        placeholder: undefined,
        values: undefined,
        ...flag,
      },
    };
  });
}
