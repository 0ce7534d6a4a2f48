/**
 * A session between standard input and output and a port, in virtual time: both ends are the
 * test's.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { PortNotice } from "../../lib/session/port_end.ts";
import {
  runStdioSession,
  type StdioEnd,
  type StdioSessionOptions,
} from "../../lib/session/stdio_session.ts";
import { fakeGrant } from "./fake_session.ts";
import { ManualClock } from "./manual_clock.ts";
import { MemoryTerminal } from "./memory_terminal.ts";
import { until } from "./port_bench.ts";
import { PortNode, type PortNodeOptions } from "./port_node.ts";

/** A pipe whose reader may stop. */
export class MemoryPipe extends MemoryTerminal {
  /** While true nobody reads standard output: writes wait. */
  stopped = false;
  #wake: () => void = () => {};

  constructor() {
    super({ interactive: false, size: null });
  }

  /** The reader reads on. */
  goOn(): void {
    this.stopped = false;
    this.#wake();
  }

  override async write(bytes: Uint8Array): Promise<void> {
    while (this.stopped) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    await super.write(bytes);
  }
}

/** One session and everything around it. */
export class StdioBench {
  readonly clock = new ManualClock();
  readonly node: PortNode;
  readonly pipe = new MemoryPipe();
  readonly notices: PortNotice[] = [];
  readonly abort = new AbortController();
  /** How often it was said that the session has begun. */
  begun = 0;
  /** How the session ended, or why it could not begin; undefined so far. */
  outcome: StdioEnd | Error | undefined;

  /** Starts the session. */
  constructor(
    node: PortNodeOptions = {},
    options: Partial<StdioSessionOptions> = {},
  ) {
    this.node = new PortNode(this.clock, {
      properties: { portNumber: "22" },
      ...node,
    });
    runStdioSession({
      grant: fakeGrant,
      control: this.node.control,
      terminal: this.pipe,
      clock: this.clock,
      signal: this.abort.signal,
      onBegun: () => void this.begun++,
      notify: (notice) => this.notices.push(notice),
      ...options,
    }).then(
      (end) => this.outcome = end,
      (error) => this.outcome = error,
    );
  }

  /** Nothing is on its way any more, and the session has begun. */
  async begin(): Promise<this> {
    await this.clock.advance(10);
    assert.equal(this.begun, 1);
    return this;
  }

  /** Lets time pass until something is true; fails if it does not come. */
  async until(done: () => boolean, limit = 60_000, step = 10): Promise<void> {
    await until(this.clock, done, limit, step);
  }

  /** Waits for the end, after which nothing may be left; the end. */
  async over(limit = 10_000): Promise<StdioEnd> {
    await this.until(() => this.outcome !== undefined, limit);
    this.node.assertOver();
    assert.equal(this.clock.pending, 0, "a timer is left");
    const { outcome } = this;
    if (outcome === undefined || outcome instanceof Error) {
      throw outcome ?? new Error("There is no outcome");
    }
    return outcome;
  }
}
