/**
 * A port session in virtual time, the local programs and the node in the test's hands.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Backlog } from "../../lib/session/backlog.ts";
import type { PortNotice } from "../../lib/session/port_end.ts";
import {
  PortSession,
  type PortSessionOptions,
} from "../../lib/session/port_session.ts";
import { FakeConnection } from "./fake_local.ts";
import { fakeGrant } from "./fake_session.ts";
import { ManualClock, settle } from "./manual_clock.ts";
import { type FarStream, PortNode, type PortNodeOptions } from "./port_node.ts";

/** What is other than usual in a session. */
export interface PortBenchOptions {
  readonly node?: PortNodeOptions;
  readonly clock?: ManualClock;
  readonly session?: Partial<PortSessionOptions>;
}

/** One port session, its node, and the local programs. */
export class PortBench {
  readonly clock: ManualClock;
  readonly node: PortNode;
  readonly notices: PortNotice[] = [];
  readonly backlog: Backlog;
  readonly abort = new AbortController();
  /** How often the session said that there is room. */
  rooms = 0;
  /** What came of opening it; undefined so far. */
  outcome: PortSession | Error | undefined;
  /** When it came, on the clock. */
  outcomeAt = 0;
  #connections = 0;

  constructor(options: PortBenchOptions = {}) {
    this.clock = options.clock ?? new ManualClock();
    this.node = new PortNode(this.clock, options.node);
    this.backlog = options.session?.backlog ?? new Backlog();
    this.#options = options;
  }

  readonly #options: PortBenchOptions;

  /** Begins to open the session. */
  open(): this {
    PortSession.open({
      grant: { ...fakeGrant, sessionId: this.node.sessionId },
      control: this.node.control,
      clock: this.clock,
      remoteHost: false,
      payloadSize: undefined,
      grace: 30_000,
      patience: { limit: Infinity, tries: Infinity },
      notify: (notice) => this.notices.push(notice),
      onRoom: () => void this.rooms++,
      ...this.#options.session,
      backlog: this.backlog,
    }, this.abort.signal).then(
      (session) => this.outcome = session,
      (error) => this.outcome = error,
    ).finally(() => this.outcomeAt = this.clock.now());
    return this;
  }

  /** Opened, with nothing on its way any more. */
  async begin(): Promise<this> {
    this.open();
    await this.clock.advance(1000);
    assert.ok(this.outcome instanceof PortSession, String(this.outcome));
    return this;
  }

  /** The session, once it is open. */
  get session(): PortSession {
    assert.ok(this.outcome instanceof PortSession, String(this.outcome));
    return this.outcome;
  }

  /** The kinds of the notices so far. */
  get kinds(): string[] {
    return this.notices.map(({ kind }) => kind);
  }

  /** A local program connects. */
  connect(name = `#${++this.#connections}`): FakeConnection {
    const conn = new FakeConnection();
    this.session.connect({ conn, name });
    return conn;
  }

  /** A local program connects, and the node has the stream. */
  async connected(
    name?: string,
  ): Promise<{ readonly local: FakeConnection; readonly far: FarStream }> {
    const { length } = this.node.streams;
    const local = this.connect(name);
    await this.clock.advance(0);
    const far = this.node.streams[length];
    assert.ok(far !== undefined, "no stream was opened");
    return { local, far };
  }

  /** Lets time pass until something is true; fails if it does not come. */
  async until(
    done: () => boolean,
    limit = 60_000,
    step = 10,
  ): Promise<void> {
    await until(this.clock, done, limit, step);
  }

  /** Leaves, and nothing may remain. */
  async end(): Promise<void> {
    const { session } = this;
    const closed = session.close();
    await this.clock.advance(5000);
    await closed;
    await session.ended;
    this.assertOver();
  }

  /** Nothing may be left of a session that is over. */
  assertOver(): void {
    this.node.assertOver();
    assert.equal(this.clock.pending, 0, "a timer is left");
    assert.equal(this.backlog.waiting, 0, "bytes are said to wait");
  }
}

/** Lets time pass until something is true; fails if it does not come. */
export async function until(
  clock: ManualClock,
  done: () => boolean,
  limit = 60_000,
  step = 10,
): Promise<void> {
  await settle();
  for (let passed = 0; !done(); passed += step) {
    assert.ok(passed < limit, `it did not come within ${limit} ms`);
    await clock.advance(step);
  }
}
