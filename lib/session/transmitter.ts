/**
 * From the channel to whatever transport there is, as fast as that takes it.
 *
 * @module
 */

import type { DataChannel } from "../protocol/channel/data_channel.ts";
import type { Clock, Transport } from "./transport.ts";

/**
 * Bytes that may wait in the transport before the channel keeps the rest: enough to keep a fast
 * network busy, little enough that a repeat or an acknowledgement is not stuck behind megabytes.
 */
export const transmitQueue: number = 256 * 1024;

/** Sends what the channel has to send. */
export class Transmitter {
  readonly #channel: DataChannel;
  readonly #clock: Clock;
  readonly #drained: () => void;
  #transport: Transport | undefined;
  #blocked = false;

  /** @param drained Called when a transport that was full takes more. */
  constructor(channel: DataChannel, clock: Clock, drained: () => void) {
    this.#channel = channel;
    this.#clock = clock;
    this.#drained = drained;
  }

  /** The transport in use; `undefined` while the connection is lost. */
  get transport(): Transport | undefined {
    return this.#transport;
  }
  /** True while there is one. */
  get connected(): boolean {
    return this.#transport !== undefined;
  }
  /** True while it is full: {@linkcode transmit} does nothing until it has room. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Sends over this transport from now on. */
  attach(transport: Transport): void {
    this.#transport = transport;
    this.#blocked = false;
  }

  /** Sends nothing until there is a new transport. */
  detach(): void {
    this.#transport = undefined;
    this.#blocked = false;
  }

  /** Hands frames on until there is none left, or the transport is full. */
  transmit(): void {
    const transport = this.#transport;
    if (transport === undefined || this.#blocked) return;
    const now = this.#clock.now();
    while (transport.buffered < transmitQueue) {
      const frame = this.#channel.pollTransmit(now);
      if (frame === undefined) return;
      transport.send(frame);
    }
    this.#blocked = true;
    transport.drained().then(() => {
      if (this.#transport !== transport) return;
      this.#blocked = false;
      this.#drained();
    });
  }
}
