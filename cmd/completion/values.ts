/**
 * Which values fit where: of flags and of arguments, by their kind and by what the help calls their
 * value.
 *
 * @module
 */

import type { Command } from "@stricli/core";
import { completionShells } from "../completion.ts";
import type { CommandWorld } from "../context.ts";
import {
  type Candidates,
  type CompletionSources,
  nothing,
} from "./candidate.ts";

/** A place where a value is to stand. */
export interface Place {
  /** The flag's name in code, or the argument's command: `sessions kill`. */
  readonly name: string;
  /** What the help calls the value. */
  readonly placeholder?: string | undefined;
  /** The values of an enumeration. */
  readonly values?: readonly string[] | undefined;
}

/** What is known where the command that is typed will run. */
export interface KnownHere extends Omit<CompletionSources, "targets"> {
  targets(): Promise<Candidates["values"]>;
}

/** Documents that every account has (api.md §7). */
const documents = [
  "AWS-StartInteractiveCommand",
  "AWS-StartNonInteractiveCommand",
  "AWS-StartPortForwardingSession",
  "AWS-StartPortForwardingSessionToRemoteHost",
  "AWS-StartSSHSession",
  "SSM-SessionManagerRunShell",
];

/**
 * What may stand there.
 * @param place Where.
 * @param current What was typed of it; for values that have parts.
 * @param sources What is known of the world.
 */
export async function valuesFor(
  place: Place,
  current: string,
  sources: KnownHere,
): Promise<Candidates> {
  if (place.values !== undefined) return plain(place.values);
  switch (place.name) {
    case "profile":
      return inList(current, await sources.profiles());
    case "region":
      return place.placeholder?.includes(",")
        ? inList(current, await sources.regions())
        : { values: await sources.regions() };
    case "documentName":
      return plain(documents);
    case "columns": {
      const { columnNames } = await import("../list/node_columns.ts");
      return inList(current, columnNames.map((value) => ({ value })));
    }
    case "sort": {
      const { columnNames } = await import("../list/node_columns.ts");
      return plain(columnNames);
    }
    case "completion":
      return plain(completionShells);
    case "config get":
    case "config set":
    case "config unset":
      return { values: await sources.settings() };
    case "config alias remove":
      return { values: await sources.aliases() };
    case "sessions kill":
      return { values: await sources.sessions() };
  }
  switch (place.placeholder) {
    case "group":
      return { values: await sources.groups() };
    case "target":
    case "node": {
      const targets = await sources.targets();
      return { values: current.startsWith("name:") ? named(targets) : targets };
    }
    case "destination": {
      const user = current.slice(0, current.indexOf("@") + 1);
      const targets = await sources.targets();
      return {
        values: targets.map((each) => ({ ...each, value: user + each.value })),
      };
    }
    // A file here, or one on a node.
    case "path":
      return {
        values: current.includes("/")
          ? []
          : (await sources.targets()).map((each) => ({
            ...each,
            value: `${each.value}:`,
          })),
        also: "files",
        goesOn: true,
      };
    case "file":
      return { values: [], also: "files" };
    case "folder":
      return { values: [], also: "folders" };
  }
  return nothing;
}

/**
 * Where the next argument of a command stands.
 * @param command The command.
 * @param path The words that lead to it.
 * @param given How many arguments were typed already.
 */
export function positionalPlace(
  command: Command<CommandWorld>,
  path: readonly string[],
  given: number,
): Place {
  const name = path.join(" ");
  // ssh's own command line, which begins with where to.
  if (name === "ssh") {
    return { name, placeholder: given === 0 ? "destination" : "" };
  }
  // What follows the setting are its values.
  if (name === "config set" && given > 0) return { name: "" };
  const { positional } = command.parameters;
  const parameter = positional === undefined
    ? undefined
    : positional.kind === "array"
    ? positional.parameter
    : positional.parameters[given];
  return parameter === undefined
    ? { name: "" }
    : { name, placeholder: parameter.placeholder };
}

/** As they are typed by those who write the prefix always. */
function named(targets: Candidates["values"]): Candidates["values"] {
  return targets.map((each) =>
    /^[a-z]+:/.test(each.value)
      ? each
      : { ...each, value: `name:${each.value}` }
  );
}

function plain(values: readonly string[]): Candidates {
  return { values: values.map((value) => ({ value })) };
}

/** Behind the last comma of a list. */
function inList(
  current: string,
  values: Candidates["values"],
): Candidates {
  const head = current.slice(0, current.lastIndexOf(",") + 1);
  const there = head.split(",");
  return {
    values: values.filter(({ value }) => !there.includes(value))
      .map((each) => ({ ...each, value: head + each.value })),
  };
}
