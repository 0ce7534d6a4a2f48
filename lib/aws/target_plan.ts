/**
 * How a target is looked up: the questions to AWS, in order. The first one that has an answer
 * decides; each is one call wherever AWS has a filter for it. Pure.
 *
 * @module
 */

import {
  groupTag,
  isAddress,
  isIpv4,
  type TargetSpec,
  type TargetTag,
} from "./target_spec.ts";

/** A filter of EC2 DescribeInstances that finds a node by an address or a name. */
export type Ec2Attribute =
  | "tag:Name"
  | "private-ip-address"
  | "ip-address"
  | "network-interface.ipv6-addresses.ipv6-address"
  | "private-dns-name"
  | "dns-name";

/** One question. */
export type LookupStep =
  /** Is it there? No question at all where there is one place to look. */
  | { readonly kind: "id"; readonly id: string }
  /** Session Manager's nodes with all these tags: one call (api.md §4). */
  | { readonly kind: "tags"; readonly tags: readonly TargetTag[] }
  /** EC2's instances: one call. */
  | {
    readonly kind: "instances";
    readonly attribute: Ec2Attribute;
    readonly value: string;
  }
  /** Session Manager's nodes, all of them, as no filter knows these: a call for each 50. */
  | {
    readonly kind: "scan";
    readonly property: "computerName" | "address";
    readonly value: string;
    /** After so many nodes the question is given up; it is then without an answer. */
    readonly limit: number;
  };

/** What nobody asked for explicitly is not looked for further than this: ten calls. */
const shortScan = 500;

/**
 * The questions for a target.
 *
 * @param spec What is meant.
 */
export function lookupPlan(spec: TargetSpec): readonly LookupStep[] {
  switch (spec.kind) {
    case "id":
      return [{ kind: "id", id: spec.id }];
    case "name":
      return byName(spec.name);
    case "tags":
      return [{ kind: "tags", tags: spec.tags }];
    case "asg":
      return [{ kind: "tags", tags: [{ key: groupTag, values: [spec.name] }] }];
    case "ip":
      return [
        ...byAddress(spec.address),
        scan("address", spec.address, Infinity),
      ];
    case "dns":
      return byDnsName(spec.name);
    case "host":
      return [scan("computerName", spec.name, Infinity)];
    case "word":
      return byWord(spec.text, spec.tags);
  }
}

/** A stopped or never registered instance is known to EC2 alone; the start that fails says so. */
function byName(name: string): LookupStep[] {
  return [
    { kind: "tags", tags: [{ key: "Name", values: [name] }] },
    { kind: "instances", attribute: "tag:Name", value: name },
  ];
}

function byWord(
  text: string,
  tags: readonly TargetTag[] | undefined,
): LookupStep[] {
  const address = /^ip((?:-\d+){4})$/i.exec(text)?.[1]?.slice(1)
    .replaceAll("-", ".");
  return [
    ...(tags === undefined ? [] : [{ kind: "tags", tags } as const]),
    ...byName(text),
    ...(address !== undefined && isIpv4(address) ? byAddress(address) : []),
    ...(isDnsName(text) ? byDnsName(text) : []),
    ...(isHostName(text) ? [scan("computerName", text, shortScan)] : []),
  ];
}

function byAddress(address: string): LookupStep[] {
  const ask = (attribute: Ec2Attribute): LookupStep => ({
    kind: "instances",
    attribute,
    value: address,
  });
  if (!isIpv4(address)) {
    return [{
      kind: "instances",
      attribute: "network-interface.ipv6-addresses.ipv6-address",
      // As EC2 writes them: shortened, in lower case (RFC 5952).
      value: URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ??
        address,
    }];
  }
  return isPrivate(address)
    ? [ask("private-ip-address")]
    // A network may have public addresses of its own that nobody else sees.
    : [ask("ip-address"), ask("private-ip-address")];
}

/** RFC 1918, and RFC 6598, which EKS gives its pods and nodes. */
function isPrivate(address: string): boolean {
  const [a = 0, b = 0] = address.split(".").map(Number);
  return a === 10 || a === 172 && b >= 16 && b < 32 || a === 192 && b === 168 ||
    a === 100 && b >= 64 && b < 128;
}

function byDnsName(name: string): LookupStep[] {
  const id = /^(i-[0-9a-f]{17}|i-[0-9a-f]{8})\.[^]*\.internal$/i.exec(name)
    ?.[1];
  // A name made of the id says it itself.
  if (id !== undefined) return [{ kind: "id", id: id.toLowerCase() }];
  const value = name.toLowerCase().replace(/\.$/, "");
  const ask = (attribute: Ec2Attribute): LookupStep => ({
    kind: "instances",
    attribute,
    value,
  });
  if (/\.amazonaws\.com(\.cn)?$/.test(value)) return [ask("dns-name")];
  if (/\.internal$/.test(value)) return [ask("private-dns-name")];
  return [ask("private-dns-name"), ask("dns-name")];
}

function scan(
  property: "computerName" | "address",
  value: string,
  limit: number,
): LookupStep {
  return { kind: "scan", property, value, limit };
}

/** Two labels or more. */
function isDnsName(text: string): boolean {
  return isHostName(text) && text.includes(".") && !isAddress(text);
}

/** Letters, digits, dashes, dots, and the underscore that Windows lets a computer have. */
function isHostName(text: string): boolean {
  return /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?$/i.test(text);
}
