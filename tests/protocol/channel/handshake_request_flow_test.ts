import assert from "node:assert/strict";
import { SessionCipher } from "../../../lib/protocol/channel/encryption.ts";
import type { ChannelEvent } from "../../../lib/protocol/channel/events.ts";
import {
  answerTimeLimit,
  HandshakeRequester,
} from "../../../lib/protocol/channel/handshake_request_flow.ts";
import {
  decodeChallenge,
  decodeHandshakeComplete,
  decodeHandshakeRequest,
  encodeChallenge,
  encodeHandshakeResponse,
  type ProcessedClientAction,
} from "../../../lib/protocol/message/handshake.ts";
import {
  PayloadError,
  PayloadType,
} from "../../../lib/protocol/message/payload.ts";
import { plan } from "../../testkit/conversation.ts";
import { seededRandom } from "../../testkit/link.ts";

const dataKey = seededRandom(5)(64);
const prefix = "Encountered error while initiating handshake. ";

/** A requester, and what it does. */
class Bench {
  readonly sent: { type: number; payload: Uint8Array }[] = [];
  readonly events: ChannelEvent[] = [];
  readonly requester: HandshakeRequester;

  constructor(encrypted: boolean, separateOutput = false) {
    this.requester = new HandshakeRequester(
      {
        sendPlain: (type, payload) => void this.sent.push({ type, payload }),
        emit: (event) => void this.events.push(event),
        encryptWith: () => {},
        nonce: () => seededRandom(7)(12),
      },
      { ...plan(encrypted), separateOutput },
      seededRandom(3),
      1000,
    );
  }

  respond(actions: ProcessedClientAction[], clientVersion = "1.2.896.0"): void {
    const payload = encodeHandshakeResponse({ clientVersion, actions });
    this.requester.receive(PayloadType.HandshakeResponse, payload, 1250);
  }

  get last(): { type: number; payload: Uint8Array } {
    return this.sent.at(-1)!;
  }

  get failure(): string {
    const event = this.events.at(-1);
    assert(event?.type === "failed");
    assert.equal(event.reason, "handshake");
    assert.equal(this.requester.nextTimeout, undefined);
    return event.message;
  }
}

const good = (actionType: string, result: unknown = null) => ({
  actionType,
  status: 1,
  result,
  error: "",
});
const keyResult = { KMSCipherTextKey: "AQID", KMSCipherTextHash: null };

Deno.test("requester: asks at once, and completes when all was done", () => {
  const bench = new Bench(false);
  assert.equal(bench.last.type, PayloadType.HandshakeRequest);
  assert.deepEqual(decodeHandshakeRequest(bench.last.payload), plan(false));
  assert.equal(bench.requester.begun, true);
  assert.equal(bench.requester.nextTimeout, 1000 + answerTimeLimit);
  bench.respond([good("SessionType")]);
  assert.equal(bench.last.type, PayloadType.HandshakeComplete);
  assert.deepEqual(decodeHandshakeComplete(bench.last.payload), {
    timeToComplete: 250,
    customerMessage: "",
  });
  assert.equal(bench.requester.complete, true);
  assert.equal(bench.requester.nextTimeout, undefined);
  assert.deepEqual(bench.events, [{
    type: "started",
    sessionType: "Port",
    properties: null,
    agentVersion: "3.3.0.0",
    customerMessage: "",
    encrypted: false,
    handshake: true,
    clientVersion: "1.2.896.0",
  }]);
  bench.respond([{ ...good("SessionType"), status: 2 }]);
  bench.requester.handleTimeout(1e9);
  assert.equal(bench.events.length, 1);
});

Deno.test("requester: a status other than success ends it, whoever asked for the action", () => {
  for (const status of [0, 2, 3]) {
    const bench = new Bench(false);
    bench.respond([good("SessionType"), {
      actionType: "X",
      status,
      result: null,
      error: "why",
    }]);
    assert.equal(
      bench.failure,
      `${prefix}X failed on client with status ${status} error: why`,
    );
    assert.equal(bench.requester.complete, false);
  }
  const unasked = new Bench(false);
  unasked.respond([
    good("SessionType"),
    good("KMSEncryption", keyResult),
    good("Dance"),
  ]);
  assert.equal(unasked.requester.complete, true);
  const empty = new Bench(false);
  empty.respond([]);
  assert.equal(empty.requester.complete, true);
});

Deno.test("requester: offers the key, challenges, and completes on the right answer", () => {
  const bench = new Bench(true);
  bench.respond([
    good("SessionType"),
    good("KMSEncryption", { ...keyResult, ChallengeAcknowledgement: true }),
  ]);
  assert.deepEqual(bench.events, [{
    type: "data-key-offered",
    ciphertextBlob: new Uint8Array([1, 2, 3]),
    challengeAcknowledged: true,
  }]);
  assert.equal(bench.sent.length, 1);
  bench.requester.provideDataKey({ plaintext: dataKey }, 2000);
  assert.equal(bench.last.type, PayloadType.EncChallengeRequest);
  assert.equal(bench.requester.nextTimeout, 2000 + answerTimeLimit);
  const client = SessionCipher.fromDataKey(
    "client",
    dataKey,
    () => seededRandom(9)(12),
  );
  const challenge = client.decrypt(decodeChallenge(bench.last.payload));
  assert.equal(challenge.length, 64);
  bench.requester.receive(
    PayloadType.EncChallengeResponse,
    encodeChallenge(client.encrypt(challenge)),
    2500,
  );
  assert.deepEqual(decodeHandshakeComplete(bench.last.payload), {
    timeToComplete: 1500,
    customerMessage: "This session is encrypted using AWS KMS.",
  });
  const started = bench.events.at(-1);
  assert(started?.type === "started");
  assert.equal(started.encrypted, true);
});

Deno.test("requester: a wrong answer to the challenge shows at the time limit (pitfalls.md §2.20)", () => {
  const bench = new Bench(true);
  bench.respond([good("SessionType"), good("KMSEncryption", keyResult)]);
  assert.deepEqual(bench.events[0], {
    type: "data-key-offered",
    ciphertextBlob: new Uint8Array([1, 2, 3]),
    challengeAcknowledged: false,
  });
  bench.requester.provideDataKey({ plaintext: dataKey }, 2000);
  const client = SessionCipher.fromDataKey(
    "client",
    dataKey,
    () => seededRandom(9)(12),
  );
  const challenge = client.decrypt(decodeChallenge(bench.last.payload));
  for (
    const wrong of [challenge.subarray(1), new Uint8Array(64), new Uint8Array()]
  ) {
    bench.requester.receive(
      PayloadType.EncChallengeResponse,
      encodeChallenge(client.encrypt(wrong)),
      2500,
    );
  }
  assert.equal(bench.requester.complete, false);
  bench.requester.handleTimeout(2000 + answerTimeLimit - 1);
  assert.equal(bench.events.length, 1);
  bench.requester.handleTimeout(2000 + answerTimeLimit);
  assert.equal(
    bench.failure,
    `${prefix}Timed out waiting for encryption challenge.`,
  );
});

Deno.test("requester: no answer, or no key from KMS, ends it", () => {
  for (const respond of [false, true]) {
    const bench = new Bench(true);
    if (respond) {
      bench.respond([good("SessionType"), good("KMSEncryption", keyResult)]);
    }
    bench.requester.handleTimeout(1000 + answerTimeLimit - 1);
    assert.equal(bench.events.length, respond ? 1 : 0);
    bench.requester.handleTimeout(1000 + answerTimeLimit);
    assert.equal(
      bench.failure,
      `${prefix}Handshake timed out. Please ensure that you have the latest version of the session manager plugin.`,
    );
  }
  const denied = new Bench(true);
  denied.respond([good("SessionType"), good("KMSEncryption", keyResult)]);
  denied.requester.refuseDataKey("AccessDenied");
  assert.equal(
    denied.failure,
    `${prefix}Fetching data key failed: AccessDenied`,
  );
  denied.requester.refuseDataKey("again");
  denied.requester.provideDataKey({ plaintext: dataKey }, 2000);
  assert.equal(denied.events.length, 2);
  assert.equal(denied.sent.length, 1);
});

Deno.test("requester: malformed answers are the client's fault", () => {
  const bench = new Bench(true);
  for (
    const result of [7, [], { KMSCipherTextKey: 7 }, { KMSCipherTextKey: "_" }]
  ) {
    assert.throws(
      () => bench.respond([good("KMSEncryption", result)]),
      PayloadError,
    );
  }
});

Deno.test("requester: an old client is told about separate output (handshake.md §6.2)", () => {
  for (
    const [version, told] of [["1.2.295", true], ["1.2.295.0", false], [
      "1.2.896.0",
      false,
    ]] as const
  ) {
    const bench = new Bench(false, true);
    bench.respond([good("SessionType")], version);
    const { customerMessage } = decodeHandshakeComplete(bench.last.payload);
    assert.equal(
      /minimum required version 1\.2\.312\.0.*\r\n$/.test(customerMessage),
      told,
      version,
    );
  }
});
