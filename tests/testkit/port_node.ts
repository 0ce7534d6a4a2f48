/**
 * The node's end of a port session in virtual time: the agent, its tunnel and the programs behind
 * it are the test's.
 *
 * @module
 */

import assert from "node:assert/strict";
import { errorTitle } from "../../lib/protocol/message/channel_closed.ts";
import { Flag } from "../../lib/protocol/message/payload.ts";
import { SmuxSession } from "../../lib/protocol/smux/session.ts";
import type { SmuxStream } from "../../lib/protocol/smux/stream.ts";
import {
  ControlError,
  type ControlFailure,
} from "../../lib/session/control.ts";
import { FakeAgent, FakeControl } from "./fake_session.ts";
import type { ManualClock } from "./manual_clock.ts";
import { joined } from "./bytes.ts";

/** A multiplexing agent of our days. */
export const newAgent = "3.3.987.0";
/** Agents up to this carry one connection at a time (sessions.md §4). */
export const basicAgent = "3.0.196.0";

/** What is other than usual at a node. */
export interface PortNodeOptions {
  readonly agentVersion?: string;
  readonly sessionType?: string;
  /** Of the document; `null` where there are none. */
  readonly properties?: Record<string, unknown> | null;
  /** False for an agent that takes nothing, and so acknowledges nothing, until told to. */
  readonly accepting?: boolean;
  /** Bytes of payload in each message of the agent. */
  readonly payloadSize?: number;
  /** The session's id. */
  readonly sessionId?: string;
}

/** A stream at the node, and the program that the agent connected it to. */
export class FarStream {
  /** What it got. */
  readonly got: Uint8Array[] = [];
  /** True once our side has closed it. */
  ended = false;
  /** Told of what comes. */
  onData: (bytes: Uint8Array) => void = () => {};
  /** Told that nothing more comes: an official agent then closes its end. */
  onEnd: () => void = () => this.finish();
  readonly #stream: SmuxStream;
  readonly #changed: () => void;

  constructor(stream: SmuxStream, changed: () => void) {
    this.#stream = stream;
    this.#changed = changed;
  }

  /** 3, 5, 7 … */
  get id(): number {
    return this.#stream.id;
  }
  /** What it got, as text. */
  get text(): string {
    return new TextDecoder().decode(joined(this.got));
  }
  /** How many bytes it got. */
  get size(): number {
    return this.got.reduce((sum, each) => sum + each.length, 0);
  }
  /** Bytes that it sent and that did not go out yet. */
  get queued(): number {
    return this.#stream.queued;
  }

  /** Sends. */
  send(bytes: Uint8Array | string): void {
    this.#stream.send(
      typeof bytes === "string"
        ? new TextEncoder().encode(bytes)
        : bytes.slice(),
    );
    this.#changed();
  }

  /** Closes the stream behind what it sent. */
  finish(): void {
    this.#stream.finish();
    this.#changed();
  }
}

/** The node's end of one port session. */
export class PortNode {
  readonly control = new FakeControl();
  readonly agent: FakeAgent;
  readonly sessionId: string;
  /** In the order in which they were opened. */
  readonly streams: FarStream[] = [];
  /** Flags that came. */
  readonly flags: Flag[] = [];
  /** What came of a basic session's payload. */
  readonly raw: Uint8Array[] = [];
  /** Told of each new stream. */
  onStream: (stream: FarStream) => void = () => {};
  /** Told of each flag. */
  onFlag: (flag: Flag) => void = () => {};
  /** Told of each piece of payload. */
  onPayload: (bytes: Uint8Array) => void = () => {};
  /** NOPs that came, at least: payloads of nothing but NOPs. */
  nops = 0;
  readonly #clock: ManualClock;
  readonly #smux: SmuxSession;
  readonly #streams = new Map<SmuxStream, FarStream>();
  readonly #scratch: Uint8Array;
  readonly #said: Uint8Array[] = [];
  #receiving = false;

  constructor(clock: ManualClock, options: PortNodeOptions = {}) {
    const {
      agentVersion = newAgent,
      sessionType = "Port",
      properties = { portNumber: "80", type: "LocalPortForwarding" },
      accepting = true,
      payloadSize = 1024,
      sessionId = "s",
    } = options;
    this.#clock = clock;
    this.sessionId = sessionId;
    this.#scratch = new Uint8Array(payloadSize);
    this.agent = new FakeAgent(this.control, clock, {
      accepting,
      handshake: {
        agentVersion,
        actions: [{
          actionType: "SessionType",
          parameters: { SessionType: sessionType, Properties: properties },
        }],
      },
    });
    this.#smux = new SmuxSession({
      role: "server",
      longFrames: true,
      keepAlive: false,
      handler: {
        opened: (stream) => {
          const far = new FarStream(stream, () => this.flush());
          this.#streams.set(stream, far);
          this.streams.push(far);
          this.onStream(far);
        },
        data: (stream, bytes) => {
          const far = this.#streams.get(stream)!;
          far.got.push(bytes.slice());
          far.onData(bytes);
        },
        finished: (stream) => {
          const far = this.#streams.get(stream)!;
          far.ended = true;
          far.onEnd();
        },
      },
    }, clock.now());
    const multiplexes = properties?.type === "LocalPortForwarding" &&
      agentVersion !== basicAgent && !agentVersion.startsWith("2.");
    this.agent.onEvent = (event) => {
      if (event.type === "flag") {
        this.flags.push(event.flag);
        this.onFlag(event.flag);
      }
      if (event.type !== "payload") return;
      this.onPayload(event.payload);
      // The events are kept, and their payload with them: uploads are large.
      this.agent.events.pop();
      if (!multiplexes) return void this.raw.push(event.payload.slice());
      if (isNops(event.payload)) this.nops++;
      this.#receiving = true;
      this.#smux.receive(event.payload);
      this.#receiving = false;
    };
    this.agent.onRoom = () => this.#pump();
  }

  /** Fills payloads while there is room. */
  #pump(): void {
    const { channel } = this.agent;
    while (this.#said.length > 0 && channel.writable) {
      const first = this.#said[0]!;
      const piece = first.subarray(0, this.#scratch.length);
      channel.send(piece, this.#clock.now());
      if (piece.length === first.length) this.#said.shift();
      else this.#said[0] = first.subarray(piece.length);
    }
    while (this.#smux.pending && channel.writable) {
      const length = this.#smux.poll(this.#scratch);
      channel.send(this.#scratch.subarray(0, length), this.#clock.now());
    }
  }

  /** Sends what there is to send, at the latest when what came is dealt with. */
  flush(): void {
    if (!this.#receiving) this.agent.flush();
  }

  /** Takes payload, or none any more. */
  accept(accepting = true): void {
    this.agent.channel.setAccepting(accepting, this.#clock.now());
    this.flush();
  }

  /** Sends payload that is no smux: a basic session's. */
  say(text: Uint8Array | string): void {
    this.#said.push(
      typeof text === "string" ? new TextEncoder().encode(text) : text.slice(),
    );
    this.flush();
  }

  /** What a basic session's destination got. */
  get heard(): string {
    return new TextDecoder().decode(joined(this.raw));
  }

  /** How many bytes that was. */
  get rawSize(): number {
    return this.raw.reduce((sum, each) => sum + each.length, 0);
  }

  /** "I could not connect", which names no stream. */
  raiseDialFailed(): void {
    this.agent.channel.flag(Flag.ConnectToPortError, this.#clock.now());
    this.flush();
  }

  /** The agent could not connect for this stream: Flag 3 and FIN, in either order. */
  failDial(stream: FarStream, first: "flag" | "fin" = "flag"): void {
    if (first === "flag") this.raiseDialFailed();
    stream.finish();
    if (first === "fin") this.raiseDialFailed();
  }

  /** Nothing that we send arrives any more, until the next connection. */
  deafen(): void {
    this.control.transport.onSend = () => {};
  }

  /** The connection is lost. */
  lose(): void {
    this.control.transport.drop();
  }

  /** From now on ResumeSession fails so. */
  refuseResume(failure: ControlFailure, message = `It is ${failure}`): void {
    this.control.onResume = () => {
      throw new ControlError(message, failure);
    };
  }

  /** The service ends the session. */
  close(output = ""): void {
    this.agent.closeChannel(output);
  }

  /** The agent ends it with an error. */
  fail(message: string): void {
    this.close(`${errorTitle}\n${message}`);
  }

  /** Nothing may be left of a session that is over. */
  assertOver(): void {
    this.agent.stop();
    assert.ok(
      this.control.transports.every((each) => each.ended),
      "a socket is open",
    );
  }
}

/** NOPs and nothing else (sessions.md §6.1). */
function isNops(payload: Uint8Array): boolean {
  if (payload.length === 0 || payload.length % 8 !== 0) return false;
  for (let at = 0; at < payload.length; at += 8) {
    if (payload[at] !== 1 || payload[at + 1] !== 3) return false;
  }
  return true;
}
