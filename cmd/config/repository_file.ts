/**
 * An `ssm.json` that comes with a repository: groups of forwards and nothing else.
 *
 * @module
 */

import {
  checkedInShape,
  type Group,
  readGroups,
  sharedPlaces,
} from "./group_shape.ts";
import { type Problem, readTree } from "./json_tree.ts";
import { problemsOf } from "./shape.ts";

/** The name of such a file. */
export const repositoryFileName = "ssm.json";

/**
 * Reads the text of an `ssm.json`.
 * @param text The text.
 * @returns Its groups, and everything that is wrong with it; no groups where anything is.
 */
export function readRepositoryFile(text: string): {
  readonly groups: ReadonlyMap<string, Group>;
  readonly problems: readonly Problem[];
} {
  const { tree, problems } = readTree(text);
  if (tree === undefined || problems.length > 0) {
    return { groups: new Map(), problems };
  }
  const found = problemsOf(tree, checkedInShape);
  if (found.length > 0 || tree.kind !== "object") {
    return { groups: new Map(), problems: found };
  }
  const groups = readGroups(tree.members.get("groups")?.value, "checked-in");
  const shared = sharedPlaces(groups);
  return { groups: shared.length > 0 ? new Map() : groups, problems: shared };
}
