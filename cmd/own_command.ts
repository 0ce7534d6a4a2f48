/**
 * How another one of us is started.
 *
 * @module
 */

import { permissionFlags } from "./permissions.ts";

/** argv that leads to our program, without its arguments. */
export function ownCommand(): string[] {
  return [Deno.execPath(), ...ownArguments()];
}

/** What leads Deno to our program; an executable is the program. */
function ownArguments(): string[] {
  if (Deno.build.standalone) return [];
  const config = new URL("deno.json", Deno.mainModule);
  const path = decodeURIComponent(config.pathname);
  return [
    "run",
    "--no-prompt",
    "--quiet",
    ...permissionFlags,
    // A program that was started from elsewhere than a file has no such file beside it.
    ...(config.protocol === "file:"
      ? [`--config=${Deno.build.os === "windows" ? path.slice(1) : path}`]
      : []),
    Deno.mainModule,
  ];
}
