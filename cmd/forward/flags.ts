/**
 * The flags of `ssm forward`.
 *
 * @module
 */

import type { FlagParametersForType } from "@stricli/core";
import {
  largestPayload,
  smallestPayload,
} from "../../lib/session/payload_bounds.ts";
import type { CommandWorld } from "../context.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  duration,
  type GeneralFlags,
  generalFlags,
  nativeFlag,
  nonEmpty,
  numberBetween,
} from "../flags.ts";
import { reasonFlag } from "../reason.ts";

/** The flags of `ssm forward` as parsed. */
export interface ForwardCommandFlags extends GeneralFlags, ConnectionFlags {
  readonly remote?: string;
  readonly local?: string;
  readonly forward?: readonly string[];
  readonly bind?: string;
  readonly address?: string;
  readonly sessions?: number;
  readonly payloadSize?: number;
  readonly retry?: number;
  readonly halfClose?: number;
  readonly background: boolean;
  readonly json: boolean;
  readonly documentName?: string;
  readonly reason?: string;
  readonly backgroundChild: boolean;
  /** False has the official plugin run the session. */
  readonly native?: boolean;
}

/** Sessions of one forward at most; each is a session of the account and a connection of ours. */
const mostSessions = 32;

/** How {@linkcode ForwardCommandFlags} are parsed. */
export const forwardFlags: FlagParametersForType<
  ForwardCommandFlags,
  CommandWorld
> = {
  remote: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "port",
    brief: "Port of the node, or host:port behind it",
    optional: true,
  },
  local: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "port",
    brief: "Port of this machine, or unix:path; a free port if nothing is said",
    optional: true,
  },
  forward: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "[bind:]port:host:hostport",
    brief: "A forward as with ssh",
    optional: true,
    variadic: true,
  },
  bind: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "address",
    brief: "Listen where other machines can connect, as 0.0.0.0 [SSM_BIND]",
    optional: true,
  },
  address: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "address",
    brief: "The same as --bind, as kubectl calls it",
    optional: true,
    hidden: true,
  },
  sessions: {
    kind: "parsed",
    parse: numberBetween(1, mostSessions),
    placeholder: "n",
    brief:
      "Spread connections over so many sessions, which are as many times " +
      "as fast; up to 4 as they are needed if nothing is said [SSM_SESSIONS]",
    optional: true,
  },
  payloadSize: {
    kind: "parsed",
    parse: numberBetween(smallestPayload, largestPayload),
    placeholder: "bytes",
    brief:
      "Bytes in one message; grows from 1024 to 16384 if nothing is said " +
      "[SSM_PAYLOAD_SIZE]",
    optional: true,
  },
  retry: {
    kind: "parsed",
    parse: numberBetween(0, Number.MAX_SAFE_INTEGER),
    placeholder: "n",
    brief:
      "Tries after a loss; for ever if nothing is said, 0 for none [SSM_RETRY]",
    optional: true,
  },
  halfClose: {
    kind: "parsed",
    parse: duration,
    placeholder: "time",
    brief:
      "How long the far end may be silent after a program has sent all it " +
      "had to send; default 30s [SSM_HALF_CLOSE]",
    optional: true,
  },
  background: {
    kind: "boolean",
    brief: "Go to the background once ready, and print the process id",
    default: false,
    withNegated: false,
  },
  json: {
    kind: "boolean",
    brief: "Print an object for each forward on standard output, once ready",
    default: false,
    withNegated: false,
  },
  documentName: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "name",
    brief: "Session document of your own, with the parameters of AWS's " +
      "[SSM_DOCUMENT_NAME]",
    optional: true,
  },
  reason: reasonFlag,
  backgroundChild: {
    kind: "boolean",
    brief: "Say on standard output when it is ready",
    default: false,
    hidden: true,
    withNegated: false,
  },
  native: nativeFlag,
  ...connectionFlags,
  ...generalFlags,
};
