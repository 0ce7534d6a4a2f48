/**
 * EC2 DescribeInstances: what finds a node by its Name tag when Session Manager does not know it,
 * or by an address; and DescribeRegions.
 *
 * @module
 */

import { simulatorAccountId } from "../credentials.ts";
import type { SimulatedNode } from "../options.ts";
import { ApiError } from "./errors.ts";
import type { Pager } from "./paging.ts";
import { type XmlContent, xmlContent } from "./xml.ts";

/** What the call needs to know. */
export interface Ec2Options {
  readonly nodes: readonly SimulatedNode[];
  readonly region: string;
  /** All regions that the account uses. */
  readonly regions: readonly string[];
  readonly pager: Pager;
  /** Now, in milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** EC2's own page size limits: 5–1000. */
const pageLimits = { min: 5, max: 1000 };

const states = {
  running: { code: 16, name: "running" },
  stopped: { code: 80, name: "stopped" },
  terminated: { code: 48, name: "terminated" },
} as const;

interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

/** The EC2 API of one run. */
export class SimulatedEc2 {
  readonly #options: Ec2Options;
  readonly #launched: number;

  /** @param options Nodes, region, time. */
  constructor(options: Ec2Options) {
    this.#options = options;
    this.#launched = options.now() - 7 * 24 * 3600_000;
  }

  /**
   * Answers a call.
   *
   * @param action The form's `Action`.
   * @param form The request's form.
   * @param requestId Told in the answer.
   * @returns The answer's XML.
   * @throws ApiError What AWS would answer instead.
   */
  handle(action: string, form: URLSearchParams, requestId: string): string {
    if (action === "DescribeRegions") {
      const content = xmlContent({ requestId, ...this.#regions() });
      return `<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">` +
        `${content}</DescribeRegionsResponse>`;
    }
    if (action !== "DescribeInstances") {
      throw new ApiError(
        "InvalidAction",
        `The action ${action} is not valid for this web service.`,
      );
    }
    const content = xmlContent({ requestId, ...this.#describe(form) });
    return `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">` +
      `${content}</DescribeInstancesResponse>`;
  }

  #regions(): { readonly [name: string]: XmlContent } {
    return {
      regionInfo: this.#options.regions.map((regionName) => ({
        regionName,
        regionEndpoint: `ec2.${regionName}.amazonaws.com`,
        optInStatus: "opt-in-not-required",
      })),
    };
  }

  #describe(form: URLSearchParams): { readonly [name: string]: XmlContent } {
    const { nodes, pager } = this.#options;
    const ids = list(form, "InstanceId");
    const filters = readFilters(form);
    const size = readPageSize(form);
    if (ids.length > 0 && size !== undefined) {
      throw new ApiError(
        "InvalidParameterCombination",
        "The parameter instancesSet cannot be used with the parameter maxResults",
      );
    }
    const instances = nodes.filter((node) => !node.id.startsWith("mi-"));
    for (const id of ids) checkId(id, instances);
    const found = instances.filter((node) =>
      (ids.length === 0 || ids.includes(node.id)) &&
      filters.every((filter) => matches(node, filter, this.#options.region))
    );
    const page = pager.page(
      found,
      size ?? pageLimits.max,
      form.get("NextToken") ?? undefined,
      ["DescribeInstances", ids, filters],
      "InvalidParameterValue",
    );
    return {
      reservationSet: page.items.map((node) => ({
        reservationId: `r-${node.id.slice(2)}`,
        ownerId: simulatorAccountId,
        groupSet: [],
        instancesSet: [this.#instance(node)],
      })),
      nextToken: page.nextToken,
    };
  }

  #instance(node: SimulatedNode): XmlContent {
    const running = (node.ec2State ?? "running") === "running";
    const gone = node.ec2State === "terminated";
    return {
      instanceId: node.id,
      imageId: "ami-00000000000000000",
      instanceState: states[node.ec2State ?? "running"],
      privateDnsName: gone ? "" : privateDnsName(node, this.#options.region),
      dnsName: gone ? "" : publicDnsName(node, this.#options.region),
      instanceType: "t3.micro",
      launchTime: new Date(this.#launched).toISOString(),
      placement: {
        availabilityZone: `${this.#options.region}a`,
        tenancy: "default",
      },
      platform: node.platform === "Windows" ? "windows" : undefined,
      monitoring: { state: "disabled" },
      privateIpAddress: gone ? undefined : node.address,
      ipAddress: gone ? undefined : node.publicAddress,
      iamInstanceProfile: node.instanceProfile === false ? undefined : {
        arn: `arn:aws:iam::${simulatorAccountId}:instance-profile/ssm-node`,
        id: "AIPASIMULATORSIMULATO",
      },
      reason: running ? "" : "User initiated",
      architecture: "x86_64",
      tagSet: Object.entries(node.tags).map(([key, value]) => ({ key, value })),
    };
  }
}

/** `Name.1`, `Name.2`, … in order of their numbers. */
function list(form: URLSearchParams, name: string): readonly string[] {
  const values: [number, string][] = [];
  for (const [key, value] of form) {
    const match = key.startsWith(`${name}.`)
      ? /^(\d{1,6})$/.exec(key.slice(name.length + 1))
      : null;
    if (match !== null) values.push([Number(match[1]), value]);
  }
  return values.sort(([a], [b]) => a - b).map(([, value]) => value);
}

function readFilters(form: URLSearchParams): readonly Filter[] {
  const numbers = new Set<number>();
  for (const key of form.keys()) {
    const match = /^Filter\.(\d{1,6})\./.exec(key);
    if (match !== null) numbers.add(Number(match[1]));
  }
  return [...numbers].sort((a, b) => a - b).map((n) => {
    const name = form.get(`Filter.${n}.Name`) ?? "";
    if (!isFilterName(name)) {
      throw new ApiError(
        "InvalidParameterValue",
        `The filter '${name}' is invalid`,
      );
    }
    const values = list(form, `Filter.${n}.Value`);
    if (values.length === 0) {
      throw new ApiError(
        "InvalidParameterValue",
        "The filter 'null' is invalid",
      );
    }
    return { name, values };
  });
}

function isFilterName(name: string): boolean {
  return [
    "instance-id",
    "private-ip-address",
    "private-dns-name",
    "ip-address",
    "network-interface.ipv6-addresses.ipv6-address",
    "dns-name",
    "instance-state-name",
    "tag-key",
  ].includes(name) || /^tag:./.test(name);
}

function readPageSize(form: URLSearchParams): number | undefined {
  const text = form.get("MaxResults");
  if (text === null) return undefined;
  const size = Number(text);
  const { min, max } = pageLimits;
  if (!/^\d+$/.test(text) || size < min || size > max) {
    throw new ApiError(
      "InvalidParameterValue",
      `Value ( ${text} ) for parameter maxResults is invalid. ` +
        `Expecting a value between ${min} and ${max}.`,
    );
  }
  return size;
}

function checkId(id: string, instances: readonly SimulatedNode[]): void {
  if (!/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) {
    throw new ApiError("InvalidInstanceID.Malformed", `Invalid id: "${id}"`);
  }
  if (!instances.some((node) => node.id === id)) {
    throw new ApiError(
      "InvalidInstanceID.NotFound",
      `The instance ID '${id}' does not exist`,
    );
  }
}

function matches(
  node: SimulatedNode,
  { name, values }: Filter,
  region: string,
): boolean {
  const tag = name.startsWith("tag:") ? name.slice(4) : undefined;
  const actual: readonly string[] = tag !== undefined
    ? Object.hasOwn(node.tags, tag) ? [node.tags[tag] ?? ""] : []
    : name === "tag-key"
    ? Object.keys(node.tags)
    : name === "instance-id"
    ? [node.id]
    : name === "private-ip-address"
    ? [node.address]
    : name === "private-dns-name"
    ? [privateDnsName(node, region)]
    : name === "ip-address"
    ? [node.publicAddress ?? ""]
    : name === "network-interface.ipv6-addresses.ipv6-address"
    ? [node.ipv6Address ?? ""]
    : name === "dns-name"
    ? [publicDnsName(node, region)]
    : [node.ec2State ?? "running"];
  return values.some((pattern) => actual.some((text) => like(text, pattern)));
}

/** As EC2 names instances by their address; us-east-1 has a domain of its own. */
function privateDnsName({ address }: SimulatedNode, region: string): string {
  const domain = region === "us-east-1"
    ? "ec2.internal"
    : `${region}.compute.internal`;
  return `ip-${address.replaceAll(".", "-")}.${domain}`;
}

/** The same of the public address; empty without one. */
function publicDnsName(
  { publicAddress }: SimulatedNode,
  region: string,
): string {
  if (publicAddress === undefined) return "";
  const domain = region === "us-east-1" ? "compute-1" : `${region}.compute`;
  return `ec2-${publicAddress.replaceAll(".", "-")}.${domain}.amazonaws.com`;
}

/** EC2's wildcards: `*` any text, `?` one character, `\` takes the next one literally. */
function like(text: string, pattern: string): boolean {
  const source = pattern.replace(
    /\\(.)|([*?])|([^\\*?])|\\$/gsu,
    (_, literal?: string, wild?: string, plain?: string) =>
      wild === "*"
        ? "[^]*"
        : wild === "?"
        ? "[^]"
        : (literal ?? plain ?? "\\").replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"),
  );
  return new RegExp(`^(?:${source})$`, "u").test(text);
}
