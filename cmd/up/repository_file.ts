/**
 * Finds the `ssm.json` of the folder, and reads it with the caution that a file of somebody else
 * deserves.
 *
 * In a repository it may be in any folder from here up to the repository's root, as people work in
 * its subfolders; outside of one only in this folder, as the folders above may be anybody's (/tmp,
 * the home folder).
 *
 * @module
 */

import { platformReason, visible } from "../../lib/text.ts";
import { repositoryFileName } from "../config/repository_file.ts";
import { CommandError, exitCodes } from "../errors.ts";

/** The largest `ssm.json` that is read, in bytes. */
export const largestRepositoryFile = 64 * 1024;

/** Folders that are looked into at most. */
const mostFolders = 64;

/**
 * Finds the file that counts in a folder.
 * @param folder An absolute path.
 * @returns `undefined` where there is none.
 */
export async function findRepositoryFile(
  folder: string,
): Promise<string | undefined> {
  for (const each of await foldersOf(folder)) {
    const path = `${each === "/" ? "" : each}/${repositoryFileName}`;
    if (await exists(path)) return path;
  }
  return undefined;
}

/** The folder and those above it up to the repository's root; the folder alone outside of one. */
async function foldersOf(folder: string): Promise<string[]> {
  const folders: string[] = [];
  let at = folder.replaceAll("\\", "/").replace(/(?<=.)\/$/, "");
  while (folders.length < mostFolders) {
    folders.push(at);
    // A folder, or in a worktree or submodule a file.
    if (await exists(`${at}/.git`)) return folders;
    const above = at.slice(0, at.lastIndexOf("/"));
    if (above === "" && at === "/" || /^[A-Za-z]:$/.test(at)) break;
    at = above === "" ? "/" : above;
  }
  return folders.slice(0, 1);
}

/** Whether there is anything by that name, a link that leads nowhere too. */
async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}

/** What was read. */
export interface RepositoryText {
  /** Absolute, without links. */
  readonly path: string;
  readonly text: string;
  /** SHA-256 of the bytes, as sha256sum prints it. */
  readonly sha256: string;
  /** The user it belongs to, where that is neither we nor root. */
  readonly owner: number | undefined;
}

/**
 * Reads the file, once: what is confirmed is what is used.
 * @param path Where.
 * @throws CommandError For what is no plain file of reasonable size, and what cannot be read.
 */
export async function readRepositoryText(
  path: string,
): Promise<RepositoryText> {
  try {
    // A link may lead to what was never checked in, and a pipe or device would never end.
    const before = await Deno.lstat(path);
    if (before.isSymlink) throw refused(path, "it is a symbolic link");
    if (!before.isFile) throw refused(path, "it is no plain file");
    using file = await Deno.open(path);
    const info = await file.stat();
    if (info.ino !== before.ino || info.dev !== before.dev) {
      throw refused(path, "it was replaced meanwhile");
    }
    const bytes = await readUpTo(file, largestRepositoryFile + 1);
    if (bytes.length > largestRepositoryFile) {
      throw refused(path, `it is larger than ${largestRepositoryFile} bytes`);
    }
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return {
      path: await Deno.realPath(path),
      owner: info.uid === null || info.uid === 0 || info.uid === Deno.uid()
        ? undefined
        : info.uid,
      text: new TextDecoder("utf-8", { fatal: true }).decode(bytes),
      sha256: [...digest].map((byte) => byte.toString(16).padStart(2, "0"))
        .join(""),
    };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw refused(
      path,
      error instanceof TypeError
        ? "it is no UTF-8"
        : error instanceof Deno.errors.NotFound
        ? "there is no such file"
        : platformReason(error),
      error,
    );
  }
}

async function readUpTo(
  file: Deno.FsFile,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(most);
  let length = 0;
  while (length < most) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  return bytes.slice(0, length);
}

function refused(path: string, why: string, cause?: unknown): CommandError {
  return new CommandError(
    `Cannot use ${visible(path)}: ${why}`,
    exitCodes.failed,
    [],
    [],
    { cause },
  );
}
