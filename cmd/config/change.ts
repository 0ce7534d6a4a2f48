/**
 * Changes the user's file as a person would: one value, with everything else and all comments as
 * they were. A change that would leave mistakes behind is not made.
 *
 * @module
 */

import { applyEdits, modify } from "jsonc-parser";
import { editFile } from "../../lib/io/edit_file.ts";
import { platformReason, visible } from "../../lib/text.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { configError, largestFile } from "./load.ts";
import { requireConfigPath } from "./place.ts";
import type { Setting } from "./settings.ts";
import { readUserFile } from "./user_file.ts";

/** A value to put somewhere; `undefined` takes it away. */
export interface Change {
  /** `["defaults", "region"]`. */
  readonly path: readonly string[];
  readonly value: unknown;
}

/** What a new file has in it, before anything else. */
const fresh = "{}\n";

/**
 * Makes a change.
 * @param change What.
 * @param settings What can be set.
 * @param context The environment.
 * @returns Where the file is, and whether it is another one now.
 * @throws CommandError For a file with mistakes, before the change or behind it.
 */
export async function changeConfig(
  change: Change,
  settings: readonly Setting[],
  context: Pick<Context, "env">,
): Promise<{ readonly path: string; readonly changed: boolean }> {
  const path = requireConfigPath(context.env);
  try {
    const changed = await editFile(
      path,
      (bytes) => changedBytes(bytes, change, path, settings),
    );
    return { path, changed };
  } catch (error) {
    if (!(error instanceof Error) || error instanceof CommandError) throw error;
    throw new CommandError(
      `Cannot write ${visible(path)}: ${platformReason(error)}`,
      exitCodes.failed,
      [],
      [],
      { cause: error },
    );
  }
}

function changedBytes(
  bytes: Uint8Array,
  { path: place, value }: Change,
  path: string,
  settings: readonly Setting[],
): Uint8Array {
  if (bytes.length > largestFile) {
    throw new CommandError(
      `Cannot use ${visible(path)}: it is larger than ${largestFile} bytes`,
      exitCodes.failed,
    );
  }
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const { problems } = readUserFile(text, path, settings);
  if (problems.length > 0) throw configError(path, problems);
  if (text.trim() === "" && value === undefined) return bytes;
  const before = text.trim() === "" ? fresh : text;
  const after = withValue(before, place, value);
  const left = readUserFile(after, path, settings).problems;
  if (left.length > 0) {
    throw new CommandError(
      `Cannot write ${place.map(visible).join(".")}: ${left[0]?.message}`,
      exitCodes.failed,
    );
  }
  return new TextEncoder().encode(after);
}

/**
 * A text with a value put in or taken out.
 * @param text JSON with comments.
 * @param place Where.
 * @param value What; `undefined` takes it away.
 */
export function withValue(
  text: string,
  place: readonly string[],
  value: unknown,
): string {
  const insertSpaces = !/^\t/m.test(text);
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return applyEdits(
    text,
    modify(text, [...place], value, {
      formattingOptions: { insertSpaces, tabSize: 2, eol },
    }),
  );
}
