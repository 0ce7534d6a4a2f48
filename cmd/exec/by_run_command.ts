/**
 * `ssm exec --via run-command` on one node, and the last resort where no session serves.
 *
 * @module
 */

import { neverBegan, stateReason } from "../../lib/aws/command_state.ts";
import type { NodeCommandResult, ResolvedTarget } from "../../lib/aws/mod.ts";
import { visible } from "../../lib/text.ts";
import { CommandError, exitCodes } from "../errors.ts";
import type { ExecOptions } from "../exec.ts";
import type { NodeSessionWorld } from "../node_session.ts";
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
  node: ResolvedTarget,
  options: Pick<ExecOptions, "line" | "timeout" | "reason">,
  { context, aws, notices, signal }: NodeSessionWorld,
): Promise<number> {
  const windows = node.platform === "Windows";
  const script = scriptLines(options.line);
  notices.detail(`Run Command on ${visible(node.id)}`);
  const result = await aws.runNodeCommand({
    nodeId: node.id,
    documentName: windows ? "AWS-RunPowerShellScript" : "AWS-RunShellScript",
    script: windows ? script.windows : script.posix,
    ...(options.timeout === undefined
      ? {}
      : { executionTimeout: Math.ceil(options.timeout / 1000) }),
    ...(options.reason === undefined
      ? {}
      : { comment: [...options.reason].slice(0, 100).join("") }),
  }, signal);
  const { stdout, stderr, truncated } = result.output;
  const encoder = new TextEncoder();
  await context.terminal.write(encoder.encode(stdout));
  await context.terminal.writeError(encoder.encode(stderr));
  if (result.aborted) throw signal.reason;
  if (result.state !== "ended") throw notEnded(node, result);
  if (!truncated.stdout && !truncated.stderr) return result.code;
  const what = truncated.stdout ? "output" : "error output";
  throw new CommandError(
    `The ${what} is longer than Run Command keeps: its end is missing`,
    result.code === 0 ? exitCodes.sessionFailed : result.code,
    [`ssm exec ${visible(node.id)} --via session -- …`],
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
