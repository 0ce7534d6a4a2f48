/**
 * A session without a network: transports of promises, a control plane that hands them out, and a
 * pure agent at the other end. What goes wrong is up to the test.
 *
 * @module
 */

import {
  DataChannel,
  type DataChannelOptions,
} from "../../lib/protocol/channel/data_channel.ts";
import type { ChannelEvent } from "../../lib/protocol/channel/events.ts";
import { encodeChannelClosed } from "../../lib/protocol/message/channel_closed.ts";
import { encodeClientMessage } from "../../lib/protocol/message/client_message.ts";
import type {
  DataKey,
  SessionControl,
  SessionGrant,
} from "../../lib/session/control.ts";
import type {
  Clock,
  Transport,
  TransportClose,
} from "../../lib/session/transport.ts";

/**
 * A transport whose other end is the test. What `read` gave is overwritten with the next call, as a
 * transport may (`lib/session/transport.ts`).
 */
export class FakeTransport implements Transport {
  buffered = 0;
  /** While true, what is sent stays in `buffered`, and `drained` waits for {@linkcode release}. */
  holding = false;
  /** Called by `close` before it ends the transport; may hang. */
  onClose: () => void | Promise<void> = () => {};
  readonly sent: Uint8Array[] = [];
  readonly texts: string[] = [];
  /** Told of each message sent. */
  onSend: (message: Uint8Array) => void = () => {};
  readonly #closed = Promise.withResolvers<TransportClose>();
  readonly closed = this.#closed.promise;
  /** True once either side has ended it. */
  ended = false;
  /** What our side closed it with. */
  closedWith: number | undefined;
  #arrived: Uint8Array[] = [];
  #given: Uint8Array[] = [];
  #wake: () => void = () => {};
  #drained: (() => void)[] = [];

  send(message: Uint8Array): void {
    if (this.ended) return;
    if (this.holding) this.buffered += message.length;
    this.sent.push(message.slice());
    this.onSend(message.slice());
  }
  sendText(message: string): void {
    this.texts.push(message);
  }
  /** What `check` was called with. */
  readonly checks: number[] = [];
  canAsk = true;
  check(limit: number): void {
    this.checks.push(limit);
  }
  drained(): Promise<void> {
    if (!this.holding) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }
  /** The network took what was held back, and goes on as `holding` says. */
  release(holding = false): void {
    this.buffered = 0;
    this.holding = holding;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
  async read(): Promise<readonly Uint8Array[] | undefined> {
    for (const each of this.#given.splice(0)) each.fill(0xaa);
    for (;;) {
      if (this.#arrived.length > 0) {
        this.#given = this.#arrived.splice(0);
        return [...this.#given];
      }
      if (this.ended) return undefined;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
  /** A message arrives. */
  deliver(message: Uint8Array): void {
    this.#arrived.push(message.slice());
    this.#wake();
  }
  /** The connection is lost, or closed by the peer. */
  drop(close: TransportClose = { code: 1006, reason: "reset", clean: false }) {
    this.ended = true;
    this.release();
    this.#closed.resolve(close);
    this.#wake();
  }
  async close(code = 1000): Promise<void> {
    this.closedWith ??= code;
    await this.onClose();
    if (!this.ended) this.drop({ code, reason: "", clean: true });
  }
}

/** A control plane whose answers the test decides on. */
export class FakeControl implements SessionControl {
  readonly transports: FakeTransport[] = [];
  readonly urls: string[] = [];
  resumes = 0;
  terminated = 0;
  /** Called for each opening; throws to refuse it. */
  onOpen: (transport: FakeTransport) => void | Promise<void> = () => {};
  /** Called once it is open. */
  onOpened: () => void = () => {};
  /** Called for each ResumeSession. */
  onResume: (
    signal: AbortSignal | undefined,
  ) => SessionGrant | undefined | Promise<SessionGrant | undefined> = () => ({
    sessionId: "s",
    tokenValue: `token-${this.resumes}`,
    streamUrl: "ws://127.0.0.1/resumed",
  });
  onTerminate: (signal: AbortSignal | undefined) => void | Promise<void> =
    () => {};
  onDataKey: (
    keyId: string,
    challenge: string | undefined,
  ) => DataKey | Promise<DataKey> = () => {
    throw new Error("No key in this test");
  };

  async open(streamUrl: string, signal?: AbortSignal): Promise<Transport> {
    signal?.throwIfAborted();
    this.urls.push(streamUrl);
    const transport = new FakeTransport();
    await this.onOpen(transport);
    this.transports.push(transport);
    this.onOpened();
    return transport;
  }
  resume(signal?: AbortSignal): Promise<SessionGrant | undefined> {
    this.resumes++;
    return Promise.resolve().then(() => this.onResume(signal));
  }
  async terminate(signal?: AbortSignal): Promise<void> {
    this.terminated++;
    await this.onTerminate(signal);
  }
  dataKey(keyId: string, challenge: string | undefined): Promise<DataKey> {
    return Promise.resolve().then(() => this.onDataKey(keyId, challenge));
  }
  /** An agent that was joined to it hears nothing, on connections that are still to come. */
  deafen(): void {
    const join = this.onOpen;
    this.onOpen = async (transport) => {
      await join(transport);
      transport.onSend = () => {};
    };
  }
  /** The newest transport. */
  get transport(): FakeTransport {
    return this.transports.at(-1)!;
  }
}

/** The agent's end, joined to whatever transport is the newest. */
export class FakeAgent {
  readonly channel: DataChannel;
  readonly events: ChannelEvent[] = [];
  /** Told of each event, after it was kept. */
  onEvent: (event: ChannelEvent) => void = () => {};
  /** Called before frames go out: there may be room to send. */
  onRoom: () => void = () => {};
  /** Milliseconds that a frame travels, asked for each; it is lost with the connection. */
  latency: () => number = () => 0;
  readonly #clock: Clock;
  readonly #control: FakeControl;
  #cancel: () => void = () => {};
  #stopped = false;

  constructor(
    control: FakeControl,
    clock: Clock,
    options: Partial<DataChannelOptions> = {},
  ) {
    this.#control = control;
    this.#clock = clock;
    this.channel = new DataChannel({
      role: "agent",
      random: (n) => crypto.getRandomValues(new Uint8Array(n)),
      ...options,
    }, clock.now());
    control.onOpen = (transport) => {
      transport.onSend = (message) =>
        this.#travel(transport, () => {
          this.channel.receive(message, clock.now());
          this.flush();
        });
    };
    control.onOpened = () => this.flush();
  }

  /** All payload of the client so far, as text. */
  get input(): string {
    let text = "";
    for (const event of this.events) {
      if (event.type === "payload") {
        text += new TextDecoder().decode(event.payload);
      }
    }
    return text;
  }

  /** The program prints. */
  print(text: string, payloadType?: number): void {
    const bytes = new TextEncoder().encode(text);
    this.channel.send(bytes, this.#clock.now(), payloadType);
    this.flush();
  }

  /** The service says that it is over. */
  closeChannel(output = ""): void {
    this.#control.transport.deliver(channelClosed(output));
    this.stop();
  }

  /** Hands on events and frames, and sets the timer. */
  flush(): void {
    if (this.#stopped) return;
    for (let e = this.channel.pollEvent(); e; e = this.channel.pollEvent()) {
      this.events.push(e);
      if (e.type === "payload") {
        this.channel.consumed(e.payload.length, this.#clock.now());
      }
      this.onEvent(e);
    }
    this.onRoom();
    const transport = this.#control.transports.at(-1);
    const now = this.#clock.now();
    if (transport !== undefined) {
      let frame: Uint8Array | undefined;
      while ((frame = this.channel.pollTransmit(now)) !== undefined) {
        const arriving = frame;
        this.#travel(transport, () => transport.deliver(arriving));
      }
    }
    this.#cancel();
    const at = this.channel.nextTimeout;
    if (at === undefined) return;
    this.#cancel = this.#clock.setTimer(Math.max(0, at - now), () => {
      this.channel.handleTimeout(this.#clock.now());
      this.flush();
    });
  }

  #travel(transport: FakeTransport, arrive: () => void): void {
    if (transport.ended) return;
    const latency = this.latency();
    if (latency === 0) return arrive();
    this.#clock.setTimer(latency, () => {
      if (!transport.ended) arrive();
    });
  }

  /** No more timers. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }
}

/** The frame with which the service ends a session. */
export function channelClosed(output: string): Uint8Array {
  return encodeClientMessage({
    messageType: "channel_closed",
    createdDate: 1_700_000_000_000,
    sequenceNumber: 0,
    flags: 0,
    messageId: new Uint8Array(16),
    payloadType: 0,
    serviceHeader: true,
    payload: encodeChannelClosed({
      messageId: "m",
      createdDate: "2023-11-14T22:13:20.123Z",
      destinationId: "d",
      sessionId: "s",
      output,
    }),
  });
}

/** A grant as StartSession gives it. */
export const fakeGrant: SessionGrant = {
  sessionId: "s",
  tokenValue: "token-0",
  streamUrl: "ws://127.0.0.1/first",
};
