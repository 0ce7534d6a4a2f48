/**
 * The flags of commands whose session can be recorded.
 *
 * @module
 */

import type { FlagParametersForType } from "@stricli/core";
import { UsageError } from "../errors.ts";
import { nonEmpty } from "../flags.ts";

/** The flags as parsed. */
export interface RecordFlags {
  readonly record?: string;
  readonly recordInput: boolean;
  readonly recordAppend: boolean;
  readonly recordOverwrite: boolean;
}

/** How they are parsed. */
export const recordFlags: FlagParametersForType<RecordFlags> = {
  record: {
    kind: "parsed",
    parse: nonEmpty,
    placeholder: "file",
    brief: "Record the terminal into this file, for 'ssm play' and asciinema",
    optional: true,
  },
  recordInput: {
    kind: "boolean",
    brief: "Record what is typed as well, passwords among it",
    default: false,
    withNegated: false,
  },
  recordAppend: {
    kind: "boolean",
    brief: "Go on behind a recording that is there",
    default: false,
    withNegated: false,
  },
  recordOverwrite: {
    kind: "boolean",
    brief: "Replace a file that is there",
    default: false,
    withNegated: false,
  },
};

/** What to record, and where. */
export interface RecordOptions {
  readonly path: string;
  /** True: what is typed, too. */
  readonly input: boolean;
  /** What becomes of a file that is there. */
  readonly existing: "refuse" | "append" | "overwrite";
}

/**
 * What the flags ask for; `undefined` where nothing is recorded.
 * @param flags As parsed.
 * @throws UsageError
 */
export function recordOptions(flags: RecordFlags): RecordOptions | undefined {
  const { record: path, recordInput, recordAppend, recordOverwrite } = flags;
  if (path === undefined) {
    const alone = recordAppend
      ? "--record-append"
      : recordOverwrite
      ? "--record-overwrite"
      : recordInput
      ? "--record-input"
      : undefined;
    if (alone === undefined) return undefined;
    throw new UsageError(
      `Cannot use ${alone} without --record, which names the file`,
    );
  }
  if (path === "-") {
    throw new UsageError(
      "Cannot record to standard output: that is where the session goes",
    );
  }
  if (recordAppend && recordOverwrite) {
    throw new UsageError(
      "Cannot use --record-append with --record-overwrite: one goes on, the other begins anew",
    );
  }
  return {
    path,
    input: recordInput,
    existing: recordAppend
      ? "append"
      : recordOverwrite
      ? "overwrite"
      : "refuse",
  };
}
