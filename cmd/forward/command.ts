/**
 * `ssm forward … -- command`: the command learns the ports, and its end is ours.
 *
 * @module
 */

import type {
  LocalAddress,
  LocalListener,
} from "../../lib/session/transport.ts";
import { runChild } from "../child.ts";
import type { Context, EnvironmentChanges } from "../context.ts";
import type { ForwardSpec } from "./spec.ts";

/** What a command learns of a forward. */
export interface ReadyForward {
  readonly spec: ForwardSpec;
  readonly listeners: readonly LocalListener[];
}

/**
 * The command with `{port}` replaced.
 * @param command argv.
 * @param forwards At least one; the first one's port it is, or its socket's path.
 */
export function commandWithPorts(
  command: readonly string[],
  forwards: readonly ReadyForward[],
): string[] {
  const address = forwards[0]?.listeners[0]?.address;
  // A function's result is put in as it is, whatever $ there may be in a path.
  return command.map((word) =>
    word.replaceAll("{port}", () => portOf(address))
  );
}

/**
 * The variables that tell the command the ports.
 * @param forwards At least one.
 */
export function portVariables(
  forwards: readonly ReadyForward[],
): EnvironmentChanges {
  const first = forwards[0]?.listeners[0]?.address;
  const variables: Record<string, string> = {};
  for (const { spec, listeners } of forwards.toReversed()) {
    variables[`SSM_PORT_${spec.remotePort}`] = portOf(listeners[0]?.address);
  }
  return {
    SSM_HOST: first?.kind === "tcp" ? hostOf(first.hostname) : undefined,
    SSM_PORT: portOf(first),
    ...variables,
  };
}

/** Where to connect to what listens everywhere. */
function hostOf(hostname: string): string {
  return hostname === "0.0.0.0"
    ? "127.0.0.1"
    : hostname === "::"
    ? "::1"
    : hostname;
}

function portOf(address: LocalAddress | undefined): string {
  return address === undefined
    ? ""
    : address.kind === "tcp"
    ? String(address.port)
    : address.path;
}

/**
 * Runs the command to its end.
 * @param command argv.
 * @param forwards Those that are ready.
 * @param context The world.
 * @returns Its exit code.
 * @throws CommandError When it cannot be started.
 */
export async function runWithPorts(
  command: readonly string[],
  forwards: readonly ReadyForward[],
  context: Context,
): Promise<number> {
  return await runChild(
    commandWithPorts(command, forwards),
    portVariables(forwards),
    context,
  );
}
