/**
 * What a session tells its caller, while it runs and at its end, in a form that commands can turn
 * into words and exit codes.
 *
 * @module
 */

import { errorTitle } from "../protocol/message/channel_closed.ts";
import type { ClosedEvent, FailedEvent } from "../protocol/channel/events.ts";
import { SignalError } from "./signal_error.ts";

/** What the user may be told while the session runs; the command layer finds the words. */
export type SessionNotice =
  | { readonly kind: "waiting" }
  | {
    readonly kind: "started";
    readonly encrypted: boolean;
    readonly customerMessage: string;
    readonly agentVersion: string | undefined;
  }
  | { readonly kind: "lost"; readonly reason: string }
  | { readonly kind: "resumed"; readonly after: number }
  | { readonly kind: "help"; readonly escape: string }
  | { readonly kind: "warning"; readonly text: string };

/** How a session ended. */
export type SessionEnd =
  /** The remote side ended it well. */
  | { readonly kind: "ended" }
  /** The user left with the escape sequence. */
  | { readonly kind: "left" }
  /** The agent reported an error. */
  | { readonly kind: "failed"; readonly message: string }
  /** The service ended it: somebody terminated it, or a limit was reached. */
  | { readonly kind: "terminated"; readonly message: string }
  | {
    readonly kind: "timed-out";
    readonly message: string;
    readonly cause?: unknown;
  }
  /** The connection was lost and cannot be resumed; the cause may say what to do about it. */
  | {
    readonly kind: "lost";
    readonly message: string;
    readonly cause?: unknown;
  }
  /** It never began. */
  | { readonly kind: "refused"; readonly message: string }
  /** A signal, or nobody reads our output any more ("SIGPIPE"). */
  | { readonly kind: "signal"; readonly signal: string };

/**
 * What the end of a channel means for its session (data-channel.md §7).
 *
 * @param event The channel's last event.
 * @param started True if the session had begun.
 */
export function endOfChannel(
  event: ClosedEvent | FailedEvent,
  started: boolean,
): SessionEnd {
  const kind = started ? "failed" : "refused";
  if (event.type === "failed") return { kind, message: event.message };
  const { output } = event;
  const title = output.indexOf(errorTitle);
  if (title >= 0) {
    return { kind, message: output.slice(title + errorTitle.length).trim() };
  }
  if (output.trim() !== "") {
    return { kind: "terminated", message: output.trim() };
  }
  // Not begun, and no complaint: a program that printed nothing, as without a handshake the first
  // output is all that shows a beginning (handshake.md §1). A failure comes with its text.
  return { kind: "ended" };
}

/**
 * The end that the caller's abort asks for.
 *
 * @param reason The signal's reason.
 * @throws The reason itself, unless it is a {@linkcode SignalError}.
 */
export function endOfAbort(reason: unknown): SessionEnd {
  if (reason instanceof SignalError) {
    return { kind: "signal", signal: reason.signal };
  }
  throw reason;
}
