/**
 * A script on one node by Run Command, from SendCommand to its end.
 *
 * @module
 */

import type { Clock } from "../session/transport.ts";
import type { CommandOutput } from "./command_output.ts";
import { type CommandState, wasKilled } from "./command_state.ts";
import { AwsCallError } from "./errors.ts";
import { waitFor } from "./pace.ts";
import type { CommandInvocation, RunCommandCalls } from "./run_command.ts";

/** What to run. */
export interface NodeCommandRequest {
  readonly nodeId: string;
  readonly documentName: string;
  /** The script's lines. They are kept in CloudTrail and in Run Command's history. */
  readonly script: readonly string[];
  readonly workingDirectory?: string | undefined;
  /** Seconds, 1–172800; AWS's default is 3600. */
  readonly executionTimeout?: number | undefined;
  /** Seconds, 30–2592000; AWS's default is 3600. */
  readonly deliveryTimeout?: number | undefined;
  /** At most 100 characters. */
  readonly comment?: string | undefined;
}

/** How it ended. */
export interface NodeCommandResult {
  readonly commandId: string;
  /** Never "running", unless it was cancelled and did not end in time. */
  readonly state: CommandState;
  /** The exit code; -1 where there is none. */
  readonly code: number;
  readonly output: CommandOutput;
  /** True when it was the caller who gave up. */
  readonly aborted: boolean;
}

/** The calls it takes. */
export type NodeCommandCalls = Pick<
  RunCommandCalls,
  "send" | "invocation" | "cancel"
>;

/** Waits between two looks, in milliseconds: the first one, and what they grow by and up to. */
const wait = { first: 250, growth: 1.5, longest: 5_000 } as const;

/** How long AWS may not know of a new command, in milliseconds. */
const UNKNOWN_LIMIT = 30_000;

/** How long a cancelled command has to end, in milliseconds. */
const CANCEL_GRACE = 5_000;

/** AWS's own limit where none is given, in seconds. */
const DEFAULT_EXECUTION_TIMEOUT = 3600;

const nothing: CommandOutput = {
  stdout: "",
  stderr: "",
  truncated: { stdout: false, stderr: false },
};

/**
 * Runs a script on a node. When the signal aborts, the command is cancelled and what it wrote until
 * then is in the result, unless it has not even begun: then the signal's reason is thrown.
 *
 * @param request What to run.
 * @param calls The calls.
 * @param clock Time.
 * @param signal Gives up.
 * @throws AwsCallError, or the signal's reason.
 */
export async function runNodeCommand(
  request: NodeCommandRequest,
  calls: NodeCommandCalls,
  clock: Clock,
  signal: AbortSignal,
): Promise<NodeCommandResult> {
  const { nodeId, ...rest } = request;
  const commandId = await calls.send(
    { ...rest, on: { ids: [nodeId] } },
    signal,
  );
  const limit = request.executionTimeout ?? DEFAULT_EXECUTION_TIMEOUT;
  try {
    const end = await untilOver(commandId, nodeId, calls, clock, signal);
    return resultOf(commandId, end, limit, false);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const grace = new AbortController();
  const stopGrace = clock.setTimer(CANCEL_GRACE, () => grace.abort());
  try {
    await calls.cancel(commandId, grace.signal);
    const end = await untilOver(commandId, nodeId, calls, clock, grace.signal);
    return resultOf(commandId, end, limit, true);
  } catch (error) {
    if (!grace.signal.aborted) throw error;
    return {
      commandId,
      state: "running",
      code: -1,
      output: nothing,
      aborted: true,
    };
  } finally {
    stopGrace();
  }
}

async function untilOver(
  commandId: string,
  nodeId: string,
  calls: NodeCommandCalls,
  clock: Clock,
  signal: AbortSignal,
): Promise<CommandInvocation> {
  const start = clock.now();
  let delay: number = wait.first;
  for (;;) {
    await waitFor(delay * (0.8 + 0.4 * Math.random()), clock, signal);
    delay = Math.min(wait.longest, delay * wait.growth);
    const found = await calls.invocation(commandId, nodeId, signal);
    if (found !== undefined) {
      if (found.state !== "running") return found;
    } else if (clock.now() - start > UNKNOWN_LIMIT) {
      throw new AwsCallError({
        action: "ssm:GetCommandInvocation",
        code: "InvocationDoesNotExist",
        kind: "not-found",
        reason:
          `after ${UNKNOWN_LIMIT / 1000} s AWS knows nothing of command ` +
          commandId,
      });
    }
  }
}

function resultOf(
  commandId: string,
  end: CommandInvocation,
  limit: number,
  aborted: boolean,
): NodeCommandResult {
  const { code, seconds, output = nothing } = end;
  const state = end.state === "execution-timed-out" &&
      wasKilled({ code, seconds, limit })
    ? "ended"
    : end.state;
  return { commandId, state, code, output, aborted };
}
