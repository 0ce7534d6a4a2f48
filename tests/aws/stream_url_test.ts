import assert from "node:assert/strict";
import {
  checkStreamUrl,
  streamHosts,
  StreamUrlError,
} from "../../lib/aws/stream_url.ts";
import { TransportError } from "../../lib/session/transport.ts";

const PATH = "/v1/data-channel/s-1?role=publish_subscribe";

const allowed = [
  "wss://ssmmessages.us-east-1.amazonaws.com",
  "wss://SSMMESSAGES.us-east-1.amazonaws.com",
  "wss://ssmmessages.us-east-1.amazonaws.com:443",
  "wss://ssmmessages-fips.us-gov-west-1.amazonaws.com",
  "wss://ssmmessages.cn-north-1.amazonaws.com.cn",
  "wss://ssmmessages.eu-central-1.api.aws",
  "wss://ssmmessages-fips.us-east-1.api.aws",
  "wss://ssmmessages.amazonaws.com",
  "wss://ssmmessages.eusc-de-east-1.amazonaws.eu",
  "wss://vpce-0123456789abcdef0-abcdefgh.ssmmessages.us-east-1.vpce.amazonaws.com",
  "wss://vpce-0123456789abcdef0-abcdefgh-us-east-1a.ssmmessages.us-east-1.vpce.amazonaws.com",
  "ws://127.0.0.1:8080",
  "ws://127.1.2.3:8080",
  "ws://[::1]:8080",
  "ws://localhost:8080",
  "wss://localhost:8443",
];

const refused = [
  "wss://evil.example.com",
  "wss://ssmmessages.us-east-1.amazonaws.com.evil.example",
  "wss://evil-ssmmessages.us-east-1.amazonaws.com",
  "wss://ssmmessages.us-east-1.evil.amazonaws.com",
  "wss://ssmmessages.us-east-1.amazonaws.com@evil.example",
  "wss://user:pass@ssmmessages.us-east-1.amazonaws.com",
  "wss://ssmmessagesXus-east-1.amazonaws.com",
  "wss://ssm.us-east-1.amazonaws.com",
  "wss://bucket.s3.amazonaws.com",
  "wss://ssmmessages.s3.amazonaws.com",
  "wss://ssmmessages.s3-us-west-2.amazonaws.com",
  "wss://vpce-1.s3.us-east-1.vpce.amazonaws.com",
  "wss://x.vpce-1.ssmmessages.us-east-1.vpce.amazonaws.com",
  "ws://ssmmessages.us-east-1.amazonaws.com",
  "http://127.0.0.1",
  "https://ssmmessages.us-east-1.amazonaws.com",
  "ws://127.0.0.1.evil.example",
  "ws://10.0.0.1",
  "ws://0.0.0.0",
  "not a url",
  "",
];

for (const url of allowed) {
  Deno.test(`a data channel may go to ${url}`, () => {
    assert.doesNotThrow(() => checkStreamUrl(url + PATH, []));
  });
}

for (const url of refused) {
  Deno.test(`no data channel goes to ${url || "nowhere"}`, () => {
    assert.throws(() => checkStreamUrl(url + PATH, []), StreamUrlError);
  });
}

Deno.test("a refused host is named, with what allows it", () => {
  assert.throws(
    () => checkStreamUrl("wss://gate.example.com:8443/x?token=abc", []),
    (error: unknown) => {
      assert.ok(error instanceof StreamUrlError);
      assert.ok(error instanceof TransportError);
      assert.equal(error.host, "gate.example.com:8443");
      assert.match(error.message, /gate\.example\.com:8443/);
      assert.match(error.message, /--stream-host or SSM_STREAM_HOST/);
      assert.doesNotMatch(error.message, /token/);
      assert.deepEqual(error.hints, [
        "export SSM_STREAM_HOST=gate.example.com:8443",
      ]);
      return true;
    },
  );
});

Deno.test("a host the user named is allowed, exactly and over wss alone", () => {
  const named = streamHosts(
    ["Gate.Example.com"],
    (name) => name === "SSM_STREAM_HOST" ? " other.example:9000 ,," : undefined,
  );
  assert.deepEqual(named, ["gate.example.com", "other.example:9000"]);
  assert.doesNotThrow(() => checkStreamUrl("wss://gate.example.com/x", named));
  assert.doesNotThrow(() =>
    checkStreamUrl("wss://gate.example.com:8443/x", named)
  );
  assert.doesNotThrow(() =>
    checkStreamUrl("wss://other.example:9000/x", named)
  );
  for (
    const url of [
      "wss://other.example/x",
      "wss://sub.gate.example.com/x",
      "ws://gate.example.com/x",
    ]
  ) assert.throws(() => checkStreamUrl(url, named), StreamUrlError, url);
});
