/**
 * Destinations without an operating system: a test decides when dials, reads and writes happen.
 */

import assert from "node:assert/strict";
import type { ConnectLoopback } from "../../../lib/simulator/agent/port_destination.ts";
import type { PortConnection } from "../../../lib/simulator/agent/tcp_pump.ts";

/** The agent's end of a connection. */
export class FakeConnection implements PortConnection {
  /** Bytes the agent has written. */
  written = 0;
  /** The first of them. */
  text = "";
  /** How many bytes each write had. */
  readonly writes: number[] = [];
  /** The agent has closed it. */
  closed = false;
  /** Every read of the agent, in bytes. */
  readonly reads: number[] = [];
  #incoming: (Uint8Array | null | Error)[] = [];
  #reading: PromiseWithResolvers<void> | undefined;
  #stuck: PromiseWithResolvers<void> | undefined;

  /** The destination says something. */
  say(bytes: string | Uint8Array): void {
    this.#arrive(
      typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes,
    );
  }

  /** The destination closes its writing half, or all. */
  end(): void {
    this.#arrive(null);
  }

  /** The connection breaks. */
  fail(error: Error): void {
    this.#arrive(error);
  }

  /** From now on the destination takes nothing. */
  stick(): void {
    this.#stuck ??= Promise.withResolvers();
  }

  /** It takes what it did not, and all that follows. */
  unstick(): void {
    this.#stuck?.resolve();
    this.#stuck = undefined;
  }

  #arrive(what: Uint8Array | null | Error): void {
    this.#incoming.push(what);
    this.#reading?.resolve();
    this.#reading = undefined;
  }

  async read(target: Uint8Array): Promise<number | null> {
    while (this.#incoming.length === 0) {
      this.#reading ??= Promise.withResolvers();
      await this.#reading.promise;
    }
    const [first] = this.#incoming;
    if (first === null) return null;
    if (first instanceof Error) throw first;
    assert(first !== undefined);
    const count = Math.min(target.length, first.length);
    target.set(first.subarray(0, count));
    if (count === first.length) this.#incoming.shift();
    else this.#incoming[0] = first.subarray(count);
    this.reads.push(count);
    return count;
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.#stuck !== undefined) await this.#stuck.promise;
    if (this.closed) throw new Deno.errors.BadResource("closed");
    this.written += bytes.length;
    this.writes.push(bytes.length);
    if (this.text.length < 100_000) {
      this.text += new TextDecoder().decode(bytes);
    }
    return bytes.length;
  }

  close(): void {
    assert(!this.closed, "closed twice");
    this.closed = true;
    this.unstick();
    this.#incoming = [];
    this.fail(new Deno.errors.BadResource("closed"));
  }
}

/** All dials of one agent. */
export class FakeNetwork {
  /** Where to, in order. */
  readonly dials: string[] = [];
  readonly connections: FakeConnection[] = [];
  /** What happens to a dial; the next one of these, then success at once. */
  readonly answers: (() => Promise<void> | void)[] = [];

  readonly connect: ConnectLoopback = async (address, port) => {
    this.dials.push(`${address} ${port}`);
    await this.answers.shift()?.();
    const connection = new FakeConnection();
    this.connections.push(connection);
    return connection;
  };

  /** The next dials are refused. */
  refuse(times = 1): void {
    for (let i = 0; i < times; i++) {
      this.answers.push(() => {
        throw new Deno.errors.ConnectionRefused("no");
      });
    }
  }

  /** The connection made as number `index`. */
  at(index: number): FakeConnection {
    const connection = this.connections[index];
    assert(connection !== undefined, `no connection ${index}`);
    return connection;
  }
}
