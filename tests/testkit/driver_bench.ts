/**
 * A driver that runs in virtual time, its session and its agent in the test's hands.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Driver } from "../../lib/session/driver.ts";
import type { ConnectionLostError } from "../../lib/session/resume.ts";
import { FakeAgent, FakeControl, fakeGrant } from "./fake_session.ts";
import { ManualClock } from "./manual_clock.ts";

/** The driver and everything around it. */
export class DriverBench {
  readonly clock = new ManualClock();
  readonly control = new FakeControl();
  readonly agent: FakeAgent;
  readonly driver: Driver;
  readonly errors: unknown[] = [];
  readonly gone: ConnectionLostError[] = [];
  readonly notes: string[] = [];
  output = "";
  onPayload: () => void = () => {};

  constructor(options: ConstructorParameters<typeof FakeAgent>[2] = {}) {
    this.agent = new FakeAgent(this.control, this.clock, options);
    this.driver = new Driver({
      grant: fakeGrant,
      control: this.control,
      clock: this.clock,
      onEvent: (event) => {
        this.notes.push(event.type);
        if (event.type !== "payload") return;
        this.output += new TextDecoder().decode(event.payload);
        this.driver.channel.consumed(event.payload.length, this.clock.now());
        this.onPayload();
      },
      onLost: (reason) => this.notes.push(`lost: ${reason}`),
      onResumed: () => this.notes.push("resumed"),
      onGone: (error) => this.gone.push(error),
      onError: (error) => this.errors.push(error),
    });
  }

  /** Connected, and the session has begun. */
  async begin(): Promise<this> {
    await this.driver.start(new AbortController().signal);
    this.agent.print("$ ");
    await this.clock.advance(1000);
    assert.equal(this.output, "$ ");
    this.output = "";
    return this;
  }

  type(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.driver.channel.send(bytes, this.clock.now());
    this.driver.flush();
  }

  async end(): Promise<void> {
    const stopped = this.driver.stop();
    await this.clock.advance(0);
    await stopped;
    this.agent.stop();
    assert.equal(this.clock.pending, 0, "a timer is left");
    assert.ok(this.control.transports.every((each) => each.ended));
    assert.deepEqual(this.errors, []);
  }
}
