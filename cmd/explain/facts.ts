/**
 * What a command line tells of the calls that it would make.
 *
 * @module
 */

import { parseEcsSpec } from "../../lib/aws/ecs_spec.ts";
import type { PlanFacts, PlannedTarget } from "../../lib/aws/permissions.ts";
import { parseTarget, tagsMeant } from "../../lib/aws/target_spec.ts";
import type { ArnPlace } from "../../lib/aws/resource_arns.ts";
import type { Token } from "../argv.ts";
import { parseCopy } from "../cp/location.ts";
import { parseDestination, parseSshArguments } from "../ssh/arguments.ts";

/** A command line, taken apart. */
export interface ExplainedLine {
  /** `["shell"]` */
  readonly path: readonly string[];
  /** Flags and arguments, those from variables among them. */
  readonly tokens: readonly Token[];
  /** What followed `--`, or is another program's. */
  readonly rest: readonly string[] | undefined;
}

/**
 * The facts.
 * @param line The command line.
 * @param place Where its resources are, as far as that is known.
 * @param variable `SSM_TARGET`
 * @throws UsageError for an argument that the command could not take.
 */
export function planFacts(
  line: ExplainedLine,
  place: ArnPlace,
  variable: string | undefined,
): PlanFacts {
  const flags = line.tokens.filter((token) => "flag" in token);
  const words = line.tokens.flatMap((token) =>
    "argument" in token ? [token.argument] : []
  );
  const value = (name: string) =>
    flags.find(({ flag }) => flag.name === name)?.value;
  const given = (...names: readonly string[]) =>
    flags.some(({ flag, value }) =>
      names.includes(flag.name) && value !== "false"
    );
  const tags = flags.filter(({ flag }) => flag.name === "tag")
    .map(({ value = "" }) => plannedTarget(`tag:${value}`));
  const command = line.path[0] ?? "shell";
  const named = targetsOf(line, words);
  const typed = named.length === 0 && variable !== undefined &&
      !withoutTarget.has(command)
    ? [variable]
    : named;
  return {
    place,
    targets: tags.length > 0
      ? tags
      : typed.length > 0
      ? typed.map(plannedTarget)
      : command === "up"
      // They stand in a file.
      ? [{ kind: "search" }]
      : withoutTarget.has(command)
      ? []
      : [{ kind: "choice" }],
    documentName: value("document-name"),
    given,
    value,
    arguments: words,
  };
}

/** Commands that are about no node where none is named. */
const withoutTarget = new Set([
  "doctor",
  "list",
  "login",
  "sessions",
  "ssh-config",
  "up",
]);

/** The targets among the arguments. */
function targetsOf(
  { path, rest }: ExplainedLine,
  words: readonly string[],
): readonly string[] {
  switch (path[0] ?? "shell") {
    case "ssh": {
      const { destination } = parseSshArguments(rest ?? []);
      const { target } = parseDestination(destination);
      return target === undefined ? [] : [target];
    }
    case "cp": {
      const windows = Deno.build.os === "windows";
      const { target } = parseCopy([...words, ...rest ?? []], windows);
      return target === "" ? [] : [target];
    }
    case "forward":
      // What looks like a port is one (forward/spec.ts).
      return words.filter((word) => !/^(\d*:)?\d+$/.test(word)).slice(0, 1);
    case "ssh-config":
    case "exec":
      return words;
    case "sessions":
    case "list":
    case "up":
      return [];
    default:
      return words.slice(0, 1);
  }
}

/**
 * What a target is, by its text alone.
 * @param text As typed.
 * @throws InvalidTargetError for what can be nothing.
 */
export function plannedTarget(text: string): PlannedTarget {
  const ecs = parseEcsSpec(text);
  if (ecs !== undefined) {
    const { cluster, service, task } = ecs;
    return { kind: "ecs", cluster, service, task };
  }
  const spec = parseTarget(text);
  switch (spec.kind) {
    case "id":
      return { kind: "id", id: spec.id };
    case "ip":
    case "dns":
    case "host":
      return { kind: "search" };
    default:
      return { kind: "tags", tags: tagsMeant(spec) ?? [] };
  }
}
