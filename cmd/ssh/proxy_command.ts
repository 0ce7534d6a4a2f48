/**
 * ssh's ProxyCommand that leads to us. ssh expands its `%` and hands it to the user's shell behind
 * `exec`, so each word is quoted for both.
 *
 * @module
 */

import { shellQuote, visible } from "../../lib/text.ts";
import type { Connection } from "../context.ts";
import { UsageError } from "../errors.ts";
import { connectionFlagWords } from "../target/target.ts";
import type { KeyChoice } from "./key.ts";

/** What the proxy is to do. */
export interface ProxyRequest {
  /** A node's id; `undefined` for the host that ssh is told. */
  readonly nodeId: string | undefined;
  readonly connection: Connection;
  readonly documentName: string | undefined;
  readonly reason: string | undefined;
  readonly sendKey: KeyChoice | undefined;
  /** Where the fresh key is offered; ssh expands `%h`, `%p` and `%r` in it. */
  readonly keySocket: string | undefined;
  readonly verbose: number;
}

/**
 * The value of ProxyCommand.
 *
 * @param own argv of our program.
 * @param request What it is to do.
 * @param os Windows' ssh knows no single quotes.
 * @throws UsageError For a value with control characters, which would end the line.
 */
export function proxyCommand(
  own: readonly string[],
  request: ProxyRequest,
  os: typeof Deno.build.os = Deno.build.os,
): string {
  const { nodeId, connection, documentName, reason, sendKey, keySocket } =
    request;
  const word = (text: string) => proxyWord(text, os);
  // What ssh puts in comes from outside, and newer versions alone refuse what a shell would expand.
  const token = (text: string) => os === "windows" ? `"${text}"` : `'${text}'`;
  return [
    ...own.map(word),
    "ssh-proxy",
    nodeId === undefined ? token("%h") : word(nodeId),
    "%p",
    ...connectionWords(connection).map(word),
    ...optional("--document-name", documentName).map(word),
    ...optional("--reason", reason).map(word),
    ...(sendKey === undefined
      ? []
      : [`--send-key=${sendKey}`, "--user", token("%r")]),
    ...(keySocket === undefined ? [] : ["--key-socket", token(keySocket)]),
    ...Array.from({ length: request.verbose }, () => "-v"),
  ].join(" ");
}

/** A word that neither ssh nor a shell takes for more. */
function proxyWord(text: string, os: typeof Deno.build.os): string {
  if (visible(text) !== text) {
    throw new UsageError(
      `Cannot hand ${visible(text)} to ssh: it has control characters`,
    );
  }
  const quoted = os === "windows"
    ? /^[\w@+=:,./\\-]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`
    : shellQuote(text);
  return quoted.replaceAll("%", "%%");
}

/** The connection's flags as argv. */
function connectionWords(connection: Connection): string[] {
  const { transport, streamHosts } = connection;
  return [
    ...connectionFlagWords(connection),
    ...optional("--transport", transport === "native" ? undefined : transport),
    ...streamHosts.flatMap((host) => ["--stream-host", host]),
  ];
}

function optional(flag: string, value: string | undefined): string[] {
  return value === undefined ? [] : [flag, value];
}
