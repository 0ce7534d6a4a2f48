/**
 * What a command on many nodes is to do.
 *
 * @module
 */

import type { Connection, Context } from "../../context.ts";
import type { Places } from "../../target/places.ts";
import type { Limit } from "./limit.ts";
import type { RunOnNode } from "./run_on_node.ts";

/** A tag that a node must have. */
export interface TagFilter {
  readonly key: string;
  readonly value: string;
}

/** What {@linkcode runFleet} of `run.ts` is to do. */
export interface FleetOptions {
  readonly connection: Connection;
  /** Nodes as typed, if any; else the tags say which. */
  readonly targets: readonly string[];
  /** Tags with the same key are alternatives; every key must fit. */
  readonly tags: readonly TagFilter[];
  /** "auto": sessions up to {@linkcode sessionLimit} nodes, Run Command for more. */
  readonly via: "auto" | "session" | "run-command";
  /** How many nodes at a time; `undefined` for the engine's own number. */
  readonly parallel: Limit | undefined;
  /** With more errors than this no further node begins; `undefined` = all nodes in any case. */
  readonly maxErrors: Limit | undefined;
  /** The lines of the script for Run Command, quoted, for either kind of node. */
  readonly script: {
    readonly posix: readonly string[];
    readonly windows: readonly string[];
  };
  /** Shown in Run Command's history. */
  readonly reason?: string | undefined;
  /** Milliseconds for each node. */
  readonly timeout: number | undefined;
  readonly json: boolean;
  readonly noColor: boolean;
  readonly quiet: boolean;
  readonly verbose: number;
}

/** What it is run with. */
export interface FleetWorld {
  readonly context: Context;
  readonly places: Places;
  /** Runs the command on one node by a session. */
  readonly runOnNode: RunOnNode;
  /**
   * Passes Ctrl-C on to the commands that run by sessions; false when none of them takes it. Without
   * it Ctrl-C ends the sessions.
   */
  readonly interrupt?: () => boolean;
}

/** More nodes than this are Run Command's, unless the user says otherwise. */
export const sessionLimit = 50;

/**
 * How many sessions at a time, unless the user says otherwise: between ansible's 5 and pssh's 32.
 * Each is a WebSocket here and a session in the account's history.
 */
export const defaultSessions = 10;
