/**
 * The flags of `ssm cp`.
 *
 * @module
 */

import type { FlagParametersForType } from "@stricli/core";
import type { CommandWorld } from "../context.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type GeneralFlags,
  generalFlags,
  nonEmpty,
  numberBetween,
} from "../flags.ts";
import { reasonFlag } from "../reason.ts";

/** The flags of `ssm cp` as parsed. */
export interface CopyFlags extends GeneralFlags, ConnectionFlags {
  readonly recursive: boolean;
  readonly preserve: boolean;
  readonly sessions?: number;
  readonly documentName?: string;
  readonly reason?: string;
}

/** Sessions of one copy at most; each is a session of the account and a connection of ours. */
const mostSessions = 32;

/** How {@linkcode CopyFlags} are parsed. */
export const copyFlags: FlagParametersForType<CopyFlags, CommandWorld> = {
  recursive: {
    kind: "boolean",
    brief: "Copy folders with all that is in them; links are followed",
    default: false,
    withNegated: false,
  },
  preserve: {
    kind: "boolean",
    brief: "Keep times and permissions, whatever the umask says [SSM_PRESERVE]",
    default: false,
    withNegated: false,
  },
  sessions: {
    kind: "parsed",
    parse: numberBetween(1, mostSessions),
    placeholder: "n",
    brief: "Sessions to use at most; up to 4, by how much there is to copy, " +
      "if nothing is said [SSM_SESSIONS]",
    optional: true,
  },
  documentName: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "name",
    brief:
      "Session document of your own, of type InteractiveCommands with the " +
      "parameter command [SSM_DOCUMENT_NAME]",
    optional: true,
  },
  reason: reasonFlag,
  ...connectionFlags,
  ...generalFlags,
};
