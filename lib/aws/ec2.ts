/**
 * What EC2 is asked: instances by Name tag, and the state of one. Its client is the largest, so
 * only where SSM does not know the answer.
 *
 * @module
 */

import type { Filter, Instance } from "@aws-sdk/client-ec2";
import { abortable, type AwsClients } from "./client.ts";
import { AwsCallError } from "./errors.ts";
import { present } from "./present.ts";
import type { Ec2Attribute } from "./target_plan.ts";

/** One instance as DescribeInstances tells it. */
export interface Ec2Instance {
  /** `i-…` */
  readonly id: string;
  /** pending, running, shutting-down, terminated, stopping or stopped. */
  readonly state: string;
  /** The Name tag. */
  readonly name?: string;
  readonly address?: string;
  /** `windows`, or absent for everything else. */
  readonly platform?: string;
  readonly launchTime?: Date;
  /** ARN of the instance profile; without one Session Manager usually has no agent to talk to. */
  readonly instanceProfile?: string;
}

/**
 * States in which an instance is one to mean by its name. A terminated one keeps its tags for an
 * hour and would make every rebuilt machine ambiguous.
 */
const ALIVE = ["pending", "running", "stopping", "stopped"];

/** The EC2 calls of one identity in one region. All reject with AwsCallError. */
export class Ec2Calls {
  readonly #clients: AwsClients;

  /** @param clients Whose calls. */
  constructor(clients: AwsClients) {
    this.#clients = clients;
  }

  /**
   * The instances of which an attribute is exactly this, terminated ones left out.
   *
   * @param attribute The filter's name.
   * @param value Its value; `*` and `?` in it mean themselves.
   */
  async findInstances(
    attribute: Ec2Attribute,
    value: string,
    signal?: AbortSignal,
  ): Promise<Ec2Instance[]> {
    // Filter values take wildcards; a backslash makes one ordinary. Names that come back are
    // compared all the same, as the escape is the service's to honour.
    const found = await this.#describe([
      { Name: attribute, Values: [value.replace(/[\\*?]/g, "\\$&")] },
      { Name: "instance-state-name", Values: ALIVE },
    ], signal);
    return attribute === "tag:Name"
      ? found.filter((instance) => instance.name === value)
      : found;
  }

  /**
   * One instance's state, or `undefined` when this account and region have none of that id.
   *
   * @param id `i-…`
   */
  async describeInstance(
    id: string,
    signal?: AbortSignal,
  ): Promise<Ec2Instance | undefined> {
    const { DescribeInstancesCommand } = await import("@aws-sdk/client-ec2");
    try {
      const output = await this.#clients.call(
        "ec2:DescribeInstances",
        async () => {
          const client = await this.#clients.ec2();
          return await client.send(
            new DescribeInstancesCommand({ InstanceIds: [id] }),
            abortable(signal),
          );
        },
        signal,
      );
      return (output.Reservations ?? [])
        .flatMap((reservation) => reservation.Instances ?? [])
        .map(toInstance).find((instance) => instance.id === id);
    } catch (error) {
      if (error instanceof AwsCallError && error.kind === "not-found") {
        return undefined;
      }
      throw error;
    }
  }

  /** The regions that are enabled for the account, in EC2's order. */
  async describeRegions(signal?: AbortSignal): Promise<string[]> {
    const { DescribeRegionsCommand } = await import("@aws-sdk/client-ec2");
    const output = await this.#clients.call(
      "ec2:DescribeRegions",
      async () => {
        const client = await this.#clients.ec2();
        return await client.send(
          new DescribeRegionsCommand({}),
          abortable(signal),
        );
      },
      signal,
    );
    return (output.Regions ?? []).flatMap(({ RegionName }) => RegionName ?? []);
  }

  /**
   * Names of some instances: the first page, for "did you mean".
   *
   * @returns Distinct names, at most a page of them.
   */
  async someNames(signal?: AbortSignal): Promise<string[]> {
    const { DescribeInstancesCommand } = await import("@aws-sdk/client-ec2");
    const output = await this.#clients.call(
      "ec2:DescribeInstances",
      async () => {
        const client = await this.#clients.ec2();
        return await client.send(
          new DescribeInstancesCommand({ MaxResults: 1000 }),
          abortable(signal),
        );
      },
      signal,
    );
    const names = (output.Reservations ?? [])
      .flatMap((reservation) => reservation.Instances ?? [])
      .map(toInstance)
      .filter((instance) => ALIVE.includes(instance.state))
      .map((instance) => instance.name)
      .filter((name) => name !== undefined);
    return [...new Set(names)];
  }

  /**
   * Name tags of instances.
   *
   * @param ids At most 200, the most a filter takes; those that are gone are left out.
   * @returns Names by id; instances without a name are not in it.
   */
  async namesOf(
    ids: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    // As a filter: asked for by id, one that is gone would fail the call.
    const found = await this.#describe([
      { Name: "instance-id", Values: [...ids] },
    ], signal);
    return new Map(
      found.flatMap(({ id, name }) => name === undefined ? [] : [[id, name]]),
    );
  }

  async #describe(
    filters: Filter[],
    signal: AbortSignal | undefined,
  ): Promise<Ec2Instance[]> {
    const { DescribeInstancesCommand } = await import("@aws-sdk/client-ec2");
    const found: Ec2Instance[] = [];
    let token: string | undefined;
    do {
      const page = await this.#clients.call(
        "ec2:DescribeInstances",
        async () => {
          const client = await this.#clients.ec2();
          return await client.send(
            new DescribeInstancesCommand({
              Filters: filters,
              NextToken: token,
            }),
            abortable(signal),
          );
        },
        signal,
      );
      for (const reservation of page.Reservations ?? []) {
        found.push(...(reservation.Instances ?? []).map(toInstance));
      }
      token = page.NextToken || undefined;
    } while (token !== undefined);
    return found;
  }
}

function toInstance(item: Instance): Ec2Instance {
  return present({
    id: item.InstanceId ?? "",
    state: item.State?.Name ?? "unknown",
    name: item.Tags?.find((tag) => tag.Key === "Name")?.Value,
    address: item.PrivateIpAddress,
    platform: item.Platform?.toLowerCase(),
    launchTime: item.LaunchTime,
    instanceProfile: item.IamInstanceProfile?.Arn,
  });
}
