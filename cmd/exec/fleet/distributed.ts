/**
 * A fleet by Run Command: Session Manager's own distributed engine does the work, and we show what
 * comes of it.
 *
 * @module
 */

import type { CommandInvocation, CommandTarget } from "../../../lib/aws/mod.ts";
import { wasKilled } from "../../../lib/aws/command_state.ts";
import { shellQuote, visible } from "../../../lib/text.ts";
import type { Context, RunCommandAccess } from "../../context.ts";
import { CommandError, describeError, exitCodes } from "../../errors.ts";
import { awsArguments } from "../../target/target.ts";
import { outcomeOf } from "../command_end.ts";
import {
  commentOf,
  cutMessage,
  executionSeconds,
  scriptDocuments,
} from "../run_command.ts";
import { followCommand } from "./follow.ts";
import { limitOf, limitText } from "./limit.ts";
import { filterLimits, noNodes, tagFilters } from "./nodes.ts";
import type { FleetOptions } from "./options.ts";
import type { NodeOutcome, Tally } from "./outcome.ts";
import type { FleetReport } from "./report.ts";

/** What to run. */
export interface DistributedFleet {
  readonly options: FleetOptions;
  /** The nodes by id; `undefined` = those that have the tags. */
  readonly ids: readonly string[] | undefined;
  readonly names: ReadonlyMap<string, string>;
  readonly calls: RunCommandAccess;
  readonly context: Context;
  readonly report: FleetReport;
  readonly tally: Tally;
  /** Says what is going on. */
  readonly detail: (line: string) => void;
  /** Cancels the commands, whose nodes are waited for. */
  readonly signal: AbortSignal;
  /** Gives up. */
  readonly leave: AbortSignal;
}

/** AWS's own number of nodes at a time. */
const defaultParallel = 50;

/** Commands to lists of ids go out so many at a time, at the most. */
const mostBatches = 20;

const encoder = new TextEncoder();

/**
 * Runs the command on every node: one command for all nodes of a tag, one for each 50 of a list, and
 * once more with PowerShell on those that turn out to run Windows.
 * @param fleet What to run.
 * @throws CommandError, AwsCallError
 */
export async function runDistributed(fleet: DistributedFleet): Promise<void> {
  const { options, ids } = fleet;
  const engine = new Distributed(fleet);
  if (ids !== undefined) await engine.batches(ids, "posix");
  else {
    const targets = tagFilters(options.tags);
    checkTargets(targets);
    const nodes = await engine.command({ targets, count: undefined }, "posix");
    if (nodes === 0) throw noNodes(options.tags, options.connection);
  }
  await engine.batches(engine.windows, "windows");
}

function checkTargets(targets: readonly CommandTarget[]): void {
  const { keys, values } = filterLimits;
  if (
    targets.length <= keys && targets.every((t) => t.values.length <= values)
  ) {
    return;
  }
  throw new CommandError(
    `Cannot use so many tags: Run Command takes ${keys} keys with ${values} values each`,
    exitCodes.failed,
  );
}

type Platform = keyof typeof scriptDocuments;

/** Where a command goes. */
interface Destination {
  readonly targets: readonly CommandTarget[];
  /** How many nodes that is, where it is known. */
  readonly count: number | undefined;
}

class Distributed {
  /** Nodes that run Windows, as the first command has shown. */
  readonly windows: string[] = [];
  readonly #fleet: DistributedFleet;

  constructor(fleet: DistributedFleet) {
    this.#fleet = fleet;
  }

  /** Runs the command on nodes by id: 50 in each command, several commands at once. */
  async batches(ids: readonly string[], platform: Platform): Promise<void> {
    const { options, tally, report, names, signal } = this.#fleet;
    const parallel = options.parallel === undefined
      ? defaultParallel
      : Math.max(1, limitOf(options.parallel, ids.length));
    const atOnce = Math.max(
      1,
      Math.min(mostBatches, Math.floor(parallel / filterLimits.values)),
    );
    if (platform === "posix") tally.total += ids.length;
    let next = 0;
    const work = async () => {
      while (next < ids.length) {
        const batch = ids.slice(next, next += filterLimits.values);
        if (!signal.aborted && tally.errors <= this.#allowed(tally.total)) {
          const targets = [{ key: "InstanceIds", values: batch }];
          await this.command({ targets, count: batch.length }, platform);
          continue;
        }
        for (const id of batch) {
          const result = {
            node: { id, name: names.get(id) },
            outcome: skipped,
          };
          tally.add(result);
          report.ended(result);
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  /** Errors that are allowed among so many nodes. */
  #allowed(all: number): number {
    const { maxErrors } = this.#fleet.options;
    return maxErrors === undefined ? Infinity : limitOf(maxErrors, all);
  }

  /**
   * Runs one command to its end.
   * @returns How many nodes it had.
   */
  async command(
    { targets, count }: Destination,
    platform: Platform,
  ): Promise<number> {
    const { options, calls, context, tally, signal, leave } = this.#fleet;
    signal.throwIfAborted();
    const commandId = await calls.send({
      documentName: scriptDocuments[platform],
      script: options.script[platform],
      on: { targets },
      executionTimeout: executionSeconds(options.timeout),
      maxConcurrency: this.#concurrency(count),
      maxErrors: this.#errors(count),
      comment: commentOf(options.reason),
    }, signal);
    this.#fleet.detail(
      `Command ${commandId}: ${scriptDocuments[platform]} on ` +
        targets.map(({ key, values }) => `${key}=${values.join(",")}`).join(
          " ",
        ),
    );
    let cancelled: Promise<void> | undefined;
    const cancel = () => cancelled = this.#cancel(commandId);
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    let over = 0;
    try {
      const { nodes, missing } = await followCommand({
        commandId,
        calls,
        clock: context.clock,
        signal: leave,
        onProgress: (nodes, completed) => {
          if (count === undefined) tally.total = nodes;
          tally.over += completed - over;
          over = completed;
        },
        onEnded: (invocation) => this.#ended(commandId, invocation, platform),
      });
      if (missing > 0) {
        throw new CommandError(
          `Cannot tell what became of ${missing} of ${nodes} nodes: AWS does not list them`,
          exitCodes.sessionFailed,
        );
      }
      return nodes;
    } catch (error) {
      if (leave.aborted) throw leave.reason;
      throw this.#lost(commandId, error);
    } finally {
      signal.removeEventListener("abort", cancel);
      await cancelled;
    }
  }

  #concurrency(count: number | undefined): string {
    const { parallel } = this.#fleet.options;
    if (parallel === undefined) return String(defaultParallel);
    if (count === undefined) return limitText(parallel);
    return String(
      Math.max(1, Math.min(count, limitOf(parallel, this.#fleet.tally.total))),
    );
  }

  #errors(count: number | undefined): string {
    const { options: { maxErrors }, tally } = this.#fleet;
    if (maxErrors === undefined) return "100%";
    if (count === undefined) return limitText(maxErrors);
    return String(Math.max(0, this.#allowed(tally.total) - tally.errors));
  }

  async #cancel(commandId: string): Promise<void> {
    const { calls, detail, leave } = this.#fleet;
    try {
      await calls.cancel(commandId, leave);
    } catch (error) {
      detail(describeError(error).message ?? "");
    }
  }

  async #ended(
    commandId: string,
    invocation: CommandInvocation,
    platform: Platform,
  ): Promise<void> {
    const { names, calls, report, tally, leave } = this.#fleet;
    const { nodeId, hostName, state } = invocation;
    if (state === "invalid-platform" && platform === "posix") {
      this.windows.push(nodeId);
      // It comes once more.
      tally.over--;
      return;
    }
    const node = { id: nodeId, name: names.get(nodeId) ?? hostName };
    const output = invocation.output ??
      (await calls.invocation(commandId, nodeId, leave))?.output;
    if (output !== undefined) {
      for (const stream of ["stdout", "stderr"] as const) {
        if (output[stream] === "") continue;
        await report.output(node, encoder.encode(output[stream]), stream);
      }
      const message = cutMessage(output.truncated);
      if (message !== undefined) {
        tally.cut++;
        report.cut(node, message);
      }
    }
    const result = { node, outcome: this.#outcome(invocation) };
    tally.add(result);
    report.ended(result);
  }

  #outcome({ state, code, seconds }: CommandInvocation): NodeOutcome {
    if (state === "terminated") return skipped;
    const limit = executionSeconds(this.#fleet.options.timeout);
    const killed = state === "execution-timed-out" &&
      wasKilled({ code, seconds, limit });
    return {
      ...outcomeOf(killed ? "ended" : state, code),
      seconds,
    };
  }

  /** The command goes on without us, so say how to follow it or to end it. */
  #lost(commandId: string, error: unknown): Error {
    const { message = "", exitCode, details } = describeError(error);
    const again = awsArguments(this.#fleet.options.connection);
    return new CommandError(
      message,
      exitCode === exitCodes.failed ? exitCodes.sessionFailed : exitCode,
      ["list-command-invocations", "cancel-command"].map((call) =>
        `aws ssm ${call} --command-id ${shellQuote(visible(commandId))}${again}`
      ),
      details,
      { cause: error },
    );
  }
}

const skipped: NodeOutcome = {
  code: undefined,
  reason: "not begun",
  began: false,
  seconds: undefined,
};
