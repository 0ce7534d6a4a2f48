import assert from "node:assert/strict";
import { isPresigned, signUpgrade } from "../../lib/aws/sign_upgrade.ts";

interface Vector {
  readonly name: string;
  readonly url: string;
  readonly region: string;
  readonly time: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly headersAdded: Readonly<Record<string, string>>;
  readonly isPresignedURL: boolean;
}

const { vectors } = JSON.parse(
  await Deno.readTextFile(
    new URL("../vectors/sigv4-websocket.json", import.meta.url),
  ),
) as { readonly vectors: readonly Vector[] };

function timeOf(vector: Vector): Date {
  return new Date(
    vector.time.replace(
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
      "$1-$2-$3T$4:$5:$6Z",
    ),
  );
}

Deno.test("the vector file holds all seven signatures", () => {
  assert.equal(vectors.length, 7);
});

for (const vector of vectors) {
  Deno.test(`signs as the official client does: ${vector.name}`, async () => {
    const headers = await signUpgrade(
      vector.url,
      {
        accessKeyId: vector.accessKeyId,
        secretAccessKey: vector.secretAccessKey,
        ...(vector.sessionToken === undefined
          ? {}
          : { sessionToken: vector.sessionToken }),
      },
      vector.region,
      timeOf(vector),
    );
    assert.deepEqual(headers, vector.headersAdded);
    assert.equal(isPresigned(vector.url), vector.isPresignedURL);
  });
}

Deno.test("the host is signed with a port that is not the scheme's own", async () => {
  const credentials = { accessKeyId: "AKID", secretAccessKey: "secret" };
  const now = new Date("2026-03-17T12:34:56Z");
  const sign = (url: string) =>
    signUpgrade(url, credentials, "us-east-1", now).then((headers) =>
      headers["Authorization"]
    );
  const bare = await sign("wss://ssmmessages.us-east-1.amazonaws.com/v1/x");
  assert.equal(
    await sign("wss://ssmmessages.us-east-1.amazonaws.com:443/v1/x"),
    bare,
  );
  assert.notEqual(
    await sign("wss://ssmmessages.us-east-1.amazonaws.com:8443/v1/x"),
    bare,
  );
});

Deno.test("repeated query names are all signed", async () => {
  const credentials = { accessKeyId: "AKID", secretAccessKey: "secret" };
  const now = new Date("2026-03-17T12:34:56Z");
  const one = await signUpgrade("ws://127.0.0.1:1/?a=1", credentials, "r", now);
  const two = await signUpgrade(
    "ws://127.0.0.1:1/?a=1&a=2",
    credentials,
    "r",
    now,
  );
  assert.notEqual(one["Authorization"], two["Authorization"]);
});

Deno.test("a presigned URL is told by its names' exact case", () => {
  const base = "wss://ssmmessages.us-east-1.amazonaws.com/v1/x?";
  for (
    const name of [
      "Algorithm",
      "Credential",
      "Date",
      "Expires",
      "SignedHeaders",
      "Signature",
      "Security-Token",
    ]
  ) assert.equal(isPresigned(`${base}role=a&X-Amz-${name}=1`), true, name);
  assert.equal(isPresigned(`${base}x-amz-signature=1`), false);
  assert.equal(isPresigned(`${base}role=X-Amz-Signature`), false);
});
