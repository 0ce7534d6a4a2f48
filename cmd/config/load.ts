/**
 * Finds and reads the user's file. What reads JSON is loaded only where there is a file.
 *
 * @module
 */

import { platformReason, shellQuote, visible } from "../../lib/text.ts";
import { CommandError, exitCodes } from "../errors.ts";
import type { Problem } from "./json_tree.ts";
import { configPath, type Lookup } from "./place.ts";
import type { Setting } from "./settings.ts";
import type { UserConfig } from "./user_file.ts";

/** The largest file that is read, in bytes: far more than a person writes. */
export const largestFile = 1 << 20;

/** Problems that are shown at once. */
const mostShown = 10;

/**
 * Reads the user's file.
 * @param env The environment.
 * @param settings What can be set; asked for only where there is a file.
 * @returns `undefined` where there is none.
 * @throws CommandError With line and column of everything that is wrong.
 */
export async function loadUserConfig(
  env: Lookup,
  settings: () => readonly Setting[],
): Promise<UserConfig | undefined> {
  const path = configPath(env);
  if (path === undefined) return undefined;
  const text = await readConfigText(path);
  if (text === undefined) return undefined;
  await refuseShared(path);
  const { readUserFile } = await import("./user_file.ts");
  const { config, problems } = readUserFile(text, path, settings());
  if (problems.length > 0) throw configError(path, problems);
  return config;
}

/**
 * What anybody can write is not the user's word: an endpoint in it would be sent the user's
 * requests. Writable by the group is common (umask 002), and the group is mostly the user's own.
 */
async function refuseShared(path: string): Promise<void> {
  const { mode } = await Deno.stat(path);
  if (mode === null || (mode & 0o002) === 0) return;
  throw new CommandError(
    `Cannot use ${visible(path)}: every user of this machine can write it`,
    exitCodes.failed,
    [`chmod go-w ${shellQuote(path)}`],
  );
}

/**
 * The text of a configuration file.
 * @param path Where.
 * @returns `undefined` where there is none.
 * @throws CommandError
 */
export async function readConfigText(
  path: string,
): Promise<string | undefined> {
  try {
    const { size, isFile } = await Deno.stat(path);
    if (!isFile) throw unreadable(path, "it is no file");
    if (size > largestFile) {
      throw unreadable(path, `it is larger than ${largestFile} bytes`);
    }
    const bytes = await Deno.readFile(path);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      // What is no folder has no file in it either.
      (error instanceof Error && /os error 20\)/.test(error.message))
    ) return undefined;
    if (error instanceof CommandError) throw error;
    throw unreadable(
      path,
      error instanceof TypeError ? "it is no UTF-8" : platformReason(error),
      error,
    );
  }
}

function unreadable(path: string, why: string, cause?: unknown): CommandError {
  return new CommandError(
    `Cannot read ${visible(path)}: ${why}`,
    exitCodes.failed,
    [],
    [],
    { cause },
  );
}

/**
 * The error about a file with mistakes.
 * @param path The file.
 * @param problems At least one.
 * @param hints Commands that help.
 */
export function configError(
  path: string,
  problems: readonly Problem[],
  hints: readonly string[] = ["ssm config edit"],
): CommandError {
  const lines = problemLines(path, problems);
  const [first = "", ...others] = lines.slice(0, mostShown);
  return new CommandError(
    `Cannot use ${first}`,
    exitCodes.failed,
    hints,
    [
      ...others,
      ...(lines.length > mostShown
        ? [`… and ${lines.length - mostShown} more`]
        : []),
    ],
  );
}

/**
 * Problems as lines that editors and terminals turn into links: `path:line:column: message`.
 * @param path The file.
 * @param problems What is wrong.
 */
export function problemLines(
  path: string,
  problems: readonly Problem[],
): string[] {
  return problems.toSorted((a, b) =>
    a.at.line - b.at.line || a.at.column - b.at.column
  ).map(({ at, message }) =>
    `${visible(path)}:${at.line}:${at.column}: ${message}`
  );
}
