/**
 * What EC2 is asked: instances by Name tag, and the state of one. Its client is the largest, so
 * only where SSM does not know the answer.
 *
 * @module
 */

import type { Filter, Instance } from "@aws-sdk/client-ec2";
import { abortable } from "./call_signal.ts";
import type { AwsClients } from "./client.ts";
import { AwsCallError } from "./errors.ts";
import { type Page, pages } from "./pages.ts";
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
  /** The private IP address. */
  readonly address?: string;
  /** The public IP address. */
  readonly publicAddress?: string;
  readonly privateDnsName?: string;
  readonly publicDnsName?: string;
  readonly tags?: Readonly<Record<string, string>>;
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

/** How many instances one page holds; the most EC2 gives. */
const PAGE = 1000;

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
    // Names that come back are compared all the same, as the escape is the service's to honour.
    const found = await this.#describe([
      { Name: attribute, Values: [literally(value)] },
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

  /**
   * All instances, terminated ones that it still tells too, in pages of 1000, the most that EC2 gives.
   *
   * @param tags All must fit, each by one of its values; none = every instance.
   */
  instancePages(
    tags: readonly {
      readonly key: string;
      readonly values: readonly string[];
    }[],
    signal?: AbortSignal,
  ): AsyncGenerator<readonly Ec2Instance[], void, void> {
    const filters = tags.map(({ key, values }) => ({
      Name: `tag:${key}`,
      Values: values.map(literally),
    }));
    return pages((token) => this.#page(filters, PAGE, token, signal), signal);
  }

  async #describe(
    filters: Filter[],
    signal: AbortSignal | undefined,
  ): Promise<Ec2Instance[]> {
    const found: Ec2Instance[] = [];
    for await (
      const page of pages(
        (token) => this.#page(filters, undefined, token, signal),
        signal,
      )
    ) found.push(...page);
    return found;
  }

  async #page(
    filters: Filter[],
    size: number | undefined,
    token: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Page<Ec2Instance>> {
    const { DescribeInstancesCommand } = await import("@aws-sdk/client-ec2");
    const page = await this.#clients.call(
      "ec2:DescribeInstances",
      async () => {
        const client = await this.#clients.ec2();
        return await client.send(
          new DescribeInstancesCommand({
            Filters: filters,
            MaxResults: size,
            NextToken: token,
          }),
          abortable(signal),
        );
      },
      signal,
    );
    return {
      items: (page.Reservations ?? []).flatMap((reservation) =>
        (reservation.Instances ?? []).map(toInstance)
      ),
      next: page.NextToken || undefined,
    };
  }
}

/** Filter values take wildcards; a backslash makes one ordinary. */
function literally(value: string): string {
  return value.replace(/[\\*?]/g, "\\$&");
}

function toInstance(item: Instance): Ec2Instance {
  return present({
    id: item.InstanceId ?? "",
    state: item.State?.Name ?? "unknown",
    name: item.Tags?.find((tag) => tag.Key === "Name")?.Value,
    address: item.PrivateIpAddress,
    publicAddress: item.PublicIpAddress,
    // EC2 says "" where there is none.
    privateDnsName: item.PrivateDnsName || undefined,
    publicDnsName: item.PublicDnsName || undefined,
    tags: item.Tags === undefined ? undefined : Object.fromEntries(
      item.Tags.map(({ Key = "", Value = "" }) => [Key, Value]),
    ),
    platform: item.Platform?.toLowerCase(),
    launchTime: item.LaunchTime,
    instanceProfile: item.IamInstanceProfile?.Arn,
  });
}
