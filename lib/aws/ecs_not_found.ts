/**
 * A cluster or a service that is not there, with those that may be meant.
 *
 * @module
 */

import { visible } from "../text.ts";
import type { EcsSpec } from "./ecs_spec.ts";
import { ContainerNotFoundError } from "./ecs_target_errors.ts";
import { AwsCallError } from "./errors.ts";
import { suggestNames } from "./suggest_names.ts";

/** The calls that give names; `EcsCalls` has them. */
export interface EcsNameCalls {
  /** Names of services. */
  listServices(cluster: string, signal?: AbortSignal): AsyncIterable<string>;
  /** Names of clusters. */
  listClusters(signal?: AbortSignal): AsyncIterable<string>;
}

/** So many names can be read through. */
const FEW_NAMES = 20;

/** Names that are looked through for one like what was typed. */
const MOST_NAMES = 500;

/**
 * AWS's word that a name leads nowhere becomes ours, with names like it.
 *
 * @param error What a lookup threw.
 * @param spec What was looked for.
 * @param calls The lookups.
 * @param signal Gives up, and rejects with its reason.
 * @returns A ContainerNotFoundError, or the error as it was where it says something else.
 */
export async function notFound(
  error: unknown,
  spec: EcsSpec,
  calls: EcsNameCalls,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  if (!(error instanceof AwsCallError) || error.kind !== "not-found") {
    return error;
  }
  const { cluster, service } = spec;
  if (/^cluster/i.test(error.code)) {
    return await notNamed(
      cluster,
      (name) => ({ ...spec, cluster: name }),
      `cluster ${visible(cluster)} in this account and region`,
      (signal) => some(calls.listClusters(signal)),
      signal,
      error,
    );
  }
  if (/^service/i.test(error.code) && service !== undefined) {
    return await notNamed(
      service,
      (name) => ({ ...spec, service: name }),
      `service ${visible(service)} in cluster ${visible(cluster)}`,
      (signal) => some(calls.listServices(cluster, signal)),
      signal,
      error,
    );
  }
  return error;
}

async function notNamed(
  typed: string,
  specOf: (name: string) => EcsSpec,
  what: string,
  names: (signal?: AbortSignal) => Promise<readonly string[]>,
  signal: AbortSignal | undefined,
  cause: AwsCallError,
): Promise<ContainerNotFoundError> {
  let all: readonly string[] = [];
  const like = await suggestNames(
    typed,
    async (signal) => all = await names(signal),
    signal,
  );
  return new ContainerNotFoundError(
    what,
    like.map((name) => ({ name, spec: specOf(name) })),
    all.length <= FEW_NAMES ? all : [],
    { cause },
  );
}

async function some(names: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const name of names) {
    if (found.push(name) === MOST_NAMES) break;
  }
  return found;
}
