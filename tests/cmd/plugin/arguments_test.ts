import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePluginWords } from "../../../cmd/plugin/arguments.ts";
import { UsageError } from "../../../cmd/errors.ts";

const grant = {
  sessionId: "user-0123456789abcdef0",
  tokenValue: "secret",
  streamUrl: "wss://ssmmessages.eu-west-1.amazonaws.com/v1/data-channel/x",
};
const json = JSON.stringify({
  SessionId: grant.sessionId,
  TokenValue: grant.tokenValue,
  StreamUrl: grant.streamUrl,
});
const ecsJson = JSON.stringify({
  sessionId: grant.sessionId,
  streamUrl: grant.streamUrl,
  tokenValue: grant.tokenValue,
});
const variable = "AWS_SSM_START_SESSION_RESPONSE";
const endpoint = "https://ssm.eu-west-1.amazonaws.com";

/** Parses with an environment that shows what was taken from it. */
function parse(words: string[], env: Record<string, string> = {}) {
  const taken: string[] = [];
  const task = parsePluginWords(words, (name) => {
    taken.push(name);
    return env[name];
  });
  return { task, taken };
}

const plain = {
  kind: "session",
  grant,
  region: "eu-west-1",
  profile: undefined,
  request: {
    target: "i-0123456789abcdef0",
    documentName: undefined,
    parameters: undefined,
  },
  endpointUrl: endpoint,
};
const target = '{"Target":"i-0123456789abcdef0"}';

Deno.test("a session: every form of api.md §9", () => {
  const forms: [
    what: string,
    words: string[],
    env: Record<string, string>,
    expected: Record<string, unknown>,
  ][] = [
    [
      "the environment form",
      [variable, "eu-west-1", "StartSession", "", target, endpoint],
      { [variable]: json },
      {},
    ],
    [
      "another variable of that beginning",
      [`${variable}_2`, "eu-west-1", "StartSession", "", target, endpoint],
      { [`${variable}_2`]: json },
      {},
    ],
    [
      "the JSON itself, with a profile",
      [json, "eu-west-1", "StartSession", "prod", target, endpoint],
      {},
      { profile: "prod" },
    ],
    [
      "ECS: lower-case keys, and an endpoint that knows no sessions",
      [
        ecsJson,
        "eu-west-1",
        "StartSession",
        "",
        '{"Target":"ecs:c_t_r"}',
        "https://ecs.eu-west-1.amazonaws.com",
      ],
      {},
      {
        request: {
          target: "ecs:c_t_r",
          documentName: undefined,
          parameters: undefined,
        },
        endpointUrl: undefined,
      },
    ],
    [
      "ECS with FIPS",
      [
        ecsJson,
        "eu-west-1",
        "StartSession",
        "",
        target,
        "https://ecs-fips.us-gov-west-1.amazonaws.com",
      ],
      {},
      { endpointUrl: undefined },
    ],
    [
      "an endpoint on loopback",
      [json, "eu-west-1", "StartSession", "", target, "http://127.0.0.1:4000"],
      {},
      { endpointUrl: "http://127.0.0.1:4000" },
    ],
    [
      "without an endpoint",
      [json, "eu-west-1", "StartSession", "", target],
      {},
      { endpointUrl: undefined },
    ],
    [
      "without a request",
      [json, "eu-west-1", "StartSession", "prod"],
      {},
      { profile: "prod", request: undefined, endpointUrl: undefined },
    ],
    [
      "the form before profiles",
      [json, "eu-west-1", "StartSession"],
      {},
      { request: undefined, endpointUrl: undefined },
    ],
    [
      "more than there should be",
      [json, "", "StartSession", "", target, endpoint, "more"],
      {},
      { region: undefined },
    ],
    [
      "what boto3 gives, with metadata; the whole request",
      [
        JSON.stringify({
          ...JSON.parse(json),
          ResponseMetadata: { RequestId: "r", RetryAttempts: 0 },
        }),
        "eu-west-1",
        "StartSession",
        "",
        JSON.stringify({
          Target: "i-0123456789abcdef0",
          DocumentName: "AWS-StartPortForwardingSession",
          Parameters: { portNumber: ["80"] },
        }),
        endpoint,
      ],
      {},
      {
        request: {
          target: "i-0123456789abcdef0",
          documentName: "AWS-StartPortForwardingSession",
          parameters: { portNumber: ["80"] },
        },
      },
    ],
  ];
  for (const [what, words, env, expected] of forms) {
    const { task, taken } = parse(words, env);
    assert.deepEqual(task, { ...plain, ...expected }, what);
    assert.deepEqual(taken, Object.keys(env), what);
  }
});

Deno.test("other arguments are no session", () => {
  assert.deepEqual(parse(["--help"]).task, {
    kind: "unknown",
    operation: "--help",
  });
  assert.deepEqual(parse(["a", "b"]).task, { kind: "unknown", operation: "a" });
  assert.deepEqual(parse([json, "eu-west-1", "Other"]).task, {
    kind: "invalid",
  });
  // The variable is taken all the same.
  const { task, taken } = parse([variable, "", "Other"], { [variable]: json });
  assert.deepEqual([task, taken], [{ kind: "invalid" }, [variable]]);
});

Deno.test("a session that cannot be read is refused in a sentence without the token", () => {
  const cases: [words: string[], message: RegExp][] = [
    [
      [variable, "r", "StartSession", "", target],
      /^Cannot perform start session: the variable AWS_SSM_START_SESSION_RESPONSE, which holds the session, is not set$/,
    ],
    [["", "r", "StartSession"], /: argument 1, which holds .*, is not set$/],
    [["{secret", "r", "StartSession"], /argument 1, .* is no JSON object$/],
    [['["secret"]', "r", "StartSession"], /argument 1, .* is no JSON object$/],
    [["null", "r", "StartSession"], /argument 1, .* is no JSON object$/],
    [
      ['{"TokenValue":"secret","StreamUrl":"u"}', "r", "StartSession"],
      /: the session in argument 1 has no SessionId$/,
    ],
    [
      ['{"SessionId":"s","TokenValue":1,"StreamUrl":"u"}', "r", "StartSession"],
      /has no TokenValue$/,
    ],
    [
      ['{"SessionId":"s","TokenValue":"secret"}', "r", "StartSession"],
      /has no StreamUrl$/,
    ],
    [
      [json, "r", "StartSession", "", "{}"],
      /: argument 5, which holds the request, has no Target$/,
    ],
    [[json, "r", "StartSession", "", "no json"], /has no Target$/],
    [[json, "r", "StartSession", "", '{"Target":[]}'], /has no Target$/],
  ];
  for (const [words, message] of cases) {
    assert.throws(() => parse(words), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
});

Deno.test("whatever the arguments are, they are a task or refused", () => {
  fc.assert(fc.property(
    fc.array(fc.oneof(fc.string(), fc.json(), fc.constant("StartSession"))),
    (words) => {
      try {
        parse(words);
      } catch (error) {
        assert.ok(error instanceof UsageError);
      }
    },
  ));
});
