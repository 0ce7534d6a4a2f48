/**
 * `--output`, for commands that have something to read.
 *
 * @module
 */

/** How something to read is printed. */
export type OutputForm = "table" | "json";

/** `--output`, for a command's table of flags; `undefined` counts as `table`. */
export const outputFlag = {
  kind: "enum",
  values: ["table", "json"],
  brief: "How to print it; a table if nothing is said [SSM_OUTPUT]",
  optional: true,
} as const;
