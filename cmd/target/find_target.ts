/**
 * From what the user typed or chose to what a session is started on: a node, or a container of an
 * ECS task.
 *
 * @module
 */

import { parseEcsSpec } from "../../lib/aws/ecs_spec.ts";
import type { ResolvedContainer, ResolvedTarget } from "../../lib/aws/mod.ts";
import type { ChooserContext } from "../choose/choose_from.ts";
import type { Context } from "../context.ts";
import { CommandError } from "../errors.ts";
import { findNode } from "./find_node.ts";
import { guessTarget, rememberTarget } from "./guess.ts";
import type { Place, Places } from "./places.ts";
import type { TargetUse } from "./target.ts";

/** What a session is started on. */
export interface FoundTarget extends ResolvedTarget {
  /** Where it was found: its calls start the session, its connection stands in hints. */
  readonly place: Place;
  /** The container, where it is one that was looked up; a node has none. */
  readonly container?: ResolvedContainer;
  /**
   * Given for a guess: looks it up, once. `startConfirmed` of `guess.ts` starts a session on one.
   */
  readonly truth?: () => Promise<FoundTarget>;
  /** True where the user chose it among several that were meant. */
  readonly chosen?: boolean;
}

/** What a target is found with. */
export type TargetContext = ChooserContext & Pick<Context, "targetMemory">;

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
  context: TargetContext,
  places: Places,
  use: TargetUse,
  signal: AbortSignal,
): Promise<FoundTarget> {
  const spec = parseEcsSpec(use.target);
  if (spec === undefined) {
    const guess = use.mayGuess
      ? await guessTarget(
        context,
        places,
        use,
        () =>
          findAndRemember(
            context,
            places,
            { ...use, later: true },
            signal,
            true,
          ),
        signal,
      )
      : undefined;
    return guess ?? await findAndRemember(context, places, use, signal, false);
  }
  const { findContainer, placeOfContainer } = await import("./ecs_target.ts");
  const place = places.several
    ? await placeOfContainer(places, spec, signal)
    : places.first;
  const { aws, connection } = place;
  const there = { ...use, connection };
  const container = await findContainer(context, aws, spec, there, signal);
  return { id: container.id, name: undefined, container, place };
}

/** What is found is remembered; what is not, forgotten. */
async function findAndRemember(
  context: TargetContext,
  places: Places,
  use: TargetUse,
  signal: AbortSignal,
  known: boolean,
): Promise<FoundTarget> {
  let node: FoundTarget;
  try {
    node = await findNode(context, places, use, signal);
  } catch (error) {
    if (known && error instanceof CommandError) {
      await rememberTarget(context, places, use, undefined, signal);
    }
    throw error;
  }
  if (!node.chosen) await rememberTarget(context, places, use, node, signal);
  return node;
}
