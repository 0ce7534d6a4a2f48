/**
 * From a target the user typed to a node, wherever it is, and what to say when that fails.
 *
 * @module
 */

import type {
  AmbiguousTargetError,
  AwsCallError,
  LookupStep,
  ResolvedTarget,
  TargetCandidate,
  TargetNotFoundError,
} from "../../lib/aws/mod.ts";
import { lookupPlan } from "../../lib/aws/target_plan.ts";
import {
  formatTags,
  parseTarget,
  targetPrefixes,
  type TargetSpec,
} from "../../lib/aws/target_spec.ts";
import { describeTarget } from "../../lib/aws/target_words.ts";
import { shellQuote, visible } from "../../lib/text.ts";
import { didYouMean } from "../argv.ts";
import { chooseFrom, type ChooserContext } from "../choose/choose_from.ts";
import { CommandError, exitCodes } from "../errors.ts";
import type { MissedPlace, Place, Places } from "./places.ts";
import {
  connectionArguments,
  isNamed,
  nodeColumns,
  nodeRows,
  targetOfName,
  type TargetUse,
  withTarget,
} from "./target.ts";

/** A node, and where it is. */
export interface FoundNode extends ResolvedTarget {
  readonly place: Place;
  /** True where the user chose it among several that were meant. */
  readonly chosen?: boolean;
}

/** Who can be asked which of several nodes is meant. */
export type Chooser = ChooserContext;

/** Several nodes are meant, and the user can be asked once everything else is out of the way. */
export class ChoiceNeededError extends CommandError {
  /**
   * @param error What to say where it is not asked.
   * @param choose Asks, once.
   */
  constructor(
    { message, exitCode, hints, details }: CommandError,
    readonly choose: () => Promise<FoundNode>,
  ) {
    super(message, exitCode, hints, details);
  }
}

/** Candidates in an error message. */
const longestDetails = 20;

/**
 * Finds the node. In several places an id is found as soon as one of them knows it; anything else
 * is looked up in all of them, as a shell on the wrong machine costs more than a second. Where
 * several nodes are meant, the user chooses.
 * @param chooser The terminal; `undefined` where a choice makes no sense.
 * @param places Where to look.
 * @param use What for.
 * @param signal Gives up.
 * @throws CommandError With the candidates or the names like it; what `resolveTarget` throws.
 */
export async function findNode(
  chooser: Chooser | undefined,
  places: Places,
  use: TargetUse,
  signal: AbortSignal,
): Promise<FoundNode> {
  if (places.several) return await findAnywhere(chooser, places, use, signal);
  const place = places.first;
  const { target, grammar } = use;
  try {
    const { aws } = place;
    return { ...await aws.resolveTarget(target, signal, grammar), place };
  } catch (error) {
    if (isNamed<AmbiguousTargetError>(error, "AmbiguousTargetError")) {
      const placed = error.candidates.map((each) => ({ ...each, place }));
      return await choose(chooser, error.several, placed, use, signal);
    }
    if (isNamed<TargetNotFoundError>(error, "TargetNotFoundError")) {
      const { connection, aws } = place;
      const { region, regions } = await aws.findElsewhere(use.target, signal);
      if (regions.length > 0) {
        const { foundElsewhere } = await import("./elsewhere.ts");
        const where = { ...use, connection, region };
        throw foundElsewhere(use.target, regions, where, error);
      }
      const { message, suggestions, complete } = error;
      throw notFound(message, suggestions, complete, use, error);
    }
    throw error;
  }
}

/** A node that may be meant. */
type Candidate = TargetCandidate & { readonly place: Place };

/** Each question is asked in all places before the next one is. */
async function findAnywhere(
  chooser: Chooser | undefined,
  places: Places,
  use: TargetUse,
  signal: AbortSignal,
): Promise<FoundNode> {
  const spec = parseTarget(use.target, use.grammar);
  const missed = new Map<Place, MissedPlace>();
  let asked = 0;
  let complete = true;
  for (const step of lookupPlan(spec)) {
    const answer = await ask(step, places, signal);
    asked = answer.asked;
    complete &&= answer.complete;
    for (const each of answer.missed) {
      // What EC2 does not tell does not matter where Session Manager does.
      if (step.kind !== "instances" || !isDenied(each.error)) {
        missed.set(each.place, each);
      }
    }
    const { candidates } = answer;
    const [only] = candidates;
    if (only === undefined) continue;
    places.settle({ missed: [...missed.values()], asked });
    return candidates.length === 1 ? only : await choose(
      chooser,
      describeTarget(spec).several,
      candidates,
      use,
      signal,
    );
  }
  places.settle({ missed: [...missed.values()], asked });
  throw await notFoundAnywhere(
    spec,
    places,
    asked - missed.size,
    complete,
    use,
    signal,
  );
}

async function ask(
  step: LookupStep,
  places: Places,
  signal: AbortSignal,
) {
  const { found, missed, asked } = await places.search(
    async ({ aws }, signal) => {
      const answer = await aws.lookUp(step, signal);
      return answer.candidates.length > 0 || !answer.complete
        ? answer
        : undefined;
    },
    signal,
    // An id is in one place only.
    () => step.kind === "id",
  );
  const candidates = found.flatMap(({ place, value }) =>
    value.candidates.map((each): Candidate => ({ ...each, place }))
  );
  return {
    candidates: reachableFirst(candidates),
    complete: found.every(({ value }) => value.complete),
    missed,
    asked,
  };
}

function reachableFirst(candidates: readonly Candidate[]): Candidate[] {
  const rank = ({ state }: Candidate) =>
    state === "Online" || state === "running" ? 0 : 1;
  return candidates.toSorted((a, b) => rank(a) - rank(b));
}

function isDenied(error: unknown): boolean {
  return isNamed<AwsCallError>(error, "AwsCallError") &&
    error.kind === "access-denied";
}

/** Lets the user choose, or says which there are. */
async function choose(
  chooser: Chooser | undefined,
  several: string,
  unnamed: readonly Candidate[],
  use: TargetUse,
  signal: AbortSignal,
): Promise<FoundNode> {
  const candidates = (await withNames(unnamed, signal))
    .map((each) => ({ ...each, label: each.place.label }));
  const [first] = candidates;
  const named = candidates.some(({ name }) => name !== first?.name);
  const ask = async (chooser: Chooser): Promise<FoundNode> => {
    const { id, name, platform, agentVersion, place } = await chooseFrom(
      chooser,
      {
        items: candidates,
        columns: nodeColumns(candidates, named),
        more: false,
        noun: "node",
        reason: `${candidates.length} nodes ${several}`,
        names: ({ id, name }) => [name, id],
      },
      use.command,
      signal,
    );
    return { id, name, platform, agentVersion, place, chosen: true };
  };
  if (chooser?.attended && !use.later) return await ask(chooser);
  const shown = candidates.slice(0, longestDetails);
  const error = new CommandError(
    `Cannot choose a node: ${candidates.length} ${several}`,
    exitCodes.failed,
    first === undefined ? [] : [
      withTarget(first.id, { ...use, connection: first.place.connection }),
      ...onAll(use),
    ],
    [
      ...nodeRows(shown, named),
      ...(shown.length < candidates.length ? ["… and more"] : []),
    ],
  );
  if (!chooser?.attended) throw error;
  let asked: Promise<FoundNode> | undefined;
  throw new ChoiceNeededError(error, () => asked ??= ask(chooser));
}

/** Some commands take all of the nodes that tags mean. */
function onAll({ target, command, grammar, rest, connection }: TargetUse) {
  const spec = parseTarget(target, grammar);
  const tags = spec.kind === "tags" || spec.kind === "word"
    ? spec.tags
    : undefined;
  if (tags === undefined || command !== "ssm exec") return [];
  return [
    `ssm exec --tag ${shellQuote(formatTags(tags))}` +
    `${connectionArguments(connection)} ${rest ?? "-- …"}`,
  ];
}

/** Name tags help to choose among nodes that were found by something else. */
async function withNames(
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  const without = candidates.filter(({ id, name }) =>
    name === undefined && id.startsWith("i-")
  );
  const names = new Map<string, string>();
  await Promise.all(
    [...Map.groupBy(without, ({ place }) => place)].map(
      async ([{ aws }, there]) => {
        const ids = there.map(({ id }) => id).slice(0, mostNames);
        for (const [id, name] of await aws.namesOf(ids, signal)) {
          names.set(id, name);
        }
      },
    ),
  );
  return candidates.map((each) => ({
    ...each,
    name: each.name ?? names.get(each.id),
  }));
}

/** EC2 answers for so many at a time. */
const mostNames = 200;

async function notFoundAnywhere(
  spec: TargetSpec,
  places: Places,
  searched: number,
  complete: boolean,
  use: TargetUse,
  signal: AbortSignal,
): Promise<CommandError> {
  const { value, one, isName } = describeTarget(spec);
  const near: string[] = [];
  if (isName) {
    const { found } = await places.search(
      ({ aws }, signal) => aws.nearNames(value, signal),
      signal,
    );
    near.push(...new Set(found.flatMap((each) => each.value)));
  }
  const kind = use.connection.allRegions ? "region" : "profile";
  return notFound(
    `Cannot find a node ${one}: none of ${searched} ` +
      `${kind}${searched === 1 ? "" : "s"} searched has one`,
    near.slice(0, 3),
    complete,
    use,
    undefined,
  );
}

function notFound(
  message: string,
  near: readonly string[],
  complete: boolean,
  use: TargetUse,
  cause: unknown,
): CommandError {
  const { target, grammar } = use;
  // Where tags need their prefix, it may be what was forgotten.
  const bare = grammar?.bareTags === false && /^[^=:]+[=:]/.test(target) &&
    !targetPrefixes.some((prefix) => target.startsWith(`${prefix}:`));
  const tags = bare ? [withTarget(`tag:${target}`, use)] : [];
  const names = near.map((name) => withTarget(targetOfName(name), use));
  const host = complete ? [] : [withTarget(`host:${target}`, use)];
  const hints = [...tags, ...names, ...host];
  return new CommandError(
    message + didYouMean(near.map(visible)),
    exitCodes.failed,
    hints.length > 0 ? hints : [
      "ssm list --all" + connectionArguments(use.connection),
    ],
    complete
      ? []
      : ["there are too many nodes to look at every computer name unasked"],
    { cause },
  );
}
