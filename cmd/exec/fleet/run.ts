/**
 * A command on many nodes: which nodes, which engine, and what is shown.
 *
 * @module
 */

import { SignalError } from "../../../lib/session/signal_error.ts";
import type { Context } from "../../context.ts";
import { signalExitCode } from "../../signals.ts";
import { StatusLine } from "../../status_line.ts";
import { runDistributed } from "./distributed.ts";
import { JsonReport } from "./json_report.ts";
import { limitOf } from "./limit.ts";
import { type FoundNode, namedNodes, taggedNodes } from "./nodes.ts";
import {
  defaultSessions,
  type FleetOptions,
  type FleetWorld,
  sessionLimit,
} from "./options.ts";
import { Tally } from "./outcome.ts";
import type { FleetReport } from "./report.ts";
import { runBySessions } from "./sessions.ts";
import { grouped } from "./table.ts";
import { TextReport } from "./text_report.ts";
import { LineWriter } from "./writer.ts";

export type { FleetOptions, FleetWorld } from "./options.ts";

/**
 * Runs a command on many nodes. The first signal from outside ends it on all of them, and what they
 * come to is waited for; the second one does not wait.
 * @param options What to run where.
 * @param world What with.
 * @returns 0 when every exit code was 0, 125 when the command began nowhere, 128+n after a signal,
 * else 1.
 * @throws CommandError, AwsCallError
 */
export async function runFleet(
  options: FleetOptions,
  world: FleetWorld,
): Promise<number> {
  const { context } = world;
  const tally = new Tally();
  using status = new StatusLine({
    terminal: context.terminal,
    clock: context.clock,
    live: context.errorIsTerminal && !options.quiet,
    outputIsTerminal: context.outputIsTerminal,
    status: () => progressLine(tally),
  });
  const say = (lines: readonly string[]) => status.say(lines);
  using signals = new FleetSignals(context, () => {
    if (!options.quiet) {
      say(["Ending the command on all nodes; once more to leave at once"]);
    }
  });
  try {
    const run = async () => {
      const fleet = await findFleet(options, world, signals.stop);
      const writer = new LineWriter(status);
      const report = makeReport(
        fleet.nodes ?? [],
        options,
        context,
        writer,
        say,
      );
      status.start();
      const all = { tally, report, say, signals };
      if (fleet.engine === "session") {
        await bySessions(fleet.nodes, options, world, all);
      } else await byRunCommand(fleet.nodes, options, world, all);
      status[Symbol.dispose]();
      const exitCode = signals.exitCode ?? tally.exitCode;
      await writer.written();
      report.summary(tally, exitCode);
      await writer.written();
      return exitCode;
    };
    return await Promise.race([run(), signals.left]);
  } finally {
    status[Symbol.dispose]();
    await status.written();
  }
}

/** What the engines share. */
interface Shared {
  readonly tally: Tally;
  readonly report: FleetReport;
  readonly say: (lines: readonly string[]) => void;
  readonly signals: FleetSignals;
}

/** The nodes, and what runs the command on them. */
type Fleet =
  | { readonly engine: "session"; readonly nodes: readonly FoundNode[] }
  | {
    readonly engine: "run-command";
    /** `undefined`: AWS looks them up itself, by their tags. */
    readonly nodes: readonly FoundNode[] | undefined;
  };

async function findFleet(
  options: FleetOptions,
  { aws }: FleetWorld,
  signal: AbortSignal,
): Promise<Fleet> {
  const { via, targets } = options;
  if (targets.length > 0) {
    const nodes = await namedNodes(options, aws, signal);
    const session = via === "session" ||
      via === "auto" && nodes.length <= sessionLimit;
    return { engine: session ? "session" : "run-command", nodes };
  }
  if (via === "run-command") return { engine: via, nodes: undefined };
  const limit = via === "session" ? Infinity : sessionLimit;
  const nodes = await taggedNodes(options, limit, aws, signal);
  return nodes === undefined
    ? { engine: "run-command", nodes }
    : { engine: "session", nodes };
}

function makeReport(
  nodes: readonly FoundNode[],
  options: FleetOptions,
  context: Context,
  writer: LineWriter,
  say: (lines: readonly string[]) => void,
): FleetReport {
  if (options.json) return new JsonReport(writer);
  const color = !options.noColor;
  return new TextReport({
    writer,
    color: {
      stdout: color && context.outputColor,
      stderr: color && context.color,
    },
    say,
    nodes,
    quiet: options.quiet,
  });
}

async function bySessions(
  nodes: readonly FoundNode[],
  options: FleetOptions,
  { context, runOnNode }: FleetWorld,
  { tally, report, signals }: Shared,
): Promise<void> {
  const { parallel, maxErrors, timeout } = options;
  await runBySessions({
    nodes,
    runOnNode,
    parallel: parallel === undefined
      ? defaultSessions
      : Math.max(1, limitOf(parallel, nodes.length)),
    maxErrors: maxErrors === undefined
      ? Infinity
      : limitOf(maxErrors, nodes.length),
    timeout,
    report,
    tally,
    clock: context.clock,
    signal: signals.stop,
  });
}

async function byRunCommand(
  nodes: readonly FoundNode[] | undefined,
  options: FleetOptions,
  { aws, context }: FleetWorld,
  { tally, report, say, signals }: Shared,
): Promise<void> {
  if (options.via === "auto" && !options.quiet) {
    say([
      `More than ${sessionLimit} nodes: by Run Command, which gives a node's output when it is over`,
    ]);
  }
  await runDistributed({
    options,
    ids: nodes?.map(({ id }) => id),
    names: new Map(
      nodes?.flatMap(({ id, name }) => name === undefined ? [] : [[id, name]]),
    ),
    calls: aws.runCommand,
    context,
    report,
    tally,
    detail: (line) => {
      if (options.verbose > 0) say([line]);
    },
    signal: signals.stop,
    leave: signals.leave,
  });
}

/** How far it is. */
function progressLine(tally: Tally): string {
  const { total, ended, failed, skipped, running, over } = tally;
  if (total === 0) return "Looking for nodes…";
  return [
    `${grouped(Math.max(ended, over))} of ${grouped(total)} nodes`,
    ...(over > ended ? [`${grouped(over - ended)} still to be shown`] : []),
    ...(failed > 0 ? [`${grouped(failed)} failed`] : []),
    ...(skipped > 0 ? [`${grouped(skipped)} not begun`] : []),
    ...(running > 0 ? [`${grouped(running)} running`] : []),
  ].join(", ");
}

/** The signals from outside: the first one ends the command, the second one us. */
class FleetSignals implements Disposable {
  /** Aborted by the first one, with a SignalError. */
  readonly stop: AbortSignal;
  /** Aborted by the second one. */
  readonly leave: AbortSignal;
  /** Rejects with the second one. */
  readonly left: Promise<never>;
  /** 128+n after the first one. */
  exitCode: number | undefined;
  readonly #handler: Disposable;

  constructor(context: Context, onFirst: () => void) {
    const stop = new AbortController();
    const leave = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    // It may come when nobody waits for it any more.
    promise.catch(() => {});
    this.stop = stop.signal;
    this.leave = leave.signal;
    this.left = promise;
    this.#handler = context.onSignal((signal) => {
      const error = new SignalError(signal);
      if (stop.signal.aborted) {
        leave.abort(error);
        reject(error);
        return;
      }
      this.exitCode = signalExitCode(signal);
      stop.abort(error);
      onFirst();
    });
    if (context.signal.aborted) stop.abort(context.signal.reason);
  }

  [Symbol.dispose](): void {
    this.#handler[Symbol.dispose]();
  }
}
