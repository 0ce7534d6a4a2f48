/**
 * Opening and reopening a connection in virtual time, with failures to choose.
 *
 * @module
 */

import {
  connect,
  type Connection,
  type LostConnection,
  type Patience,
  reconnect,
} from "../../lib/session/resume.ts";
import { FakeControl, fakeGrant } from "../testkit/fake_session.ts";
import { ManualClock } from "../testkit/manual_clock.ts";

/** One opening of a connection, or one reopening. */
export class Attempt {
  readonly clock = new ManualClock();
  readonly control = new FakeControl();
  readonly abort = new AbortController();
  /** When each try was made, in milliseconds since the beginning. */
  readonly tries: number[] = [];
  readonly start = this.clock.now();
  random = () => 0.999;
  outcome: Connection | Error | undefined;
  /** How long a lost connection is worth another try; a shell's patience when absent. */
  patience: Patience | undefined;

  /** What each try comes to; the last one repeats. */
  constructor(...failures: (Error | undefined)[]) {
    this.control.onOpen = () => {
      this.#note();
      const failure = failures.length > 1 ? failures.shift() : failures[0];
      if (failure !== undefined) throw failure;
    };
  }

  #note(): void {
    this.tries.push(this.clock.now() - this.start);
  }

  get #options() {
    return {
      control: this.control,
      clock: this.clock,
      signal: this.abort.signal,
      random: () => this.random(),
      ...(this.patience === undefined ? {} : { patience: this.patience }),
    };
  }

  /** The first connection. */
  connect(): this {
    return this.#watch(connect(fakeGrant, this.#options));
  }

  /** A further one. */
  reconnect(lost: Partial<LostConnection> = {}): this {
    return this.#watch(reconnect({
      streamUrl: "ws://127.0.0.1/old",
      since: this.start,
      fruitless: 0,
      reason: "reset",
      ...lost,
    }, this.#options));
  }

  /** True once something came of it. */
  get over(): boolean {
    return this.outcome !== undefined;
  }

  /** The times between the tries. */
  get waits(): number[] {
    return this.tries.slice(1).map((at, i) => Math.round(at - this.tries[i]!));
  }

  #watch(promise: Promise<Connection>): this {
    promise.then(
      (connection) => this.outcome = connection,
      (error) => this.outcome = error,
    );
    return this;
  }
}
