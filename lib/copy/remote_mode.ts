/**
 * Permissions on the node.
 *
 * @module
 */

import type { CopyJob } from "./copy_job.ts";

/** Permissions of a new file on the node: as they are here, less those that files do not get there. */
export function remoteMode(
  mode: number | undefined,
  { preserve, pool }: CopyJob,
): number {
  const asHere = mode ?? 0o644;
  return preserve ? asHere & 0o7777 : asHere & 0o777 & ~pool.umask;
}
