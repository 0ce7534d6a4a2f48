/**
 * From what the user typed or chose to what a session is started on: a node, or a container of an
 * ECS task.
 *
 * @module
 */

import { parseEcsSpec } from "../../lib/aws/ecs_spec.ts";
import type { ResolvedContainer, ResolvedTarget } from "../../lib/aws/mod.ts";
import type { AwsAccess, Context } from "../context.ts";
import { findNode, type TargetUse } from "./target.ts";

/** What a session is started on. */
export interface FoundTarget extends ResolvedTarget {
  /** The container, where it is one that was looked up; a node has none. */
  readonly container?: ResolvedContainer;
}

/**
 * Finds it. Where several tasks or containers are meant, the user chooses.
 * @param context The terminal.
 * @param aws The calls.
 * @param use What for.
 * @param signal Gives up.
 * @throws CommandError With the candidates, the names like it, or what is missing; what the lookups
 * throw.
 */
export async function findTarget(
  context: Pick<Context, "terminal" | "attended">,
  aws: AwsAccess,
  use: TargetUse,
  signal: AbortSignal,
): Promise<FoundTarget> {
  const spec = parseEcsSpec(use.target);
  if (spec === undefined) return await findNode(aws, use, signal);
  const { findContainer } = await import("./ecs_target.ts");
  const container = await findContainer(context, aws, spec, use, signal);
  return { id: container.id, name: undefined, container };
}
