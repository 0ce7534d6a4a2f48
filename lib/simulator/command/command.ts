/**
 * One command on its nodes: so many at a time, and no more after too many errors (api.md §5).
 *
 * @module
 */

import type { Clock } from "../../session/transport.ts";
import type { SimulatedNode } from "../options.ts";
import { streamOf } from "./output.ts";
import { imitate } from "./imitation.ts";
import { type Invocation, isError, isOver } from "./invocation.ts";
import { killedCode, runScript, type ScriptResult } from "./script.ts";

/** The documents that run scripts, and the platform each is for. */
export type CommandDocument = "AWS-RunShellScript" | "AWS-RunPowerShellScript";

/** What SendCommand asks for, after its checks. */
export interface CommandRequest {
  readonly document: CommandDocument;
  readonly nodes: readonly SimulatedNode[];
  readonly lines: readonly string[];
  readonly workingDirectory: string;
  /** Seconds. */
  readonly executionTimeout: number;
  /** Seconds until a command that was not delivered is given up. */
  readonly deliveryTimeout: number;
  /** How many nodes at a time. */
  readonly maxConcurrency: number;
  /** How many errors are one too few to stop. */
  readonly maxErrors: number;
  /** Members of the request that the answers repeat. */
  readonly echo: Readonly<Record<string, unknown>>;
}

/** How commands are run. */
export interface CommandWorld {
  readonly clock: Clock;
  /** True where a script is imitated in memory instead of run. */
  readonly imitated: boolean;
  /** Milliseconds from SendCommand until an agent begins. */
  readonly delivery: number;
}

/** A command, running or over. */
export class SimulatedCommand {
  /** When it was requested, in milliseconds since the Unix epoch. */
  readonly requested: number;
  readonly invocations: ReadonlyMap<string, Invocation>;
  readonly #world: CommandWorld;
  readonly #waiting: Invocation[] = [];
  readonly #running = new Map<Invocation, AbortController>();
  readonly #timers = new Set<() => void>();
  readonly #ends: Promise<unknown>[] = [];
  #next = 0;
  #errors = 0;
  #cancelled = false;

  /**
   * @param id Its CommandId.
   * @param request What it is.
   * @param world How it is run.
   */
  constructor(
    readonly id: string,
    readonly request: CommandRequest,
    world: CommandWorld,
  ) {
    this.#world = world;
    this.requested = world.clock.now();
    this.invocations = new Map(request.nodes.map((node) => [node.id, {
      node,
      state: "Pending",
      start: undefined,
      end: undefined,
      code: -1,
      output: undefined,
    }]));
    this.#timer(world.delivery, () => this.#deliver());
  }

  /** How many errors there were. */
  get errors(): number {
    return this.#errors;
  }

  /** True when nothing will change any more. */
  get over(): boolean {
    return [...this.invocations.values()].every(({ state }) => isOver(state));
  }

  /**
   * Cancels what is not over.
   * @param ids On these nodes; empty = on all.
   */
  cancel(ids: readonly string[]): void {
    if (ids.length === 0) this.#cancelled = true;
    for (const invocation of this.invocations.values()) {
      if (ids.length > 0 && !ids.includes(invocation.node.id)) continue;
      if (invocation.state === "Pending") this.#finish(invocation, "Cancelled");
      else if (invocation.state === "InProgress") {
        invocation.state = "Cancelling";
        this.#running.get(invocation)?.abort();
      }
    }
  }

  /** Ends everything; resolves when no process is left. */
  async close(): Promise<void> {
    this.cancel([]);
    await Promise.allSettled(this.#ends);
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  /** The service tries each node once. */
  #deliver(): void {
    for (const invocation of this.invocations.values()) {
      const { node, state } = invocation;
      if (state !== "Pending") continue;
      if (!suits(node, this.request.document)) {
        this.#finish(invocation, "InvalidPlatform");
      } else if (node.ping === "Inactive") {
        // Such a node may come back: the service tries again until the time is over.
        this.#timer(this.request.deliveryTimeout * 1000, () => {
          if (invocation.state === "Pending") {
            this.#finish(invocation, "DeliveryTimedOut");
          }
        });
      } else if (node.ping !== "Online") {
        this.#finish(invocation, "Undeliverable");
      } else this.#waiting.push(invocation);
    }
    this.#pump();
  }

  #pump(): void {
    const { maxConcurrency, maxErrors } = this.request;
    while (
      this.#next < this.#waiting.length &&
      this.#running.size < maxConcurrency && !this.#cancelled
    ) {
      const invocation = this.#waiting[this.#next++] as Invocation;
      if (invocation.state !== "Pending") continue;
      if (this.#errors > maxErrors) this.#finish(invocation, "Terminated");
      else this.#begin(invocation);
    }
  }

  #begin(invocation: Invocation): void {
    const { clock, imitated } = this.#world;
    invocation.state = "InProgress";
    invocation.start = clock.now();
    const stop = new AbortController();
    this.#running.set(invocation, stop);
    const limit = this.request.executionTimeout * 1000;
    // Over is what has ended: not before nothing runs any more, and its code and output are known.
    let late = false;
    const cancelLimit = this.#timer(limit, () => {
      late = true;
      stop.abort();
    });
    const done = (code: number, output: () => ScriptResult) => {
      cancelLimit();
      this.#running.delete(invocation);
      invocation.code = code;
      invocation.output = output;
      const { state } = invocation;
      this.#finish(
        invocation,
        state === "Cancelling" ? "Cancelled" : late || code === killedCode
          // The agent cannot tell a script that SIGKILL ended from one that it killed itself.
          ? "ExecutionTimedOut"
          : code === 0
          ? "Success"
          : "Failed",
      );
      this.#pump();
    };
    if (imitated) this.#imitate(invocation, stop.signal, done);
    else {
      const run = runScript({
        lines: this.request.lines,
        workingDirectory: this.request.workingDirectory,
        env: this.#environment(invocation.node),
        signal: stop.signal,
      });
      this.#ends.push(run);
      run.then((result) => done(result.code, () => result), (error) => {
        const stderr = streamOf(`failed to run commands: ${error}`);
        done(1, () => ({ code: 1, stdout: streamOf(""), stderr }));
      });
    }
  }

  #imitate(
    invocation: Invocation,
    signal: AbortSignal,
    done: (code: number, output: () => ScriptResult) => void,
  ): void {
    const env = this.#environment(invocation.node);
    const output = () => imitate(this.request.lines, env);
    const { code, duration } = output();
    const cancel = this.#timer(duration + imitatedTime, () => {
      signal.removeEventListener("abort", abort);
      done(code, output);
    });
    const abort = () => {
      cancel();
      done(killedCode, () => imitate(["true"], env));
    };
    signal.addEventListener("abort", abort, { once: true });
  }

  #environment(node: SimulatedNode): Readonly<Record<string, string>> {
    return { HOSTNAME: node.computerName, SSM_COMMAND_ID: this.id };
  }

  #finish(invocation: Invocation, state: Invocation["state"]): void {
    invocation.state = state;
    invocation.end = this.#world.clock.now();
    if (isError(state)) this.#errors++;
  }

  #timer(delay: number, run: () => void): () => void {
    const cancel = this.#world.clock.setTimer(delay, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
    return () => {
      cancel();
      this.#timers.delete(cancel);
    };
  }
}

/** How long an imitated script takes besides its sleeps, in milliseconds. */
const imitatedTime = 20;

/**
 * Whether a document is for a node's platform; PowerShell runs on all of them.
 * @param node The node.
 * @param document The document.
 */
export function suits(node: SimulatedNode, document: CommandDocument): boolean {
  return document === "AWS-RunPowerShellScript" || node.platform !== "Windows";
}
