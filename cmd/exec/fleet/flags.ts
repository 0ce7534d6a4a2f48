/**
 * The flags of `ssm exec` that are about many nodes.
 *
 * @module
 */

import type { FlagParametersForType } from "@stricli/core";
import type { CommandWorld } from "../../context.ts";
import { UsageError } from "../../errors.ts";
import { type Limit, limitFrom } from "./limit.ts";
import type { TagFilter } from "./options.ts";

/** The flags as parsed. */
export interface FleetFlags {
  readonly tag?: readonly TagFilter[];
  readonly parallel?: Limit;
  readonly maxErrors?: Limit;
  readonly json: boolean;
}

/** How {@linkcode FleetFlags} are parsed. */
export const fleetFlags: FlagParametersForType<FleetFlags, CommandWorld> = {
  tag: {
    kind: "parsed",
    parse: tagFilter,
    placeholder: "key=value",
    brief: "On all nodes with this tag; repeat it for more tags",
    optional: true,
    variadic: true,
  },
  parallel: {
    kind: "parsed",
    parse: limitFrom(1),
    placeholder: "n",
    brief: "On so many nodes at a time, or n%; default 10, with Run " +
      "Command 50 [SSM_PARALLEL]",
    optional: true,
  },
  maxErrors: {
    kind: "parsed",
    parse: limitFrom(0),
    placeholder: "n",
    brief: "Begin on no further node after more errors than n, or n%; " +
      "default: go on",
    optional: true,
  },
  json: {
    kind: "boolean",
    brief: "Print an object for each event, one per line",
    default: false,
    withNegated: false,
  },
};

/** Limits of AWS for a tag, in characters. */
const longest = { key: 128, value: 256 } as const;

/**
 * A tag from its flag.
 * @param text `key=value`; the value may have further equals signs.
 * @throws UsageError
 */
export function tagFilter(text: string): TagFilter {
  const at = text.indexOf("=");
  const [key, value] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  if (
    key === "" || value === "" || key.length > longest.key ||
    value.length > longest.value
  ) {
    throw new UsageError(
      `a tag is KEY=VALUE, with up to ${longest.key} and ${longest.value} characters`,
    );
  }
  return { key, value };
}
