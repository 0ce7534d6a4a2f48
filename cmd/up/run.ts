/**
 * What `ssm up` does: the group, its confirmation, and its forwards until Ctrl-C. They share what
 * can be shared: the calls of one profile and region, the lookup of one target, and the bound of
 * what waits in memory. A session leads to one port, so each has its own.
 *
 * @module
 */

import type { RouteMap } from "@stricli/core";
import { Backlog } from "../../lib/session/backlog.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import { shellQuote, visible } from "../../lib/text.ts";
import { loadUserConfig } from "../config/load.ts";
import { settingsOf } from "../config/settings.ts";
import type { CommandWorld, Connection, Context } from "../context.ts";
import { exitCodes } from "../errors.ts";
import { statsLine, sumStats } from "../forward/notices.ts";
import { forwardWords } from "../forward/words.ts";
import { signalExitCode } from "../signals.ts";
import { findTarget, type FoundTarget } from "../target/find_target.ts";
import { Places } from "../target/places.ts";
import type { UpOptions } from "../up.ts";
import { confirm } from "./confirm.ts";
import { chooseGroup, offeredGroups } from "./groups.ts";
import { OpenedForward, type SharedByForwards } from "./opened_forward.ts";
import { planLines, type PlannedForward, planOf } from "./plan.ts";
import { UpReport } from "./report.ts";

/**
 * Opens the group.
 * @param options From `parseUp`.
 * @param root Every command.
 * @param context The world.
 * @returns The exit code.
 * @throws CommandError Where there is nothing to open, or it is not confirmed.
 */
export async function runUp(
  options: UpOptions,
  root: RouteMap<CommandWorld>,
  context: Context,
): Promise<number> {
  const config = await loadUserConfig(context.env, () => settingsOf(root));
  const offered = await offeredGroups(options, config, currentFolder());
  const { group, file, hides } = await chooseGroup(
    options.group,
    offered,
    context,
  );
  const plan = planOf(group, config, options.connection);
  let forwards: readonly OpenedForward[] = [];
  const report = new UpReport(
    context,
    options,
    () => forwards.map(({ row }) => row),
  );
  try {
    if (hides !== undefined) {
      report.say(
        `${visible(hides)} has a group ${visible(group.name)}, too; ` +
          `--file ${shellQuote(hides)} opens that one`,
      );
    }
    if (file !== undefined) {
      await confirm(
        {
          file,
          group: group.name,
          lines: planLines(plan),
          meaning: planLines(planOf(group, config, nobody)),
          given: options.confirm,
          connection: options.connection,
          typedFile: options.file,
        },
        context,
        (line) => report.say(line),
      );
    }
    using access = new SharedPlaces(context, report);
    const shared: SharedByForwards = {
      context,
      options,
      report,
      backlog: new Backlog(),
      find: (forward) => access.find(forward),
      slept: () => access.slept(),
    };
    forwards = plan.map((each) => new OpenedForward(each, shared));
    return await run(forwards, report, context);
  } finally {
    report[Symbol.dispose]();
    await report.written();
  }
}

/** `undefined` where it was removed meanwhile, or may not be looked at. */
function currentFolder(): string | undefined {
  try {
    return Deno.cwd();
  } catch {
    return undefined;
  }
}

/** A connection that says nothing. */
const nobody: Connection = {
  profile: undefined,
  region: undefined,
  endpointUrl: undefined,
  transport: "native",
  streamHosts: [],
};

async function run(
  forwards: readonly OpenedForward[],
  report: UpReport,
  context: Context,
): Promise<number> {
  const { signal } = context;
  using _figures = context.onStatusRequest(() =>
    report.say(
      ...forwards.map(({ row }) => `${row.name}: ${statsLine(row.stats)}`),
      `all: ${statsLine(sumStats(forwards.map(({ row }) => row.stats)))}`,
    )
  );
  const aborted = Promise.withResolvers<void>();
  const onAbort = () => aborted.resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    report.start();
    const starts = Promise.all(forwards.map(async (forward) => {
      if (await forward.listen()) await forward.start(signal);
    }));
    const over = starts.then(() =>
      Promise.all(forwards.map(({ failed }) => failed))
    );
    await Promise.race([over, aborted.promise]);
    await starts;
  } finally {
    signal.removeEventListener("abort", onAbort);
    await Promise.all(forwards.map((forward) => forward.close()));
  }
  return exitCode(forwards, signal);
}

function exitCode(
  forwards: readonly OpenedForward[],
  signal: AbortSignal,
): number {
  const codes = forwards.map(({ code }) => code);
  for (const code of [exitCodes.failed, exitCodes.lost]) {
    if (codes.includes(code)) return code;
  }
  const reason: unknown = signal.reason;
  if (!signal.aborted) return exitCodes.success;
  if (!(reason instanceof SignalError)) throw reason;
  return reason.signal === "SIGINT"
    ? exitCodes.success
    : signalExitCode(reason.signal);
}

/** Sleeps that are noticed within so many milliseconds are one. */
const sleepOnce = 10_000;

/** The places where targets are looked for, and what was found there; forwards share them. */
class SharedPlaces implements Disposable {
  readonly #context: Context;
  readonly #report: UpReport;
  readonly #places = new Map<string, Promise<Places>>();
  readonly #nodes = new Map<string, Promise<FoundTarget>>();
  #sleptAt = -Infinity;

  constructor(context: Context, report: UpReport) {
    this.#context = context;
    this.#report = report;
  }

  /** Looks a target up; nobody is asked, as the answer belongs in the file. */
  find({ target, spec, connection }: PlannedForward): Promise<FoundTarget> {
    const key = `${keyOf(connection)} ${target}`;
    const { terminal, clock, env, color, log, signal } = this.#context;
    const found = this.#nodes.get(key) ?? (async () =>
      await findTarget(
        {
          terminal,
          clock,
          env,
          color,
          log,
          attended: false,
          targetMemory: () => this.#context.targetMemory(),
        },
        await this.#of(connection),
        {
          target,
          connection,
          command: "ssm forward",
          rest: forwardWords([spec]),
        },
        signal,
      ))();
    this.#nodes.set(key, found);
    return found;
  }

  /** True for the first forward that noticed. */
  slept(): boolean {
    const now = this.#context.clock.now();
    if (now - this.#sleptAt < sleepOnce) return false;
    this.#sleptAt = now;
    return true;
  }

  #of(connection: Connection): Promise<Places> {
    const key = keyOf(connection);
    const found = this.#places.get(key) ??
      Places.open(this.#context, connection, {
        say: (line) => this.#report.say(line),
        detail: (line) => this.#report.detail(line),
      });
    this.#places.set(key, found);
    return found;
  }

  [Symbol.dispose](): void {
    for (const opened of this.#places.values()) {
      // What could not be opened has nothing to close.
      opened.then((places) => places[Symbol.dispose](), () => {});
    }
  }
}

function keyOf({ profile, region, allRegions }: Connection): string {
  return JSON.stringify([profile ?? null, region ?? null, allRegions ?? false]);
}
