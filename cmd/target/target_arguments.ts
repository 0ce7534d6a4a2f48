/**
 * Which of a command's arguments are targets, so that aliases in them are expanded before anything
 * else reads them: an alias may say a profile and a region, and AWS is called with those.
 *
 * @module
 */

import type { Command } from "@stricli/core";
import type { Token } from "../argv.ts";
import type { CommandWorld } from "../context.ts";
import { looksLikePorts } from "../forward/forms.ts";
import { parseDestination, withDestination } from "../ssh/arguments.ts";

/** How a command takes targets. */
export type TargetForm =
  /** Its first argument. */
  | "first"
  /** The first, unless that is ports. */
  | "before-ports"
  /** All arguments. */
  | "all"
  /** Those that begin with a target and a colon. */
  | "locations"
  /** ssh's destination, in what is ssh's. */
  | "destination";

/** A command's arguments. */
export interface Arguments {
  readonly tokens: readonly Token[];
  /** What followed `--`, or is another program's. */
  readonly rest: readonly string[] | undefined;
}

/**
 * How a command takes targets, told by what its help calls its arguments.
 * @param command The command.
 * @param name What is typed: `ssm forward`.
 * @returns `undefined` where it takes none.
 */
export function targetFormOf(
  command: Command<CommandWorld>,
  name: string,
): TargetForm | undefined {
  switch (name) {
    case "ssm ssh":
      return "destination";
    case "ssm cp":
      return "locations";
    case "ssm forward":
      return "before-ports";
  }
  const { positional } = command.parameters;
  if (positional?.kind === "array") {
    return positional.parameter.placeholder === "target" ? "all" : undefined;
  }
  return positional?.parameters[0]?.placeholder === "target"
    ? "first"
    : undefined;
}

/**
 * Puts something else in place of the targets.
 * @param args The arguments.
 * @param form How the command takes targets.
 * @param replace Gives what stands in place of a target, and for ssh the user to log in as; called
 * for each target in order.
 * @param standIn What to add where no target is; `undefined` for nothing.
 */
export function replaceTargets(
  { tokens, rest }: Arguments,
  form: TargetForm,
  replace: (
    target: string,
  ) => { readonly target: string; readonly user: string | undefined },
  standIn?: string,
): Arguments {
  let count = 0;
  const one = (target: string) => {
    count++;
    return replace(target);
  };
  if (form === "destination") {
    const changed = withDestination(rest ?? [], (destination, userGiven) => {
      const { user, target } = parseDestination(destination);
      if (target === undefined || target === "") return destination;
      const to = one(target);
      const login = user ?? (userGiven ? undefined : to.user);
      return login === undefined ? to.target : `${login}@${to.target}`;
    }, standIn);
    return { tokens, rest: rest === undefined ? undefined : changed };
  }
  let at = 0;
  const argument = (text: string): string => {
    const position = at++;
    if (form === "locations") {
      const [, host, path] = /^([^/:.][^/:]*|)(:[^]*)$/.exec(text) ?? [];
      const target = host === "" ? standIn : host;
      return target === undefined ? text : one(target).target + path;
    }
    if (form !== "all" && position > 0) return text;
    if (form === "before-ports" && looksLikePorts(text)) return text;
    return one(text).target;
  };
  const changed = tokens.map((token): Token =>
    "argument" in token ? { argument: argument(token.argument) } : token
  );
  const added = count > 0 || standIn === undefined || form === "locations"
    ? []
    : [{ argument: one(standIn).target }];
  return {
    tokens: [...added, ...changed],
    // `ssm cp -- -odd-name web:file`: only there the rest is ours.
    rest: form === "locations" ? rest?.map(argument) : rest,
  };
}
