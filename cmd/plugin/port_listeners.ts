/**
 * The local end of a port session of the plugin.
 *
 * @module
 */

import { ListenError, PortInUseError } from "../../lib/io/listen_error.ts";
import type { LocalListener } from "../../lib/session/transport.ts";
import { shellQuote, visible } from "../../lib/text.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import type { LocalSpec } from "../forward/spec.ts";
import { portInUse } from "../port_in_use.ts";
import type { PluginRequest, PluginSession } from "./arguments.ts";

/** A document's properties, after the agent put the parameters in (api.md §7). */
export type PortProperties = Readonly<Record<string, unknown>>;

/**
 * Listens where the document says.
 * @param properties The document's.
 * @param task What the AWS CLI asked for, for a command to paste that would work.
 * @param context The world.
 * @throws CommandError
 */
export async function listenFor(
  properties: PortProperties,
  { request, profile }: PluginSession,
  context: Context,
): Promise<LocalListener[]> {
  try {
    return await context.listen(localOf(properties));
  } catch (error) {
    if (error instanceof PortInUseError && request !== undefined) {
      throw await portInUse(
        error,
        (port) => startCommand(request, port, profile),
      );
    }
    if (!(error instanceof ListenError || error instanceof PortInUseError)) {
      throw error;
    }
    throw new CommandError(error.message, exitCodes.failed, [], [], {
      cause: error,
    });
  }
}

/** Loopback, IPv6 too where there is some, unless the document has a socket. */
function localOf(properties: PortProperties): LocalSpec {
  if (properties.localConnectionType === "unix") {
    const path = String(properties.localUnixSocket ?? "");
    if (path === "") throw refusal("names no localUnixSocket");
    return { kind: "unix", path };
  }
  const text = String(properties.localPortNumber ?? "");
  const port = Number(text);
  if (!/^\d*$/.test(text) || port > 65_535) {
    throw refusal(`has ${visible(text)} for localPortNumber, which is no port`);
  }
  return {
    kind: "tcp",
    hosts: ["127.0.0.1"],
    optionalHosts: ["::1"],
    port,
  };
}

function refusal(why: string): CommandError {
  return new CommandError(
    `Cannot listen: the session's document ${why}`,
    exitCodes.failed,
  );
}

/** The AWS CLI's command with another local port. */
function startCommand(
  { target, documentName, parameters }: PluginRequest,
  port: number,
  profile: string | undefined,
): string {
  const others = typeof parameters === "object" ? parameters : {};
  const all = { ...others, localPortNumber: [String(port)] };
  return `aws ssm start-session --target ${shellQuote(target)}` +
    (documentName === undefined
      ? ""
      : ` --document-name ${shellQuote(documentName)}`) +
    ` --parameters ${shellQuote(JSON.stringify(all))}` +
    (profile === undefined ? "" : ` --profile ${shellQuote(profile)}`);
}

/**
 * The same listeners, which say when the first connection has come.
 * @param listeners The listeners.
 * @param announce Called once.
 */
export function firstAnnounced(
  listeners: readonly LocalListener[],
  announce: () => void,
): LocalListener[] {
  let waiting = true;
  return listeners.map((listener) => ({
    address: listener.address,
    async accept() {
      const conn = await listener.accept();
      if (conn !== undefined && waiting) {
        waiting = false;
        announce();
      }
      return conn;
    },
    close: () => listener.close(),
  }));
}
