/**
 * The flags of `ssm exec`.
 *
 * @module
 */

import type { FlagParametersForType } from "@stricli/core";
import type { CommandWorld } from "../context.ts";
import { UsageError } from "../errors.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  duration,
  type GeneralFlags,
  generalFlags,
  nonEmpty,
} from "../flags.ts";
import { reasonFlag } from "../reason.ts";
import { type RecordFlags, recordFlags } from "../record/flags.ts";
import { type FleetFlags, fleetFlags } from "./fleet/flags.ts";

/** The flags of `ssm exec` as parsed. */
export interface ExecFlags
  extends GeneralFlags, ConnectionFlags, FleetFlags, RecordFlags {
  readonly shell?: string;
  readonly script?: string;
  readonly env?: readonly string[];
  readonly via?: "session" | "run-command";
  readonly binary: boolean;
  readonly tty: boolean;
  readonly noStdin: boolean;
  readonly timeout?: number;
  readonly reason?: string;
}

/** How they are parsed. */
export const execFlags: FlagParametersForType<ExecFlags, CommandWorld> = {
  shell: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "line",
    brief: "A line for the node's shell, in place of a command",
    optional: true,
  },
  script: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "file",
    brief: "Run this file of this machine; what follows -- are its arguments",
    optional: true,
  },
  env: {
    kind: "parsed",
    parse: variable,
    placeholder: "name[=value]",
    brief: "A variable for the command: of ours by this name, or as given",
    optional: true,
    variadic: true,
  },
  via: {
    kind: "enum",
    values: ["session", "run-command"],
    brief: "How to run it; the default is a session, or what the node can " +
      "[SSM_VIA]",
    optional: true,
  },
  binary: {
    kind: "boolean",
    brief: "Encode on the node, so that any bytes arrive [SSM_BINARY]",
    default: false,
  },
  tty: {
    kind: "boolean",
    brief: "Give the command a terminal, ours",
    default: false,
  },
  noStdin: {
    kind: "boolean",
    brief: "Leave standard input alone, as ssh -n",
    default: false,
    withNegated: false,
  },
  timeout: {
    kind: "parsed",
    parse: duration,
    placeholder: "time",
    brief:
      "End the session after 90s, 10m, 2h, … with exit code 124 [SSM_TIMEOUT]",
    optional: true,
  },
  reason: reasonFlag,
  ...recordFlags,
  ...fleetFlags,
  ...connectionFlags,
  ...generalFlags,
};

/** A name as POSIX has them, and a value where one is given. */
function variable(text: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*(=[^\0]*)?$/s.test(text)) {
    throw new UsageError("it is a variable's name, or NAME=value");
  }
  return text;
}
