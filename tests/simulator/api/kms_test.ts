import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
} from "@aws-sdk/client-kms";
import { SimulatedKms } from "../../../lib/simulator/api/kms.ts";
import { startTestSimulator } from "../api_clients.ts";

const keyId = "1234abcd-12ab-34cd-56ef-1234567890ab";
const arn = `arn:aws:kms:us-east-1:000000000000:key/${keyId}`;
const context = {
  "aws:ssm:SessionId": "simulator-abc",
  "aws:ssm:TargetId": "i-0123456789abcdef0",
};

Deno.test("a data key made over the API is decrypted over the API and by the agent", async () => {
  await using t = await startTestSimulator({ kmsKeyId: keyId });
  const made = await t.kms.send(
    new GenerateDataKeyCommand({
      KeyId: keyId,
      NumberOfBytes: 64,
      EncryptionContext: context,
    }),
  );
  assert.ok(made.Plaintext && made.CiphertextBlob);
  assert.equal(made.Plaintext.length, 64);
  assert.equal(made.KeyId, arn);
  assert.ok(made.CiphertextBlob.length <= 6144);
  const opened = await t.kms.send(
    new DecryptCommand({
      CiphertextBlob: made.CiphertextBlob,
      EncryptionContext: context,
    }),
  );
  assert.deepEqual(opened.Plaintext, made.Plaintext);
  assert.equal(opened.KeyId, arn);
  assert.deepEqual(
    t.service.kms.decrypt(made.CiphertextBlob, context, keyId),
    new Uint8Array(made.Plaintext),
  );
  const again = await t.kms.send(
    new GenerateDataKeyCommand({ KeyId: arn, KeySpec: "AES_256" }),
  );
  assert.equal(again.Plaintext?.length, 32);
});

Deno.test("KMS refuses other keys, other contexts and spoilt blobs, over the API", async () => {
  await using t = await startTestSimulator({ kmsKeyId: keyId });
  const generate = (KeyId: string) =>
    t.kms.send(new GenerateDataKeyCommand({ KeyId, NumberOfBytes: 64 }));
  await assert.rejects(generate("unknown"), { name: "NotFoundException" });
  await assert.rejects(generate("alias/unknown"), {
    name: "NotFoundException",
    message: /Alias arn:aws:kms:us-east-1:000000000000:alias\/unknown/,
  });
  await assert.rejects(
    generate("arn:aws:kms:us-east-1:111111111111:key/other"),
    { name: "AccessDeniedException" },
  );
  await assert.rejects(
    t.kms.send(new GenerateDataKeyCommand({ KeyId: keyId })),
    { name: "ValidationException" },
  );
  await assert.rejects(
    t.kms.send(
      new GenerateDataKeyCommand({ KeyId: keyId, NumberOfBytes: 1025 }),
    ),
    { name: "ValidationException" },
  );
  const { CiphertextBlob } = await generate(keyId);
  assert.ok(CiphertextBlob);
  await assert.rejects(
    t.kms.send(
      new DecryptCommand({ CiphertextBlob, EncryptionContext: context }),
    ),
    { name: "InvalidCiphertextException" },
  );
  await assert.rejects(
    t.kms.send(new EncryptCommand({ KeyId: keyId, Plaintext: CiphertextBlob })),
    { name: "UnknownOperationException" },
  );
});

Deno.test("a simulator without a key knows none", async () => {
  await using t = await startTestSimulator();
  await assert.rejects(
    t.kms.send(
      new GenerateDataKeyCommand({ KeyId: keyId, NumberOfBytes: 64 }),
    ),
    { name: "NotFoundException" },
  );
});

Deno.test("a key is found by id, ARN, alias and alias ARN", () => {
  const names: [string, string[]][] = [
    [keyId, [keyId, arn]],
    [arn, [keyId, arn]],
    ["alias/ssm", [
      "alias/ssm",
      "arn:aws:kms:us-east-1:000000000000:alias/ssm",
    ]],
    ["arn:aws:kms:us-east-1:222222222222:alias/a", [
      "alias/a",
      "arn:aws:kms:us-east-1:222222222222:alias/a",
    ]],
  ];
  for (const [configured, accepted] of names) {
    const kms = new SimulatedKms(configured, "us-east-1");
    assert.match(
      kms.keyArn ?? "",
      /^arn:aws:kms:us-east-1:\d{12}:key\/[0-9a-f-]{36}$/,
    );
    for (const name of [...accepted, kms.keyArn ?? ""]) {
      assert.equal(kms.generate(name, 64, {}).keyId, kms.keyArn, name);
    }
  }
});

Deno.test("only the whole blob with the same context decrypts, in any order of pairs", () => {
  const kms = new SimulatedKms(keyId, "us-east-1");
  const invalid = { name: "ApiError", code: "InvalidCiphertextException" };
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { maxKeys: 4 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (pairs, at, flip) => {
        const { plaintext, ciphertextBlob } = kms.generate(keyId, 64, pairs);
        const turned = Object.fromEntries(Object.entries(pairs).reverse());
        assert.deepEqual(kms.decrypt(ciphertextBlob, turned), plaintext);
        assert.throws(
          () => kms.decrypt(ciphertextBlob, { ...pairs, "": "more" }),
          invalid,
        );
        const spoilt = ciphertextBlob.slice();
        const place = at % spoilt.length;
        spoilt[place] = (spoilt[place] ?? 0) ^ flip;
        assert.throws(() => kms.decrypt(spoilt, pairs), invalid);
        assert.throws(
          () => kms.decrypt(ciphertextBlob.subarray(0, place), pairs),
          invalid,
        );
      },
    ),
  );
});

Deno.test("a blob of another run does not decrypt", () => {
  const { ciphertextBlob } = new SimulatedKms(keyId, "us-east-1")
    .generate(keyId, 64, context);
  const other = new SimulatedKms(keyId, "us-east-1");
  assert.throws(
    () => other.decrypt(ciphertextBlob, context),
    { code: "InvalidCiphertextException" },
  );
});
