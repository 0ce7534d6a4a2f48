/**
 * The flags of `ssm exec` that are about many nodes.
 *
 * @module
 */

import type { FlagParametersForType } from "@stricli/core";
import { parseTags } from "../../../lib/aws/target_spec.ts";
import type { CommandWorld } from "../../context.ts";
import { UsageError } from "../../errors.ts";
import { type Limit, limitFrom } from "./limit.ts";
import type { TagFilter } from "./options.ts";

/** The flags as parsed. */
export interface FleetFlags {
  /** A list for each time it was given. */
  readonly tag?: readonly (readonly TagFilter[])[];
  readonly parallel?: Limit;
  readonly maxErrors?: Limit;
  readonly json: boolean;
}

/** How {@linkcode FleetFlags} are parsed. */
export const fleetFlags: FlagParametersForType<FleetFlags, CommandWorld> = {
  tag: {
    kind: "parsed",
    parse: tagsFrom,
    placeholder: "key=value",
    brief: "On all nodes with this tag; several keys must all fit, several " +
      "values of one key are alternatives",
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
      "default: go on [SSM_MAX_ERRORS]",
    optional: true,
  },
  json: {
    kind: "boolean",
    brief: "Print an object for each event, one per line",
    default: false,
    withNegated: false,
  },
};

/**
 * Tags from their flag, read as in a target.
 * @param text `Key=Value` or `Key:Value`, several with commas.
 * @throws UsageError
 */
export function tagsFrom(text: string): readonly TagFilter[] {
  const tags = parseTags(text);
  if (tags === undefined) {
    throw new UsageError(
      "a tag is KEY=VALUE, with up to 128 and 256 characters; " +
        "a comma of a value has \\ in front",
    );
  }
  return tags.flatMap(({ key, values }) =>
    values.map((value) => ({ key, value }))
  );
}
