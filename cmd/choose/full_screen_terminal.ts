/**
 * Whether there is a terminal for a choice on a full screen. Apart from what draws it, which is
 * loaded only where there is one.
 *
 * @module
 */

import type { Context } from "../context.ts";

/**
 * Whether what is pasted comes with marks where it is asked for (mode 2004), as in every terminal
 * window of today. The console of Linux and GNU screen before 5 do not know that.
 * @param env The environment.
 */
export function marksPastes(env: Context["env"]): boolean {
  return env("TERM") !== "linux" && env("STY") === undefined;
}

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
