/**
 * The flags that commands share, and the kinds of values that several of them take. The variable
 * that a flag's description names, `[SSM_…]`, stands in for the flag where it is not given
 * (`argv.ts`).
 *
 * @module
 */

import type { FlagParametersForType } from "@stricli/core";
import type { Connection } from "./context.ts";
import { UsageError } from "./errors.ts";

/** The flags every command has. */
export interface GeneralFlags {
  /** Nothing on stderr but errors. */
  readonly quiet: boolean;
  /** How often `-v` was given. */
  readonly verbose: number;
  /** Opened before a command runs (`log.ts`). */
  readonly logFile?: string;
  readonly noColor: boolean;
}

/** The flags of every command that talks to AWS. */
export interface ConnectionFlags {
  readonly profile?: readonly string[];
  readonly region?: string;
  readonly allRegions?: boolean;
  readonly cache?: boolean;
  readonly endpointUrl?: string;
  readonly transport?: TransportKind;
  readonly streamHost?: readonly string[];
  /** Handled before the command is (`mod.ts`). */
  readonly explain?: boolean;
}

/** Which WebSocket implementation carries sessions. */
export type TransportKind = "native" | "builtin";

/** How {@linkcode GeneralFlags} are parsed. */
export const generalFlags: FlagParametersForType<GeneralFlags> = {
  quiet: {
    kind: "boolean",
    brief: "Say nothing on standard error but errors [SSM_QUIET]",
    default: false,
  },
  verbose: {
    kind: "counter",
    brief: "Say more on standard error; -vv: each message of the protocol " +
      "[SSM_VERBOSE]",
  },
  logFile: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "file",
    brief: "Add all that -vv says, without secrets, to a file [SSM_LOG_FILE]",
    optional: true,
  },
  noColor: {
    kind: "boolean",
    brief: "Use no colour, as NO_COLOR does [SSM_NO_COLOR]",
    default: false,
    withNegated: false,
  },
};

/** The one-letter forms of {@linkcode generalFlags}. */
export const generalAliases = { q: "quiet", v: "verbose" } as const;

/** How {@linkcode ConnectionFlags} are parsed. */
export const connectionFlags: FlagParametersForType<ConnectionFlags> = {
  profile: {
    kind: "parsed",
    parse: profileNames,
    placeholder: "name,…",
    brief: "AWS profile; of several, all are searched for the target " +
      "[SSM_PROFILE, AWS_PROFILE]",
    optional: true,
  },
  region: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "region",
    brief: "AWS region [SSM_REGION, AWS_REGION]",
    optional: true,
  },
  allRegions: {
    kind: "boolean",
    brief: "Search all regions of the account for the target [SSM_ALL_REGIONS]",
    optional: true,
  },
  cache: {
    kind: "boolean",
    brief: "Start on what the target was in the last hour while it is " +
      "looked up, the default; --no-cache looks it up first [SSM_CACHE]",
    optional: true,
  },
  endpointUrl: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "url",
    brief: "Endpoint of the AWS APIs [SSM_ENDPOINT_URL, AWS_ENDPOINT_URL]",
    optional: true,
  },
  transport: {
    kind: "enum",
    values: ["native", "builtin"],
    brief: "WebSocket: ours (native), or the platform's own; default native " +
      "[SSM_TRANSPORT]",
    optional: true,
  },
  streamHost: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "host",
    brief: "Host besides AWS's own that may carry sessions [SSM_STREAM_HOST]",
    optional: true,
    variadic: true,
  },
  explain: {
    kind: "boolean",
    brief: "Show AWS calls, IAM actions and a minimal policy; do nothing",
    optional: true,
    withNegated: false,
  },
};

/**
 * The flag of commands that can have their session run by the official session-manager-plugin, for
 * comparison; `undefined` counts as true.
 */
export const nativeFlag = {
  kind: "boolean",
  brief: "Run the session ourselves, the default; --no-native has the " +
    "installed session-manager-plugin run it [SSM_NATIVE]",
  optional: true,
} as const;

/**
 * What the connection flags ask for.
 * @param flags As parsed.
 */
export function connectionOf(flags: ConnectionFlags): Connection {
  const [profile, ...moreProfiles] = flags.profile ?? [];
  return {
    profile,
    region: flags.region,
    ...(moreProfiles.length === 0 ? {} : { moreProfiles }),
    ...(flags.allRegions ? { allRegions: true } : {}),
    ...(flags.cache === false ? { cache: false } : {}),
    endpointUrl: flags.endpointUrl,
    transport: flags.transport ?? "native",
    streamHosts: flags.streamHost ?? [],
  };
}

/**
 * True for a flag that is listed under "General flags": one that is the same everywhere.
 * @param key Its name in code.
 * @param flag How it is parsed.
 */
export function isSharedFlag(key: string, flag: unknown): boolean {
  const shared: Readonly<Record<string, unknown>> = {
    ...generalFlags,
    ...connectionFlags,
  };
  return Object.hasOwn(shared, key) && shared[key] === flag;
}

/**
 * A value that must not be empty.
 * @throws UsageError when it is.
 */
export function nonEmpty(text: string): string {
  if (text === "") throw new UsageError("the value is empty");
  return text;
}

/**
 * Profiles, separated by commas, each once. A profile whose own name has a comma is one for
 * AWS_PROFILE, which is taken as it is.
 * @throws UsageError for an empty one.
 */
export function profileNames(text: string): readonly string[] {
  return [...new Set(text.split(",").map(nonEmpty))];
}

/** Milliseconds in each unit a duration may have; none means seconds. */
const units: Readonly<Record<string, number>> = {
  "": 1000,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The longest time a timer can wait (a signed 32-bit number of milliseconds): 24.8 days. */
const longestDelay = 2 ** 31 - 1;

/**
 * A time as `timeout(1)` takes it: `30`, `1.5s`, `10m`, `2h`.
 * @returns Milliseconds, more than 0.
 * @throws UsageError for anything else.
 */
export function duration(text: string): number {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(ms|[smhd])?$/.exec(text) ??
    [];
  const milliseconds = Number(amount) * (units[unit] ?? NaN);
  if (!(milliseconds > 0 && milliseconds <= longestDelay)) {
    throw new UsageError(
      "a time is a number with s, m, h or d, as 90s or 10m, at most 24 days",
    );
  }
  return milliseconds;
}

/**
 * A number within bounds.
 * @param least The smallest allowed.
 * @param most The largest allowed.
 * @param whole True when it has no fraction.
 * @returns A parser that throws UsageError.
 */
export function numberBetween(
  least: number,
  most: number,
  whole = true,
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (
      !/^\d+(\.\d+)?$/.test(text) || value < least || value > most ||
      (whole && !Number.isInteger(value))
    ) {
      throw new UsageError(
        `a ${
          whole ? "whole number" : "number"
        } from ${least} to ${most} is needed`,
      );
    }
    return value;
  };
}
