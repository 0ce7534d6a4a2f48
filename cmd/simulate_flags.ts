/**
 * The flags of `ssm simulate`: what the simulated Session Manager is, and what goes wrong in it.
 *
 * @module
 */

import type { FlagParametersForType } from "@stricli/core";
import type { DirectionFaults, Faults } from "../lib/simulator/options.ts";
import type { CommandWorld } from "./context.ts";
import {
  duration,
  type GeneralFlags,
  generalFlags,
  nonEmpty,
  numberBetween,
} from "./flags.ts";
import {
  action,
  type Host,
  host,
  type Port,
  port,
  type Preference,
  preference,
  regionList,
  skew,
} from "./simulate_values.ts";

/** The flags of `ssm simulate` as parsed. */
export interface SimulateFlags extends GeneralFlags {
  readonly node?: readonly string[];
  readonly nodes?: number;
  readonly task?: readonly string[];
  readonly host?: readonly Host[];
  readonly portMap?: readonly Port[];
  readonly authorizedKeys?: string;
  readonly region?: readonly string[];
  readonly kmsKey?: string;
  readonly pace: "real" | "fast";
  readonly shell?: string;
  readonly idleTimeout?: number;
  readonly maxDuration?: number;
  readonly separateOutput: boolean;
  readonly denyDocument?: readonly string[];
  readonly deny?: readonly string[];
  readonly preference?: readonly Preference[];
  readonly noPreferences: boolean;
  readonly clockSkew?: number;
  readonly refuseUpgrade?: number;
  readonly scripts?: "auto" | "real" | "imitated";
  readonly apiRate?: number;
  readonly signIn?: "approve" | "deny" | "expire";
  readonly signInPolls?: number;
  readonly allowUnsignedUpgrade: boolean;
  readonly latency?: number;
  readonly loss?: number;
  readonly lossUp?: number;
  readonly lossDown?: number;
  readonly repeat?: number;
  readonly reorder?: number;
  readonly wrongDigests?: number;
  readonly closeAfterBytes?: number;
  readonly closeAfterSeconds?: number;
  readonly closeLimit?: number;
  readonly closeManner?: "close" | "reset";
  readonly refuseResume: boolean;
  readonly pauseEvery?: number;
  readonly seed?: number;
  readonly demo: boolean;
}

/** A large number that is still exact, as a bound where there is no other. */
const most = Number.MAX_SAFE_INTEGER;

/** A day in seconds: timers cannot wait much longer than three weeks. */
const day = 86_400;

const probability = {
  kind: "parsed",
  parse: numberBetween(0, 1, false),
  placeholder: "0…1",
  optional: true,
} as const;

/** How {@linkcode SimulateFlags} are parsed. */
export const simulateFlags: FlagParametersForType<SimulateFlags, CommandWorld> =
  {
    node: {
      kind: "parsed",
      parse: nonEmpty,
      placeholder: "name=…,…",
      brief: "A node, described as below; default: web-server and db",
      optional: true,
      variadic: true,
    },
    nodes: {
      kind: "parsed",
      parse: numberBetween(0, 100_000),
      placeholder: "n",
      brief: "Make so many nodes: node-00001 and so on",
      optional: true,
    },
    task: {
      kind: "parsed",
      parse: nonEmpty,
      placeholder: "service=…,…",
      brief: "An ECS task, described as below; default: one of ecs:prod/web",
      optional: true,
      variadic: true,
    },
    host: {
      kind: "parsed",
      parse: host,
      placeholder: "name=address",
      brief: "A host that nodes can forward to, on this machine",
      optional: true,
      variadic: true,
    },
    portMap: {
      kind: "parsed",
      parse: port,
      placeholder: "port=port",
      brief: "A port of nodes that is another one here, as 22=2222",
      optional: true,
      variadic: true,
    },
    authorizedKeys: {
      kind: "parsed",
      parse: nonEmpty,
      placeholder: "folder",
      brief: "Put keys sent to EC2 Instance Connect there, for an sshd with " +
        "AuthorizedKeysFile folder/i-…/%u",
      optional: true,
    },
    region: {
      kind: "parsed",
      parse: regionList,
      placeholder: "region,…",
      brief: "Its region, or several, of which the first is its clients'; " +
        "default us-east-1",
      optional: true,
    },
    kmsKey: {
      kind: "parsed",
      parse: nonEmpty,
      placeholder: "id",
      brief: "Encrypt sessions with this KMS key (any name)",
      optional: true,
    },
    pace: {
      kind: "enum",
      values: ["real", "fast"],
      brief: "Wait as the official agent does, or not at all",
      default: "real",
    },
    shell: {
      kind: "parsed",
      parse: nonEmpty,
      placeholder: "command",
      brief: "The nodes' shell; default: your own",
      optional: true,
    },
    idleTimeout: {
      kind: "parsed",
      parse: duration,
      placeholder: "time",
      brief: "End sessions without input after 90s, 20m, …",
      optional: true,
    },
    maxDuration: {
      kind: "parsed",
      parse: duration,
      placeholder: "time",
      brief: "End sessions that last longer than 90s, 20m, …",
      optional: true,
    },
    denyDocument: {
      kind: "parsed",
      parse: nonEmpty,
      placeholder: "name",
      brief: "Let IAM deny sessions with this document",
      optional: true,
      variadic: true,
    },
    deny: {
      kind: "parsed",
      parse: action,
      placeholder: "action",
      brief: "Let IAM deny an action, as ssm:StartSession, " +
        "ssmmessages:OpenDataChannel or kms:*",
      optional: true,
      variadic: true,
    },
    preference: {
      kind: "parsed",
      parse: preference,
      placeholder: "name=value",
      brief: "A session preference of the account, as s3BucketName=logs",
      optional: true,
      variadic: true,
    },
    noPreferences: {
      kind: "boolean",
      brief: "Have no session preferences in the account",
      default: false,
      withNegated: false,
    },
    clockSkew: {
      kind: "parsed",
      parse: skew,
      placeholder: "s",
      brief: "Have the service's clock so many seconds ahead, as 600 or -600",
      optional: true,
    },
    refuseUpgrade: {
      kind: "parsed",
      parse: numberBetween(300, 599),
      placeholder: "status",
      brief: "Refuse every data channel with this HTTP status, as 403",
      optional: true,
    },
    separateOutput: {
      kind: "boolean",
      brief: "Keep the outputs of commands without a terminal apart",
      default: true,
    },
    scripts: {
      kind: "enum",
      values: ["auto", "real", "imitated"],
      brief: "Run Command: run scripts, imitate them, or (auto) imitate " +
        "them for more than 50 nodes",
      optional: true,
    },
    apiRate: {
      kind: "parsed",
      parse: numberBetween(0, 10_000, false),
      placeholder: "n",
      brief: "Take so many calls of each API operation per second",
      optional: true,
    },
    signIn: {
      kind: "enum",
      values: ["approve", "deny", "expire"],
      brief: "Answer sign-ins with IAM Identity Center so; default approve",
      optional: true,
    },
    signInPolls: {
      kind: "parsed",
      parse: numberBetween(0, 1000),
      placeholder: "n",
      brief:
        "Answer after so many questions; default 1, or when the page is seen",
      optional: true,
    },
    allowUnsignedUpgrade: {
      kind: "boolean",
      brief: "Let in official plugins older than 1.2.764.0",
      default: false,
    },
    latency: {
      kind: "parsed",
      parse: numberBetween(0, 60_000, false),
      placeholder: "ms",
      brief: "Delay of every message, each way",
      optional: true,
    },
    loss: { ...probability, brief: "Share of messages that get lost" },
    lossUp: { ...probability, brief: "The same, from client to agent only" },
    lossDown: { ...probability, brief: "The same, from agent to client only" },
    repeat: { ...probability, brief: "Share of messages that come twice" },
    reorder: { ...probability, brief: "Share of messages that come late" },
    wrongDigests: {
      ...probability,
      brief: "Share of messages whose digest is wrong",
    },
    closeAfterBytes: {
      kind: "parsed",
      parse: numberBetween(0, most),
      placeholder: "n",
      brief: "Close the connection after so many bytes, again and again",
      optional: true,
    },
    closeAfterSeconds: {
      kind: "parsed",
      parse: numberBetween(0, day, false),
      placeholder: "s",
      brief: "Close the connection after so many seconds, again and again",
      optional: true,
    },
    closeLimit: {
      kind: "parsed",
      parse: numberBetween(0, most),
      placeholder: "n",
      brief: "Close it at most so often; default: no limit",
      optional: true,
    },
    closeManner: {
      kind: "enum",
      values: ["close", "reset"],
      brief: "With a close frame (code 1000), or by dropping TCP",
      optional: true,
    },
    refuseResume: {
      kind: "boolean",
      brief: "Let no session be resumed, as after its time-out",
      default: false,
    },
    pauseEvery: {
      kind: "parsed",
      parse: numberBetween(0, day, false),
      placeholder: "s",
      brief: "Pause publication for a second every so many seconds",
      optional: true,
    },
    seed: {
      kind: "parsed",
      parse: numberBetween(0, most),
      placeholder: "n",
      brief: "Make faults and ids repeatable; default 1",
      optional: true,
    },
    demo: {
      kind: "boolean",
      brief: "Run ssm shell web-server in it",
      default: false,
      hidden: true,
    },
    ...generalFlags,
  };
/**
 * What goes wrong, from the flags.
 * @param flags As parsed.
 */
export function parseFaults(flags: SimulateFlags): Faults {
  const direction = (loss: number | undefined): DirectionFaults => ({
    loss: loss ?? flags.loss ?? 0,
    repeat: flags.repeat ?? 0,
    reorder: flags.reorder ?? 0,
    wrongDigest: flags.wrongDigests ?? 0,
  });
  return {
    latency: flags.latency ?? 0,
    up: direction(flags.lossUp),
    down: direction(flags.lossDown),
    closeAfterBytes: flags.closeAfterBytes ?? 0,
    closeAfterSeconds: flags.closeAfterSeconds ?? 0,
    closeLimit: flags.closeLimit ?? most,
    closeManner: flags.closeManner ?? "close",
    refuseResume: flags.refuseResume,
    pauseEvery: flags.pauseEvery ?? 0,
    seed: flags.seed ?? 1,
  };
}
