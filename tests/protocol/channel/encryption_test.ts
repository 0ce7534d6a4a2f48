import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  dataKeyBytes,
  DecryptionError,
  encryptionOverhead,
  nonceCounter,
  SessionCipher,
} from "../../../lib/protocol/channel/encryption.ts";
import { seededRandom } from "../../testkit/link.ts";
import {
  fromHex,
  patterned,
  toHex,
  vectorFile,
  vectorsOf,
} from "../../testkit/vectors.ts";

interface Vector {
  readonly name: string;
  readonly aesKeyHex: string;
  readonly nonceHex: string;
  readonly plaintextHex?: string;
  readonly plaintextPattern?: string;
  readonly payloadHex?: string;
  readonly payloadSha256: string;
  readonly payloadLength: number;
}

interface KmsFile {
  readonly kmsPlaintextKeyHex: string;
  readonly clientDecryptKeyHex: string;
  readonly clientEncryptKeyHex: string;
  readonly agentDecryptKeyHex: string;
  readonly agentEncryptKeyHex: string;
}

const noNonce = () => assert.fail("no nonce is needed");

async function checkVectors(
  file: string,
  role: "client" | "agent",
  t: Deno.TestContext,
) {
  const keys = await vectorFile<KmsFile>(file);
  const peer = role === "client" ? "agent" : "client";
  const key = fromHex(keys.kmsPlaintextKeyHex);
  for (const vector of await vectorsOf<Vector>(file, "vectors")) {
    await t.step(vector.name, () => {
      assert.equal(
        vector.aesKeyHex,
        role === "client" ? keys.clientEncryptKeyHex : keys.agentEncryptKeyHex,
      );
      if (vector.plaintextPattern !== undefined) {
        assert.match(vector.plaintextPattern, /byte i = i mod 251/);
      }
      const plaintext = vector.plaintextPattern === undefined
        ? fromHex(vector.plaintextHex ?? "")
        : patterned(vector.payloadLength - encryptionOverhead);
      const sender = SessionCipher.fromDataKey(
        role,
        key,
        () => fromHex(vector.nonceHex),
      );
      const payload = sender.encrypt(plaintext);
      assert.equal(payload.length, vector.payloadLength);
      assert.equal(
        createHash("sha256").update(payload).digest("hex"),
        vector.payloadSha256,
      );
      if (vector.payloadHex !== undefined) {
        assert.equal(toHex(payload), vector.payloadHex);
      }
      const receiver = SessionCipher.fromDataKey(peer, key, noNonce);
      assert.deepEqual(receiver.decrypt(payload), plaintext);
      // One key for each direction: nobody can read what he wrote himself.
      assert.throws(() => sender.decrypt(payload), DecryptionError);
    });
  }
}

Deno.test("kms-client.json: what a client encrypts, and the agent decrypts", (t) =>
  checkVectors("kms-client.json", "client", t));

Deno.test("kms-agent.json: what an agent encrypts, and the client decrypts", (t) =>
  checkVectors("kms-agent.json", "agent", t));

Deno.test("kms-client.json: what must not be decrypted (handshake.md §7.2: the official client panics)", async (t) => {
  interface Failure {
    readonly Name: string;
    readonly PayloadHex: string;
  }
  const keys = await vectorFile<KmsFile>("kms-client.json");
  const client = SessionCipher.fromDataKey(
    "client",
    fromHex(keys.kmsPlaintextKeyHex),
    noNonce,
  );
  for (
    const failure of await vectorsOf<Failure>(
      "kms-client.json",
      "decryptFailures",
    )
  ) {
    await t.step(failure.Name, () => {
      assert.throws(
        () => client.decrypt(fromHex(failure.PayloadHex)),
        (error) =>
          error instanceof DecryptionError &&
          error.message.startsWith("Cannot decrypt payload: "),
      );
    });
  }
});

Deno.test("kms-agent.json: the agent's nonce counter", async (t) => {
  interface Step {
    readonly StartHex: string;
    readonly NextHex: string;
  }
  for (const step of await vectorsOf<Step>("kms-agent.json", "nonceCounter")) {
    await t.step(step.StartHex, () => {
      const start = fromHex(step.StartHex);
      const next = nonceCounter(start);
      const first = next();
      assert.equal(toHex(first), step.NextHex);
      assert.equal(toHex(start), step.StartHex, "the start was written to");
      const second = next();
      assert.notEqual(toHex(second), step.NextHex);
      assert.equal(
        toHex(first),
        step.NextHex,
        "a nonce changed after it was given out",
      );
    });
  }
});

Deno.test("encryption: one changed bit anywhere is noticed", () => {
  const key = seededRandom(1)(dataKeyBytes);
  const agent = SessionCipher.fromDataKey(
    "agent",
    key,
    seededRandom(2).bind(null, 12),
  );
  const client = SessionCipher.fromDataKey("client", key, noNonce);
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(),
      (plaintext, position) => {
        const payload = agent.encrypt(plaintext);
        assert.equal(payload.length, plaintext.length + encryptionOverhead);
        assert.deepEqual(client.decrypt(payload), plaintext);
        const bit = position % (payload.length * 8);
        payload[bit >> 3]! ^= 1 << (bit & 7);
        assert.throws(() => client.decrypt(payload), DecryptionError);
      },
    ),
  );
});

Deno.test("encryption: a data key has 64 bytes", () => {
  for (const length of [0, 32, 63, 65]) {
    assert.throws(
      () =>
        SessionCipher.fromDataKey("client", new Uint8Array(length), noNonce),
      {
        name: "RangeError",
        message: `Cannot use data key: it has ${length} bytes, not 64`,
      },
    );
  }
});

Deno.test("encryption: wiping the data key afterwards does no harm", () => {
  const key = seededRandom(1)(dataKeyBytes);
  const same = key.slice();
  const agent = SessionCipher.fromDataKey(
    "agent",
    key,
    seededRandom(2).bind(null, 12),
  );
  const payload = agent.encrypt(new Uint8Array([1]));
  key.fill(0);
  const again = agent.encrypt(new Uint8Array([1]));
  const client = SessionCipher.fromDataKey("client", same, noNonce);
  assert.deepEqual([...client.decrypt(payload)], [1]);
  assert.deepEqual([...client.decrypt(again)], [1]);
});
