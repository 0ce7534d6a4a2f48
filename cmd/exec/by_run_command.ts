/**
 * `ssm exec --via run-command` on one node, and the last resort where no session serves.
 *
 * @module
 */

import { neverBegan, stateReason } from "../../lib/aws/command_state.ts";
import type { NodeCommandResult, ResolvedTarget } from "../../lib/aws/mod.ts";
import { visible } from "../../lib/text.ts";
import type { FoundTarget } from "../target/find_target.ts";
import { CommandError, exitCodes, UsageError } from "../errors.ts";
import type { ExecOptions } from "../exec.ts";
import type { NodeSessionWorld } from "../node_session.ts";
import { outputFailure } from "../output_failure.ts";
import { ownExitCode } from "./command_end.ts";
import type { CommandSpec } from "./on_node.ts";
import {
  commentOf,
  cutMessage,
  delivery,
  executionSeconds,
  scriptDocuments,
} from "./run_command.ts";
import { scriptLines } from "./script_lines.ts";

/**
 * Runs the command, and prints what it printed when it is over.
 * @param node Where.
 * @param options What.
 * @param world With what.
 * @returns The exit code; 1 where that is 0 and output is missing.
 * @throws CommandError, AwsCallError, or the signal's reason.
 */
export async function runByRunCommand(
  node: FoundTarget,
  options: Pick<ExecOptions, "line" | "timeout" | "reason">,
  { context, notices, signal }: NodeSessionWorld,
): Promise<number> {
  const platform = node.platform === "Windows" ? "windows" : "posix";
  notices.detail(`Run Command on ${visible(node.id)}`);
  const result = await node.place.aws.runNodeCommand({
    nodeId: node.id,
    documentName: scriptDocuments[platform],
    script: scriptLines(options.line)[platform],
    executionTimeout: executionSeconds(options.timeout),
    deliveryTimeout: delivery,
    comment: commentOf(options.reason),
  }, signal);
  const { stdout, stderr, truncated } = result.output;
  const encoder = new TextEncoder();
  try {
    await context.terminal.write(encoder.encode(stdout));
    await context.terminal.writeError(encoder.encode(stderr));
  } catch (error) {
    throw outputFailure(error);
  }
  if (result.aborted) throw signal.reason;
  if (result.state !== "ended") throw notEnded(node, result);
  const missing = cutMessage(truncated);
  if (missing === undefined) return ownExitCode(result.code);
  throw new CommandError(
    missing,
    ownExitCode(result.code) || exitCodes.sessionFailed,
    [`ssm exec ${visible(node.id)} --via session -- …`],
  );
}

/**
 * Refuses input for a command by Run Command.
 * @param spec What runs.
 * @throws UsageError Where there is input.
 */
export function refuseInput({ input }: Pick<CommandSpec, "input">): void {
  if (input === undefined) return;
  throw new UsageError(
    "Cannot pass standard input on by Run Command: it carries none",
    ["ssm exec … --via run-command --no-stdin -- …"],
  );
}

function notEnded(
  node: ResolvedTarget,
  { state, commandId }: NodeCommandResult,
): CommandError {
  return new CommandError(
    `Cannot run the command on ${visible(node.id)} by Run Command: ` +
      `${stateReason(state)} (${commandId})`,
    state === "execution-timed-out"
      ? exitCodes.timeout
      : neverBegan(state)
      ? exitCodes.failed
      : exitCodes.sessionFailed,
  );
}
