/**
 * A forward in virtual time: every StartSession makes a node's end of one more session, and all of
 * them are the test's, as are the local programs.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Backlog } from "../../lib/session/backlog.ts";
import {
  Forward,
  type ForwardNotice,
  type ForwardOptions,
} from "../../lib/session/forward.ts";
import { type FakeConnection, FakeListener } from "./fake_local.ts";
import { fakeGrant } from "./fake_session.ts";
import { ManualClock } from "./manual_clock.ts";
import { until } from "./port_bench.ts";
import { PortNode, type PortNodeOptions } from "./port_node.ts";

/** A signal that nobody aborts. */
export const never: AbortSignal = new AbortController().signal;

/** What is other than usual. */
export interface ForwardBenchOptions {
  readonly node?: PortNodeOptions;
  readonly forward?: Partial<ForwardOptions>;
}

/** One forward and everything around it. */
export class ForwardBench {
  readonly clock = new ManualClock();
  readonly backlog = new Backlog();
  readonly listener = new FakeListener();
  /** In the order in which they were started. */
  readonly nodes: PortNode[] = [];
  readonly notices: ForwardNotice[] = [];
  /** Why it cannot go on. */
  readonly failures: unknown[] = [];
  readonly abort = new AbortController();
  readonly forward: Forward;
  /** How often StartSession was called. */
  starts = 0;
  /** Called for each StartSession; throws to refuse it. */
  onStart: (signal: AbortSignal) => void | Promise<void> = () => {};
  /** Called with the node of each session before it is joined to anything. */
  onNode: (node: PortNode) => void = () => {};
  /** Called for each session once it was given. */
  onStarted: (node: PortNode) => void = () => {};
  /** True once it began; the error where it could not. */
  outcome: true | Error | undefined;

  constructor(options: ForwardBenchOptions = {}) {
    this.forward = new Forward({
      listeners: [this.listener],
      startSession: async (signal) => {
        this.starts++;
        await this.onStart(signal);
        const node = new PortNode(this.clock, {
          ...options.node,
          sessionId: `s-${this.nodes.length + 1}`,
        });
        this.onNode(node);
        this.nodes.push(node);
        queueMicrotask(() => this.onStarted(node));
        return {
          grant: { ...fakeGrant, sessionId: node.sessionId },
          control: node.control,
        };
      },
      remoteHost: false,
      sessions: undefined,
      payloadSize: undefined,
      grace: undefined,
      retry: Infinity,
      backlog: this.backlog,
      clock: this.clock,
      notify: (notice) => this.notices.push(notice),
      onFailed: (error) => this.failures.push(error),
      ...options.forward,
    });
  }

  /** Begins to start it. */
  start(): this {
    this.forward.start(this.abort.signal).then(
      () => this.outcome = true,
      (error) => this.outcome = error,
    );
    return this;
  }

  /** Started, with nothing on its way any more. */
  async begin(): Promise<this> {
    this.start();
    await this.clock.advance(1000);
    assert.equal(this.outcome, true);
    return this;
  }

  /** The kinds of the notices so far. */
  get kinds(): string[] {
    return this.notices.map(({ kind }) => kind);
  }
  /** How many streams each node has had. */
  get spread(): number[] {
    return this.nodes.map(({ streams }) => streams.length);
  }

  /** A local program connects, and sends something. */
  async connect(first = ""): Promise<FakeConnection> {
    const conn = this.listener.connect();
    if (first !== "") conn.send(first);
    await this.clock.advance(10);
    return conn;
  }

  /** Lets time pass until something is true; fails if it does not come. */
  async until(done: () => boolean, limit = 60_000, step = 10): Promise<void> {
    await until(this.clock, done, limit, step);
  }

  /** Closes it, and nothing may remain. */
  async end(settle = false): Promise<void> {
    let closed = false;
    this.forward.close(settle ? never : undefined).then(() => closed = true);
    await this.until(() => closed, 20_000);
    this.assertOver();
  }

  /** Nothing may be left of a forward that is over. */
  assertOver(): void {
    for (const node of this.nodes) node.assertOver();
    assert.equal(this.listener.closed, true);
    assert.deepEqual(this.forward.sessionIds, []);
    assert.equal(this.clock.pending, 0, "a timer is left");
    assert.equal(this.backlog.waiting, 0, "bytes are said to wait");
  }

  /** Each session was ended by us, or by somebody else. */
  assertTerminated(...others: readonly PortNode[]): void {
    for (const node of this.nodes) {
      const times = others.includes(node) ? 0 : 1;
      assert.equal(node.control.terminated, times, node.sessionId);
    }
  }
}
