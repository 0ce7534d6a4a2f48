import assert from "node:assert/strict";
import { describeError } from "../../../cmd/errors.ts";
import type { ForwardCommandOptions } from "../../../cmd/forward.ts";
import { listenFor } from "../../../cmd/forward/listen.ts";
import {
  type ForwardFlags,
  parseForwardArguments,
} from "../../../cmd/forward/spec.ts";
import { ListenError, PortInUseError } from "../../../lib/io/listen_error.ts";
import { TestContext } from "../../testkit/context.ts";

/** What is to be forwarded, and as what. */
function options(
  positionals: readonly string[],
  flags: ForwardFlags = {},
): ForwardCommandOptions {
  return {
    ...parseForwardArguments(positionals, flags),
    connection: {
      profile: "my profile",
      region: undefined,
      endpointUrl: undefined,
      transport: "native",
      streamHosts: [],
    },
    sessions: undefined,
    payloadSize: undefined,
    retry: Infinity,
    grace: undefined,
    documentName: undefined,
    reason: undefined,
    command: undefined,
    json: false,
    background: false,
    backgroundChild: false,
    quiet: false,
    verbose: 0,
  };
}

/** What listening for the last forward ends with, when the system says so. */
async function fails(asked: ForwardCommandOptions, error: Error) {
  const context = new TestContext();
  context.onListen = () => {
    throw error;
  };
  const spec = asked.specs.at(-1);
  assert(spec !== undefined);
  let failure: unknown;
  await assert.rejects(listenFor(spec, asked, context), (error: unknown) => {
    failure = error;
    return true;
  });
  return describeError(failure);
}

Deno.test("run: a forward listens where its specification says", async () => {
  const context = new TestContext();
  const asked = options(["web", "8080:80"]);
  const [spec] = asked.specs;
  assert(spec !== undefined);
  const listeners = await listenFor(spec, asked, context);
  assert.deepEqual(context.places, [spec.local]);
  assert.deepEqual(listeners.map(({ address }) => address), [
    { kind: "tcp", hostname: "127.0.0.1", port: 8080 },
  ]);
});

Deno.test("run: a port in use is followed by the whole command with one that is free", async () => {
  for (
    const [asked, hint] of [
      [
        options(["web server"], { remote: "80", local: "8080" }),
        /^ssm forward 'web server' --remote 80 --local \d+ --profile 'my profile'$/,
      ],
      [
        options(["9000:90", "8080:80"]),
        /^ssm forward 9000:90 \d+:80 --profile 'my profile'$/,
      ],
      [
        options(["web"], { forward: ["127.0.0.2:8080:db:80"], remote: "1" }),
        /^ssm forward web :1 -L 127\.0\.0\.2:\d+:db:80 --profile/,
      ],
      [
        options(["web", "8080:80"], { bind: "0.0.0.0" }),
        /^ssm forward web --remote 80 --local \d+ --bind 0\.0\.0\.0 --profile/,
      ],
    ] as const
  ) {
    const failure = await fails(asked, new PortInUseError("127.0.0.1", 8080));
    assert.equal(failure.exitCode, 125);
    assert.match(
      failure.message ?? "",
      /^Cannot listen on 127\.0\.0\.1:8080: it is in use by /,
    );
    assert.equal(failure.hints.length, 1);
    assert.match(failure.hints[0] ?? "", hint);
    assert.doesNotMatch(failure.hints[0] ?? "", /\b8080\b/);
  }
});

Deno.test("run: another reason why a place cannot be listened on is said as it is", async () => {
  const error = new ListenError({ kind: "unix", path: "./s" }, "it is full");
  assert.deepEqual(await fails(options(["web", ":80"]), error), {
    message: "Cannot listen on ./s: it is full",
    details: [],
    hints: [],
    exitCode: 125,
  });
  const defect = await fails(
    options(["web", ":80"]),
    new TypeError("a defect"),
  );
  assert.equal(defect.message, "TypeError: a defect");
});
