import assert from "node:assert/strict";
import fc from "fast-check";
import { hintsFor } from "../../lib/aws/hints.ts";
import {
  AwsCallError,
  type AwsErrorKind,
  classify,
  NetworkError,
  toAwsCallError,
} from "../../lib/aws/errors.ts";

/** api.md §10 and the modelled errors: code, kind, final. */
const TABLE: readonly [string, AwsErrorKind, boolean][] = [
  ["TargetNotConnected", "not-connected", true],
  ["InvalidDocument", "invalid", true],
  ["InvalidParameters", "invalid", true],
  ["ValidationException", "invalid", true],
  ["AccessDeniedException", "access-denied", true],
  ["UnauthorizedOperation", "access-denied", true],
  ["ThrottlingException", "throttled", false],
  ["RateExceeded", "throttled", false],
  ["RequestLimitExceeded", "throttled", false],
  ["DoesNotExistException", "not-found", true],
  ["InvalidInstanceId", "not-found", true],
  ["InvalidInstanceID.NotFound", "not-found", true],
  ["UnrecognizedClientException", "invalid-credentials", true],
  ["InvalidClientTokenId", "invalid-credentials", true],
  ["InvalidSignatureException", "invalid-credentials", true],
  ["IncompleteSignature", "invalid-credentials", true],
  ["MissingAuthenticationToken", "invalid-credentials", true],
  ["ExpiredTokenException", "expired-credentials", true],
  ["ExpiredToken", "expired-credentials", true],
  ["RequestExpired", "clock", false],
  ["InternalServerError", "service", false],
  ["ServiceUnavailable", "service", false],
  ["SomethingNew", "service", false],
];

Deno.test("codes are classified in any spelling", () => {
  for (const [code, kind, final] of TABLE) {
    const bare = code.replace(/Exception$/, "");
    for (
      const spelling of [
        code,
        bare,
        `${bare}Exception`,
        code.toUpperCase(),
        code.toLowerCase(),
        `com.amazonaws.ssm#${code}`,
        `${code}:http://internal.amazon.com/coral/`,
      ]
    ) assert.equal(classify(spelling), kind, spelling);
    const error = toAwsCallError(
      Object.assign(new Error("said"), { name: code }),
      "ssm:StartSession",
    );
    assert.equal(error.kind, kind, code);
    assert.equal(error.final, final, code);
    assert.equal(error.code, code);
  }
});

Deno.test("HTTP status and sentence say what the code leaves open", () => {
  assert.equal(classify("Whatever", 429), "throttled");
  assert.equal(classify("Whatever", 400, "Rate exceeded"), "throttled");
  assert.equal(
    classify("InvalidSignatureException", 400, "Signature expired: 2026…"),
    "clock",
  );
  assert.equal(
    classify(
      "UnrecognizedClientException",
      400,
      "The security token included in the request is expired",
    ),
    "expired-credentials",
  );
  assert.equal(
    classify(
      "UnrecognizedClientException",
      400,
      "The security token included in the request is invalid",
    ),
    "invalid-credentials",
  );
});

Deno.test("a sentence names task, action and AWS's words, with nothing that drives a terminal", () => {
  const error = toAwsCallError(
    Object.assign(new Error("User: x\x1b[2J is not authorized."), {
      name: "AccessDeniedException",
      $metadata: { httpStatusCode: 400, requestId: "r-1" },
    }),
    "ssm:StartSession",
    { profile: "my dev" },
  );
  assert.equal(
    error.message,
    "Cannot start session: access to ssm:StartSession is denied: " +
      "User: x\\x1b[2J is not authorized",
  );
  assert.equal(error.requestId, "r-1");
  assert.equal(error.retryable, false);
  assert.deepEqual(error.hints, [
    "ssm doctor --profile 'my dev'",
  ]);
  assert.ok(error.cause instanceof Error);
});

Deno.test("an error without words shows its code and status", () => {
  const error = toAwsCallError(
    Object.assign(new Error("UnknownError"), {
      name: "InternalServerError",
      $metadata: { httpStatusCode: 500 },
    }),
    "ssm:ResumeSession",
  );
  assert.equal(
    error.message,
    "Cannot resume session: InternalServerError (HTTP status 500)",
  );
  assert.equal(error.retryable, true);
  assert.equal(error.final, false);
});

Deno.test("a lost network is told apart, even inside text and causes", () => {
  const network = new NetworkError("sts.example:443", "connection refused");
  for (
    const error of [
      network,
      new Error("outer", { cause: network }),
      // CredentialsProviderError(error) of the SSO provider keeps text only.
      new Error(String(network)),
    ]
  ) {
    const found = toAwsCallError(error, "credentials");
    assert.equal(found.kind, "network");
    assert.equal(found.final, false);
    assert.equal(found.retryable, true);
    assert.equal(
      found.message,
      "Cannot load credentials: cannot reach sts.example:443: connection refused",
    );
  }
});

Deno.test("our own error passes through, also as a cause", () => {
  const own = new AwsCallError({
    action: "settings",
    code: "NoRegion",
    kind: "no-region",
    reason: "none",
  });
  assert.equal(toAwsCallError(own, "ssm:StartSession"), own);
  assert.equal(
    toAwsCallError(new Error("x", { cause: own }), "ssm:StartSession"),
    own,
  );
});

Deno.test("whatever is thrown becomes an AwsCallError with a printable sentence", () => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (thrown, message) => {
      for (
        const error of [thrown, Object.assign(new Error(message), { thrown })]
      ) {
        const found = toAwsCallError(error, "ssm:StartSession");
        assert.ok(found instanceof AwsCallError);
        assert.doesNotMatch(found.message, /\p{Cc}/u);
        assert.match(found.message, /^Cannot start session: ./);
      }
    }),
    { numRuns: 1000, examples: [[{ toString: 0 }, ""], [null, ""]] },
  );
});

Deno.test("a signature for another region is no reason to throw credentials away", () => {
  const text =
    "Credential should be scoped to a valid region. This endpoint is in eu-west-1";
  const hints = hintsFor("invalid-credentials", {
    source: "environment",
    text,
  });
  assert.deepEqual(hints, [
    "export AWS_REGION=us-east-1",
    "aws configure get region",
  ]);
});
