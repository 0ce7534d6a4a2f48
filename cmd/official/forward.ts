/**
 * `ssm forward --no-native`.
 *
 * @module
 */

import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import type { ForwardCommandOptions } from "../forward.ts";
import type { LocalSpec } from "../forward/spec.ts";
import { forwardWords } from "../forward/words.ts";
import { engineFlags, refuseFlags, runOfficialPlugin } from "./run.ts";

/**
 * Runs the session with the official plugin, which listens and says so on standard output.
 * @param options From `parseForward`.
 * @param context The world.
 * @returns The exit code.
 * @throws UsageError For what the plugin cannot do; else as `runOfficialPlugin` does.
 */
export async function runOfficialForward(
  options: ForwardCommandOptions,
  context: Context,
): Promise<number> {
  const { specs, connection, documentName } = options;
  refuseFlags([
    ["--sessions", options.sessions !== undefined],
    ["--payload-size", options.payloadSize !== undefined],
    ["--retry", options.retry !== Infinity],
    ["--half-close", options.grace !== undefined],
    ["-f", options.background || options.backgroundChild],
    ["--json", options.json],
    ["a command", options.command !== undefined],
    ...engineFlags(connection),
  ]);
  const [spec] = specs;
  if (spec === undefined || specs.length > 1) {
    throw new UsageError(
      "Cannot forward several ports with --no-native: session-manager-plugin has one for each session",
    );
  }
  const { remoteHost, remotePort } = spec;
  const rest = `${forwardWords(specs)} --no-native`;
  return await runOfficialPlugin(
    {
      target: options.target,
      connection,
      documentName: documentName ??
        "AWS-StartPortForwardingSession" +
          (remoteHost === undefined ? "" : "ToRemoteHost"),
      parameters: {
        ...(remoteHost === undefined ? {} : { host: [remoteHost] }),
        portNumber: [String(remotePort)],
        localPortNumber: [String(localPort(spec.local))],
      },
      reason: options.reason,
      command: "ssm forward",
      rest,
      grammar: { bareTags: false },
    },
    options,
    context,
  );
}

/** It listens on localhost, and nowhere else. */
function localPort(local: LocalSpec): number {
  if (local.kind === "tcp" && local.hosts[0] === "127.0.0.1") return local.port;
  throw new UsageError(
    "Cannot listen there with --no-native: session-manager-plugin listens on localhost alone",
  );
}
