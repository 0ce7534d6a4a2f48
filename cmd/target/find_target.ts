/**
 * From what the user typed or chose to what a session is started on: a node, or a container of an
 * ECS task.
 *
 * @module
 */

import { parseEcsSpec } from "../../lib/aws/ecs_spec.ts";
import type { ResolvedContainer, ResolvedTarget } from "../../lib/aws/mod.ts";
import type { ChooserContext } from "../choose/choose_from.ts";
import { findNode } from "./find_node.ts";
import type { Place, Places } from "./places.ts";
import type { TargetUse } from "./target.ts";

/** What a session is started on. */
export interface FoundTarget extends ResolvedTarget {
  /** Where it was found: its calls start the session, its connection stands in hints. */
  readonly place: Place;
  /** The container, where it is one that was looked up; a node has none. */
  readonly container?: ResolvedContainer;
}

/**
 * Finds it. Where several tasks or containers are meant, the user chooses.
 * @param context The terminal.
 * @param places Where to look.
 * @param use What for.
 * @param signal Gives up.
 * @throws CommandError With the candidates, the names like it, or what is missing; what the lookups
 * throw.
 */
export async function findTarget(
  context: ChooserContext,
  places: Places,
  use: TargetUse,
  signal: AbortSignal,
): Promise<FoundTarget> {
  const spec = parseEcsSpec(use.target);
  if (spec === undefined) return await findNode(context, places, use, signal);
  const { findContainer, placeOfContainer } = await import("./ecs_target.ts");
  const place = places.several
    ? await placeOfContainer(places, spec, signal)
    : places.first;
  const { aws, connection } = place;
  const there = { ...use, connection };
  const container = await findContainer(context, aws, spec, there, signal);
  return { id: container.id, name: undefined, container, place };
}
