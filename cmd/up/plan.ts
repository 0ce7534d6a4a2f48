/**
 * From a group in a file to what is opened: aliases expanded, and where and as whom.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import { configured } from "../config/apply.ts";
import type { Group, GroupForward } from "../config/group_shape.ts";
import type { UserConfig } from "../config/user_file.ts";
import type { Connection } from "../context.ts";
import type { ForwardSpec } from "../forward/spec.ts";
import { expandAlias } from "../target/alias.ts";
import { tableRows } from "../target/choice.ts";

/** A forward that is to be opened. */
export interface PlannedForward {
  /** What it is called. */
  readonly name: string;
  /** As the file has it. */
  readonly typed: string;
  /** What is looked up. */
  readonly target: string;
  readonly spec: ForwardSpec;
  readonly connection: Connection;
}

/**
 * What a group opens. The profile and region of a forward or of its alias are its own; the
 * command's are for those that have none.
 * @param group The group.
 * @param config The user's file, for aliases.
 * @param base The command's connection.
 */
export function planOf(
  group: Group,
  config: UserConfig | undefined,
  base: Connection,
): PlannedForward[] {
  return group.forwards.map((forward) => {
    const alias = expandAlias(forward.target, config);
    const profile = forward.profile ?? alias?.profile;
    const region = forward.region ?? alias?.region;
    return {
      name: forward.name ?? remoteText(forward),
      typed: forward.target,
      target: alias?.target ?? forward.target,
      spec: forward.spec,
      connection: connectionFor({ profile, region }, base, config),
    };
  });
}

function connectionFor(
  own: {
    readonly profile: string | undefined;
    readonly region: string | undefined;
  },
  base: Connection,
  config: UserConfig | undefined,
): Connection {
  const { moreProfiles, allRegions, ...rest } = base;
  // A region that goes with one profile says nothing about another.
  const region = own.region ??
    (own.profile === undefined || own.profile === base.profile
      ? base.region
      : config && configured("region", config, own.profile)?.texts[0]);
  return {
    ...rest,
    profile: own.profile ?? base.profile,
    region,
    ...(own.profile !== undefined || moreProfiles === undefined
      ? {}
      : { moreProfiles }),
    ...(own.region !== undefined || allRegions === undefined
      ? {}
      : { allRegions }),
  };
}

function remoteText({ target, spec }: GroupForward): string {
  const { remoteHost, remotePort } = spec;
  const host = remoteHost ?? target;
  return `${host.includes(":") ? `[${host}]` : host}:${remotePort}`;
}

/**
 * What would be opened, exactly: a line for each forward, safe to show.
 * @param plan The forwards.
 */
export function planLines(plan: readonly PlannedForward[]): string[] {
  return tableRows([
    ["LOCAL", "TARGET", "REMOTE", "AWS"],
    ...plan.map(({ typed, target, spec, connection }) => {
      const { local, remoteHost, remotePort } = spec;
      const { profile, region, endpointUrl, moreProfiles, allRegions } =
        connection;
      return [
        local.kind === "unix"
          ? local.path
          : `${local.hosts.join(", ")}:${local.port === 0 ? "*" : local.port}`,
        typed === target ? target : `${target} (alias ${typed})`,
        remoteHost === undefined
          ? `port ${remotePort}`
          : `${
            remoteHost.includes(":") ? `[${remoteHost}]` : remoteHost
          }:${remotePort}`,
        [
          profile === undefined
            ? "default profile"
            : moreProfiles === undefined
            ? `profile ${profile}`
            : `profiles ${[profile, ...moreProfiles].join(", ")}`,
          ...(allRegions ? ["all regions"] : []),
          ...(region === undefined ? [] : [region]),
          ...(endpointUrl === undefined ? [] : [endpointUrl]),
        ].join(", "),
      ];
    }),
  ]).map(visible);
}
