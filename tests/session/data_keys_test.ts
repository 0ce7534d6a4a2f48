import assert from "node:assert/strict";
import { decodeClientMessage } from "../../lib/protocol/message/client_message.ts";
import {
  encodeHandshakeRequest,
  encodeHandshakeResponse,
} from "../../lib/protocol/message/handshake.ts";
import { ControlError, type DataKey } from "../../lib/session/control.ts";
import { DriverBench } from "../testkit/driver_bench.ts";
import type { FakeTransport } from "../testkit/fake_session.ts";
import { settle } from "../testkit/manual_clock.ts";

const kmsHandshake = {
  agentVersion: "3.3.987.0",
  actions: [
    {
      actionType: "SessionType",
      parameters: { SessionType: "Standard_Stream", Properties: null },
    },
    {
      actionType: "KMSEncryption",
      parameters: { KMSKeyId: "alias/k", Challenge: "AAEC" },
    },
  ],
};

/** What the agent was answered, as JSON. */
function answers({ sent }: FakeTransport): string[] {
  return sent.map(decodeClientMessage)
    .filter((each) => each.payloadType === 6)
    .map((each) => new TextDecoder().decode(each.payload));
}

Deno.test("a key that is not to be had is refused with the reason", async () => {
  const bench = new DriverBench({ handshake: kmsHandshake });
  bench.control.onDataKey = () => {
    throw new ControlError("Access denied: kms:GenerateDataKey", true);
  };
  await bench.driver.start(new AbortController().signal);
  await bench.clock.advance(10);
  const [answer] = answers(bench.control.transport);
  assert.match(answer!, /Access denied: kms:GenerateDataKey/);
  assert.equal(answers(bench.control.transport).length, 1);
  await bench.end();
});

Deno.test("a key that comes after the session's end is nobody's", async () => {
  const bench = new DriverBench({ handshake: kmsHandshake });
  const gate = Promise.withResolvers<DataKey>();
  bench.control.onDataKey = () => gate.promise;
  await bench.driver.start(new AbortController().signal);
  await bench.clock.advance(10);
  await bench.end();
  gate.reject(new Error("too late"));
  await settle();
  assert.deepEqual(bench.errors, []);
  assert.deepEqual(answers(bench.control.transport), []);
});

Deno.test("a key that comes while the connection is lost is sent with the next", async () => {
  const bench = new DriverBench({ handshake: kmsHandshake });
  const gate = Promise.withResolvers<DataKey>();
  bench.control.onDataKey = () => gate.promise;
  await bench.driver.start(new AbortController().signal);
  await bench.clock.advance(10);
  const first = bench.control.transport;
  const resumed = Promise.withResolvers<void>();
  const works = bench.control.onResume;
  bench.control.onResume = async (signal) => {
    await resumed.promise;
    return await works(signal);
  };
  first.drop();
  await settle();
  gate.resolve({
    plaintext: new Uint8Array(64),
    ciphertextBlob: Uint8Array.of(1),
    challengeAcknowledged: false,
  });
  await settle();
  resumed.resolve();
  await bench.clock.advance(1000);
  assert.deepEqual(answers(first), []);
  assert.match(answers(bench.control.transport)[0]!, /KMSCipherTextKey/);
  await bench.end();
});

Deno.test("a key for an earlier challenge does not answer a later one", async () => {
  const bench = new DriverBench();
  const keys = new Map<string, PromiseWithResolvers<DataKey>>();
  bench.control.onDataKey = (_, challenge) => {
    const gate = Promise.withResolvers<DataKey>();
    keys.set(challenge!, gate);
    return gate.promise;
  };
  await bench.driver.start(new AbortController().signal);
  const request = (challenge: string) =>
    bench.agent.channel.send(
      encodeHandshakeRequest({
        agentVersion: "3",
        actions: [{
          actionType: "KMSEncryption",
          parameters: { KMSKeyId: "k", Challenge: challenge },
        }],
      }),
      bench.clock.now(),
      5,
    );
  request("first");
  request("second");
  bench.agent.flush();
  await settle();
  const key = (byte: number): DataKey => ({
    plaintext: new Uint8Array(64),
    ciphertextBlob: Uint8Array.of(byte),
    challengeAcknowledged: true,
  });
  keys.get("first")!.resolve(key(1));
  await settle();
  assert.deepEqual(answers(bench.control.transport), []);
  keys.get("second")!.resolve(key(2));
  await settle();
  const expected = encodeHandshakeResponse({
    clientVersion: JSON.parse(answers(bench.control.transport)[0]!)
      .ClientVersion,
    actions: [{
      actionType: "KMSEncryption",
      status: 1,
      result: {
        KMSCipherTextKey: "Ag==",
        KMSCipherTextHash: null,
        ChallengeAcknowledgement: true,
      },
      error: "",
    }],
  });
  assert.deepEqual(answers(bench.control.transport), [
    new TextDecoder().decode(expected),
  ]);
  await bench.end();
});
