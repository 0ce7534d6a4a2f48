import assert from "node:assert/strict";
import { SessionCipher } from "../../../lib/protocol/channel/encryption.ts";
import type { ChannelEvent } from "../../../lib/protocol/channel/events.ts";
import {
  dataKeyTimeLimit,
  HandshakeResponder,
} from "../../../lib/protocol/channel/handshake_flow.ts";
import {
  decodeChallenge,
  decodeHandshakeResponse,
  encodeChallenge,
  encodeHandshakeComplete,
  encodeHandshakeRequest,
  type ProcessedClientAction,
  type RequestedClientAction,
} from "../../../lib/protocol/message/handshake.ts";
import {
  PayloadError,
  PayloadType,
} from "../../../lib/protocol/message/payload.ts";
import { seededRandom } from "../../testkit/link.ts";

const version = "1.2.896.0";
const dataKey = seededRandom(5)(64);
const shell: RequestedClientAction = {
  actionType: "SessionType",
  parameters: { SessionType: "Standard_Stream", Properties: null },
};
const encryption: RequestedClientAction = {
  actionType: "KMSEncryption",
  parameters: { KMSKeyId: "key", Challenge: "x" },
};

/** A responder, and what it does. */
class Bench {
  readonly sent: { type: number; payload: Uint8Array }[] = [];
  readonly events: ChannelEvent[] = [];
  cipher: SessionCipher | undefined;
  /** Messages sent when the keys were switched on. */
  plainBefore = 0;
  readonly responder = new HandshakeResponder({
    sendPlain: (type, payload) => void this.sent.push({ type, payload }),
    emit: (event) => void this.events.push(event),
    encryptWith: (cipher) => {
      this.cipher = cipher;
      this.plainBefore = this.sent.length;
    },
    nonce: () => seededRandom(7)(12),
  }, version);

  request(...actions: RequestedClientAction[]): void {
    const payload = encodeHandshakeRequest({
      agentVersion: "3.3.0.0",
      actions,
    });
    this.responder.receive(PayloadType.HandshakeRequest, payload, 1000);
  }

  complete(customerMessage = ""): void {
    const payload = encodeHandshakeComplete({
      timeToComplete: 1,
      customerMessage,
    });
    this.responder.receive(PayloadType.HandshakeComplete, payload, 1000);
  }

  /** The answers of the latest response. */
  get answers(): readonly ProcessedClientAction[] {
    const last = this.sent.findLast(({ type }) =>
      type === PayloadType.HandshakeResponse
    );
    assert(last !== undefined, "nothing was answered");
    const response = decodeHandshakeResponse(last.payload);
    assert.equal(response.clientVersion, version);
    return response.actions;
  }
}

const good = (actionType: string) => ({
  actionType,
  status: 1,
  result: null,
  error: "",
});
const bad = (actionType: string, reason: string) => ({
  actionType,
  status: 2,
  result: null,
  error: `Failed to process action ${actionType}: ${reason}`,
});

Deno.test("responder: answers, then starts with what was asked for", () => {
  const bench = new Bench();
  assert.equal(bench.responder.begun, false);
  const properties = { portNumber: "80", type: "LocalPortForwarding" };
  bench.request({
    actionType: "SessionType",
    parameters: { SessionType: "Port", Properties: properties },
  });
  assert.equal(bench.responder.begun, true);
  assert.equal(bench.responder.complete, false);
  assert.deepEqual(bench.answers, [good("SessionType")]);
  assert.deepEqual(bench.events, []);
  bench.complete("Hello");
  assert.equal(bench.responder.complete, true);
  const started = {
    type: "started",
    sessionType: "Port",
    properties,
    agentVersion: "3.3.0.0",
    customerMessage: "Hello",
    encrypted: false,
    handshake: true,
  };
  assert.deepEqual(bench.events, [started]);
  bench.complete("again");
  assert.deepEqual(bench.events, [started]);
});

Deno.test("responder: a request after the beginning is answered and changes nothing (handshake.md §2)", () => {
  const bench = new Bench();
  bench.request(shell);
  bench.complete();
  bench.request({
    actionType: "SessionType",
    parameters: { SessionType: "Port" },
  }, encryption);
  assert.equal(bench.sent.length, 2);
  assert.deepEqual(bench.answers, [
    good("SessionType"),
    bad("KMSEncryption", "The session has begun"),
  ]);
  assert.equal(bench.responder.nextTimeout, undefined);
  assert.equal(bench.events.length, 1);
});

Deno.test("responder: actions in their order, each with its own answer", () => {
  const bench = new Bench();
  bench.request(
    { actionType: "Dance", parameters: {} },
    shell,
    { actionType: "SessionType", parameters: { SessionType: "Telepathy" } },
    { actionType: "SessionType", parameters: { SessionType: 7 } },
    {
      actionType: "SessionType",
      parameters: { SessionType: "Port", Properties: "x" },
    },
    { actionType: "__proto__", parameters: {} },
  );
  assert.deepEqual(bench.answers, [
    {
      actionType: "Dance",
      status: 3,
      result: null,
      error: "Unsupported action Dance",
    },
    good("SessionType"),
    bad("SessionType", "Unknown session type Telepathy"),
    bad("SessionType", "Cannot decode session type: SessionType is not text"),
    bad("SessionType", "Cannot decode session type: it is not an object"),
    {
      actionType: "__proto__",
      status: 3,
      result: null,
      error: "Unsupported action __proto__",
    },
  ]);
});

Deno.test("responder: properties that are none do not change the session type", () => {
  const bench = new Bench();
  bench.request(shell, {
    actionType: "SessionType",
    parameters: { SessionType: "Port", Properties: "x" },
  });
  assert.equal(bench.answers[1]?.status, 2);
  bench.complete();
  const [started] = bench.events;
  assert(started?.type === "started");
  assert.equal(started.sessionType, "Standard_Stream");
});

Deno.test("responder: the answer waits for the key, and encryption begins behind it", () => {
  const bench = new Bench();
  bench.request(shell, encryption);
  assert.equal(bench.sent.length, 0);
  assert.deepEqual(bench.events, [{
    type: "data-key-needed",
    keyId: "key",
    challenge: "x",
  }]);
  assert.equal(bench.responder.nextTimeout, 1000 + dataKeyTimeLimit);
  bench.responder.provideDataKey({
    plaintext: dataKey,
    ciphertextBlob: new Uint8Array([1, 2, 3]),
    challengeAcknowledged: true,
  });
  assert.deepEqual(bench.answers, [
    good("SessionType"),
    {
      ...good("KMSEncryption"),
      result: {
        KMSCipherTextKey: "AQID",
        KMSCipherTextHash: null,
        ChallengeAcknowledgement: true,
      },
    },
  ]);
  assert.equal(bench.plainBefore, 1);
  assert.equal(bench.responder.nextTimeout, undefined);

  const agent = SessionCipher.fromDataKey(
    "agent",
    dataKey,
    () => seededRandom(9)(12),
  );
  const challenge = seededRandom(8)(64);
  bench.responder.receive(
    PayloadType.EncChallengeRequest,
    encodeChallenge(agent.encrypt(challenge)),
    1000,
  );
  const answer = bench.sent.at(-1)!;
  assert.equal(answer.type, PayloadType.EncChallengeResponse);
  assert.deepEqual(agent.decrypt(decodeChallenge(answer.payload)), challenge);

  bench.complete("This session is encrypted using AWS KMS.");
  const started = bench.events.at(-1);
  assert(started?.type === "started");
  assert.equal(started.encrypted, true);
});

Deno.test("responder: without a challenge there is nothing to acknowledge", () => {
  const bench = new Bench();
  bench.request({
    actionType: "KMSEncryption",
    parameters: { KMSKeyId: "key" },
  });
  assert.deepEqual(bench.events, [{
    type: "data-key-needed",
    keyId: "key",
    challenge: undefined,
  }]);
  bench.responder.provideDataKey({
    plaintext: dataKey,
    ciphertextBlob: new Uint8Array([1]),
  });
  assert.deepEqual(bench.answers[0]?.result, {
    KMSCipherTextKey: "AQ==",
    KMSCipherTextHash: null,
  });
});

Deno.test("responder: no key, or too late a key, is an answer too", () => {
  const refused = new Bench();
  refused.request(shell, encryption);
  refused.responder.refuseDataKey("AccessDenied");
  assert.deepEqual(refused.answers, [
    good("SessionType"),
    bad("KMSEncryption", "AccessDenied"),
  ]);
  refused.responder.refuseDataKey("again");
  assert.equal(refused.sent.length, 1);

  const late = new Bench();
  late.request(shell, encryption);
  late.responder.handleTimeout(1000 + dataKeyTimeLimit - 1);
  assert.equal(late.sent.length, 0);
  late.responder.handleTimeout(1000 + dataKeyTimeLimit);
  assert.deepEqual(
    late.answers[1],
    bad("KMSEncryption", "KMS did not answer within 12 s"),
  );
  late.responder.provideDataKey({ plaintext: dataKey });
  late.responder.handleTimeout(1e9);
  assert.equal(late.sent.length, 1);
  assert.equal(late.cipher, undefined);
});

Deno.test("responder: a key of the wrong length is no key, and can still be refused", () => {
  const bench = new Bench();
  bench.request(shell, encryption);
  assert.throws(
    () => bench.responder.provideDataKey({ plaintext: new Uint8Array(32) }),
    RangeError,
  );
  assert.equal(bench.sent.length, 0);
  bench.responder.refuseDataKey("a key of 32 bytes");
  assert.equal(bench.answers[1]?.status, 2);
});

Deno.test("responder: encryption asked for twice in one request is given once", () => {
  const bench = new Bench();
  bench.request(shell, encryption, encryption);
  assert.equal(bench.events.length, 1);
  bench.responder.provideDataKey({
    plaintext: dataKey,
    ciphertextBlob: new Uint8Array([1]),
  });
  assert.deepEqual(bench.answers.map(({ status }) => status), [1, 1, 2]);
  assert.deepEqual(
    bench.answers[2],
    bad("KMSEncryption", "It was asked for twice"),
  );
  assert.notEqual(bench.answers[1]?.result, null);
});

Deno.test("responder: a second request takes the place of the one that waits for its key", () => {
  const bench = new Bench();
  bench.request(shell, encryption);
  bench.request(shell);
  assert.deepEqual(bench.answers, [good("SessionType")]);
  assert.equal(bench.responder.nextTimeout, undefined);
  bench.responder.provideDataKey({ plaintext: dataKey });
  assert.equal(bench.sent.length, 1);
});

Deno.test("responder: no session without a type, no challenge without a key", () => {
  const bench = new Bench();
  bench.complete();
  const [failed] = bench.events;
  assert(failed?.type === "failed");
  assert.equal(failed.reason, "handshake");
  assert.match(failed.message, /^Cannot start session: /);
  assert.throws(
    () =>
      bench.responder.receive(
        PayloadType.EncChallengeRequest,
        encodeChallenge(new Uint8Array(92)),
        1000,
      ),
    PayloadError,
  );
});

Deno.test("responder: what only a client sends is ignored", () => {
  const bench = new Bench();
  for (
    const type of [
      PayloadType.HandshakeResponse,
      PayloadType.EncChallengeResponse,
    ]
  ) {
    bench.responder.receive(type, new Uint8Array([1]), 1000);
  }
  assert.deepEqual([bench.sent, bench.events, bench.responder.begun], [
    [],
    [],
    false,
  ]);
});

Deno.test("responder: a flood of requests or of actions fills no memory", () => {
  const bench = new Bench();
  for (let i = 0; i < 1000; i++) bench.request(shell);
  assert(bench.sent.length > 1 && bench.sent.length <= 16);
  const many = new Bench();
  assert.throws(
    () => many.request(...Array.from({ length: 1000 }, () => shell)),
    {
      name: "PayloadError",
      message: "Cannot answer handshake request: it asks for 1000 actions",
    },
  );
  assert.equal(many.sent.length, 0);
});
