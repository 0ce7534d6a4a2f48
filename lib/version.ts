/**
 * The version of `ssm`, in one place; deno.json repeats it and a test compares the two.
 *
 * @module
 */

/** Semantic version of this program. */
export const version = "0.1.0";
