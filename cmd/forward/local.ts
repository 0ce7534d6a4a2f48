/**
 * The near end of a forward: where it listens on this machine, and that nobody else on the network
 * gets in unless `--bind` says so.
 *
 * @module
 */

import { isLoopback } from "../../lib/io/loopback.ts";
import {
  longestSocketPath,
  socketPathLength,
} from "../../lib/io/socket_path.ts";
import { shellQuote, visible } from "../../lib/text.ts";
import {
  fieldsOf,
  localPort,
  numericAddress,
  refusal,
  type Typed,
} from "./parts.ts";

/** Numeric addresses to listen on. */
export interface LocalHosts {
  /** At least one, and each must work. */
  readonly hosts: readonly string[];
  /** Listened on where that is possible. */
  readonly optionalHosts: readonly string[];
}

/** Where a forward listens. */
export type LocalSpec =
  | LocalHosts & {
    readonly kind: "tcp";
    /** 0: any that is free. */
    readonly port: number;
  }
  | { readonly kind: "unix"; readonly path: string };

/** What `--bind` says. */
export interface BindRule extends LocalHosts {
  /** The address; `undefined` where only this machine gets in. */
  readonly opened: string | undefined;
}

/** `localhost` of this machine, where it has IPv6 in both of its forms. */
const localhost: LocalHosts = { hosts: ["127.0.0.1"], optionalHosts: ["::1"] };

/**
 * Reads `--bind`.
 * @param typed What it is.
 * @param text Its value; `undefined` when it is not given.
 * @throws UsageError
 */
export function bindRule(typed: Typed, text: string | undefined): BindRule {
  if (text === undefined || text === "localhost") {
    return { ...localhost, opened: undefined };
  }
  const address = numericAddress(text);
  if (address === undefined) {
    throw refusal(
      typed,
      "it is a numeric address of this machine; 0.0.0.0 is every one",
    );
  }
  return {
    hosts: [address],
    optionalHosts: [],
    opened: isLoopback(address) ? undefined : address,
  };
}

/**
 * Where a forward listens by an address of its own, as `-L` takes one.
 * @param typed What it is a part of.
 * @param text The address; empty and `*` are every address, as with ssh.
 * @param rule What `--bind` says.
 * @param again What to type, after the command, with `--bind` still to come.
 * @throws UsageError for an address that others can reach and that `--bind` does not allow.
 */
export function ownHosts(
  typed: Typed,
  text: string,
  rule: BindRule,
  again: string,
): LocalHosts {
  if (text === "localhost") return localhost;
  const every = text === "" || text === "*";
  const address = every ? "0.0.0.0" : numericAddress(text);
  if (address === undefined) {
    throw refusal(
      typed,
      `${
        visible(text)
      } is no address to listen on: that is numeric, or localhost`,
    );
  }
  if (isLoopback(address)) return { hosts: [address], optionalHosts: [] };
  const { opened } = rule;
  const allowsAll = opened === "0.0.0.0" || opened === "::";
  if (opened === undefined) {
    throw refusal(
      typed,
      `it lets other machines in, at ${every ? "every address" : address}; ` +
        `if that is meant, add --bind ${address}`,
      `${again} --bind ${address}`,
    );
  }
  if (every && allowsAll) return { hosts: [opened], optionalHosts: [] };
  if (address === opened || allowsAll) {
    return { hosts: [address], optionalHosts: [] };
  }
  throw refusal(
    typed,
    `it listens on ${
      every ? "every address" : address
    }, and --bind allows ${opened}`,
    `${again} --bind ${address}`,
  );
}

/**
 * A Unix socket to listen on.
 * @param typed What it is a part of.
 * @param path Its path.
 * @param os The system, for the tests.
 * @throws UsageError
 */
export function unixSocket(
  typed: Typed,
  path: string,
  os: typeof Deno.build.os = Deno.build.os,
): LocalSpec {
  if (os === "windows") {
    throw refusal(
      typed,
      "Unix sockets cannot be listened on on Windows; use a port",
    );
  }
  if (path === "" || path.endsWith("/")) {
    throw refusal(typed, "the name of the socket is missing");
  }
  if (visible(path) !== path) {
    throw refusal(typed, "the path has control characters");
  }
  if (path.startsWith("~/")) {
    throw refusal(
      typed,
      "the shell replaces ~ only where a word begins; write $HOME",
    );
  }
  const limit = longestSocketPath(os);
  const length = socketPathLength(path);
  if (length > limit) {
    throw refusal(
      typed,
      `the path has ${length} bytes, and the system takes at most ${limit}`,
      "--local unix:./forward.sock",
    );
  }
  return { kind: "unix", path };
}

/**
 * Reads `--local`: a port, an address and a port, or `unix:` and a path. A slash makes a path too,
 * as in `ssh -L`.
 * @param typed What it is.
 * @param text Its value.
 * @param rule What `--bind` says.
 * @param remote The `--remote` it belongs to, for hints.
 * @throws UsageError
 */
export function parseLocal(
  typed: Typed,
  text: string,
  rule: BindRule,
  remote: string,
): LocalSpec {
  const path = /^unix:(.*)$/s.exec(text)?.[1] ??
    (text.includes("/") ? text : undefined);
  if (path !== undefined) return unixSocket(typed, path);
  const forRemote = `--remote ${shellQuote(remote)}`;
  const free = { phrase: "leave --local away", example: forRemote };
  const fields = fieldsOf(text);
  const [first = "", second] = fields;
  if (fields.length > 2) {
    throw refusal(
      typed,
      "it is a port, address:port or unix:path; an IPv6 address has brackets",
      `${forRemote} --local 8080`,
    );
  }
  if (second === undefined) {
    const { hosts, optionalHosts } = rule;
    const port = localPort(typed, first, free);
    return { kind: "tcp", port, hosts, optionalHosts };
  }
  const port = localPort(typed, second, free);
  const again = `${forRemote} --local ${shellQuote(text)}`;
  return { kind: "tcp", port, ...ownHosts(typed, first, rule, again) };
}
