/**
 * From a target the user typed to a node, wherever it is, and what to say when that fails.
 *
 * @module
 */

import type {
  AmbiguousTargetError,
  ResolvedTarget,
  TargetCandidate,
  TargetNotFoundError,
} from "../../lib/aws/mod.ts";
import { nodeIdOf } from "../../lib/aws/node_id.ts";
import { visible } from "../../lib/text.ts";
import { didYouMean } from "../argv.ts";
import { CommandError, exitCodes } from "../errors.ts";
import type { Place, Places } from "./places.ts";
import {
  awsArguments,
  isNamed,
  nodeRows,
  targetOfName,
  type TargetUse,
  withTarget,
} from "./target.ts";

/** A node, and where it is. */
export interface FoundNode extends ResolvedTarget {
  readonly place: Place;
}

/**
 * Finds the node. In several places an id is found as soon as one of them knows it; a name is
 * looked up in all of them, as a shell on the wrong machine costs more than a second.
 * @param places Where to look.
 * @param use What for.
 * @param signal Gives up.
 * @throws CommandError With the candidates or the names like it; what `resolveTarget` throws.
 */
export async function findNode(
  places: Places,
  use: TargetUse,
  signal: AbortSignal,
): Promise<FoundNode> {
  if (places.several) {
    const id = nodeIdOf(use.target);
    return id === undefined
      ? await findByName(places, use, signal)
      : await findById(id, places, use, signal);
  }
  const place = places.first;
  try {
    return { ...await place.aws.resolveTarget(use.target, signal), place };
  } catch (error) {
    if (isNamed<AmbiguousTargetError>(error, "AmbiguousTargetError")) {
      const { message, candidates } = error;
      throw ambiguous(
        message,
        candidates.map((each) => ({ ...each, place })),
        use,
        error,
      );
    }
    if (isNamed<TargetNotFoundError>(error, "TargetNotFoundError")) {
      throw notFound(error, use);
    }
    throw error;
  }
}

/** A node that may be meant. */
type Candidate = TargetCandidate & { readonly place: Place };

async function findById(
  id: string,
  places: Places,
  use: TargetUse,
  signal: AbortSignal,
): Promise<FoundNode> {
  const filter = { key: "InstanceIds", values: [id] };
  const { found, missed } = await places.search(
    async ({ aws }, signal) => {
      for await (const node of aws.nodes([filter], signal)) {
        if (node.id === id) return node;
      }
      return undefined;
    },
    signal,
    () => true,
  );
  const [first] = found;
  if (first !== undefined) {
    const { place, value: { platform, agentVersion } } = first;
    return { id, name: undefined, platform, agentVersion, place };
  }
  throw notFoundAnywhere(
    `Cannot find ${visible(id)}`,
    [],
    await places.all(signal),
    missed.length,
    use,
  );
}

async function findByName(
  places: Places,
  use: TargetUse,
  signal: AbortSignal,
): Promise<FoundNode> {
  const notFound: TargetNotFoundError[] = [];
  const { found, missed } = await places.search(
    async (place, signal): Promise<Outcome | undefined> => {
      try {
        return { node: await place.aws.resolveTarget(use.target, signal) };
      } catch (error) {
        if (isNamed<AmbiguousTargetError>(error, "AmbiguousTargetError")) {
          return { several: error };
        }
        if (!isNamed<TargetNotFoundError>(error, "TargetNotFoundError")) {
          throw error;
        }
        notFound.push(error);
        return undefined;
      }
    },
    signal,
  );
  const [only] = found;
  if (only === undefined) {
    const [first] = notFound;
    throw notFoundAnywhere(
      (first?.message ?? `Cannot find ${visible(use.target)}`)
        .replace(/: [^:]*$/, ""),
      notFound.flatMap(({ suggestions }) => suggestions),
      await places.all(signal),
      missed.length,
      use,
    );
  }
  if (found.length === 1 && "node" in only.value) {
    return { ...only.value.node, place: only.place };
  }
  const candidates = found.flatMap(({ place, value }): Candidate[] =>
    "node" in value
      ? [{ ...unknownState, ...value.node, place }]
      : value.several.candidates.map((each) => ({ ...each, place }))
  );
  throw ambiguous(
    `Cannot choose a node: ${candidates.length} are ${visible(use.target)}`,
    candidates,
    use,
    undefined,
  );
}

/** What a place says of a name. */
type Outcome =
  | { readonly node: ResolvedTarget }
  | { readonly several: AmbiguousTargetError };

const unknownState = {
  state: "-",
  address: undefined,
  computerName: undefined,
} as const;

function ambiguous(
  message: string,
  candidates: readonly Candidate[],
  use: TargetUse,
  cause: unknown,
): CommandError {
  return new CommandError(
    message,
    exitCodes.failed,
    candidates.slice(0, 1).map(({ id, place: { connection } }) =>
      withTarget(id, { ...use, connection })
    ),
    nodeRows(
      candidates.map((each) => ({ ...each, label: each.place.label })),
      false,
    ),
    { cause },
  );
}

function notFoundAnywhere(
  sentence: string,
  suggestions: readonly string[],
  places: readonly Place[],
  missed: number,
  use: TargetUse,
): CommandError {
  const near = [...new Set(suggestions)].slice(0, 3);
  const searched = places.length - missed;
  return new CommandError(
    `${sentence}: none of ${searched} ` +
      `${use.connection.allRegions ? "regions" : "profiles"} searched has one` +
      didYouMean(near.map(visible)),
    exitCodes.failed,
    near.map((name) => withTarget(targetOfName(name), use)),
  );
}

function notFound(error: TargetNotFoundError, use: TargetUse): CommandError {
  return new CommandError(
    error.message + didYouMean(error.suggestions.map(visible)),
    exitCodes.failed,
    error.suggestions.length > 0
      ? error.suggestions.map((name) => withTarget(targetOfName(name), use))
      : [
        "aws ssm describe-instance-information" +
        awsArguments(use.connection),
      ],
    [],
    { cause: error },
  );
}
