/**
 * The container that an `ecs:` target means: chosen where there are several, and what to say when
 * there is none or it takes no sessions.
 *
 * @module
 */

import { formatEcsSpec } from "../../lib/aws/ecs_spec.ts";
import type {
  AmbiguousContainerError,
  ContainerNotFoundError,
  ContainerNotReadyError,
  EcsCandidate,
  EcsSpec,
  ResolvedContainer,
} from "../../lib/aws/mod.ts";
import { visible } from "../../lib/text.ts";
import { didYouMean } from "../argv.ts";
import {
  chooseFrom,
  type ChooserContext,
  type FixedColumn,
} from "../choose/choose_from.ts";
import { tableRows } from "./choice.ts";
import type { AwsAccess } from "../context.ts";
import { problemDetails, problemHints } from "./ecs_hints.ts";
import { CommandError, exitCodes } from "../errors.ts";
import type { Place, Places } from "./places.ts";
import { isNamed, type TargetUse, withTarget } from "./target.ts";

/** Candidates in an error message. */
const longestDetails = 20;

/**
 * Finds the container.
 * @param context The terminal, for a choice.
 * @param aws The calls.
 * @param spec What is meant.
 * @param use What for.
 * @param signal Gives up.
 * @throws CommandError With the candidates, the names like it, or what is missing; AwsCallError.
 */
export async function findContainer(
  context: ChooserContext,
  aws: AwsAccess,
  spec: EcsSpec,
  use: TargetUse,
  signal: AbortSignal,
): Promise<ResolvedContainer> {
  let wanted = spec;
  while (true) {
    try {
      return await aws.resolveContainer(wanted, signal);
    } catch (error) {
      if (
        !isNamed<AmbiguousContainerError>(error, "AmbiguousContainerError")
      ) throw explained(error, use);
      const { candidates: items, more, kind: noun } = error;
      if (!context.attended || items.length === 0) throw ambiguous(error, use);
      // A task first, and then one of its containers.
      ({ spec: wanted } = await chooseFrom(
        context,
        {
          items,
          columns: candidateColumns(items),
          more,
          noun,
          names: ({ id, spec }) => [id, formatEcsSpec(spec)],
        },
        use.command,
        signal,
      ));
    }
  }
}

/**
 * Which of several places has the container, or those of which the user may choose.
 * @param places Where to look.
 * @param spec What is meant.
 * @param signal Gives up.
 * @returns The only one; the first where none has it, which says best what is missing.
 * @throws CommandError where several have it.
 */
export async function placeOfContainer(
  places: Places,
  spec: EcsSpec,
  signal: AbortSignal,
): Promise<Place> {
  const search = await places.search(async ({ aws }, signal) => {
    try {
      await aws.resolveContainer(spec, signal);
    } catch (error) {
      if (
        isNamed(error, "ContainerNotFoundError")
      ) return undefined;
      if (
        !isNamed(error, "AmbiguousContainerError") &&
        !isNamed(error, "ContainerNotReadyError")
      ) throw error;
    }
    return true;
  }, signal);
  places.settle(search);
  const { found } = search;
  if (found.length > 1) {
    const labels = found.map(({ place }) => visible(place.label));
    throw new CommandError(
      `Cannot choose a container: ${visible(formatEcsSpec(spec))} is in ` +
        labels.join(" and in "),
      exitCodes.failed,
    );
  }
  return found[0]?.place ?? places.first;
}

/** What is shown of tasks, or containers. */
function candidateColumns(
  candidates: readonly EcsCandidate[],
): FixedColumn<EcsCandidate>[] {
  const services = candidates.some(({ service }, _, [first]) =>
    service !== first?.service
  );
  const started = candidates.some(({ startedAt }) => startedAt !== undefined);
  const column = (
    title: string,
    importance: number,
    cell: (each: EcsCandidate) => string | undefined,
  ) => ({ title, importance, cell });
  return [
    ...(services ? [column("SERVICE", 4, (each) => each.service)] : []),
    column("ID", 5, (each) => each.id),
    column("STATE", 3, (each) => each.state),
    column("EXEC", 2, (each) => each.exec),
    ...(started
      ? [
        column(
          "STARTED",
          1,
          (each) => each.startedAt?.toISOString().replace(/\.\d+/, ""),
        ),
      ]
      : []),
  ];
}

/** Tasks, or containers, as lines of a table. */
function candidateRows(candidates: readonly EcsCandidate[]): string[] {
  const columns = candidateColumns(candidates);
  return tableRows(
    candidates.map((each) => columns.map(({ cell }) => cell(each) || "-")),
  );
}

function ambiguous(
  error: AmbiguousContainerError,
  use: TargetUse,
): CommandError {
  const { candidates, more } = error;
  const shown = candidates.slice(0, longestDetails);
  return new CommandError(
    error.message,
    exitCodes.failed,
    candidates.slice(0, 1).map(({ spec }) =>
      withTarget(formatEcsSpec(spec), use)
    ),
    [
      ...candidateRows(shown),
      ...(more || shown.length < candidates.length ? ["… and more"] : []),
    ],
    { cause: error },
  );
}

function explained(error: unknown, use: TargetUse): unknown {
  if (isNamed<ContainerNotFoundError>(error, "ContainerNotFoundError")) {
    const { suggestions, known } = error;
    return new CommandError(
      error.message + didYouMean(suggestions.map(({ name }) => visible(name))),
      exitCodes.failed,
      suggestions.map(({ spec }) => withTarget(formatEcsSpec(spec), use)),
      suggestions.length > 0 || known.length === 0
        ? []
        : [`there is ${known.map(visible).join(", ")}`],
      { cause: error },
    );
  }
  if (isNamed<ContainerNotReadyError>(error, "ContainerNotReadyError")) {
    return new CommandError(
      error.message,
      exitCodes.failed,
      problemHints(error, use.connection),
      problemDetails(error.problems),
      { cause: error },
    );
  }
  return error;
}
