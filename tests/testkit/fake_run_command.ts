/**
 * Run Command in virtual time: nodes end one after the other, and calls are counted.
 *
 * @module
 */

import type { RunCommandAccess } from "../../cmd/context.ts";
import type { CommandInvocation, CommandRequest } from "../../lib/aws/mod.ts";
import type { ManualClock } from "./manual_clock.ts";

/** What it is like. */
export interface FakeRunCommandOptions {
  /** Nodes that the tags fit; a command to ids has those. */
  readonly nodes?: number;
  /** How many nodes end per second. Default: all at once. */
  readonly perSecond?: number;
  /** Milliseconds until it knows of a command. */
  readonly unknownFor?: number;
  /** What sending fails with. */
  readonly sendFailure?: Error;
  /** Nodes that it counts and does not list. */
  readonly unlisted?: number;
  /** What becomes of a node. */
  readonly end?: (
    nodeId: string,
    request: CommandRequest,
  ) => Partial<CommandInvocation>;
  /** What GetCommandInvocation has of it. */
  readonly full?: (nodeId: string) => CommandInvocation["output"];
}

interface Sent {
  readonly request: CommandRequest;
  readonly at: number;
  readonly ids: readonly string[];
  cancelledAt: number | undefined;
}

const pageSize = 50;

/** Milliseconds for a page. */
const pagePace = 100;

/** Output of nothing. */
export const noOutput = {
  stdout: "",
  stderr: "",
  truncated: { stdout: false, stderr: false },
} as const;

/** A fake of {@linkcode RunCommandAccess}. */
export class FakeRunCommand implements RunCommandAccess {
  /** A command to all nodes. */
  readonly request: CommandRequest = {
    documentName: "AWS-RunShellScript",
    script: ["true"],
    on: { targets: [{ key: "tag:role", values: ["web"] }] },
  };
  readonly commands = new Map<string, Sent>();
  pages = 0;
  /** Nodes that GetCommandInvocation was asked about. */
  readonly asked: string[] = [];
  readonly cancelled: string[] = [];
  /** What looking fails with. */
  pageFailure: Error | undefined;

  constructor(
    readonly clock: ManualClock,
    readonly options: FakeRunCommandOptions = {},
  ) {}

  send = (request: CommandRequest): Promise<string> => {
    const { sendFailure } = this.options;
    if (sendFailure !== undefined) return Promise.reject(sendFailure);
    const id = `c${this.commands.size + 1}`;
    const on = request.on;
    const listed = "ids" in on
      ? on.ids
      : on.targets[0]?.key === "InstanceIds"
      ? on.targets[0].values
      : undefined;
    this.commands.set(id, {
      request,
      at: this.clock.now(),
      ids: listed ??
        Array.from({ length: this.options.nodes ?? 1 }, (_, i) => `i-${i}`),
      cancelledAt: undefined,
    });
    return Promise.resolve(id);
  };

  progress: RunCommandAccess["progress"] = (id) => {
    const sent = this.#sent(id);
    const { unknownFor = 0 } = this.options;
    if (this.clock.now() - sent.at < unknownFor) {
      return Promise.resolve(undefined);
    }
    const completed = this.#over(sent);
    const nodes = sent.ids.length;
    return Promise.resolve({
      nodes,
      completed,
      errors: 0,
      over: completed === nodes,
      noNodes: nodes === 0,
    });
  };

  page: RunCommandAccess["page"] = async (id, token) => {
    this.pages++;
    // As the pace of the calls.
    await new Promise<void>((done) => this.clock.setTimer(pagePace, done));
    if (this.pageFailure !== undefined) throw this.pageFailure;
    const sent = this.#sent(id);
    const over = this.#over(sent);
    const { unlisted = 0 } = this.options;
    const listed = sent.ids.length - unlisted;
    const start = Number(token ?? 0);
    const end = Math.min(listed, start + pageSize);
    return {
      invocations: sent.ids.slice(start, end).map((nodeId, i) =>
        this.#invocation(sent, nodeId, start + i < over)
      ),
      nextToken: end < listed ? String(end) : undefined,
    };
  };

  invocation: RunCommandAccess["invocation"] = (id, nodeId) => {
    this.asked.push(nodeId);
    const found = this.#invocation(this.#sent(id), nodeId, true);
    return Promise.resolve({
      ...found,
      output: this.options.full?.(nodeId) ?? found.output,
    });
  };

  cancel: RunCommandAccess["cancel"] = (id) => {
    this.cancelled.push(id);
    this.#sent(id).cancelledAt ??= this.clock.now();
    return Promise.resolve();
  };

  #sent(id: string): Sent {
    const sent = this.commands.get(id);
    if (sent === undefined) throw new Error(`There is no command ${id}`);
    return sent;
  }

  #over({ at, ids, cancelledAt }: Sent): number {
    if (cancelledAt !== undefined) return ids.length;
    const seconds = (this.clock.now() - at) / 1000;
    const { perSecond = Infinity } = this.options;
    return seconds <= 0
      ? 0
      : Math.min(ids.length, Math.floor(seconds * perSecond));
  }

  #invocation(sent: Sent, nodeId: string, over: boolean): CommandInvocation {
    const cancelled = sent.cancelledAt !== undefined;
    return {
      nodeId,
      hostName: undefined,
      code: over ? 0 : -1,
      seconds: over ? 1 : undefined,
      output: over ? noOutput : undefined,
      ...(over ? this.options.end?.(nodeId, sent.request) : {}),
      state: !over
        ? "running"
        : cancelled
        ? "cancelled"
        : this.options.end?.(nodeId, sent.request).state ?? "ended",
    };
  }
}
