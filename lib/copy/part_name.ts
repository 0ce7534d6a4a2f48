/**
 * What a file is called while it is copied: beside its place, hidden, and the same for the same file,
 * so that a later try finds what an earlier one left.
 *
 * @module
 */

import { encodePath } from "./path_text.ts";
import { sumOf } from "./sum.ts";

/** Bytes of a name that every file system takes, less what is put around it. */
const longestName = 200;

/**
 * The name of a file that can be taken up again.
 *
 * @param name The file's own.
 * @param identity What is different for another content: size and time, as a rule.
 */
export function partName(name: string, identity: string): string {
  return withMark(name, sumOf(encodePath(identity)).slice(0, 8));
}

/** The name of a file that is copied in one go. @param random As many bytes as asked for. */
export function passingName(
  name: string,
  random: (length: number) => Uint8Array,
): string {
  const mark = [...random(6)].map((byte) => byte.toString(16).padStart(2, "0"));
  return withMark(name, mark.join(""));
}

function withMark(name: string, mark: string): string {
  let short = name;
  while (encodePath(short).length > longestName) short = short.slice(0, -1);
  return `.${
    short.toWellFormed() === short ? short : name.length
  }.${mark}.ssm-part`;
}
