/**
 * `--output`, for commands that have something to read.
 *
 * @module
 */

/** Every form that some command has; SSM_OUTPUT may name one that another does not know. */
export const outputForms: readonly string[] = [
  "table",
  "json",
  "csv",
  "ids",
  "text",
];

/** How something to read is printed. */
export type OutputForm = "table" | "json";

/** `--output`, for a command's table of flags; `undefined` counts as `table`. */
export const outputFlag = {
  kind: "enum",
  values: ["table", "json"],
  brief: "How to print it; a table if nothing is said [SSM_OUTPUT]",
  optional: true,
} as const;
