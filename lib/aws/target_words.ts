/**
 * What a target is called in sentences about it.
 *
 * @module
 */

import { visible } from "../text.ts";
import { formatTags, type TargetSpec } from "./target_spec.ts";

/** A target in words. */
export interface TargetWords {
  /** What was asked for, without a prefix: `web`, `Env=prod`. */
  readonly value: string;
  /** After "a node": `named web`, `with the tag Env=prod`. */
  readonly one: string;
  /** After a number of nodes: `have the name web`. */
  readonly several: string;
  /** True for what may be a Name tag, of which near ones can be suggested. */
  readonly isName: boolean;
}

/**
 * A target in words; they are safe to show.
 *
 * @param spec What is meant.
 */
export function describeTarget(spec: TargetSpec): TargetWords {
  switch (spec.kind) {
    case "id":
      return words(spec.id, "with the id", "have the id");
    case "name":
      return words(spec.name, "named", "have the name", true);
    case "word":
      return spec.tags === undefined
        ? words(spec.text, "named", "have the name", true)
        : words(spec.text, "with the tag or name", "have the tag", true);
    case "tags": {
      const plural = spec.tags.length > 1 ? "tags" : "tag";
      return words(
        formatTags(spec.tags),
        `with the ${plural}`,
        `have the ${plural}`,
      );
    }
    case "ip":
      return words(spec.address, "with the address", "have the address");
    case "dns":
      return words(spec.name, "with the DNS name", "have the DNS name");
    case "host":
      return words(
        spec.name,
        "with the computer name",
        "have the computer name",
      );
    case "asg":
      return words(
        spec.name,
        "in the Auto Scaling group",
        "are in the Auto Scaling group",
      );
  }
}

function words(
  value: string,
  one: string,
  several: string,
  isName = false,
): TargetWords {
  const shown = visible(value);
  return {
    value,
    one: `${one} ${shown}`,
    several: `${several} ${shown}`,
    isName,
  };
}
