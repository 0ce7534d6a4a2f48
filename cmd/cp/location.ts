/**
 * Where `ssm cp` copies from and to: `host:path` as scp writes it, paths of this machine, and `-`.
 *
 * @module
 */

import { shellQuote, visible } from "../../lib/text.ts";
import { UsageError } from "../errors.ts";

/** One end of a copy. */
export type Location =
  | { readonly kind: "local"; readonly path: string }
  /** Standard input or output. */
  | { readonly kind: "stream" }
  | {
    readonly kind: "node";
    /** As typed; empty = SSM_TARGET or a choice. */
    readonly target: string;
    /** Empty = the home folder. */
    readonly path: string;
  };

/** What `ssm cp` is to copy. */
export interface CopyRequest {
  readonly direction: "up" | "down";
  /** Empty = SSM_TARGET or a choice. */
  readonly target: string;
  /** Paths on the side that is copied from; of none, standard input. */
  readonly sources: readonly string[];
  /** The path on the other side; `undefined` = standard output. */
  readonly destination: string | undefined;
}

/**
 * A target with a colon in it (target_spec.ts, ecs_spec.ts), up to the one before the path. An IPv6
 * address has brackets, as with scp; a tag has `=` in it, as its colon would be the one before the
 * path.
 */
const prefixed =
  /^((?:ecs:arn:[^:]*:[^:]*:[^:]*:[^:]*:[^:]*|(?:ip:)?\[[0-9a-f:.]*\]|(?:id|name|tag|ecs|ip|dns|host|asg):[^:]*)):([^]*)$/i;
/** The rest before any slash, as with scp. */
const plain = /^([^/:]*):([^]*)$/;
const prefixAlone = /^(id|name|tag|ecs):[^:]*$/i;
/** `C:\file` and `C:/file`. */
const drive = /^[A-Za-z]:[\\/]/;

/**
 * Reads one argument.
 *
 * @param text As typed.
 * @param windows True where a letter and a colon begin a path of this machine.
 * @throws UsageError
 */
export function parseLocation(text: string, windows: boolean): Location {
  if (text === "-") return { kind: "stream" };
  if (text === "") throw new UsageError("Cannot copy an empty path");
  if (text.includes("\0")) {
    throw new UsageError(`Cannot copy ${visible(text)}: no path has a NUL`);
  }
  if (/^[./]/.test(text) || windows && drive.test(text)) {
    return { kind: "local", path: text };
  }
  const [, target, path] = prefixed.exec(text) ?? [];
  if (target !== undefined) return { kind: "node", target, path: path ?? "" };
  if (prefixAlone.test(text)) {
    throw new UsageError(
      `Cannot copy ${visible(text)}: a path is missing behind the target`,
      [`ssm cp ${shellQuote(`${text}:/var/log/syslog`)} .`],
    );
  }
  const [, host, rest] = plain.exec(text) ?? [];
  return host === undefined
    ? { kind: "local", path: text }
    : { kind: "node", target: host, path: rest ?? "" };
}

/**
 * Reads the arguments of `ssm cp`.
 *
 * @param args Sources, and the destination as the last one.
 * @param windows As for {@linkcode parseLocation}.
 * @throws UsageError
 */
export function parseCopy(
  args: readonly string[],
  windows: boolean,
): CopyRequest {
  if (args.length < 2) {
    throw new UsageError(
      args.length === 0
        ? "Cannot copy: neither source nor destination is given"
        : "Cannot copy: the destination is missing",
      ["ssm cp web-server:/var/log/syslog .", "ssm cp ./file web-server:/tmp/"],
    );
  }
  const locations = args.map((text) => parseLocation(text, windows));
  const destination = locations.at(-1)!;
  const sources = locations.slice(0, -1);
  return destination.kind === "node"
    ? parseUp(sources, destination)
    : parseDown(sources, destination, args);
}

function parseUp(
  sources: readonly Location[],
  { target, path }: Location & { kind: "node" },
): CopyRequest {
  const paths: string[] = [];
  for (const source of sources) {
    if (source.kind === "node") throw betweenNodes(source, { target, path });
    if (source.kind === "local") paths.push(source.path);
  }
  if (paths.length < sources.length) {
    if (sources.length > 1) {
      throw new UsageError("Cannot copy -: it is the only source, or none");
    }
    if (path === "" || /\/$/.test(path)) {
      throw new UsageError(
        "Cannot copy standard input: its file on the node needs a name",
        [`ssm cp - ${shellQuote(`${target}:${path}file`)}`],
      );
    }
  }
  return { direction: "up", target, sources: paths, destination: path };
}

function parseDown(
  sources: readonly Location[],
  destination: Exclude<Location, { kind: "node" }>,
  args: readonly string[],
): CopyRequest {
  const paths: string[] = [];
  let target: string | undefined;
  for (const source of sources) {
    if (source.kind !== "node") throw noNode(args);
    if (target !== undefined && source.target !== target) {
      throw new UsageError(
        `Cannot copy from ${visible(target)} and ${visible(source.target)} ` +
          "at once: run ssm cp for each node",
      );
    }
    target = source.target;
    paths.push(source.path);
  }
  return {
    direction: "down",
    target: target ?? "",
    sources: paths,
    destination: destination.kind === "local" ? destination.path : undefined,
  };
}

function betweenNodes(
  from: Location & { kind: "node" },
  to: { readonly target: string; readonly path: string },
): UsageError {
  const path = to.path === "" || /\/$/.test(to.path)
    ? `${to.path}${from.path.split("/").at(-1) ?? ""}`
    : to.path;
  return new UsageError(
    "Cannot copy from node to node: this machine has to be one of the ends",
    [
      `ssm cp ${shellQuote(`${from.target}:${from.path}`)} - | ` +
      `ssm cp - ${shellQuote(`${to.target}:${path}`)}`,
    ],
  );
}

function noNode(args: readonly string[]): UsageError {
  const sources = args.slice(0, -1).map(shellQuote).join(" ");
  const destination = args.at(-1) ?? "";
  const path = destination === "-" ? "file" : destination;
  // A word alone may be a node whose colon was forgotten.
  const isWord = /^[\w-]+$/.test(destination) && destination !== "-";
  return new UsageError(
    "Cannot copy: one of the ends has to be on a node, as node:path",
    [
      ...(isWord ? [`ssm cp ${sources} ${destination}:`] : []),
      `ssm cp ${sources} ${shellQuote(`web-server:${path}`)}`,
    ],
  );
}
