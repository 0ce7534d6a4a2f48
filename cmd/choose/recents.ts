/**
 * The nodes that this user had sessions on last: ids and times, in a private file of the user's
 * cache folder. Without it the choice works as well, so nothing about it is ever an error.
 *
 * @module
 */

import { editFile } from "../../lib/io/edit_file.ts";

/** A node that was used. */
export interface RecentNode {
  readonly id: string;
  /** When, in milliseconds since the Unix epoch. */
  readonly at: number;
}

/** Remembers nodes. Nothing here rejects. */
export interface RecentNodes {
  /** The last one first. */
  list(): Promise<readonly RecentNode[]>;
  /**
   * Remembers a node.
   * @param id Its id.
   * @param at When, in milliseconds since the Unix epoch.
   */
  add(id: string, at: number): Promise<void>;
}

/** More than anybody remembers. */
const most = 50;

/** The ids of nodes; nothing else gets into the file, and nothing else out of it. */
const nodeId = /^m?i-[0-9a-f]{8,17}$/;

/**
 * Those in a file.
 * @param path The file; `undefined` where there is no place for one.
 */
export function recentNodesIn(path: string | undefined): RecentNodes {
  return {
    async list() {
      try {
        return path === undefined
          ? []
          : parseRecents(await Deno.readTextFile(path));
      } catch {
        return [];
      }
    },
    async add(id, at) {
      if (path === undefined || !nodeId.test(id)) return;
      try {
        await editFile(path, (bytes) => {
          const before = parseRecents(new TextDecoder().decode(bytes));
          const after = [{ id, at }, ...before.filter((one) => one.id !== id)]
            .slice(0, most);
          return new TextEncoder().encode(
            `${JSON.stringify({ version: 1, nodes: after })}\n`,
          );
        });
      } catch {
        // A full disk, or a home that cannot be written.
      }
    },
  };
}

/**
 * Reads the file's text; what makes no sense counts as nothing.
 * @param text JSON.
 */
export function parseRecents(text: string): readonly RecentNode[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const { nodes } = Object(value) as { nodes?: unknown };
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((each: unknown): RecentNode[] => {
    const { id, at } = Object(each) as { id?: unknown; at?: unknown };
    return typeof id === "string" && nodeId.test(id) && typeof at === "number"
      ? [{ id, at }]
      : [];
  }).toSorted((a, b) => b.at - a.at).slice(0, most);
}
