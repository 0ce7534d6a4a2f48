/**
 * What a port session tells its caller: how it goes, and how it ended.
 *
 * @module
 */

import { errorTitle } from "../protocol/message/channel_closed.ts";
import type { ClosedEvent, FailedEvent } from "../protocol/channel/events.ts";
import type { ConnectionLostError } from "./resume.ts";

/** How a port session ended. */
export interface PortEnd {
  /**
   * - `left`: we ended it;
   * - `idle`: it timed out for want of traffic;
   * - `ended`: the service or somebody else ended it, or its agent went away;
   * - `failed`: the agent says that it cannot go on;
   * - `denied`: we may not resume it;
   * - `lost`: its connection was lost and could not be had again.
   */
  readonly kind: "left" | "idle" | "ended" | "failed" | "denied" | "lost";
  /** A sentence without a full stop. */
  readonly message: string;
  /** True where the service ended it without a word, as when the destination has closed. */
  readonly silent?: true;
  /** The error, which may know what to do about it. */
  readonly cause?: unknown;
}

/** The session could not begin: it has been ended, and this says why. */
export class PortStartError extends Error {
  override name = "PortStartError";
  /** @param end How it ended. */
  constructor(readonly end: PortEnd) {
    super(end.message, { cause: end.cause });
  }
}

/** Words of a session that ended for want of traffic; the service's own are unverified (sessions.md §8). */
const idleWords = /tim(ed|e)[ -]?out|idle|inactiv/i;

/**
 * What the end of a channel means for a port session (data-channel.md §7).
 *
 * @param event The channel's last event.
 */
export function portEndOfChannel(event: ClosedEvent | FailedEvent): PortEnd {
  if (event.type === "failed") {
    return { kind: "failed", message: event.message };
  }
  const { output } = event;
  const title = output.indexOf(errorTitle);
  if (title >= 0) {
    const message = output.slice(title + errorTitle.length).trim();
    return { kind: "failed", message };
  }
  const text = output.trim().replace(/\.$/, "");
  if (text === "") {
    return {
      kind: "ended",
      message: "The service ended the session",
      silent: true,
    };
  }
  return { kind: idleWords.test(text) ? "idle" : "ended", message: text };
}

/**
 * What it means that a connection cannot be had again.
 *
 * @param error Why.
 */
export function portEndOfLoss(error: ConnectionLostError): PortEnd {
  const { message, failure, timedOut } = error;
  // No token means timed out (api.md §3); that the session is not known any more, that it was
  // ended meanwhile, by whatever.
  const kind = timedOut
    ? "idle"
    : failure === "denied" || failure === "refused"
    ? "denied"
    : failure === "gone"
    ? "ended"
    : "lost";
  return { kind, message, cause: error };
}

/** What happens in a port session, for the user. */
export type PortNotice =
  /** The connection was lost; it is being resumed. */
  | { readonly kind: "lost"; readonly reason: string }
  /** It is back after so many milliseconds. */
  | { readonly kind: "resumed"; readonly after: number }
  /** The machine slept for so many milliseconds. */
  | { readonly kind: "slept"; readonly milliseconds: number }
  /** Resuming waits for credentials. */
  | { readonly kind: "login"; readonly error: Error }
  /** The node could not connect to the destination for this local connection. */
  | { readonly kind: "refused"; readonly peer: string }
  /** So many bytes wait for this local connection, and its session waits for it. */
  | {
    readonly kind: "held-up";
    readonly peer: string;
    readonly waiting: number;
  }
  | { readonly kind: "warning"; readonly text: string };

/** The figures of a port session, for the status line. */
export interface PortStats {
  /** Connections open now. */
  readonly open: number;
  /** Connections so far. */
  readonly total: number;
  /** Bytes of local programs that were sent. */
  readonly up: number;
  /** Bytes that came for local programs. */
  readonly down: number;
  /** Milliseconds; `undefined` before the first measurement. */
  readonly roundTrip: number | undefined;
  /** Messages sent again. */
  readonly resends: number;
  /** Times that the connection was resumed. */
  readonly reconnects: number;
  /** Bytes that wait for local programs. */
  readonly waiting: number;
}

/** The figures before anything happened. */
export const noStats: PortStats = {
  open: 0,
  total: 0,
  up: 0,
  down: 0,
  roundTrip: undefined,
  resends: 0,
  reconnects: 0,
  waiting: 0,
};
