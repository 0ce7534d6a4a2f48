/**
 * A command on one node by Run Command, in place of a session: its output comes at the end, and no
 * more of it than Run Command keeps.
 *
 * @module
 */

import type { NodeCommandResult, ResolvedTarget } from "../../lib/aws/mod.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import { visible } from "../../lib/text.ts";
import type { AwsAccess, Context } from "../context.ts";
import { CommandError, formatFailure } from "../errors.ts";
import type { Notices } from "../notices.ts";
import { signalExitCode } from "../signals.ts";
import { outcomeOf } from "./command_end.ts";

/** What to run where. */
export interface RunCommandOptions {
  readonly node: ResolvedTarget;
  /** True for a Windows node: the script is PowerShell's. */
  readonly windows: boolean;
  /** The script's lines, quoted. They are kept in CloudTrail and in Run Command's history. */
  readonly script: readonly string[];
  /** Milliseconds; Run Command counts whole seconds, at least one. */
  readonly timeout: number | undefined;
  /** What to paste to get all of the output: the same command by a session. */
  readonly bySession: string;
}

/** What it is run with. */
export interface RunCommandWorld {
  readonly context: Context;
  readonly aws: Pick<AwsAccess, "runNodeCommand">;
  readonly notices: Notices;
  /** Gives up: the command is cancelled. */
  readonly signal: AbortSignal;
}

/** The documents that run a script. */
export const scriptDocuments = {
  posix: "AWS-RunShellScript",
  windows: "AWS-RunPowerShellScript",
} as const;

/**
 * The longest that Run Command lets a script take, in seconds: two days. A session has no such limit,
 * so this is what is asked for when no other time is.
 */
export const longestExecution = 172_800;

/** How long a node has to take the command, in seconds: it is somebody who waits. */
const delivery = 120;

/**
 * Seconds for a script.
 * @param timeout Milliseconds.
 */
export function executionSeconds(timeout: number | undefined): number {
  return timeout === undefined
    ? longestExecution
    : Math.min(longestExecution, Math.max(1, Math.ceil(timeout / 1000)));
}

/**
 * Runs it, and writes what it wrote.
 * @param options What to run where.
 * @param world What with.
 * @returns The command's exit code; 124 where it ran out of time.
 * @throws CommandError where there is none, AwsCallError.
 */
export async function execByRunCommand(
  options: RunCommandOptions,
  { context, aws, notices, signal }: RunCommandWorld,
): Promise<number> {
  const { node, windows, script, timeout } = options;
  const result = await aws.runNodeCommand({
    nodeId: node.id,
    documentName: scriptDocuments[windows ? "windows" : "posix"],
    script,
    executionTimeout: executionSeconds(timeout),
    deliveryTimeout: delivery,
  }, signal);
  notices.detail(
    `Command ${visible(result.commandId)} on ${visible(node.id)}: ` +
      `${result.state}, exit code ${result.code}`,
  );
  await writeOutput(result, context);
  await sayWhatIsCut(result, options.bySession, context);
  if (result.aborted) return abortedCode(signal.reason);
  const { code, reason } = outcomeOf(result.state, result.code);
  if (reason === undefined) return code;
  throw new CommandError(
    `The command on ${
      visible(node.name ?? node.id)
    } has no exit code: ${reason}`,
    code,
  );
}

async function writeOutput(
  { output }: NodeCommandResult,
  { terminal }: Context,
): Promise<void> {
  const encoder = new TextEncoder();
  if (output.stdout !== "") await terminal.write(encoder.encode(output.stdout));
  if (output.stderr !== "") {
    await terminal.writeError(encoder.encode(output.stderr));
  }
}

/** `--quiet` does not mean this: a script that reads the output must not take it for all. */
async function sayWhatIsCut(
  { output: { truncated, stderr, stdout } }: NodeCommandResult,
  bySession: string,
  context: Context,
): Promise<void> {
  const message = cutMessage(truncated);
  if (message === undefined) return;
  const text = formatFailure({
    message,
    details: [],
    hints: [bySession],
    exitCode: 0,
  }, context.color);
  // The output may have been cut in the middle of a line.
  const inLine = stderr || (context.errorIsTerminal ? stdout : "");
  const lead = inLine === "" || inLine.endsWith("\n") ? "" : "\n";
  await context.terminal.writeError(new TextEncoder().encode(lead + text));
}

/**
 * What to say of output that is not all there.
 * @param truncated Of which stream.
 * @returns `undefined` where nothing is missing.
 */
export function cutMessage(
  truncated: NodeCommandResult["output"]["truncated"],
): string | undefined {
  const kept = [
    ...(truncated.stdout
      ? ["the first 24 000 characters of standard output"]
      : []),
    ...(truncated.stderr
      ? ["the first 8 000 characters of standard error"]
      : []),
  ];
  return kept.length === 0
    ? undefined
    : `Output is missing: Run Command keeps only ${kept.join(" and ")}`;
}

function abortedCode(reason: unknown): number {
  if (reason instanceof SignalError) return signalExitCode(reason.signal);
  throw reason;
}
