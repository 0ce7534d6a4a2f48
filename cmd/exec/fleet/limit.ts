/**
 * A number of nodes, or a part of a hundred of all: as MaxConcurrency and MaxErrors of Run Command.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";

/** So many, or so many in a hundred. */
export interface Limit {
  readonly value: number;
  readonly percent: boolean;
}

/** MaxConcurrency and MaxErrors have seven characters at most. */
const most = 9_999_999;

/**
 * A parser.
 * @param least The smallest number allowed.
 * @returns It throws UsageError for what is no limit.
 */
export function limitFrom(least: 0 | 1): (text: string) => Limit {
  return (text) => {
    const [, digits = "", sign = ""] = /^(\d{1,7})(%?)$/.exec(text) ?? [];
    const value = Number(digits);
    const percent = sign === "%";
    if (digits === "" || value < least || value > (percent ? 100 : most)) {
      throw new UsageError(
        `a number of nodes from ${least}, or a percentage up to 100%, is needed`,
      );
    }
    return { value, percent };
  };
}

/**
 * The number; of a percentage what is left over does not count.
 * @param limit The limit.
 * @param all How many nodes there are.
 */
export function limitOf({ value, percent }: Limit, all: number): number {
  return percent ? Math.floor(all * value / 100) : value;
}

/** As Run Command takes it. */
export function limitText({ value, percent }: Limit): string {
  return percent ? `${value}%` : String(value);
}
