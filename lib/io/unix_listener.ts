/**
 * A Unix socket that only its owner can connect to.
 *
 * @module
 */

import type { LocalListener } from "../session/transport.ts";
import { visible } from "../text.ts";
import { ListenError, saidBy } from "./listen_error.ts";
import { ListeningPlace } from "./listening_place.ts";
import { longestSocketPath, socketPathLength } from "./socket_path.ts";

/**
 * Listens on a Unix socket with mode 0600. A socket on which nobody listens any more, as one is
 * left by a program that was killed, is replaced; a file of any other kind never is. The socket is
 * removed when it is closed, unless another one has taken its place.
 *
 * It is made in a folder of its own, which nobody else can enter, and moved into place when its
 * mode is right: between listening and changing the mode anybody could connect. (The process's
 * umask would do too, but Deno lets only a program with every `--allow-sys` right change it.)
 *
 * @param path Where.
 * @param inUse What becomes of a socket of ours on which somebody listens.
 * @throws ListenError
 */
export async function listenUnix(
  path: string,
  inUse: "refuse" | "replace" = "refuse",
): Promise<LocalListener> {
  if (socketPathLength(path) > longestSocketPath()) {
    throw new ListenError({ kind: "unix", path }, tooLong);
  }
  await refuseOccupied(path, inUse);
  let folder: string | undefined;
  let listener: Deno.UnixListener | undefined;
  try {
    folder = makePrivateFolder(path.slice(0, path.lastIndexOf("/") + 1));
    const made = `${folder}/s`;
    listener = Deno.listen({ transport: "unix", path: made });
    Deno.chmodSync(made, 0o600);
    const { ino } = Deno.lstatSync(made);
    Deno.renameSync(made, path);
    return new ListeningPlace(
      { kind: "unix", path },
      listener,
      undefined,
      () => removeOwn(path, ino),
    );
  } catch (error) {
    listener?.close();
    throw unixListenError(path, error);
  } finally {
    if (folder !== undefined) removeFolder(folder);
  }
}

const tooLong = "the path is too long";

/** Names that may be taken already are tried this often. */
const nameTries = 10;

/**
 * A new folder that only we can enter, with a short name: what is in it has little more room than
 * the socket's own name, as the system limits the path.
 * @param parent Empty, or with a slash at its end.
 */
function makePrivateFolder(parent: string): string {
  for (let left = nameTries;; left--) {
    const name = Math.floor(Math.random() * 36 ** 4).toString(36);
    const folder = `${parent}.${name}`;
    try {
      Deno.mkdirSync(folder, { mode: 0o700 });
      return folder;
    } catch (error) {
      if (left > 1 && error instanceof Deno.errors.AlreadyExists) continue;
      throw error;
    }
  }
}

/** Throws unless nothing is at the path, or a socket that may be replaced. */
async function refuseOccupied(
  path: string,
  inUse: "refuse" | "replace",
): Promise<void> {
  const refuse = (reason: string, cause?: unknown) =>
    new ListenError({ kind: "unix", path }, reason, { cause });
  let there: Deno.FileInfo;
  try {
    there = await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw unixListenError(path, error);
  }
  if (there.isSocket !== true) {
    throw refuse("a file of that name is there, and it is no socket");
  }
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (
      error instanceof Deno.errors.ConnectionRefused ||
      error instanceof Deno.errors.NotFound
    ) return;
    throw refuse(
      error instanceof Deno.errors.PermissionDenied
        ? "the socket there belongs to another user"
        : `a socket is there, and whether it is in use cannot be told: ${
          saidBy(error)
        }`,
      error,
    );
  }
  if (inUse === "refuse") throw refuse("another program listens there");
}

function unixListenError(path: string, cause: unknown): ListenError {
  const folder = path.slice(0, path.lastIndexOf("/") + 1) || "./";
  return new ListenError(
    { kind: "unix", path },
    cause instanceof Deno.errors.NotFound
      ? `the folder ${visible(folder)} does not exist`
      : cause instanceof Deno.errors.PermissionDenied
      ? `the folder ${visible(folder)} is not ours to write in`
      // Deno throws a TypeError for it, before the system is asked.
      : cause instanceof TypeError
      ? tooLong
      : saidBy(cause),
    { cause },
  );
}

function removeOwn(path: string, ino: number | null): void {
  try {
    if (Deno.lstatSync(path).ino === ino) Deno.removeSync(path);
  } catch {
    // Somebody has removed it.
  }
}

function removeFolder(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch {
    // It is empty, and in nobody's way.
  }
}
