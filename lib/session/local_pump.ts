/**
 * One local connection: what its program sends is read while somebody takes it, what comes for it
 * is written as fast as it reads. Both directions end on their own.
 *
 * @module
 */

import { OutputQueue } from "./output_queue.ts";
import type { LocalConnection } from "./transport.ts";

/** Bytes of the first read buffer: a thousand idle connections must not cost 64 MiB. */
const firstBuffer = 2 * 1024;
/** It grows to this, in bytes, when a read fills it. */
const largestBuffer: number = 64 * 1024;

/** What a pump tells its session. */
export interface PumpEvents {
  /** The program sent these bytes; they change after the next {@linkcode LocalPump.resume}. */
  read(bytes: Uint8Array): void;
  /** The program sends nothing more; it may still read. */
  ended(): void;
  /** The connection broke: the program is gone, or does not read any more. */
  broke(): void;
  /** So many bytes were written to it. */
  wrote(bytes: number): void;
}

/** Moves the bytes of one connection. */
export class LocalPump {
  readonly #conn: LocalConnection;
  readonly #events: PumpEvents;
  readonly #output: OutputQueue;
  #buffer = new Uint8Array(firstBuffer);
  #resume: (() => void) | undefined;
  #closed = false;
  #broken = false;
  #shut: Promise<void> | undefined;
  /** Bytes that wait to be written. */
  waiting = 0;

  /** Begins to read at once. */
  constructor(conn: LocalConnection, events: PumpEvents) {
    this.#conn = conn;
    this.#events = events;
    this.#output = new OutputQueue(
      (bytes) => this.#write(bytes),
      (bytes) => {
        this.waiting -= bytes;
        events.wrote(bytes);
      },
      () => {
        this.#broken = true;
        const lost = this.waiting;
        this.waiting = 0;
        if (lost > 0) events.wrote(lost);
        if (!this.#closed) events.broke();
      },
    );
    this.#read();
  }

  /** Writes bytes; they are copied. */
  push(bytes: Uint8Array): void {
    if (this.#closed || this.#broken || this.#shut !== undefined) return;
    this.waiting += bytes.length;
    this.#output.push(bytes);
  }

  /** Reads on: what was read last is not needed any more. */
  resume(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  /** Says "end of data" behind what waits; resolves then, or when that is not possible. */
  shut(): Promise<void> {
    return this.#shut ??= this.#output.drained().then(async () => {
      // A peer that is gone needs no end.
      if (!this.#closed) await this.#conn.closeWrite().catch(() => {});
    });
  }

  /** Closes the connection at once; what waits is dropped. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#conn.close();
    } catch {
      // It was closed by the platform.
    }
    this.resume();
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const count = await this.#conn.read(this.#buffer);
        if (this.#closed) return;
        if (count === null) return this.#events.ended();
        const taken = new Promise<void>((resolve) => this.#resume = resolve);
        this.#events.read(this.#buffer.subarray(0, count));
        await taken;
        if (this.#closed) return;
        if (count === this.#buffer.length && count < largestBuffer) {
          this.#buffer = new Uint8Array(
            Math.min(largestBuffer, 4 * this.#buffer.length),
          );
        }
      }
    } catch {
      if (!this.#closed) this.#events.broke();
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await this.#conn.write(at === 0 ? bytes : bytes.subarray(at));
    }
  }
}
