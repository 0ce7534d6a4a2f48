/**
 * One command on one node: its states, in the service's words (api.md §5).
 *
 * @module
 */

import type { SimulatedNode } from "../options.ts";
import type { ScriptResult } from "./script.ts";

/** `StatusDetails` of an invocation. */
export type InvocationState =
  | "Pending"
  | "InProgress"
  | "Cancelling"
  | "Success"
  | "Failed"
  | "Cancelled"
  | "DeliveryTimedOut"
  | "ExecutionTimedOut"
  | "Undeliverable"
  | "InvalidPlatform"
  | "Terminated";

/** `Status` for each of them. That of a terminated one is our guess: it was cancelled. */
const statuses: Readonly<Record<InvocationState, string>> = {
  Pending: "Pending",
  InProgress: "InProgress",
  Cancelling: "Cancelling",
  Success: "Success",
  Failed: "Failed",
  Cancelled: "Cancelled",
  DeliveryTimedOut: "TimedOut",
  ExecutionTimedOut: "TimedOut",
  Undeliverable: "Failed",
  InvalidPlatform: "Failed",
  Terminated: "Cancelled",
};

/** One command on one node. The command alone changes it. */
export interface Invocation {
  readonly node: SimulatedNode;
  state: InvocationState;
  /** Milliseconds since the Unix epoch; `undefined` before the script began. */
  start: number | undefined;
  /** The same, before its end. */
  end: number | undefined;
  /** -1 until the script has ended. */
  code: number;
  /** What it wrote; made when asked for, so that thousands need no memory. */
  output: (() => ScriptResult) | undefined;
}

/**
 * `Status` of an invocation.
 * @param state Its details.
 */
export function statusOf(state: InvocationState): string {
  return statuses[state];
}

/** True when nothing will change any more. */
export function isOver(state: InvocationState): boolean {
  return state !== "Pending" && state !== "InProgress" &&
    state !== "Cancelling";
}

/** True for an end that counts against MaxErrors. */
export function isError(state: InvocationState): boolean {
  return state === "Failed" || state === "ExecutionTimedOut";
}
