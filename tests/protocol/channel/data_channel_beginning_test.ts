import assert from "node:assert/strict";
import { SessionCipher } from "../../../lib/protocol/channel/encryption.ts";
import type { ChannelEvent } from "../../../lib/protocol/channel/events.ts";
import {
  decodeHandshakeResponse,
  encodeChallenge,
  encodeHandshakeRequest,
} from "../../../lib/protocol/message/handshake.ts";
import {
  MessageType,
  PayloadType,
} from "../../../lib/protocol/message/payload.ts";
import { encodeSize } from "../../../lib/protocol/message/size.ts";
import { plan } from "../../testkit/conversation.ts";
import { seededRandom } from "../../testkit/link.ts";

import { Bench, dataKey, text } from "../../testkit/channel_bench.ts";

const types = (events: readonly ChannelEvent[]) =>
  events.map(({ type }) => type);

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

Deno.test("agent: input in front of the handshake's end is acknowledged and thrown away", () => {
  const bench = new Bench("agent", { handshake: plan(false) });
  assert.equal(bench.channel.started, false);
  assert.equal(bench.sent()[0]?.flags, 1n);
  bench.stream(0, encodeSize({ cols: 1, rows: 1 }), PayloadType.Size);
  assert.deepEqual(bench.acknowledged(), [0]);
  assert.deepEqual(bench.events(), []);
});
