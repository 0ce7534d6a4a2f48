/**
 * DescribeInstanceInformation: which nodes Session Manager has seen (api.md §4).
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { SimulatedNode } from "../options.ts";
import { ApiError } from "./errors.ts";
import {
  constraintError,
  type JsonObject,
  objectList,
  optionalInteger,
  optionalText,
  requiredText,
  textList,
} from "./json_input.ts";
import type { Pager } from "./paging.ts";

/** What the call needs to know. */
export interface InstanceContext {
  readonly nodes: readonly SimulatedNode[];
  readonly pager: Pager;
  /** Now, in milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** When the simulator was started, in milliseconds since the Unix epoch. */
  readonly started: number;
}

/** The agent version that counts as the latest, see {@linkcode SimulatedNode.agentVersion}. */
const latestAgentVersion = "3.3.987.0";

/** How long ago an offline node was heard of last, in milliseconds. */
const offlineFor = 3 * 3600_000;

const plainKeys = [
  "ActivationIds",
  "AgentVersion",
  "AssociationStatus",
  "IamRole",
  "InstanceIds",
  "PingStatus",
  "PlatformTypes",
  "ResourceType",
  "SourceIds",
  "SourceTypes",
];

/** The deprecated filter list knows these alone. */
const oldStyleKeys = plainKeys.filter((key) => !key.startsWith("Source"));

const enums: Readonly<Record<string, readonly string[]>> = {
  PingStatus: ["Online", "ConnectionLost", "Inactive"],
  PlatformTypes: ["Windows", "Linux", "MacOS"],
  ResourceType: ["ManagedInstance", "EC2Instance", "AWS::IoT::Thing"],
  SourceTypes: [
    "AWS::EC2::Instance",
    "AWS::IoT::Thing",
    "AWS::SSM::ManagedInstance",
  ],
};

const instanceId = /^(i-([0-9a-f]{8}|[0-9a-f]{17})|mi-[0-9a-f]{17})$/;

interface Filter {
  readonly key: string;
  readonly values: readonly string[];
}

/**
 * Answers DescribeInstanceInformation.
 *
 * @param input The request.
 * @param context The nodes, the clock and the pager.
 * @throws ApiError The model's errors: InvalidFilterKey, InvalidInstanceId, InvalidNextToken,
 *   InvalidInstanceInformationFilterValue; ValidationException for its limits.
 */
export function describeInstanceInformation(
  input: JsonObject,
  context: InstanceContext,
): JsonObject {
  const filters = readFilters(input);
  const size = optionalInteger(input, "MaxResults", 5, 50) ?? 10;
  const token = optionalText(input, "NextToken");
  const nodes = context.nodes.filter((node) =>
    node.registered && filters.every((filter) => matches(node, filter))
  );
  const page = context.pager.page(nodes, size, token, [
    "DescribeInstanceInformation",
    filters,
  ]);
  return {
    InstanceInformationList: page.items.map((node) => describe(node, context)),
    NextToken: page.nextToken,
  };
}

function readFilters(input: JsonObject): readonly Filter[] {
  const modern = objectList(input, "Filters");
  const old = objectList(input, "InstanceInformationFilterList");
  if (modern.length > 0 && old.length > 0) {
    throw new ApiError(
      "ValidationException",
      "Only one of Filters and InstanceInformationFilterList can be given.",
    );
  }
  const filters = modern.length > 0
    ? modern.map((filter) => ({
      key: requiredText(filter, "Key", { min: 1 }),
      values: textList(filter, "Values", 100),
    }))
    : old.map((filter) => ({
      key: requiredText(filter, "key", { values: oldStyleKeys }),
      values: textList(filter, "valueSet", 100),
    }));
  for (const filter of filters) checkFilter(filter);
  const tags = filters.filter(isTagFilter).length;
  if (tags > 0 && tags < filters.length) {
    throw new ApiError(
      "InvalidFilterKey",
      "Tag filters cannot be combined with other filters.",
    );
  }
  return filters;
}

function checkFilter({ key, values }: Filter): void {
  if (values.includes("")) {
    throw constraintError(
      "",
      "Values",
      "have length greater than or equal to 1",
    );
  }
  if (isTagFilter({ key, values })) return;
  if (!plainKeys.includes(key)) {
    throw new ApiError(
      "InvalidFilterKey",
      `The filter key ${key} is not valid.`,
    );
  }
  const allowed = enums[key];
  for (const value of values) {
    if (allowed !== undefined && !allowed.includes(value)) {
      throw new ApiError(
        "InvalidInstanceInformationFilterValue",
        `The filter value ${value} is not valid for ${key}.`,
      );
    }
    if (key === "InstanceIds" && !instanceId.test(value)) {
      throw new ApiError(
        "InvalidInstanceId",
        `The instance ID ${value} is not valid.`,
      );
    }
  }
}

function isTagFilter({ key }: Filter): boolean {
  return key === "tag-key" || (key.startsWith("tag:") && key.length > 4);
}

function matches(node: SimulatedNode, { key, values }: Filter): boolean {
  if (key === "tag-key") {
    return values.some((name) => Object.hasOwn(node.tags, name));
  }
  if (key.startsWith("tag:")) {
    const name = key.slice(4);
    return Object.hasOwn(node.tags, name) &&
      values.includes(node.tags[name] ?? "");
  }
  const actual: Readonly<Record<string, string | undefined>> = {
    ActivationIds: activationId(node),
    AgentVersion: node.agentVersion,
    AssociationStatus: "Success",
    IamRole: iamRole(node),
    InstanceIds: node.id,
    PingStatus: node.ping,
    PlatformTypes: node.platform,
    ResourceType: managed(node) ? "ManagedInstance" : "EC2Instance",
    SourceIds: node.id,
    SourceTypes: sourceType(node),
  };
  const value = actual[key];
  return value !== undefined && values.includes(value);
}

function describe(node: SimulatedNode, context: InstanceContext): JsonObject {
  const platform = {
    Linux: ["Amazon Linux", "2023"],
    Windows: ["Microsoft Windows Server 2022 Datacenter", "10.0.20348"],
    MacOS: ["macOS", "14.4"],
  }[node.platform];
  const silence = node.ping === "Online" ? 30_000 : offlineFor;
  return {
    InstanceId: node.id,
    PingStatus: node.ping,
    LastPingDateTime:
      (node.ping === "Online"
        ? context.now() - silence
        : context.started - silence) / 1000,
    AgentVersion: node.agentVersion,
    IsLatestVersion: node.agentVersion === latestAgentVersion,
    PlatformType: node.platform,
    PlatformName: platform[0],
    PlatformVersion: platform[1],
    ActivationId: activationId(node),
    IamRole: iamRole(node),
    RegistrationDate: managed(node)
      ? (context.started - 30 * 24 * 3600_000) / 1000
      : undefined,
    ResourceType: managed(node) ? "ManagedInstance" : "EC2Instance",
    // The name given at activation; an EC2 instance's Name tag is not told here.
    Name: managed(node) ? node.tags["Name"] : undefined,
    IPAddress: node.address,
    ComputerName: node.computerName,
    AssociationStatus: "Success",
    AssociationOverview: {
      InstanceAssociationStatusAggregatedCount: { Success: 1 },
    },
    SourceId: node.id,
    SourceType: sourceType(node),
  };
}

function managed(node: SimulatedNode): boolean {
  return node.id.startsWith("mi-");
}

function sourceType(node: SimulatedNode): string {
  return managed(node) ? "AWS::SSM::ManagedInstance" : "AWS::EC2::Instance";
}

function iamRole(node: SimulatedNode): string | undefined {
  return managed(node)
    ? "service-role/AmazonEC2RunCommandRoleForManagedInstances"
    : undefined;
}

function activationId(node: SimulatedNode): string | undefined {
  if (!managed(node)) return undefined;
  const hex = createHash("sha256").update(node.id).digest("hex");
  return hex.replace(
    /^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/,
    "$1-$2-$3-$4-$5",
  );
}
