/**
 * A copy as it would be typed, for hints.
 *
 * @module
 */

import { shellQuote } from "../../lib/text.ts";
import type { CopyCommandOptions } from "../cp.ts";

/**
 * The command to copy the same again, without the connection's flags.
 *
 * @param options What was asked for.
 * @param target The node.
 */
export function copyWords(
  { request, recursive, preserve, sessions, documentName }: CopyCommandOptions,
  target: string,
): string {
  const { direction, sources, destination } = request;
  const remote = (path: string) => shellQuote(`${target}:${path}`);
  const local = (path: string) =>
    shellQuote(
      /^[^/]*:/.test(path) && !/^[./]/.test(path) || /^-/.test(path)
        ? `./${path}`
        : path,
    );
  const from = direction === "up" ? local : remote;
  const to = direction === "up" ? remote : local;
  return [
    "ssm cp",
    recursive ? "-r" : "",
    preserve ? "-p" : "",
    sessions === undefined ? "" : `--sessions ${sessions}`,
    documentName === undefined
      ? ""
      : `--document-name ${shellQuote(documentName)}`,
    ...(sources.length === 0 ? ["-"] : sources.map(from)),
    destination === undefined ? "-" : to(destination),
  ].filter((word) => word !== "").join(" ");
}
