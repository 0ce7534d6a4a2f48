/**
 * The regions in which a node is searched for with `--all-regions`.
 *
 * @module
 */

import { AwsCallError } from "./errors.ts";

/** Where EC2 is asked for the regions by somebody who has chosen none. */
export const defaultRegion = "us-east-1";

/**
 * By a region's beginning, those of its partition that every account has, for want of EC2's answer
 * (AWS General Reference, "AWS Regions": not those that an account has to opt in to).
 */
const builtIn:
  readonly (readonly [prefix: string, regions: readonly string[]])[] = [
    ["cn-", ["cn-north-1", "cn-northwest-1"]],
    ["us-gov-", ["us-gov-west-1", "us-gov-east-1"]],
    ["us-iso-", ["us-iso-east-1", "us-iso-west-1"]],
    ["us-isob-", ["us-isob-east-1"]],
    ["", [
      "us-east-1",
      "us-east-2",
      "us-west-1",
      "us-west-2",
      "ca-central-1",
      "sa-east-1",
      "eu-central-1",
      "eu-north-1",
      "eu-west-1",
      "eu-west-2",
      "eu-west-3",
      "ap-northeast-1",
      "ap-northeast-2",
      "ap-northeast-3",
      "ap-south-1",
      "ap-southeast-1",
      "ap-southeast-2",
    ]],
  ];

/** Regions to search. */
export interface RegionList {
  /** The one that the user has chosen, or {@linkcode defaultRegion}; it is among `regions`. */
  readonly own: string;
  /** All of them, the own one first. */
  readonly regions: readonly string[];
  /** Why EC2 did not tell them, and the built-in list stands in. */
  readonly refusal?: AwsCallError;
}

/**
 * The regions to search: EC2's answer, and where it may not be asked or reached, those that every
 * account has.
 * @param own The region that the user has chosen.
 * @param describeRegions The call.
 * @param signal Gives up, and rejects with its reason.
 * @throws AwsCallError Without credentials that AWS accepts.
 */
export async function searchedRegions(
  own: string,
  describeRegions: (signal?: AbortSignal) => Promise<readonly string[]>,
  signal?: AbortSignal,
): Promise<RegionList> {
  const first = (regions: readonly string[]) => [
    own,
    ...regions.filter((region) => region !== own),
  ];
  try {
    return { own, regions: first(await describeRegions(signal)) };
  } catch (error) {
    if (!(error instanceof AwsCallError) || !standsIn(error)) throw error;
    return { own, regions: first(regionsLike(own)), refusal: error };
  }
}

/** Session Manager may answer all the same. */
function standsIn({ kind }: AwsCallError): boolean {
  return kind === "access-denied" || kind === "network" ||
    kind === "throttled" || kind === "service";
}

/**
 * The regions that every account of a region's partition has.
 * @param region Any of the partition.
 */
export function regionsLike(region: string): readonly string[] {
  return builtIn.find(([prefix]) => region.startsWith(prefix))?.[1] ?? [];
}
