/**
 * Opens a page in the user's browser, with the program that each system has for that.
 *
 * @module
 */

import type { Lookup } from "../config/place.ts";

/**
 * The command that opens a page.
 * @param url The page.
 * @param env The environment.
 * @param os The system.
 * @returns argv; `undefined` where there is no desktop to show it on.
 */
export function browserCommand(
  url: string,
  env: Lookup,
  os: typeof Deno.build.os,
): readonly string[] | undefined {
  if (os === "darwin") return ["open", url];
  // No shell in between: & in a URL would be its own.
  if (os === "windows") {
    return ["rundll32.exe", "url.dll,FileProtocolHandler", url];
  }
  const named = env("BROWSER");
  if (named !== undefined && !/[\s%:]/.test(named)) return [named, url];
  const desktop = env("DISPLAY") ?? env("WAYLAND_DISPLAY");
  if (desktop !== undefined) return ["xdg-open", url];
  return env("WSL_DISTRO_NAME") === undefined ? undefined : ["wslview", url];
}

/**
 * Opens a page.
 * @param url From `browserUrl`.
 * @param env The environment.
 * @returns False where that cannot be.
 */
export function openBrowser(url: string, env: Lookup): boolean {
  const [program, ...args] = browserCommand(url, env, Deno.build.os) ?? [];
  if (program === undefined) return false;
  try {
    const child = new Deno.Command(program, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    // A browser may stay; we do not wait for it.
    child.unref();
    child.status.catch(() => {});
    return true;
  } catch {
    return false;
  }
}
