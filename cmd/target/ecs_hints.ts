/**
 * What helps a container that takes no sessions: commands of the AWS CLI to paste.
 *
 * @module
 */

import type {
  ContainerNotReadyError,
  EcsProblem,
  EcsSpec,
} from "../../lib/aws/mod.ts";
import { shellQuote, visible } from "../../lib/text.ts";
import type { Connection } from "../context.ts";
import { awsArguments } from "./target.ts";

/** What the agent in a container has to be allowed, by the task's role. */
export const channelActions: readonly string[] = [
  "ssmmessages:CreateControlChannel",
  "ssmmessages:CreateDataChannel",
  "ssmmessages:OpenControlChannel",
  "ssmmessages:OpenDataChannel",
];

/**
 * Commands against the problems, each once.
 * @param error What is missing, and where.
 * @param connection Its flags follow.
 */
export function problemHints(
  { spec, problems, definitionArn }: ContainerNotReadyError,
  connection: Connection,
): string[] {
  const flags = awsArguments(connection);
  const kinds = new Set(problems.map(({ kind }) => kind));
  const hints: string[] = [];
  if (kinds.has("no-role") && definitionArn !== undefined) {
    hints.push(
      `aws ecs describe-task-definition --task-definition ${
        shellQuote(definitionArn)
      } --query taskDefinition.taskRoleArn${flags}`,
    );
  }
  const stopped = problems.some(({ kind, ...problem }) =>
    kind === "agent-state" && "status" in problem &&
    problem.status !== "PENDING"
  );
  if (
    kinds.has("exec-disabled") || kinds.has("platform-version") || stopped
  ) {
    hints.push(restart(spec, kinds, definitionArn) + flags);
  }
  if (
    kinds.has("task-state") || kinds.has("container-state") ||
    kinds.has("agent-state")
  ) {
    hints.push(
      `aws ecs describe-tasks --cluster ${shellQuote(spec.cluster)} --tasks ${
        shellQuote(spec.task ?? "")
      }${flags}`,
    );
  }
  return hints;
}

/**
 * What a user has to know besides, for lines below the sentence.
 * @param problems What is missing.
 */
export function problemDetails(problems: readonly EcsProblem[]): string[] {
  return problems.flatMap((problem) => {
    switch (problem.kind) {
      case "no-role":
        return [
          "the task definition's taskRoleArn has to be a role that allows " +
          channelActions.join(", "),
        ];
      case "agent-state":
        return problem.status === "PENDING"
          ? ["it starts right after the container; try again in a moment"]
          : ["a new task has a new one"];
      default:
        return [];
    }
  });
}

/** The command that starts tasks anew with what they lack. */
function restart(
  { cluster, service }: EcsSpec,
  kinds: ReadonlySet<EcsProblem["kind"]>,
  definitionArn: string | undefined,
): string {
  const enable = kinds.has("exec-disabled") ? " --enable-execute-command" : "";
  const version = kinds.has("platform-version")
    ? " --platform-version LATEST"
    : "";
  return service === undefined
    ? `aws ecs run-task --cluster ${shellQuote(cluster)} --task-definition ${
      shellQuote(visible(definitionArn ?? "NAME"))
    }${enable}${version}`
    : `aws ecs update-service --cluster ${shellQuote(cluster)} --service ${
      shellQuote(service)
    }${enable}${version} --force-new-deployment`;
}
