/**
 * Port sessions in virtual time: the node's end of each session, the programs on both sides and
 * everything that can happen in between are the test's.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Flag } from "../../lib/protocol/message/payload.ts";
import { SmuxSession } from "../../lib/protocol/smux/session.ts";
import type { SmuxStream } from "../../lib/protocol/smux/stream.ts";
import { Backlog } from "../../lib/session/backlog.ts";
import {
  ControlError,
  type ControlFailure,
} from "../../lib/session/control.ts";
import type { PortNotice } from "../../lib/session/port_end.ts";
import {
  PortSession,
  type PortSessionOptions,
} from "../../lib/session/port_session.ts";
import { errorTitle } from "../../lib/protocol/message/channel_closed.ts";
import { FakeAgent, FakeControl, fakeGrant } from "./fake_session.ts";
import { FakeConnection } from "./fake_local.ts";
import { ManualClock, settle } from "./manual_clock.ts";

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
  /** Told of each piece of payload. */
  onPayload: (bytes: Uint8Array) => void = () => {};
  /** NOPs that came, at least: payloads of nothing but NOPs. */
  nops = 0;
  readonly #clock: ManualClock;
  readonly #smux: SmuxSession;
  readonly #streams = new Map<SmuxStream, FarStream>();
  readonly #scratch: Uint8Array;
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
    const multiplexes = agentVersion !== basicAgent &&
      !agentVersion.startsWith("2.");
    this.agent.onEvent = (event) => {
      if (event.type === "flag") this.flags.push(event.flag);
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
  say(text: string): void {
    this.agent.print(text);
  }

  /** What a basic session's destination got. */
  get heard(): string {
    return new TextDecoder().decode(joined(this.raw));
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

/** One array of many. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(
    pieces.reduce((sum, each) => sum + each.length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
