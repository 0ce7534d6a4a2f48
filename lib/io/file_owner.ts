/**
 * Whether a file that is there already may be written on in: what is to be private must not land
 * where another user reads it, or laid a pipe.
 *
 * @module
 */

/** What {@linkcode Deno.stat} says of a file, as far as it counts here. */
export type FileFacts = Pick<
  Deno.FileInfo,
  "isFile" | "isFifo" | "isCharDevice" | "uid" | "mode"
>;

/** What this process was given by whoever started it, as `/dev/stderr` or `>(gzip)` of a shell. */
const own = /^\/(?:dev\/(?:stdout|stderr|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/**
 * Refuses a file that is not this user's alone to write. Devices, such as a terminal or
 * `/dev/null`, and what this process has open already pass.
 *
 * @param path Where it is.
 * @param facts What is there, links followed.
 * @throws Deno.errors.PermissionDenied With the reason as its message.
 */
export function requireOwnFile(path: string, facts: FileFacts): void {
  const reason = own.test(path) ? undefined : refusal(facts);
  if (reason !== undefined) throw new Deno.errors.PermissionDenied(reason);
}

function refusal(
  { isFile, isFifo, isCharDevice, uid, mode }: FileFacts,
): string | undefined {
  if (isCharDevice) return undefined;
  // Opened, a pipe would be waited at until somebody reads it.
  if (isFifo) return "it is a named pipe, not a file";
  if (!isFile) return "it is no plain file";
  if (Deno.build.os === "windows") return undefined;
  if (uid !== null && uid !== Deno.uid()) return "it is another user's file";
  return mode !== null && (mode & 0o022) !== 0
    ? "others may write to it; chmod go-w takes that away"
    : undefined;
}
