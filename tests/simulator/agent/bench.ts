/**
 * An agent in virtual time, without a service: frames go straight to a client's channel and back.
 */

import assert from "node:assert/strict";
import { DataChannel } from "../../../lib/protocol/channel/data_channel.ts";
import type { ChannelEvent } from "../../../lib/protocol/channel/events.ts";
import {
  type ClientMessage,
  decodeClientMessage,
} from "../../../lib/protocol/message/client_message.ts";
import { encodeBase64 } from "../../../lib/protocol/message/handshake.ts";
import {
  Agent,
  type AgentExit,
  type AgentOptions,
} from "../../../lib/simulator/agent/agent.ts";
import { fastPace } from "../../../lib/simulator/agent/pace.ts";
import { connectLoopback } from "../../../lib/simulator/agent/port_destination.ts";
import { encodePublication } from "../../../lib/simulator/service/service_messages.ts";
import { ManualClock } from "../../testkit/manual_clock.ts";

/** Random bytes. */
export const random = (length: number): Uint8Array =>
  crypto.getRandomValues(new Uint8Array(length));

/** Text as bytes. */
export const bytes = (text: string): Uint8Array =>
  new TextEncoder().encode(text);

/** The data key that {@linkcode Bench} decrypts every ciphertext to. */
export const key: Uint8Array = Uint8Array.from({ length: 64 }, (_, i) => i);

const environment = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  AWS_SECRET_ACCESS_KEY: "secret",
};

/** An agent in virtual time, with the service's place taken by the test; programs are real. */
export class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly frames: ClientMessage[] = [];
  readonly exits: AgentExit[] = [];
  readonly log: string[] = [];
  readonly decrypted: unknown[] = [];
  readonly agent: Agent;
  /** A client that gets every frame while set. */
  client: DataChannel | undefined;
  readonly events: ChannelEvent[] = [];
  text = "";
  /** Takes the payloads instead of `text`, if set. */
  onPayload: ((payload: Uint8Array) => void) | undefined;

  /** @param client False = none; a text = one with that ClientVersion. */
  constructor(
    options: Partial<AgentOptions>,
    client: boolean | string = true,
  ) {
    if (client !== false) this.client = this.#newClient(client);
    this.agent = new Agent({
      sessionId: "s-1",
      targetId: "i-0123456789abcdef0",
      container: false,
      agentVersion: "3.3.987.0",
      documentName: "SSM-SessionManagerRunShell",
      parameters: {},
      kmsKeyId: undefined,
      separateOutput: true,
      decrypt: (blob, context, keyId) => {
        this.decrypted.push([encodeBase64(blob), context, keyId]);
        return key;
      },
      shell: ["/bin/sh"],
      environment,
      clock: this.clock,
      pace: fastPace,
      link: {
        send: (frame) => {
          const message = decodeClientMessage(frame);
          this.frames.push(message);
          if (message.messageType === "agent_session_state") return;
          this.client?.receive(frame, this.clock.now());
        },
        congested: false,
        drained: () => Promise.resolve(),
      },
      hosts: {},
      connect: connectLoopback,
      onExit: (exit) => this.exits.push(exit),
      log: (line) => this.log.push(line),
      ...options,
    });
  }

  #newClient(version: string | true) {
    return new DataChannel({
      role: "client",
      random,
      acknowledgeDelay: 0,
      ...(version === true ? {} : { clientVersion: version }),
    }, this.clock.now());
  }

  /** Outputs of the agent's exit. */
  get failures(): readonly string[] {
    return this.exits.map((exit) => exit.output);
  }

  /** Carries frames until the condition holds; time passes in steps of `step` virtual ms. */
  async until(what: string, condition: () => boolean, step = 10) {
    const deadline = performance.now() + 20_000;
    while (!condition()) {
      assert.ok(performance.now() < deadline, `${what}: ${this.text}`);
      this.pump();
      await this.clock.advance(step);
      // Programs run in real time.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  pump(): void {
    const { client, clock } = this;
    if (client === undefined) return;
    client.handleTimeout(clock.now());
    for (let e = client.pollEvent(); e; e = client.pollEvent()) {
      this.events.push(e);
      if (e.type === "payload") {
        if (this.onPayload !== undefined) this.onPayload(e.payload);
        else this.text += new TextDecoder().decode(e.payload);
        client.consumed(e.payload.length, clock.now());
      }
    }
    const frames: Uint8Array[] = [];
    for (
      let f = client.pollTransmit(clock.now());
      f;
      f = client.pollTransmit(clock.now())
    ) frames.push(f);
    if (frames.length > 0) this.agent.receive(frames);
  }

  see(pattern: RegExp, step?: number) {
    return this.until(String(pattern), () => pattern.test(this.text), step);
  }

  type(text: string): void {
    this.client!.send(bytes(text), this.clock.now());
    this.pump();
  }

  /** The service tells the agent whether a client is there (data-channel.md §3). */
  publication(type: "start" | "pause"): void {
    this.agent.receive([encodePublication(type, 1)]);
  }

  output(): ClientMessage[] {
    return this.frames.filter((m) => m.messageType === "output_stream_data");
  }

  get terminating(): boolean {
    return this.frames.some((m) => m.messageType === "agent_session_state");
  }

  async [Symbol.asyncDispose]() {
    await this.agent.terminate();
    assert.equal(this.clock.pending, 0, "a timer is left");
  }
}
