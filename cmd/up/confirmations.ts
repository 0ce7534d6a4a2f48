/**
 * What the user has confirmed: which `ssm.json`, by path and SHA-256, may open which group, and what
 * that meant. Kept in a private file; whoever can write that is the user.
 *
 * @module
 */

import { editFile } from "../../lib/io/edit_file.ts";
import { type Lookup, stateFolder } from "../config/place.ts";

/** A confirmation. */
export interface Confirmation {
  /** Of the file, absolute and without links. */
  readonly path: string;
  readonly group: string;
  /** Of the file's bytes. */
  readonly sha256: string;
  /**
   * SHA-256 of the lines that were shown: an alias of the user's that changes may give the same file
   * another meaning.
   */
  readonly shown: string;
}

/** Confirmations that are kept; the oldest go first. */
const mostKept = 500;

/** The file's largest size in bytes; larger is none of ours. */
const largestFile = 1 << 20;

function pathOf(env: Lookup): string | undefined {
  const folder = stateFolder(env);
  return folder === undefined ? undefined : `${folder}/confirmed.json`;
}

/**
 * How a group of a file was confirmed last.
 * @param path The file's.
 * @param group The group's name.
 * @param env The environment.
 * @returns `undefined` where it never was.
 */
export async function confirmationOf(
  path: string,
  group: string,
  env: Lookup,
): Promise<Confirmation | undefined> {
  const place = pathOf(env);
  if (place === undefined) return undefined;
  try {
    return parse(await Deno.readFile(place)).find((each) =>
      each.path === path && each.group === group
    );
  } catch {
    // What cannot be read confirms nothing.
    return undefined;
  }
}

/**
 * Remembers a confirmation, in place of an earlier one of the same group.
 * @param confirmation What was confirmed.
 * @param env The environment.
 * @returns False where no variable says where the user's files are.
 * @throws Deno.errors.PermissionDenied and the like.
 */
export async function remember(
  confirmation: Confirmation,
  env: Lookup,
): Promise<boolean> {
  const place = pathOf(env);
  if (place === undefined) return false;
  await editFile(place, (bytes) => {
    const others = parse(bytes).filter((each) =>
      each.path !== confirmation.path || each.group !== confirmation.group
    );
    const all = [...others, confirmation].slice(-mostKept);
    return new TextEncoder().encode(`${JSON.stringify(all, null, 1)}\n`);
  });
  return true;
}

/** Whatever of the file is a confirmation. */
function parse(bytes: Uint8Array): Confirmation[] {
  if (bytes.length === 0 || bytes.length > largestFile) return [];
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return [];
  }
  return Array.isArray(value) ? value.filter(isConfirmation) : [];
}

function isConfirmation(value: unknown): value is Confirmation {
  if (typeof value !== "object" || value === null) return false;
  const { path, group, sha256, shown } = value as Partial<
    Record<keyof Confirmation, unknown>
  >;
  return [path, group, sha256, shown].every((each) => typeof each === "string");
}
