/**
 * ARNs of what sessions are about, as policies name them. What is not known is `*`.
 *
 * @module
 */

/** Where resources are. */
export interface ArnPlace {
  /** `aws`, `aws-cn`, `aws-us-gov`, … */
  readonly partition: string;
  /** `eu-west-1`, or `*`. */
  readonly region: string;
  /** Twelve digits, or `*`. */
  readonly account: string;
}

/**
 * The partition of a region.
 *
 * @param region As `cn-north-1`; `*` counts as the ordinary partition's.
 */
export function partitionOf(region: string): string {
  const [, partition] =
    PARTITIONS.find(([prefix]) => region.startsWith(prefix)) ?? [];
  return partition ?? "aws";
}

/** Beginnings of regions' names (the SDK's partitions table). */
const PARTITIONS: readonly (readonly [string, string])[] = [
  ["cn-", "aws-cn"],
  ["us-gov-", "aws-us-gov"],
  ["us-isof-", "aws-iso-f"],
  ["us-isob-", "aws-iso-b"],
  ["us-iso-", "aws-iso"],
  ["eu-isoe-", "aws-iso-e"],
  ["eusc-", "aws-eusc"],
];

/**
 * A node, or all of them.
 *
 * @param place Where.
 * @param id `i-…` or `mi-…`; absent: every one, of either kind.
 */
export function nodeArns(place: ArnPlace, id?: string): string[] {
  const { partition, region, account } = place;
  const instance = (name: string) =>
    `arn:${partition}:ec2:${region}:${account}:instance/${name}`;
  const managed = (name: string) =>
    `arn:${partition}:ssm:${region}:${account}:managed-instance/${name}`;
  if (id === undefined) return [instance("*"), managed("*")];
  return [id.startsWith("mi-") ? managed(id) : instance(id)];
}

/**
 * A document; those that AWS owns are in no account.
 *
 * @param place Where.
 * @param name Its name, or its ARN, which is given back.
 */
export function documentArn(place: ArnPlace, name: string): string {
  if (name.startsWith("arn:")) return name;
  const { partition, region, account } = place;
  const owner = /^(AWS|Amazon)/.test(name) ? "" : account;
  return `arn:${partition}:ssm:${region}:${owner}:document/${name}`;
}

/**
 * The caller's own sessions, whose ids begin with the caller's name (api.md §3).
 *
 * @param place The partition alone counts.
 */
export function ownSessionsArn({ partition }: ArnPlace): string {
  return `arn:${partition}:ssm:*:*:session/\${aws:userid}-*`;
}

/**
 * The sessions that ECS starts, which all begin alike.
 *
 * @param place Where.
 */
export function ecsSessionsArn(place: ArnPlace): string {
  const { partition, region, account } = place;
  return `arn:${partition}:ssm:${region}:${account}:session/ecs-execute-command-*`;
}

/**
 * A cluster of ECS and its tasks.
 *
 * @param place Where.
 * @param cluster Its name, or its ARN.
 * @param task A task's id; absent: every one.
 */
export function ecsArns(
  place: ArnPlace,
  cluster: string,
  task = "*",
): { readonly cluster: string; readonly task: string } {
  const { partition, region, account } = place;
  const name = cluster.replace(/^.*\//, "");
  const front = `arn:${partition}:ecs:${region}:${account}`;
  return {
    cluster: `${front}:cluster/${name}`,
    task: `${front}:task/${name}/${task}`,
  };
}

/**
 * Every KMS key there.
 *
 * @param place Where.
 */
export function keysArn({ partition, region, account }: ArnPlace): string {
  return `arn:${partition}:kms:${region}:${account}:key/*`;
}
