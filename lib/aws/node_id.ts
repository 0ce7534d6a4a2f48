/**
 * Ids of nodes, told from names.
 *
 * @module
 */

/** `i-` with 8 or 17 hex digits, `mi-` with 17 (api.md §4). */
const NODE_ID = /^(i-[0-9a-f]{8}|i-[0-9a-f]{17}|mi-[0-9a-f]{17})$/;

/**
 * Whether a text is a node's id.
 * @param text Any.
 */
export function isNodeId(text: string): boolean {
  return NODE_ID.test(text);
}

/**
 * The id that a target names.
 * @param target As typed: `i-…`, or `id:i-…`.
 * @returns `undefined` for what is no id.
 */
export function nodeIdOf(target: string): string | undefined {
  const id = target.replace(/^id:/, "");
  return isNodeId(id) ? id : undefined;
}
