/**
 * A session between standard input and output and one port of a node (sessions.md §7): what ssh's
 * ProxyCommand is.
 *
 * @module
 */

import { Backlog } from "./backlog.ts";
import type { SessionControl, SessionGrant } from "./control.ts";
import { answerLimit, FirstAnswer } from "./first_answer.ts";
import type { MakeDriver } from "./driver.ts";
import type { PortEnd, PortNotice } from "./port_end.ts";
import { PortSession } from "./port_session.ts";
import { shellPatience } from "./resume.ts";
import { SignalError } from "./signal_error.ts";
import { StandardStreams } from "./standard_streams.ts";
import type { Clock, Terminal } from "./transport.ts";
import { platformReason } from "../text.ts";

/**
 * Milliseconds that the far end has for more of its answer when standard input has ended and it is
 * no SSH client that ended it; a forward's (sessions.md §6.3).
 */
export const stdioGrace = 30_000;

/** What {@linkcode runStdioSession} needs. */
export interface StdioSessionOptions {
  readonly grant: SessionGrant;
  readonly control: SessionControl;
  /** Whose standard input and output. */
  readonly terminal: Pick<Terminal, "read" | "write">;
  readonly clock: Clock;
  /** Bytes in each payload, where that is not to change by itself. */
  readonly payloadSize?: number;
  /** Ends the session from outside; the reason is returned as it says (a {@linkcode SignalError}). */
  readonly signal: AbortSignal;
  /** The session has begun: what goes wrong from here on went wrong in it. */
  readonly onBegun: () => void;
  readonly notify: (notice: PortNotice) => void;
  /** Makes the driver; a new one when absent. */
  readonly drive?: MakeDriver;
}

/** How a session ended: `left` and a `silent` end are good ones. */
export type StdioEnd = PortEnd | {
  readonly kind: "signal";
  /** Its name, `SIGTERM`. */
  readonly signal: string;
};

/**
 * Runs a session to its end. What the destination said last is written when this returns, unless
 * it is we who leave.
 *
 * @throws {PortStartError | TransportError | ControlError} If the session cannot begin; an Error
 * that says why, if output could not be written for another reason than that nobody reads it.
 */
export async function runStdioSession(
  options: StdioSessionOptions,
): Promise<StdioEnd> {
  const { grant, control, terminal, clock, payloadSize, signal, notify } =
    options;
  const enough = Promise.withResolvers<PortEnd | undefined>();
  const aborted = () => enough.resolve(undefined);
  const standardStreams = new StandardStreams(terminal);
  let first: FirstAnswer | undefined;
  signal.addEventListener("abort", aborted, { once: true });
  try {
    const session = await PortSession.open({
      grant,
      control,
      clock,
      backlog: new Backlog(),
      remoteHost: false,
      standardStreams,
      payloadSize,
      drive: options.drive,
      grace: stdioGrace,
      // ssh has the terminal, and nobody could be told to log in again.
      patience: shellPatience,
      notify: (notice) => {
        if (first !== undefined) {
          if (notice.kind === "lost") first.lost = true;
          if (notice.kind === "resumed") first.lost = false;
        }
        notify(notice);
      },
      onRoom: () => enough.resolve(undefined),
    }, signal);
    options.onBegun();
    first = new FirstAnswer(clock, session, () => enough.resolve(unanswered));
    if (signal.aborted) aborted();
    const over = session.ended.then((end) => ({ by: "session", end }));
    const left = enough.promise.then((end) => ({ by: "us", end }));
    const { by, end } = await Promise.race([over, left]);
    if (by === "us" || end === undefined) await session.close();
    if (standardStreams.failure !== undefined) {
      throw new Error(
        `Cannot write output: ${platformReason(standardStreams.failure)}`,
        { cause: standardStreams.failure },
      );
    }
    if (by === "session" && end !== undefined) return end;
    if (end !== undefined) return end;
    if (signal.aborted) return endOfSignal(signal.reason);
    return await session.ended;
  } finally {
    first?.[Symbol.dispose]();
    signal.removeEventListener("abort", aborted);
  }
}

/** The end of a session whose agent takes nothing. */
const unanswered: PortEnd = {
  kind: "failed",
  message: `The agent has taken nothing for ${answerLimit / 1000} s; ` +
    "most likely it cannot connect to the port",
};

function endOfSignal(reason: unknown): StdioEnd {
  if (reason instanceof SignalError) {
    return { kind: "signal", signal: reason.signal };
  }
  throw reason;
}
