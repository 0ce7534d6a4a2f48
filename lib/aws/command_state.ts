/**
 * What Run Command says of a command on a node, as one word, and as words for the user (api.md §5).
 *
 * @module
 */

/** How a command on a node stands. */
export type CommandState =
  /** Not over. */
  | "running"
  /** The script ended; its exit code says how. */
  | "ended"
  | "execution-timed-out"
  | "delivery-timed-out"
  | "undeliverable"
  | "access-denied"
  | "invalid-platform"
  /** Not sent, as there were too many errors before. */
  | "terminated"
  | "cancelled"
  /** It failed, and no exit code says how. */
  | "failed";

/** `StatusDetails`, lower case without spaces: the documentation writes them with, the API without. */
const byDetails: Readonly<Record<string, CommandState>> = {
  deliverytimedout: "delivery-timed-out",
  executiontimedout: "execution-timed-out",
  undeliverable: "undeliverable",
  accessdenied: "access-denied",
  invalidplatform: "invalid-platform",
  terminated: "terminated",
};

/**
 * The state of an invocation.
 *
 * @param status `Status`.
 * @param details `StatusDetails`.
 * @param code `ResponseCode`; -1 where the script did not end by itself.
 */
export function commandState(
  status: string,
  details: string,
  code: number,
): CommandState {
  const known = byDetails[details.replaceAll(" ", "").toLowerCase()];
  if (known !== undefined) return known;
  switch (status) {
    case "Pending":
    case "InProgress":
    case "Delayed":
    case "Cancelling":
      return "running";
    case "Success":
      return "ended";
    case "Cancelled":
      return "cancelled";
    case "TimedOut":
      return "execution-timed-out";
    default:
      return code > 0 ? "ended" : "failed";
  }
}

/** What the agent gives as the exit code of a script that it killed, as of one that was killed. */
export const killedCode = 137;

/** How an execution time-out can be told from a script that SIGKILL ended: it takes its time. */
export interface ExecutionTime {
  /** The exit code. */
  readonly code: number;
  /** Seconds that it ran, if they are known. */
  readonly seconds: number | undefined;
  /** Seconds that it had. */
  readonly limit: number;
}

/**
 * True where "Execution Timed Out" is not what happened: the agent says so of every script that ends
 * with 137 (`pluginutil_unix.go: GetStatus`).
 */
export function wasKilled({ code, seconds, limit }: ExecutionTime): boolean {
  return code === killedCode && seconds !== undefined && seconds < limit;
}

const reasons: Readonly<Record<CommandState, string>> = {
  "running": "it is still running",
  "ended": "it ended",
  "execution-timed-out": "it ran longer than it may, and was killed",
  "delivery-timed-out": "the node did not take the command in time",
  "undeliverable": "the node cannot be reached, so the command never began",
  "access-denied": "access to the node is denied, so the command never began",
  "invalid-platform":
    "the node's platform is not the one of the command's document, so it never began",
  "terminated": "not begun, as there were too many errors on other nodes",
  "cancelled": "it was cancelled",
  "failed": "the agent could not run it, or a signal ended it",
};

/**
 * Why there is no exit code, as a phrase.
 * @param state The state.
 */
export function stateReason(state: CommandState): string {
  return reasons[state];
}

/** True for a state in which the script never began. */
export function neverBegan(state: CommandState): boolean {
  return state === "delivery-timed-out" || state === "undeliverable" ||
    state === "access-denied" || state === "invalid-platform" ||
    state === "terminated";
}
