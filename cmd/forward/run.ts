/**
 * What `ssm forward` does: ports first, as a port in use needs no session; then the node, the
 * sessions, the word that it is ready, and the command or Ctrl-C.
 *
 * @module
 */

import { noteSaid } from "../log.ts";
import { formatAddress } from "../../lib/io/listen_error.ts";
import { Backlog } from "../../lib/session/backlog.ts";
import type { Forward } from "../../lib/session/forward.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import type { LocalListener } from "../../lib/session/transport.ts";
import { visible } from "../../lib/text.ts";
import { goToBackground, ready } from "../background.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../errors.ts";
import type { ForwardCommandOptions } from "../forward.ts";
import { runWithPorts } from "./command.ts";
import { listenFor } from "./listen.ts";
import { describeForward } from "./json.ts";
import { forwardNotice, statsLine, sumStats } from "./notices.ts";
import { forwardStartFailure, startForwardSession } from "./session.ts";
import type { ForwardSpec } from "./spec.ts";
import { SessionPlace } from "./session_place.ts";
import { forwardWords } from "./words.ts";
import { signalExitCode } from "../signals.ts";
import { StatusLine } from "../status_line.ts";
import { Places } from "../target/places.ts";
import type { TargetUse } from "../target/target.ts";

/** A forward of this command. */
export interface RunningForward {
  readonly spec: ForwardSpec;
  /** The destination, as the user calls it: `web-server:80`. */
  readonly destination: string;
  readonly listeners: readonly LocalListener[];
  readonly forward: Forward;
}

/**
 * Runs the forwards.
 * @param options From `parseForward`.
 * @param context The world.
 * @returns The exit code.
 */
export async function runForwardCommand(
  options: ForwardCommandOptions,
  context: Context,
): Promise<number> {
  if (options.background) return await goToBackground(options, context);
  const listening: LocalListener[][] = [];
  try {
    for (const spec of options.specs) {
      listening.push(await listenFor(spec, options, context));
    }
    return await new ForwardCommand(options, context).run(listening);
  } finally {
    for (const listener of listening.flat()) listener.close();
  }
}

/** Sleeps that are noticed within so many milliseconds are one. */
const sleepOnce = 10_000;

class ForwardCommand {
  readonly #options: ForwardCommandOptions;
  readonly #context: Context;
  readonly #backlog = new Backlog();
  readonly #status: StatusLine;
  readonly #failed = Promise.withResolvers<never>();
  #running: RunningForward[] = [];
  #before = { up: 0, down: 0 };
  /** When it was said that the machine slept. */
  #sleptAt = -Infinity;

  constructor(
    options: ForwardCommandOptions,
    context: Context,
  ) {
    this.#options = options;
    this.#context = context;
    this.#failed.promise.catch(() => {});
    const { terminal, clock } = context;
    this.#status = new StatusLine({
      terminal,
      clock,
      log: context.log,
      live: context.errorIsTerminal && !options.quiet &&
        options.command === undefined && !options.backgroundChild,
      status: (seconds) => this.#live(seconds),
    });
  }

  async run(listening: readonly LocalListener[][]): Promise<number> {
    const { context, options } = {
      context: this.#context,
      options: this.#options,
    };
    // Whoever asks too early gets an answer, too: the signal would end a program that takes none.
    using places = await Places.open(context, options.connection, {
      say: (line) => this.#say([line]),
      detail: (line) => this.#detail(line),
    });
    using _figures = context.onStatusRequest(() =>
      this.#status.say([statsLine(this.#stats())])
    );
    try {
      await this.#start(listening, places);
      try {
        await this.#sayReady();
      } catch (error) {
        await this.#close();
        throw error;
      }
      this.#status.start();
      return options.command === undefined
        ? await this.#untilSignal()
        : await this.#withCommand(options.command);
    } finally {
      this.#status[Symbol.dispose]();
      await this.#status.written();
    }
  }

  /** All in parallel; one that cannot begin ends them all. */
  async #start(
    listening: readonly LocalListener[][],
    places: Places,
  ): Promise<void> {
    const { specs, connection } = this.#options;
    const { signal } = this.#context;
    const { findOrChoose, givenTarget } = await import(
      "../target/choose_target.ts"
    );
    const target = givenTarget(this.#options.target, this.#context);
    const again = {
      command: "ssm forward",
      rest: forwardWords(specs),
      // What has a colon may be ports.
      grammar: { bareTags: false },
    };
    const node = await findOrChoose(
      this.#context,
      places,
      { ...again, target, connection, mayGuess: true },
      signal,
    );
    const use = {
      ...again,
      target: target ?? node.id,
      connection: node.place.connection,
    };
    const place = new SessionPlace(
      node,
      use.target,
      (next) => this.#event(`Going on in another task: ${visible(next.id)}`),
    );
    const warning = place.warning(specs.length, this.#options.sessions);
    if (warning !== undefined) this.#say([warning]);
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    let failing = "";
    const starts = specs.map(async (spec, at) => {
      const running = await this.#make(spec, listening[at] ?? [], place, use);
      this.#running[at] = running;
      try {
        await running.forward.start(either);
      } catch (error) {
        if (!failed.signal.aborted) failing = running.destination;
        failed.abort(error);
        throw error;
      }
    });
    const ends = await Promise.allSettled(starts);
    if (ends.every(({ status }) => status === "fulfilled")) return;
    await this.#close();
    signal.throwIfAborted();
    const error: unknown = failed.signal.aborted
      ? failed.signal.reason
      : ends.find((end) => end.status === "rejected")?.reason;
    const where = specs.length > 1 && failing !== "" ? ` to ${failing}` : "";
    throw await forwardStartFailure(
      error,
      { node: place.node, use, where },
      signal,
    );
  }

  async #make(
    spec: ForwardSpec,
    listeners: readonly LocalListener[],
    place: SessionPlace,
    { target }: TargetUse,
  ): Promise<RunningForward> {
    const { remoteHost, remotePort } = spec;
    const names = {
      node: visible(target),
      onNode: remoteHost === undefined ? remotePort : undefined,
      destination: `${hostName(remoteHost ?? target)}:${remotePort}`,
    };
    const { payloadSize, retry, grace } = this.#options;
    const forward = await this.#context.forward({
      listeners,
      startSession: (signal) =>
        place.start(async (node) => {
          const session = await startForwardSession(
            { spec, listeners, node, options: this.#options },
            (line) => this.#detail(line),
            signal,
          );
          place.confirm(session.node);
          return session.started;
        }, signal),
      remoteHost: remoteHost !== undefined,
      sessions: this.#options.sessions ?? place.sessions,
      payloadSize,
      grace,
      retry,
      backlog: this.#backlog,
      clock: this.#context.clock,
      notify: (notice) => {
        // Every session notices that the machine slept.
        if (notice.kind === "slept") {
          const now = this.#context.clock.now();
          if (now - this.#sleptAt < sleepOnce) return;
          this.#sleptAt = now;
        }
        this.#event(forwardNotice(notice, names));
      },
      onFailed: (error) => this.#failed.reject(error),
    });
    return { spec, listeners, forward, destination: names.destination };
  }

  // ── ready ─────────────────────────────────────────────────────────────────────────────────

  async #sayReady(): Promise<void> {
    const { json, backgroundChild } = this.#options;
    for (const { listeners, destination } of this.#running) {
      for (const { address } of listeners) {
        this.#say([
          `Forwarding from ${formatAddress(address)} -> ${destination}`,
        ]);
      }
    }
    if (json) {
      const lines = this.#running.map((each) =>
        `${JSON.stringify(describeForward(each))}\n`
      ).join("");
      await this.#context.terminal.write(new TextEncoder().encode(lines));
    }
    if (!backgroundChild) return;
    // The first one of us speaks next, and then a shell.
    await this.#status.written();
    await ready(this.#context);
  }

  // ── running ───────────────────────────────────────────────────────────────────────────────

  async #untilSignal(): Promise<number> {
    const { signal } = this.#context;
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([this.#failed.promise, aborted.promise]);
    } catch (error) {
      this.#status[Symbol.dispose]();
      await this.#close();
      if (!(error instanceof SignalError)) throw lost(error);
      return error.signal === "SIGINT"
        ? exitCodes.success
        : signalExitCode(error.signal);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #withCommand(command: readonly string[]): Promise<number> {
    // The command decides what is to be done without its ports; that they are gone is said at once.
    this.#failed.promise.catch((error) => {
      this.#status.say([this.#withTime(
        `Cannot go on: ${
          error instanceof Error ? visible(error.message) : String(error)
        }`,
      )]);
      void this.#close();
    });
    try {
      // From here on signals are the command's.
      this.#context.signal.throwIfAborted();
      return await runWithPorts(command, this.#running, this.#context);
    } finally {
      await this.#close(this.#context.signal);
    }
  }

  /** @param settle Given where what local programs sent is still to arrive; ends that waiting. */
  async #close(settle?: AbortSignal): Promise<void> {
    await Promise.all(
      this.#running.map(({ forward }) => forward.close(settle)),
    );
  }

  // ── words ─────────────────────────────────────────────────────────────────────────────────

  #stats() {
    return sumStats(this.#running.map(({ forward }) => forward.stats));
  }

  #live(seconds: number): string {
    const stats = this.#stats();
    const rate = (now: number, then: number) =>
      seconds > 0 ? (now - then) / seconds : 0;
    const rates = {
      up: rate(stats.up, this.#before.up),
      down: rate(stats.down, this.#before.down),
    };
    this.#before = { up: stats.up, down: stats.down };
    return statsLine(stats, rates);
  }

  #say(lines: readonly string[]): void {
    for (const line of lines) noteSaid(this.#context.log, 0, line);
    if (!this.#options.quiet) this.#status.say(lines);
  }

  #detail(line: string): void {
    if (this.#options.verbose > 0) this.#say([line]);
    else noteSaid(this.#context.log, 1, line);
  }

  /** One line for each event, with the time. */
  #event(line: string): void {
    this.#say([this.#withTime(line)]);
  }

  #withTime(line: string): string {
    const time = new Date(this.#context.clock.now()).toTimeString().slice(0, 8);
    return `${time} ${line}`;
  }
}

function hostName(host: string): string {
  return host.includes(":") && !host.startsWith("[") &&
      /^[0-9a-f:.]+$/i.test(host)
    ? `[${host}]`
    : visible(host);
}

/** What ended a forward that had begun. */
function lost(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return new CommandError(error.message, exitCodes.lost, [], [], {
    cause: error,
  });
}
