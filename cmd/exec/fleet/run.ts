/**
 * A command on many nodes: which nodes, which engine, and what is shown.
 *
 * @module
 */

import { noteSaid } from "../../log.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import type { Context } from "../../context.ts";
import { outputFailure } from "../../output_failure.ts";
import { signalExitCode } from "../../signals.ts";
import type { Place } from "../../target/places.ts";
import { StatusLine } from "../../status_line.ts";
import { runDistributed } from "./distributed.ts";
import { JsonReport } from "./json_report.ts";
import { limitOf } from "./limit.ts";
import { type FoundNode, namedNodes, taggedNodes, withFacts } from "./nodes.ts";
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
 * Runs a command on many nodes. The first Ctrl-C is passed on to all of them, or ends the command
 * where it cannot be; the next one ends it, and one more does not wait for that.
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
  const tally = new Tally(
    options.tags.length === 0 && options.targets.length === 1,
  );
  using status = new StatusLine({
    terminal: context.terminal,
    clock: context.clock,
    log: context.log,
    live: context.errorIsTerminal && !options.quiet,
    outputIsTerminal: context.outputIsTerminal,
    status: () => progressLine(tally),
  });
  const say = (lines: readonly string[]) => status.say(lines);
  let interrupt = () => false;
  using signals = new FleetSignals(context, () => interrupt(), (sentence) => {
    if (!options.quiet) say([sentence]);
  });
  try {
    const run = async () => {
      const fleet = await findFleet(options, world, signals.hold);
      const broken = new AbortController();
      const writer = new LineWriter(
        status,
        (error) => broken.abort(outputFailure(error)),
      );
      const report = makeReport(
        fleet.nodes ?? [],
        options,
        context,
        writer,
        say,
      );
      status.start();
      const either = (signal: AbortSignal) =>
        AbortSignal.any([signal, broken.signal]);
      const all = {
        tally,
        report,
        say,
        hold: either(signals.hold),
        stop: either(signals.stop),
        leave: signals.leave,
      };
      try {
        if (fleet.engine === "session") {
          if (world.interrupt !== undefined) interrupt = world.interrupt;
          await bySessions(fleet.nodes, options, world, all);
        } else await byRunCommand(fleet.nodes, options, world, all);
        status[Symbol.dispose]();
        const exitCode = signals.exitCode ?? tally.exitCode;
        await writer.written();
        report.summary(tally, exitCode);
        await writer.written();
        return exitCode;
      } catch (error) {
        throw broken.signal.aborted ? broken.signal.reason : error;
      }
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
  /** Lets nothing begin any more. */
  readonly hold: AbortSignal;
  /** Ends what runs: signals from outside, or output that cannot be written. */
  readonly stop: AbortSignal;
  /** We do not wait. */
  readonly leave: AbortSignal;
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
  { places }: FleetWorld,
  signal: AbortSignal,
): Promise<Fleet> {
  const { via, targets } = options;
  if (targets.length > 0) {
    const nodes = await namedNodes(options, places, signal);
    const session = via === "session" ||
      via === "auto" && nodes.length <= sessionLimit;
    return session
      ? { engine: "session", nodes: await withFacts(nodes, signal) }
      : { engine: "run-command", nodes };
  }
  // In several places AWS cannot look them up itself.
  const { several } = places;
  if (via === "run-command" && !several) {
    return { engine: via, nodes: undefined };
  }
  const limit = via === "session" || several ? Infinity : sessionLimit;
  const nodes = await taggedNodes(options, limit, places, signal);
  return nodes === undefined || via === "run-command" ||
      via === "auto" && nodes.length > sessionLimit
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
  { tally, report, hold, stop }: Shared,
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
    hold,
    signal: stop,
  });
}

async function byRunCommand(
  nodes: readonly FoundNode[] | undefined,
  options: FleetOptions,
  { places, context }: FleetWorld,
  { tally, report, say, stop, leave }: Shared,
): Promise<void> {
  if (options.via === "auto" && !options.quiet) {
    say([
      `More than ${sessionLimit} nodes: by Run Command, which gives a node's output when it is over`,
    ]);
  }
  const inPlace = (place: Place, there: readonly FoundNode[] | undefined) =>
    runDistributed({
      options: { ...options, connection: place.connection },
      ids: there?.map(({ id }) => id),
      names: new Map(
        there?.flatMap(({ id, name }) =>
          name === undefined ? [] : [[id, name]]
        ),
      ),
      calls: place.aws.runCommand,
      context,
      report,
      tally,
      detail: (line) => {
        noteSaid(context.log, 1, line);
        if (options.verbose > 0) say([line]);
      },
      signal: stop,
      leave,
    });
  if (nodes === undefined) return await inPlace(places.first, undefined);
  const ends = await Promise.allSettled(
    [...Map.groupBy(nodes, ({ place }) => place)].map(([place, there]) =>
      inPlace(place, there)
    ),
  );
  // What runs elsewhere is waited for: an error here does not end it.
  for (const end of ends) if (end.status === "rejected") throw end.reason;
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

/** The signals from outside, one after the other. */
class FleetSignals implements Disposable {
  /** Aborted by the first one, with a SignalError: nothing begins any more. */
  readonly hold: AbortSignal;
  /** Aborted when the commands are to end: by the first one, or by the one after Ctrl-C. */
  readonly stop: AbortSignal;
  /** Aborted by the one after that: we do not wait. */
  readonly leave: AbortSignal;
  /** Rejects then. */
  readonly left: Promise<never>;
  /** 128+n after the first one. */
  exitCode: number | undefined;
  readonly #handler: Disposable;

  /**
   * @param context Whose signals.
   * @param interrupt Passes Ctrl-C on; false when it cannot be.
   * @param say Tells the user what a signal did.
   */
  constructor(
    context: Context,
    interrupt: () => boolean,
    say: (sentence: string) => void,
  ) {
    const hold = new AbortController();
    const stop = new AbortController();
    const leave = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    // It may come when nobody waits for it any more.
    promise.catch(() => {});
    this.hold = hold.signal;
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
      const first = !hold.signal.aborted;
      if (first) {
        this.exitCode = signalExitCode(signal);
        hold.abort(error);
      }
      if (first && signal === "SIGINT" && interrupt()) {
        say("Ctrl-C was passed on to all nodes; once more ends the command");
        return;
      }
      stop.abort(error);
      say("Ending the command on all nodes; once more to leave at once");
    });
    if (context.signal.aborted) {
      hold.abort(context.signal.reason);
      stop.abort(context.signal.reason);
    }
  }

  [Symbol.dispose](): void {
    this.#handler[Symbol.dispose]();
  }
}
