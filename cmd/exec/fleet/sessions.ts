/**
 * A fleet by sessions: so many at a time, each streamed as it comes.
 *
 * @module
 */

import { Pace, waitFor } from "../../../lib/aws/pace.ts";
import type { Clock } from "../../../lib/session/transport.ts";
import { describeError, exitCodes } from "../../errors.ts";
import { signalExitCode, TimeoutError } from "../../signals.ts";
import type { FoundNode } from "./nodes.ts";
import type { NodeOutcome, Tally } from "./outcome.ts";
import type { FleetReport } from "./report.ts";
import type { CommandEnd, RunOnNode } from "./run_on_node.ts";

/** What to run. */
export interface SessionFleet {
  readonly nodes: readonly FoundNode[];
  readonly runOnNode: RunOnNode;
  /** How many at a time. */
  readonly parallel: number;
  /** With more errors than this no further node begins. */
  readonly maxErrors: number;
  /** Milliseconds for each node. */
  readonly timeout: number | undefined;
  readonly report: FleetReport;
  readonly tally: Tally;
  readonly clock: Clock;
  /** Lets nothing begin any more; what runs goes on. */
  readonly hold: AbortSignal;
  /** Ends what runs; `hold` was aborted before. */
  readonly signal: AbortSignal;
}

/** Calls of StartSession per second: a start, so AWS's unknown limit is met by slowing down. */
const startRates = { first: 20, least: 0.5, most: 50 } as const;

/** How long a start that AWS asks to make later is tried, in milliseconds. */
const patience = 300_000;

/**
 * Runs the command on every node.
 * @param fleet What to run.
 * @throws What the report throws, as a closed pipe, once nothing runs any more.
 */
export async function runBySessions(fleet: SessionFleet): Promise<void> {
  const { nodes, parallel, report, tally } = fleet;
  tally.total = nodes.length;
  const pace = new Pace(fleet.clock, Math.random, startRates);
  let next = 0;
  const work = async () => {
    for (let node = nodes[next++]; node !== undefined; node = nodes[next++]) {
      const outcome = fleet.hold.aborted || tally.errors > fleet.maxErrors
        ? notBegun
        : await one(node, fleet, pace);
      const result = { node, outcome };
      tally.add(result);
      report.ended(result);
    }
  };
  const ends = await Promise.allSettled(
    Array.from({ length: Math.min(parallel, nodes.length) }, work),
  );
  // Only when all of them are over: nobody would end the sessions of the others.
  const failed = ends.find(({ status }) => status === "rejected");
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
}

const notBegun: NodeOutcome = {
  code: undefined,
  reason: "not begun",
  began: false,
  seconds: undefined,
};

async function one(
  node: FoundNode,
  fleet: SessionFleet,
  pace: Pace,
): Promise<NodeOutcome> {
  const { clock, report, tally, timeout, signal } = fleet;
  if (node.offline !== undefined) {
    return {
      code: exitCodes.failed,
      reason: node.offline,
      began: false,
      seconds: undefined,
    };
  }
  let start = clock.now();
  const stop = new AbortController();
  let cancelTimeout = () => {};
  tally.running++;
  try {
    try {
      await pace.turn(fleet.hold);
    } catch {
      return notBegun;
    }
    const either = AbortSignal.any([signal, stop.signal]);
    start = clock.now();
    if (timeout !== undefined) {
      cancelTimeout = clock.setTimer(
        timeout,
        () => stop.abort(new TimeoutError(timeout)),
      );
    }
    report.started(node);
    const end = await started(node, fleet, pace, either);
    return { ...ofEnd(end), seconds: (clock.now() - start) / 1000 };
  } catch (error) {
    const seconds = (clock.now() - start) / 1000;
    if (isClosedPipe(error)) throw error;
    return { ...ofError(error), seconds };
  } finally {
    cancelTimeout();
    tally.running--;
  }
}

/** Runs the command; a start that AWS asks to make later is made later. */
async function started(
  node: FoundNode,
  { runOnNode, report, clock }: SessionFleet,
  pace: Pace,
  signal: AbortSignal,
): Promise<CommandEnd> {
  const start = clock.now();
  for (let tries = 0;; tries++) {
    if (tries > 0) await pace.turn(signal);
    let wrote = false;
    try {
      const end = await runOnNode(
        node,
        (bytes, stream) => {
          wrote = true;
          return report.output(node, bytes, stream);
        },
        signal,
        (sentence) => report.said(node, sentence),
      );
      pace.succeeded();
      return end;
    } catch (error) {
      const later = !wrote && isThrottled(error) &&
        clock.now() - start < patience;
      if (!later) throw error;
      pace.refused();
      await waitFor(
        1000 * Math.min(30, 2 ** tries) * (0.5 + Math.random() / 2),
        clock,
        signal,
      );
    }
  }
}

function isThrottled(error: unknown): boolean {
  return error instanceof Error && "kind" in error &&
    error.kind === "throttled" && "action" in error &&
    error.action === "ssm:StartSession";
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe;
}

type Ended = Omit<NodeOutcome, "seconds">;

function ofEnd(end: CommandEnd): Ended {
  const ended = (code: number, reason?: string, began = true): Ended => ({
    code,
    reason,
    began,
  });
  switch (end.kind) {
    case "exited":
      return end.code >= 0 ? ended(end.code) : ended(
        exitCodes.sessionFailed,
        "a signal ended it that the agent does not name",
      );
    case "ended":
    case "left":
      return ended(
        exitCodes.sessionFailed,
        "the session ended without an exit code",
      );
    case "failed":
    case "terminated":
    case "timed-out":
      return ended(exitCodes.sessionFailed, end.message);
    case "lost":
      return ended(exitCodes.lost, end.message);
    case "refused":
      return ended(exitCodes.failed, end.message, false);
    case "signal":
      return ended(
        signalExitCode(end.signal),
        `ended by ${end.signal}`,
      );
  }
}

/** An error before the session began has 125, and one while it ran 1 or what it says itself. */
function ofError(error: unknown): Ended {
  if (error instanceof TimeoutError) {
    return { code: exitCodes.timeout, reason: error.message, began: true };
  }
  const { message, exitCode } = describeError(error);
  return {
    code: exitCode,
    reason: message,
    began: exitCode !== exitCodes.failed,
  };
}
