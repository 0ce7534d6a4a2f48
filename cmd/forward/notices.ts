/**
 * What happens in a forward, as lines on standard error: one for each event, with the time.
 *
 * @module
 */

import type { ForwardNotice } from "../../lib/session/forward.ts";
import type { PortEnd, PortStats } from "../../lib/session/port_end.ts";
import { visible } from "../../lib/text.ts";
import { describeError } from "../errors.ts";

/** How to say what happens. */
export interface ForwardNames {
  /** The node, as the user calls it. */
  readonly node: string;
  /** The destination: `web-server:80`, `db.internal:5432`. */
  readonly destination: string;
  /** Its port, where it is on the node. */
  readonly onNode: number | undefined;
}

/**
 * The line for an event.
 * @param notice What happened; its texts may come from the node.
 * @param names How to call things.
 */
export function forwardNotice(
  notice: ForwardNotice,
  { node, destination, onNode }: ForwardNames,
): string {
  switch (notice.kind) {
    case "lost":
      return `Connection for ${destination} lost: ${
        visible(notice.reason)
      }; resuming…`;
    case "resumed":
      return `Connection for ${destination} resumed after ${
        seconds(notice.after)
      }`;
    case "slept":
      return `This machine slept for ${
        seconds(notice.milliseconds)
      }; checking the connections`;
    case "login":
      return `Waiting for credentials, the ports stay open: ${
        errorLine(notice.error)
      }`;
    case "refused":
      return `Connection from ${notice.peer} failed: ` +
        (onNode === undefined
          ? `${node} cannot connect to ${destination}`
          : `nothing listens on port ${onNode} of ${node}`);
    case "held-up":
      return `The program at ${notice.peer} does not read: ${
        bytes(notice.waiting)
      } wait for it, and its session waits with them`;
    case "warning":
      return visible(notice.text);
    case "opened":
      return `Opened session ${notice.sessions} to ${destination} for new ` +
        `connections, as ${notice.busy} are busy (--sessions 1 turns this off)`;
    case "ended":
      return endLine(destination, notice.end, notice.reset, notice.next);
    case "restored":
      return `New session to ${destination} after ${seconds(notice.after)}`;
    case "no-more":
      return `Cannot open a further session to ${destination}: ${
        errorLine(notice.error)
      }`;
    case "retrying":
      return `Trying again to start a session: ${errorLine(notice.error)}`;
  }
}

function endLine(
  destination: string,
  end: PortEnd,
  reset: number,
  next: string,
): string {
  // The service names the session in front, which is of no use here.
  const why = visible(end.message).replace(/^Session: \S+ /, "it ")
    .replace(/\.$/, "");
  const what = reset === 0
    ? ""
    : reset === 1
    ? "; its connection was closed"
    : `; its ${reset} connections were closed`;
  const then = next === "on demand"
    ? "; the next connection starts a new one"
    : next === "now"
    ? "; starting a new one"
    : "";
  return `Session for ${destination} over: ${why}${what}${then}`;
}

/** An error and what helps, in one line. */
function errorLine(error: unknown): string {
  const { message, hints } = describeError(error);
  return [message ?? "", ...hints.map((hint) => `hint: ${hint}`)].join("; ");
}

/**
 * The figures in one line.
 * @param stats Of all forwards.
 * @param rates Bytes per second up and down, where they are known.
 */
export function statsLine(
  stats: PortStats,
  rates?: { readonly up: number; readonly down: number },
): string {
  const { open, total, roundTrip, resends, reconnects, waiting } = stats;
  const parts = [
    `${open} open, ${total} total`,
    rates === undefined
      ? `up ${bytes(stats.up)}, down ${bytes(stats.down)}`
      : `up ${bytes(rates.up)}/s, down ${bytes(rates.down)}/s`,
    roundTrip === undefined ? "" : `${roundTrip.toFixed(1)} ms`,
    `${resends} resent`,
    `${reconnects} reconnects`,
    waiting > 0 ? `${bytes(waiting)} waiting` : "",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/**
 * The figures of several forwards together.
 * @param all Theirs.
 */
export function sumStats(all: readonly PortStats[]): PortStats {
  const sum = (pick: (stats: PortStats) => number) =>
    all.reduce((total, stats) => total + pick(stats), 0);
  const trips = all.flatMap(({ roundTrip }) =>
    roundTrip === undefined ? [] : [roundTrip]
  );
  return {
    open: sum(({ open }) => open),
    total: sum(({ total }) => total),
    up: sum(({ up }) => up),
    down: sum(({ down }) => down),
    resends: sum(({ resends }) => resends),
    reconnects: sum(({ reconnects }) => reconnects),
    waiting: sum(({ waiting }) => waiting),
    roundTrip: trips.length === 0 ? undefined : Math.max(...trips),
  };
}

/**
 * A number of bytes for people: `512 B`, `1.2 MB`.
 * @param count Bytes.
 */
export function bytes(count: number): string {
  let value = count;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    const text = value.toFixed(unit === "B" ? 0 : 1);
    if (Number(text) < 1000) return `${text} ${unit}`;
    value /= 1000;
  }
  return `${value.toFixed(1)} TB`;
}

function seconds(milliseconds: number): string {
  return milliseconds < 90_000
    ? `${(milliseconds / 1000).toFixed(1)} s`
    : `${Math.round(milliseconds / 60_000)} min`;
}
