/**
 * A command started in a container of an ECS task, and what to say when that fails.
 *
 * A session of ECS Exec is a terminal whose program the agent starts without a shell: the command
 * line is split into words, and the program's exit code is not delivered (sessions.md §2.5, §9).
 *
 * @module
 */

import { formatEcsSpec } from "../../lib/aws/ecs_spec.ts";
import type { AwsCallError, ResolvedContainer } from "../../lib/aws/mod.ts";
import { shellQuote, visible } from "../../lib/text.ts";
import type { AwsAccess, StartedSession } from "../context.ts";
import { channelActions } from "./ecs_hints.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { awsArguments, isNamed, type TargetUse } from "./target.ts";

/**
 * What users of `aws ecs execute-command` are used to run: a shell that nearly every image has.
 * @param container Where.
 */
export function containerShell({ platform }: ResolvedContainer): string {
  return platform === "Windows" ? "powershell.exe" : "/bin/sh";
}

/** What to start with. */
export interface EcsCommandWorld {
  readonly aws: AwsAccess;
  /** Takes sentences about what went on differently than planned. */
  readonly notice: (message: string) => void;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/**
 * Starts a command in a container, by ecs:ExecuteCommand. From here on the session must be ended.
 * @param container From `findTarget`.
 * @param commandLine What to run, as `shellLine` of lib/session/relay/words.ts makes it of words.
 * @param use What for, and how the user would start it again.
 * @param world What with.
 * @throws CommandError With what may be missing; AwsCallError.
 */
export async function startEcsCommand(
  container: ResolvedContainer,
  commandLine: string,
  use: TargetUse,
  { aws, notice, signal }: EcsCommandWorld,
): Promise<StartedSession> {
  const { command, target, rest, typed } = use;
  try {
    return await aws.executeCommand(
      {
        container,
        commandLine,
        command,
        target,
        ...(rest === undefined ? {} : { rest }),
        ...(typed === undefined ? {} : { typed }),
      },
      notice,
      signal,
    );
  } catch (error) {
    throw containerFailure(error, container, use);
  }
}

/**
 * What to throw when a session in a container cannot be started.
 * @param error What the call threw.
 * @param container Where.
 * @param use What for.
 */
export function containerFailure(
  error: unknown,
  container: ResolvedContainer,
  use: TargetUse,
): unknown {
  if (!isNamed<AwsCallError>(error, "AwsCallError")) return error;
  const name = visible(formatEcsSpec(container.spec));
  if (error.kind === "not-connected") {
    return new CommandError(
      `Cannot start session in ${name}: ECS counts the agent as running, yet Session Manager ` +
        "cannot reach it",
      exitCodes.failed,
      reasonHints(container, use),
      reasons(container),
      { cause: error },
    );
  }
  if (/session limit/i.test(error.reason)) {
    return new CommandError(
      `Cannot start session in ${name}: the container has as many sessions as it may have`,
      exitCodes.failed,
      [
        "aws ssm describe-sessions --state Active --filters " +
        `key=Target,value=${shellQuote(container.id)}` +
        awsArguments(use.connection),
      ],
      [`AWS says: ${error.reason}`],
      { cause: error },
    );
  }
  return error;
}

/** Why an agent that runs is not connected, the likeliest first. */
function reasons({ roleArn, readOnly }: ResolvedContainer): string[] {
  return [
    ...(readOnly
      ? ["its root file system is read-only, and the agent has to write to it"]
      : []),
    roleArn === undefined
      ? `the role it runs with has to allow ${channelActions.join(", ")}`
      : `the task role ${visible(roleArn)} has to allow ` +
        channelActions.join(", "),
    "its network has to lead to ssmmessages, by a NAT gateway or a VPC endpoint",
  ];
}

function reasonHints(
  { roleArn, readOnly, definitionArn }: ResolvedContainer,
  { connection }: TargetUse,
): string[] {
  const flags = awsArguments(connection);
  return [
    ...(readOnly && definitionArn !== undefined
      ? [
        `aws ecs describe-task-definition --task-definition ${
          shellQuote(definitionArn)
        }${flags}`,
      ]
      : []),
    ...(roleArn === undefined ? [] : [
      `aws iam simulate-principal-policy --policy-source-arn ${
        shellQuote(roleArn)
      } --action-names ${channelActions.join(" ")}${flags}`,
    ]),
  ];
}
