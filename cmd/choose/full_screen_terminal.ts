/**
 * Whether there is a terminal for a choice on a full screen. Apart from what draws it, which is
 * loaded only where there is one.
 *
 * @module
 */

import type { Context } from "../context.ts";

/**
 * Whether the terminal can be taken as a whole; elsewhere a plain list is shown and a number read.
 * @param context The terminal.
 * @param os As Deno names it; consoles of Windows have no TERM.
 */
export function hasFullScreen(
  { attended, env }: Pick<Context, "attended" | "env">,
  os: string = Deno.build.os,
): boolean {
  const term = env("TERM");
  return attended && term !== "dumb" &&
    (term !== undefined || os === "windows");
}
