import assert from "node:assert/strict";
import {
  DataChannel,
  type DataChannelOptions,
  silenceLimit,
} from "../../../lib/protocol/channel/data_channel.ts";
import { SessionCipher } from "../../../lib/protocol/channel/encryption.ts";
import type { ChannelEvent } from "../../../lib/protocol/channel/events.ts";
import {
  decodeAcknowledgedNumber,
  encodeAcknowledge,
} from "../../../lib/protocol/message/acknowledge.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  encodeClientMessage,
} from "../../../lib/protocol/message/client_message.ts";
import {
  decodeHandshakeResponse,
  encodeChallenge,
  encodeHandshakeComplete,
  encodeHandshakeRequest,
} from "../../../lib/protocol/message/handshake.ts";
import {
  encodeFlag,
  Flag,
  MessageType,
  PayloadType,
} from "../../../lib/protocol/message/payload.ts";
import { encodeSize } from "../../../lib/protocol/message/size.ts";
import { plan } from "../../testkit/conversation.ts";
import {
  linkStart as start,
  publication,
  seededRandom,
} from "../../testkit/link.ts";

const text = (value: string) => new TextEncoder().encode(value);
const dataKey = seededRandom(5)(64);

/** One channel, spoken to message by message. */
class Bench {
  readonly channel: DataChannel;
  readonly #role: "client" | "agent";
  now = start;

  constructor(
    role: "client" | "agent",
    options: Partial<DataChannelOptions> = {},
  ) {
    this.#role = role;
    this.channel = new DataChannel({
      role,
      random: seededRandom(1),
      ...options,
    }, start);
  }

  /** A client whose shell has begun, so that number 1 is next. */
  static shell(options: Partial<DataChannelOptions> = {}): Bench {
    const bench = new Bench("client", options);
    bench.stream(0, "$ ");
    bench.events();
    bench.sent();
    return bench;
  }

  frame(
    messageType: string,
    sequenceNumber: number,
    payloadType: number,
    payload: Uint8Array,
  ): Uint8Array {
    return encodeClientMessage({
      messageType,
      createdDate: this.now,
      sequenceNumber,
      flags: 0,
      messageId: seededRandom(sequenceNumber)(16),
      payloadType,
      payload,
    });
  }

  /** The peer sends stream data. */
  stream(
    number: number,
    payload: string | Uint8Array,
    type: number = PayloadType.Output,
  ): void {
    const messageType = this.#role === "client"
      ? MessageType.OutputStreamData
      : MessageType.InputStreamData;
    const bytes = typeof payload === "string" ? text(payload) : payload;
    this.channel.receive(
      this.frame(messageType, number, type, bytes),
      this.now,
    );
  }

  /** The peer acknowledges a number. */
  acknowledge(sequenceNumber: number): void {
    const payload = encodeAcknowledge({
      messageType: "x",
      messageId: "y",
      sequenceNumber,
    });
    this.channel.receive(
      this.frame(MessageType.Acknowledge, 0, 0, payload),
      this.now,
    );
  }

  /** Lets time pass, calling the channel as a driver does. */
  pass(milliseconds: number): ClientMessage[] {
    const end = this.now + milliseconds, sent: ClientMessage[] = [];
    for (;;) {
      const next = this.channel.nextTimeout;
      if (next === undefined || next > end) break;
      this.now = Math.max(this.now, next);
      this.channel.handleTimeout(this.now);
      sent.push(...this.sent());
    }
    this.now = end;
    return sent;
  }

  /** All that goes out now. */
  sent(): ClientMessage[] {
    const messages: ClientMessage[] = [];
    for (;;) {
      const frame = this.channel.pollTransmit(this.now);
      if (frame === undefined) return messages;
      messages.push(decodeClientMessage(frame));
    }
  }

  /** The numbers acknowledged now. */
  acknowledged(): number[] {
    return this.sent().map((message) => {
      assert.equal(message.messageType, MessageType.Acknowledge);
      return decodeAcknowledgedNumber(message.payload);
    });
  }

  events(): ChannelEvent[] {
    const events: ChannelEvent[] = [];
    for (;;) {
      const event = this.channel.pollEvent();
      if (event === undefined) return events;
      events.push(event);
    }
  }

  /** The payloads delivered now, as text. */
  delivered(): string[] {
    return this.events().map((event) => {
      assert(event.type === "payload", event.type);
      return new TextDecoder().decode(event.payload);
    });
  }

  /** What the agent sends in a handshake, numbers 0 and on. */
  request(encrypted = false): void {
    this.stream(
      0,
      encodeHandshakeRequest(plan(encrypted)),
      PayloadType.HandshakeRequest,
    );
  }

  complete(number: number): void {
    const payload = encodeHandshakeComplete({
      timeToComplete: 1,
      customerMessage: "",
    });
    this.stream(number, payload, PayloadType.HandshakeComplete);
  }
}

const types = (events: readonly ChannelEvent[]) =>
  events.map(({ type }) => type);

Deno.test("sending: numbers count every payload type, flags are 0, ids differ (data-channel.md §4.1)", () => {
  const bench = Bench.shell();
  const { channel } = bench;
  channel.send(text("a"), start);
  channel.resize({ cols: 80, rows: 24 }, start);
  assert.equal(channel.flag(Flag.DisconnectToPort, start), 2);
  channel.send(text("b"), start);
  channel.send(new Uint8Array(), start); // cannot be sent
  const sent = bench.sent();
  assert.deepEqual(
    sent.map((
      message,
    ) => [
      message.messageType,
      message.sequence,
      message.payloadType,
      message.flags,
      message.createdDate,
    ]),
    [1, 3, 10, 1].map((
      type,
      i,
    ) => ["input_stream_data", i, type, 0n, BigInt(start)]),
  );
  assert.equal(new Set(sent.map(({ messageIdText }) => messageIdText)).size, 4);
  for (const { messageIdText } of sent) {
    assert.match(messageIdText, /^.{14}4.{4}[89ab]/);
  }
});

Deno.test("sending: the agent's first message alone carries SYN", () => {
  const bench = new Bench("agent");
  for (const part of ["a", "b"]) bench.channel.send(text(part), start);
  bench.channel.send(text("e"), start, PayloadType.StdErr);
  bench.channel.send(text("EXIT_CODE: 0"), start, PayloadType.ExitCode);
  assert.deepEqual(
    bench.sent().map((
      message,
    ) => [message.messageType, message.flags, message.payloadType]),
    [[1n, 1], [0n, 1], [0n, 11], [0n, 12]].map((
      [flags, type],
    ) => ["output_stream_data", flags, type]),
  );
});

Deno.test("sending: no payload before the session, no byte after its end", () => {
  const bench = new Bench("client");
  assert.equal(bench.channel.writable, false);
  assert.throws(
    () => bench.channel.send(text("a"), start),
    /Cannot send payload: the session has not begun/,
  );
  bench.channel.resize({ cols: 80, rows: 24 }, start);
  assert.equal(bench.sent().length, 1);
  bench.channel.receive(
    bench.frame(
      MessageType.ChannelClosed,
      0,
      0,
      text('{"SessionId":"s","Output":"bye"}'),
    ),
    start,
  );
  assert.equal(bench.channel.over, true);
  bench.channel.send(text("a"), start);
  bench.channel.resize({ cols: 1, rows: 1 }, start);
  bench.stream(0, "late");
  bench.channel.provideDataKey({ plaintext: dataKey }, start);
  bench.channel.refuseDataKey("no", start);
  bench.channel.handleTimeout(start + 1e9);
  assert.equal(bench.channel.writable, false);
  assert.equal(bench.channel.nextTimeout, undefined);
  assert.deepEqual(bench.sent(), []);
  assert.deepEqual(bench.events(), [{
    type: "closed",
    sessionId: "s",
    output: "bye",
  }]);
});

Deno.test("sending: an acknowledged flag can be waited for", () => {
  const bench = Bench.shell();
  const number = bench.channel.flag(Flag.TerminateSession, start);
  assert.equal(bench.channel.isAcknowledged(number), false);
  bench.sent();
  bench.acknowledge(number);
  assert.equal(bench.channel.isAcknowledged(number), true);
  assert.equal(bench.channel.isAcknowledged(number + 1), false);
});

Deno.test("sending: a full window is not writable until something is acknowledged", () => {
  const bench = Bench.shell();
  let count = 0;
  while (bench.channel.writable) {
    bench.channel.send(new Uint8Array(16 * 1024), start);
    assert(++count < 100);
  }
  assert.equal(bench.sent().length, count);
  bench.now += 40;
  bench.acknowledge(0);
  assert.equal(bench.channel.writable, true);
  assert.equal(bench.channel.unacknowledged, count - 1);
  assert.equal(bench.channel.roundTrip, 40);
});

Deno.test("receiving: acknowledged at once after a pause, within 2 ms in a row", () => {
  const bench = new Bench("client");
  bench.stream(0, "a");
  assert.equal(bench.channel.nextTimeout, start);
  assert.deepEqual(bench.acknowledged(), [0]);
  for (let number = 1; number < 40; number++) {
    bench.now += 0.5;
    bench.stream(number, "b");
    assert(bench.channel.nextTimeout! <= bench.now + 2);
    const waited = bench.acknowledged();
    assert(waited.length <= 5);
  }
  bench.now += 2;
  bench.acknowledged();
  bench.now += 10;
  bench.stream(40, "c");
  assert.deepEqual(bench.acknowledged(), [40]);
});

Deno.test("receiving: acknowledgements go out before anything else", () => {
  const bench = Bench.shell();
  bench.now += 20;
  bench.channel.send(text("a"), bench.now);
  bench.stream(1, "b");
  assert.deepEqual(bench.sent().map(({ messageType }) => messageType), [
    "acknowledge",
    "input_stream_data",
  ]);
});

Deno.test("receiving: a full queue refuses what is next, keeps what is further, loses nothing", () => {
  const bench = Bench.shell({ receiveCapacity: 10 });
  bench.now += 20;
  bench.channel.consumed(2, bench.now);
  bench.stream(1, "0123456789abcdef"); // larger than the queue, which is empty
  assert.deepEqual(bench.acknowledged(), [1]);
  bench.now += 20;
  bench.stream(2, "x");
  bench.stream(3, "y");
  bench.pass(5);
  bench.now += 20;
  bench.stream(2, "x");
  bench.stream(3, "y");
  assert.deepEqual(bench.acknowledged(), [3]);
  assert.deepEqual(bench.delivered(), ["0123456789abcdef"]);
  bench.channel.consumed(16, bench.now);
  assert.deepEqual(bench.delivered(), []);
  bench.stream(2, "x");
  bench.now += 20;
  assert.deepEqual(bench.acknowledged(), [2]);
  assert.deepEqual(bench.delivered(), ["x", "y"]);
  // Held and acknowledged, but the queue has no room for it: it waits for `consumed`.
  bench.stream(5, "0123456789");
  bench.stream(4, "z");
  assert.deepEqual(bench.delivered(), ["z"]);
  bench.channel.consumed(2, bench.now);
  assert.deepEqual(bench.delivered(), []);
  bench.channel.consumed(1, bench.now);
  assert.deepEqual(bench.delivered(), ["0123456789"]);
});

Deno.test("receiving: consuming more than there is opens no larger queue", () => {
  const bench = Bench.shell({ receiveCapacity: 10 });
  bench.channel.consumed(1000, start);
  bench.now += 20;
  for (let number = 1; number <= 3; number++) bench.stream(number, "12345");
  assert.deepEqual(bench.delivered(), ["12345", "12345"]);
});

Deno.test("receiving: an agent that does not accept refuses input and sizes, but takes flags", () => {
  const bench = new Bench("agent", { accepting: false });
  bench.stream(0, encodeFlag(Flag.TerminateSession), PayloadType.Flag);
  assert.deepEqual(bench.events(), [{ type: "flag", flag: 2 }]);
  assert.deepEqual(bench.acknowledged(), [0]);
  bench.now += 20;
  bench.stream(1, encodeSize({ cols: 80, rows: 24 }), PayloadType.Size);
  bench.stream(2, "held");
  assert.deepEqual(bench.acknowledged(), [2]);
  bench.channel.setAccepting(true, bench.now);
  assert.deepEqual(bench.events(), []);
  bench.stream(1, encodeSize({ cols: 80, rows: 24 }), PayloadType.Size);
  assert.deepEqual(types(bench.events()), ["size", "payload"]);
  bench.channel.setAccepting(false, bench.now);
  bench.stream(3, "no");
  assert.deepEqual(bench.events(), []);
  bench.stream(4, "behind");
  bench.stream(3, "no");
  bench.channel.setAccepting(true, bench.now);
  bench.stream(3, "yes");
  assert.deepEqual(bench.delivered(), ["yes", "behind"]);
});

Deno.test("receiving: malformed controls and unknown types are acknowledged, or they would jam the stream", () => {
  const client = Bench.shell();
  const agent = new Bench("agent");
  agent.stream(0, "x");
  agent.sent();
  agent.events();
  for (const bench of [client, agent]) {
    for (
      const [i, [type, payload]] of ([
        [PayloadType.Flag, "no"],
        [PayloadType.Size, "{}"],
        [PayloadType.Error, "x"],
        [PayloadType.Parameter, "x"],
        [13, "x"],
        [0, "x"],
        [0xffff_ffff, "x"],
        [PayloadType.HandshakeResponse, "x"],
        [PayloadType.EncChallengeResponse, "x"],
        [PayloadType.HandshakeRequest, "x"],
        [PayloadType.HandshakeComplete, "x"],
      ] as const).entries()
    ) {
      bench.now += 20;
      bench.stream(i + 1, payload, type);
      assert.deepEqual(bench.acknowledged(), [i + 1], `type ${type}`);
      assert.deepEqual(bench.events(), [], `type ${type}`);
    }
    assert.equal(bench.channel.over, false);
    assert(bench.channel.rejected >= 6);
  }
});

Deno.test("receiving: only the peer's stream counts, and an empty payload delivers nothing", () => {
  const bench = Bench.shell();
  bench.channel.receive(
    bench.frame(MessageType.InputStreamData, 1, 1, text("x")),
    start,
  );
  bench.channel.receive(
    bench.frame(MessageType.AgentSessionState, 1, 1, text("{}")),
    start,
  );
  bench.channel.receive(
    bench.frame(MessageType.Acknowledge, 0, 0, text("{")),
    start,
  );
  assert.equal(bench.channel.rejected, 3);
  assert.deepEqual([bench.sent(), bench.events()], [[], []]);
  const empty = bench.frame(MessageType.OutputStreamData, 1, 1, text("x"))
    .slice(0, 120);
  empty[119] = 0;
  bench.now += 20;
  bench.channel.receive(empty, bench.now);
  assert.deepEqual(bench.acknowledged(), [1]);
  assert.deepEqual(bench.events(), []);
});

Deno.test("beginning: output or stderr begins a shell, an exit code or an unknown type does not", () => {
  const bench = new Bench("client");
  bench.stream(0, "EXIT_CODE: 0", PayloadType.ExitCode);
  bench.stream(1, "?", 77);
  assert.deepEqual(bench.events(), []);
  assert.equal(bench.channel.started, false);
  bench.stream(2, "warning", PayloadType.StdErr);
  const [started, payload] = bench.events();
  assert.deepEqual(started, {
    type: "started",
    sessionType: "Standard_Stream",
    properties: null,
    agentVersion: undefined,
    customerMessage: "",
    encrypted: false,
    handshake: false,
  });
  assert(payload?.type === "payload");
  assert.equal(payload.payloadType, PayloadType.StdErr);
  assert.equal(bench.channel.writable, true);
});

Deno.test("beginning: a shell does not turn into something else later", () => {
  const bench = Bench.shell();
  bench.now += 20;
  bench.stream(
    1,
    encodeHandshakeRequest(plan(true)),
    PayloadType.HandshakeRequest,
  );
  assert.deepEqual(bench.acknowledged(), [1]);
  assert.deepEqual(bench.events(), []);
});

Deno.test("handshake: a repeated request is acknowledged again and answered once (handshake.md §2)", () => {
  const bench = new Bench("client");
  for (let i = 0; i < 3; i++) {
    bench.request();
    const sent = bench.sent();
    assert.equal(sent[0]?.messageType, MessageType.Acknowledge);
    assert.deepEqual(
      sent.slice(1).map(({ payloadType }) => payloadType),
      i === 0 ? [PayloadType.HandshakeResponse] : [],
    );
    bench.now += 20;
  }
});

Deno.test("handshake: output in front of its end is refused until then, and delivered", () => {
  const bench = new Bench("client");
  bench.request();
  bench.sent();
  bench.now += 20;
  bench.stream(2, "early");
  assert.deepEqual(bench.acknowledged(), [2]);
  bench.complete(1);
  assert.deepEqual(types(bench.events()), ["started", "payload"]);
});

Deno.test("handshake: a key that is late is refused at 12 s", () => {
  const bench = new Bench("client");
  bench.request(true);
  bench.sent();
  assert.deepEqual(types(bench.events()), ["data-key-needed"]);
  bench.channel.disconnected(bench.now);
  bench.pass(11_999);
  bench.channel.reconnected(bench.now);
  assert.deepEqual(bench.acknowledged(), [0]);
  const [response] = bench.pass(1);
  assert.equal(response?.payloadType, PayloadType.HandshakeResponse);
  const { actions } = decodeHandshakeResponse(response.payload);
  assert.deepEqual(actions.map(({ status }) => status), [1, 2]);
  bench.channel.provideDataKey({ plaintext: dataKey }, bench.now);
  assert.deepEqual(bench.sent(), []);
});

Deno.test("handshake: nonsense ends the session with a sentence", () => {
  for (
    const [type, payload] of [
      [PayloadType.HandshakeRequest, "{"],
      [PayloadType.HandshakeComplete, "[]"],
      [PayloadType.HandshakeComplete, "{}"],
      [PayloadType.EncChallengeRequest, "{}"],
    ] as const
  ) {
    const bench = new Bench("client");
    bench.stream(0, payload, type);
    const [failed] = bench.events();
    assert(failed?.type === "failed", payload);
    assert.equal(failed.reason, "handshake");
    assert.match(failed.message, /^Cannot /);
    assert.equal(bench.channel.over, true);
  }
});

Deno.test("encryption: a payload that cannot be decrypted ends the session, those before it arrive", () => {
  const bench = new Bench("client");
  const agent = SessionCipher.fromDataKey(
    "agent",
    dataKey,
    seededRandom(9).bind(null, 12),
  );
  bench.request(true);
  bench.channel.provideDataKey({
    plaintext: dataKey,
    ciphertextBlob: text("blob"),
  }, bench.now);
  bench.stream(
    1,
    encodeChallenge(agent.encrypt(seededRandom(4)(64))),
    PayloadType.EncChallengeRequest,
  );
  bench.complete(2);
  bench.stream(3, agent.encrypt(text("secret")));
  bench.stream(4, agent.encrypt(text("EXIT_CODE: 1")), PayloadType.ExitCode);
  bench.channel.send(text("reply"), bench.now);
  const reply = bench.sent().at(-1)!;
  const other = SessionCipher.fromDataKey(
    "agent",
    dataKey,
    () => assert.fail(),
  );
  assert.equal(new TextDecoder().decode(other.decrypt(reply.payload)), "reply");
  bench.stream(5, "plain text of some length that is no ciphertext");
  const events = bench.events();
  assert.deepEqual(types(events), [
    "data-key-needed",
    "started",
    "payload",
    "payload",
    "failed",
  ]);
  const failed = events.at(-1)!;
  assert(failed.type === "failed");
  assert.equal(failed.reason, "encryption");
  assert.match(failed.message, /^Cannot decrypt payload: /);
  assert.deepEqual(bench.sent(), []);
});

Deno.test("encryption: a challenge made with another key ends the session", () => {
  const bench = new Bench("client");
  bench.request(true);
  bench.channel.provideDataKey({
    plaintext: dataKey,
    ciphertextBlob: text("blob"),
  }, bench.now);
  bench.stream(
    1,
    encodeChallenge(new Uint8Array(92)),
    PayloadType.EncChallengeRequest,
  );
  const failed = bench.events().at(-1);
  assert(failed?.type === "failed");
  assert.equal(failed.reason, "handshake");
});

Deno.test("silence: five minutes without a word in answer, and only then", () => {
  const bench = Bench.shell();
  bench.pass(24 * 3600_000); // an idle shell may be silent for ever
  assert.equal(bench.channel.over, false);
  bench.channel.send(text("a"), bench.now);
  bench.sent();
  const repeats = bench.pass(silenceLimit - 1);
  assert(repeats.length > 0);
  assert.equal(bench.channel.over, false);
  bench.pass(1);
  assert.deepEqual(bench.events(), [{
    type: "failed",
    reason: "unresponsive",
    message: "The agent has been silent for 5 minutes",
  }]);
});

Deno.test("silence: any stream data or acknowledgement is a word, the service's is none", () => {
  const bench = Bench.shell();
  bench.channel.send(text("a"), bench.now);
  bench.sent();
  for (let number = 1; number < 5; number++) {
    bench.pass(silenceLimit - 1);
    bench.stream(number, "alive");
    bench.pass(silenceLimit - 1);
    bench.acknowledge(12345);
    bench.sent();
  }
  assert.equal(bench.channel.over, false);
  bench.pass(silenceLimit - 1);
  bench.channel.receive(publication("start_publication"), bench.now);
  bench.channel.receive(new Uint8Array(5), bench.now);
  bench.pass(1);
  assert.equal(bench.channel.over, true);
});

Deno.test("silence: no time counts while paused or disconnected", () => {
  const bench = Bench.shell();
  bench.channel.send(text("a"), bench.now);
  bench.sent();
  bench.pass(silenceLimit - 1);
  bench.channel.receive(publication("pause_publication"), bench.now);
  bench.pass(24 * 3600_000);
  bench.channel.receive(publication("start_publication"), bench.now);
  bench.pass(silenceLimit - 1);
  bench.channel.disconnected(bench.now);
  bench.pass(24 * 3600_000);
  bench.channel.reconnected(bench.now);
  bench.sent();
  bench.pass(silenceLimit - 1);
  assert.equal(bench.channel.over, false);
  bench.pass(1);
  assert.equal(bench.channel.over, true);
});

Deno.test("silence: an agent waits for its client for ever", () => {
  const bench = new Bench("agent");
  bench.channel.send(text("a"), bench.now);
  bench.sent();
  bench.pass(2 * silenceLimit);
  assert.equal(bench.channel.over, false);
});

Deno.test("pause: no repeats, but new messages and answers; any word of the peer ends it", () => {
  const bench = Bench.shell();
  bench.channel.send(text("a"), bench.now);
  bench.sent();
  bench.channel.receive(publication("pause_publication"), bench.now);
  bench.channel.receive(publication("pause_publication"), bench.now);
  assert.deepEqual(bench.events(), [{ type: "paused" }]);
  assert.equal(bench.channel.paused, true);
  assert.deepEqual(bench.pass(60_000), []);
  bench.channel.send(text("b"), bench.now);
  assert.equal(bench.sent().length, 1);
  bench.stream(1, "here again");
  assert.deepEqual(types(bench.events()), ["unpaused", "payload"]);
  assert.equal(bench.channel.paused, false);
  assert.equal(bench.sent().length, 1);
  assert(bench.pass(3000).length > 0);
  bench.channel.receive(publication("pause_publication"), bench.now);
  bench.acknowledge(0);
  bench.channel.receive(publication("start_publication"), bench.now);
  assert.deepEqual(types(bench.events()), ["paused", "unpaused"]);
});

Deno.test("pause: what was found lost just before it waits too", () => {
  const bench = Bench.shell();
  for (let i = 0; i < 30; i++) bench.channel.send(text("a"), bench.now);
  bench.sent();
  bench.now += 5;
  for (let number = 1; number < 30; number++) bench.acknowledge(number);
  bench.channel.receive(publication("pause_publication"), bench.now);
  bench.now += 1000;
  assert.deepEqual(bench.sent(), []);
  bench.channel.receive(publication("start_publication"), bench.now);
  assert.deepEqual(
    bench.pass(1000).map(({ sequence }) => sequence).slice(0, 1),
    [0],
  );
});

Deno.test("reconnect: nothing goes out without a connection, then all of it in order, and acknowledgements", () => {
  const bench = Bench.shell();
  for (const part of ["a", "b", "c"]) bench.channel.send(text(part), bench.now);
  bench.sent();
  bench.acknowledge(1);
  bench.stream(1, "x");
  bench.channel.disconnected(bench.now);
  bench.channel.send(text("d"), bench.now);
  assert.deepEqual(bench.pass(600_000), []);
  assert.equal(bench.channel.nextTimeout, undefined);
  bench.channel.receive(publication("pause_publication"), bench.now);
  bench.channel.reconnected(bench.now);
  assert.equal(bench.channel.paused, false);
  // The acknowledgements first: of 0, which may have died with the connection, and of 1.
  const sent = bench.sent();
  assert.deepEqual(
    sent.splice(0, 2).map(({ payload }) => decodeAcknowledgedNumber(payload)),
    [0, 1],
  );
  assert.deepEqual(
    sent.map(({ messageType, sequence }) => [messageType, sequence]),
    [
      ["input_stream_data", 0],
      ["input_stream_data", 2],
      ["input_stream_data", 3],
    ],
  );
  assert.equal(bench.channel.resends, 2);
});

Deno.test("channel_closed: the end even if nobody can read it", () => {
  const bench = Bench.shell();
  bench.channel.receive(
    bench.frame(MessageType.ChannelClosed, 0, 0, text("not JSON")),
    start,
  );
  assert.deepEqual(bench.events(), [{
    type: "closed",
    sessionId: "",
    output: "",
  }]);
  assert.equal(bench.channel.over, true);
});

Deno.test("agent: input in front of the handshake's end is acknowledged and thrown away", () => {
  const bench = new Bench("agent", { handshake: plan(false) });
  assert.equal(bench.channel.started, false);
  assert.equal(bench.sent()[0]?.flags, 1n);
  bench.stream(0, encodeSize({ cols: 1, rows: 1 }), PayloadType.Size);
  assert.deepEqual(bench.acknowledged(), [0]);
  assert.deepEqual(bench.events(), []);
});
