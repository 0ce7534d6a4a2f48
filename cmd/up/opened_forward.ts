/**
 * One forward of a group: from a place to listen to its end, whatever becomes of the others.
 *
 * @module
 */

import { formatAddress } from "../../lib/io/listen_error.ts";
import type { Backlog } from "../../lib/session/backlog.ts";
import type { Forward, ForwardNotice } from "../../lib/session/forward.ts";
import { noStats } from "../../lib/session/port_end.ts";
import type { LocalListener } from "../../lib/session/transport.ts";
import { visible } from "../../lib/text.ts";
import type { Context } from "../context.ts";
import { CommandError, describeError, exitCodes } from "../errors.ts";
import { describeForward } from "../forward/json.ts";
import { listenFor } from "../forward/listen.ts";
import { forwardNotice } from "../forward/notices.ts";
import {
  forwardStartFailure,
  startForwardSession,
} from "../forward/session.ts";
import { SessionPlace } from "../forward/session_place.ts";
import { forwardWords } from "../forward/words.ts";
import type { FoundTarget } from "../target/find_target.ts";
import type { UpOptions } from "../up.ts";
import type { PlannedForward } from "./plan.ts";
import type { UpReport } from "./report.ts";
import type { ForwardState, TableRow } from "./table.ts";

/** What the forwards of a group share. */
export interface SharedByForwards {
  readonly context: Context;
  readonly options: UpOptions;
  readonly report: UpReport;
  readonly backlog: Backlog;
  /** The node or container; looked up once for each. */
  find(forward: PlannedForward): Promise<FoundTarget>;
  /** The machine slept, which every session notices; true for the first one to say so. */
  slept(): boolean;
}

/** A forward that is opened, or was. */
export class OpenedForward {
  readonly plan: PlannedForward;
  readonly #shared: SharedByForwards;
  readonly #destination: string;
  readonly #ended = Promise.withResolvers<void>();
  #state: ForwardState = "starting";
  #listeners: readonly LocalListener[] = [];
  #forward: Forward | undefined;
  #code: number = exitCodes.success;

  /**
   * @param plan Which.
   * @param shared What it shares with the others.
   */
  constructor(plan: PlannedForward, shared: SharedByForwards) {
    this.plan = plan;
    this.#shared = shared;
    const { remoteHost, remotePort } = plan.spec;
    const host = remoteHost ?? plan.typed;
    this.#destination = `${
      host.includes(":") && remoteHost !== undefined
        ? `[${host}]`
        : visible(host)
    }:${remotePort}`;
  }

  /** Resolves when it has failed; else never. */
  get failed(): Promise<void> {
    return this.#ended.promise;
  }

  /** The exit code that it asks for; 0 unless it failed. */
  get code(): number {
    return this.#code;
  }

  /** Its row of the table. */
  get row(): TableRow {
    const address = this.#listeners[0]?.address;
    const { typed, name } = this.plan;
    return {
      name,
      local: address === undefined || this.#state === "failed"
        ? "-"
        : formatAddress(address),
      target: typed,
      remote: this.#destination,
      state: this.#state,
      stats: this.#forward?.stats ?? noStats,
    };
  }

  /** What a program learns of it in every event. */
  get #identity() {
    const { name, typed, target, spec, connection } = this.plan;
    return {
      name,
      target: typed,
      ...(typed === target ? {} : { resolved: target }),
      profile: connection.profile ?? null,
      remoteHost: spec.remoteHost ?? null,
      remotePort: spec.remotePort,
    };
  }

  /**
   * Listens, which needs nothing of AWS.
   * @returns False where that failed, which has been said.
   */
  async listen(): Promise<boolean> {
    const { spec, typed, connection } = this.plan;
    try {
      this.#listeners = await listenFor(
        spec,
        { target: typed, specs: [spec], connection },
        this.#shared.context,
        (port) => `in the group: "local": ${port}`,
      );
      return true;
    } catch (error) {
      this.#fail(error, exitCodes.failed);
      return false;
    }
  }

  /**
   * Begins. A failure is said, and no other one's.
   * @param signal Gives up.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { report } = this.#shared;
    try {
      await this.#start(signal);
    } catch (error) {
      await this.#forward?.close();
      for (const listener of this.#listeners) listener.close();
      if (signal.aborted) return;
      this.#fail(error, exitCodes.failed);
      return;
    }
    if (this.#state !== "starting") return;
    this.#become("ready");
    report.print({ event: "ready", ...this.#identity, ...this.#described() });
    if (report.live) return;
    for (const { address } of this.#listeners) {
      report.say(
        `Forwarding from ${formatAddress(address)} -> ${this.#destination}`,
      );
    }
  }

  #described() {
    const forward = this.#forward;
    return forward === undefined ? {} : describeForward({
      spec: this.plan.spec,
      listeners: this.#listeners,
      forward,
      destination: this.#destination,
    });
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { context, options, report, backlog } = this.#shared;
    const { spec, target, typed } = this.plan;
    const node = await this.#shared.find(this.plan);
    signal.throwIfAborted();
    const use = {
      target,
      command: "ssm forward",
      rest: forwardWords([spec]),
      connection: node.place.connection,
    };
    const place = new SessionPlace(
      node,
      target,
      (next) =>
        report.event(
          `${this.plan.name}: going on in another task: ${visible(next.id)}`,
        ),
    );
    const names = {
      node: visible(typed),
      onNode: spec.remoteHost === undefined ? spec.remotePort : undefined,
      destination: this.#destination,
    };
    const forward = await context.forward({
      listeners: this.#listeners,
      startSession: (signal) =>
        place.start(async (node) => {
          const session = await startForwardSession(
            {
              spec,
              listeners: this.#listeners,
              node,
              options: { ...options, specs: [spec] },
            },
            (line) => report.detail(line),
            signal,
          );
          place.confirm(session.node);
          return session.started;
        }, signal),
      remoteHost: spec.remoteHost !== undefined,
      sessions: options.sessions ?? place.sessions,
      payloadSize: undefined,
      grace: undefined,
      retry: options.retry,
      backlog,
      clock: context.clock,
      notify: (notice) => {
        if (notice.kind === "slept" && !this.#shared.slept()) return;
        this.#notice(notice, forwardNotice(notice, names));
      },
      onFailed: (error) => {
        void forward.close();
        this.#fail(lost(error), exitCodes.lost);
      },
    });
    this.#forward = forward;
    try {
      await forward.start(signal);
    } catch (error) {
      signal.throwIfAborted();
      throw await forwardStartFailure(
        error,
        { node: place.node, use, where: ` to ${this.#destination}` },
        signal,
      );
    }
  }

  #notice(notice: ForwardNotice, line: string): void {
    const { report } = this.#shared;
    this.#become(stateAfter(notice, this.#state));
    report.event(line);
    report.print({ event: notice.kind, ...this.#identity, message: line });
  }

  #become(state: ForwardState): void {
    // What has failed or was closed stays so.
    if (this.#state === "failed" || this.#state === "closed") return;
    this.#state = state;
    this.#shared.report.draw();
  }

  #fail(error: unknown, code: number): void {
    if (this.#state === "failed" || this.#state === "closed") return;
    this.#code = code;
    this.#become("failed");
    const { report } = this.#shared;
    report.failure(visible(this.plan.name), error);
    const { message, hints } = describeError(error);
    report.print({
      event: "failed",
      ...this.#identity,
      message: message ?? null,
      hints,
    });
    this.#ended.resolve();
  }

  /** Ends it. Never rejects. */
  async close(): Promise<void> {
    await this.#forward?.close();
    for (const listener of this.#listeners) listener.close();
    if (this.#state === "failed") return;
    const { up, down, total } = this.#forward?.stats ?? noStats;
    this.#become("closed");
    this.#shared.report.print({
      event: "closed",
      ...this.#identity,
      connections: total,
      bytesUp: up,
      bytesDown: down,
    });
  }
}

/** How a forward is after what happened. */
function stateAfter(notice: ForwardNotice, now: ForwardState): ForwardState {
  switch (notice.kind) {
    case "lost":
      return "resuming";
    case "login":
      return "waiting for login";
    case "retrying":
      return "restarting";
    case "resumed":
    case "restored":
    case "opened":
      return "ready";
    case "ended":
      return notice.next === "now"
        ? "restarting"
        : notice.next === "on demand"
        ? "idle"
        : now;
    default:
      return now;
  }
}

function lost(error: unknown): unknown {
  return error instanceof Error
    ? new CommandError(error.message, exitCodes.lost, [], [], { cause: error })
    : error;
}
