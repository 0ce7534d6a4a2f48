/**
 * The version of `ssm`, in one place; deno.json repeats it and a test compares the two.
 *
 * @module
 */

/** Semantic version of this program. */
export const version = "0.1.0";

/**
 * What we answer under the name of the AWS CLI's plugin: the CLI passes sessions through the
 * environment from 1.2.497.0 on, and takes nothing but numbers for a version (api.md §9). It is the
 * ClientVersion that sessions get, which a test compares.
 */
export const pluginVersion = "1.2.896.0";
