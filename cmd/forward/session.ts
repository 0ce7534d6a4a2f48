/**
 * The sessions of `ssm forward`: what StartSession is asked for, and what to say when there is none.
 *
 * @module
 */

import { controlFailure } from "../../lib/aws/control_failure.ts";
import type { AwsCallError } from "../../lib/aws/mod.ts";
import { ControlError } from "../../lib/session/control.ts";
import type { LocalListener } from "../../lib/session/transport.ts";
import { visible } from "../../lib/text.ts";
import type { StartedSession } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import type { FoundTarget } from "../target/find_target.ts";
import type { ForwardCommandOptions } from "../forward.ts";
import type { ForwardSpec } from "./spec.ts";
import { forwardWords } from "./words.ts";
import { endSession, startConfirmed } from "../target/guess.ts";
import { startFailure, type TargetUse } from "../target/target.ts";

/** What a session is for. */
export interface ForwardSessionRequest {
  readonly spec: ForwardSpec;
  readonly listeners: readonly LocalListener[];
  readonly node: FoundTarget;
  readonly options: Pick<
    ForwardCommandOptions,
    "documentName" | "reason" | "specs"
  >;
}

/**
 * Starts a session to a forward's destination (api.md §7).
 * @param request What for.
 * @param detail Takes lines for `-v`.
 * @param signal Gives up.
 * @throws ControlError
 */
export async function startForwardSession(
  { spec, listeners, node, options }: ForwardSessionRequest,
  detail: (line: string) => void,
  signal: AbortSignal,
): Promise<{ readonly started: StartedSession; readonly node: FoundTarget }> {
  const { remoteHost, remotePort } = spec;
  const { documentName, reason, specs } = options;
  const address = listeners[0]?.address;
  // The local port is for the session's history; the listener is ours.
  const localPort = address?.kind === "tcp" ? address.port : 0;
  const start = (node: FoundTarget) =>
    node.place.aws.startSession(
      {
        target: node.id,
        documentName: documentName ??
          "AWS-StartPortForwardingSession" +
            (remoteHost === undefined ? "" : "ToRemoteHost"),
        parameters: {
          ...(remoteHost === undefined ? {} : { host: [remoteHost] }),
          portNumber: [String(remotePort)],
          localPortNumber: [String(localPort)],
        },
        reason,
        command: "ssm forward",
        rest: forwardWords(specs),
        ...(node.truth === undefined ? {} : { sent: node.truth }),
      },
      (message) => detail(visible(message)),
      signal,
    );
  try {
    const session = await startConfirmed(
      node,
      start,
      ({ grant, control }) =>
        endSession(grant.sessionId, control, detail, node.place.connection),
    );
    const { sessionId } = session.started.grant;
    detail(`Session ${visible(sessionId)} on ${visible(session.node.id)}`);
    return session;
  } catch (error) {
    if (!isAwsCallError(error)) throw error;
    throw new ControlError(error.message, controlFailure(error), {
      cause: error,
    });
  }
}

function isAwsCallError(error: unknown): error is AwsCallError {
  return error instanceof Error && error.name === "AwsCallError";
}

/**
 * What to throw when a forward cannot begin.
 * @param error Why.
 * @param about The node, what was asked for, and which of several forwards: ` to db:5432`, or
 * nothing.
 * @param signal Gives up.
 */
export async function forwardStartFailure(
  error: unknown,
  { node, use, where }: {
    readonly node: FoundTarget;
    readonly use: TargetUse;
    readonly where: string;
  },
  signal: AbortSignal,
): Promise<unknown> {
  if (error instanceof Error && error.name === "PortStartError") {
    return new CommandError(
      `Cannot forward from ${visible(use.target)}${where}: ` +
        visible(error.message),
      exitCodes.failed,
      [],
      [],
      { cause: error },
    );
  }
  const cause = error instanceof ControlError ? error.cause : error;
  return await startFailure(cause, node, use, signal);
}
