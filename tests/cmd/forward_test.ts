import assert from "node:assert/strict";
import { parseForward } from "../../cmd/forward.ts";
import type { ForwardCommandFlags } from "../../cmd/forward/flags.ts";
import { runCommandLine } from "../../cmd/mod.ts";
import type { ForwardOptions } from "../../lib/session/forward.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import { TestContext } from "../testkit/context.ts";

const none: ForwardCommandFlags = {
  background: false,
  json: false,
  backgroundChild: false,
  quiet: false,
  verbose: 0,
  noColor: false,
};

async function run(context: TestContext, ...args: string[]): Promise<number> {
  return await runCommandLine(["forward", ...args], context);
}

/** Runs to Ctrl-C right after the start. */
async function runBriefly(
  context: TestContext,
  ...args: string[]
): Promise<ForwardOptions> {
  context.onForwardStart = () => {
    queueMicrotask(() => context.abort(new SignalError("SIGINT")));
    return Promise.resolve();
  };
  const code = await run(context, ...args);
  assert.equal(code, 0, context.terminal.errorText);
  const [forward] = context.forwards;
  assert(forward !== undefined, context.terminal.errorText);
  return forward.options;
}

Deno.test("run: a target and a port leave everything else to the defaults", () => {
  assert.deepEqual(
    parseForward({ ...none, remote: "80" }, ["web"], undefined),
    {
      target: "web",
      specs: [{
        remoteHost: undefined,
        remotePort: 80,
        local: {
          kind: "tcp",
          port: 0,
          hosts: ["127.0.0.1"],
          optionalHosts: ["::1"],
        },
      }],
      connection: {
        profile: undefined,
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
    },
  );
});

Deno.test("run: every flag of forward arrives where it belongs", async () => {
  const context = new TestContext();
  const options = await runBriefly(
    context,
    "bastion",
    "--remote=db.internal:5432",
    "--local=127.0.0.2:5433",
    "--sessions=3",
    "--payload-size=2048",
    "--retry=5",
    "--half-close=2m",
    "--document-name=Doc",
    "--reason=a reason",
    "--profile=p",
    "--region=eu-west-1",
    "--endpoint-url=http://127.0.0.1:1",
    "--transport=builtin",
    "--stream-host=a",
  );
  assert.deepEqual(context.places, [{
    kind: "tcp",
    port: 5433,
    hosts: ["127.0.0.2"],
    optionalHosts: [],
  }]);
  assert.equal(options.sessions, 3);
  assert.equal(options.payloadSize, 2048);
  assert.equal(options.retry, 5);
  assert.equal(options.grace, 120_000);
  assert.equal(options.remoteHost, true);
  assert.equal(options.clock, context.clock);
  await options.startSession(context.signal);
  assert.deepEqual(context.requests, [{
    target: "i-0123456789abcdef0",
    documentName: "Doc",
    parameters: {
      host: ["db.internal"],
      portNumber: ["5432"],
      localPortNumber: ["5433"],
    },
    reason: "a reason",
    command: "ssm forward",
    rest: "--remote db.internal:5432 --local 127.0.0.2:5433",
  }]);
  assert.deepEqual(context.connections, [{
    profile: "p",
    region: "eu-west-1",
    endpointUrl: "http://127.0.0.1:1",
    transport: "builtin",
    streamHosts: ["a"],
  }]);
});

Deno.test("run: variables stand in for flags that are not given", async () => {
  const context = new TestContext();
  for (
    const [name, value] of [
      ["SSM_TARGET", "db"],
      ["SSM_BIND", "127.0.0.9"],
      ["SSM_SESSIONS", "2"],
      ["SSM_PAYLOAD_SIZE", "4096"],
      ["SSM_RETRY", "0"],
      ["SSM_HALF_CLOSE", "1500ms"],
      ["SSM_DOCUMENT_NAME", "Doc"],
      ["SSM_REASON", "because"],
      ["SSM_REGION", "eu-west-1"],
    ] as const
  ) context.variables.set(name, value);
  const resolved: string[] = [];
  context.onResolve = (text) => {
    resolved.push(text);
    return Promise.resolve({ id: "i-0123456789abcdef0", name: text });
  };
  const options = await runBriefly(context, "8080:80", "--sessions", "4");
  assert.deepEqual(resolved, ["db"]);
  assert.deepEqual(
    context.places.map((place) => place.kind === "tcp" && place.hosts),
    [["127.0.0.9"]],
  );
  assert.equal(options.sessions, 4);
  assert.equal(options.payloadSize, 4096);
  assert.equal(options.retry, 0);
  assert.equal(options.grace, 1500);
  await options.startSession(context.signal);
  assert.equal(context.requests[0]?.documentName, "Doc");
  assert.equal(context.requests[0]?.reason, "because");
  assert.equal(context.connections[0]?.region, "eu-west-1");
});

Deno.test("run: --address is another name of --bind, and counts more than a variable", async () => {
  for (const flag of ["--bind", "--address"]) {
    const context = new TestContext();
    context.variables.set("SSM_BIND", "127.0.0.9");
    await runBriefly(context, "web", "8080:80", flag, "127.0.0.5");
    assert.deepEqual(
      context.places.map((place) => place.kind === "tcp" && place.hosts),
      [["127.0.0.5"]],
      flag,
    );
  }
});

Deno.test("run: the documents of AWS follow from the far end", async () => {
  for (
    const [remote, documentName, parameters] of [
      ["80", "AWS-StartPortForwardingSession", {
        portNumber: ["80"],
        localPortNumber: ["8080"],
      }],
      ["localhost:80", "AWS-StartPortForwardingSession", {
        portNumber: ["80"],
        localPortNumber: ["8080"],
      }],
      ["db:80", "AWS-StartPortForwardingSessionToRemoteHost", {
        host: ["db"],
        portNumber: ["80"],
        localPortNumber: ["8080"],
      }],
    ] as const
  ) {
    const context = new TestContext();
    const options = await runBriefly(
      context,
      "web",
      "--remote",
      remote,
      "--local",
      "8080",
    );
    assert.equal(options.remoteHost, remote === "db:80");
    await options.startSession(context.signal);
    const [request] = context.requests;
    assert.equal(request?.documentName, documentName);
    assert.deepEqual(request?.parameters, parameters);
  }
});

Deno.test("run: what makes no sense to forward is refused before anything is listened on", async () => {
  for (
    const [args, message] of [
      [[], /Cannot forward: no port is given\nhint: ssm forward --remote 80/],
      [["web"], /no port is given\nhint: ssm forward web --remote 80/],
      [["", ":80"], /an empty target/],
      [["-web", ":80"], /Unknown flag for ssm forward: -w in -web/],
      [["a\x1b[2J", ":80"], /a\\x1b\[2J as a target: it has control/],
      [["web", ":80", "db"], /only the first argument is a target/],
      [["web", ":80", "--"], /none follows the --/],
      [["web", ":80", "--", ""], /none follows the --/],
      [["web", ":80", "-f", "--", "true"], /Cannot use -f with a command/],
      [["web", ":80", "--sessions", "0"], /a whole number from 1 to 32/],
      [["web", ":80", "--sessions", "33"], /a whole number from 1 to 32/],
      [["web", ":80", "--payload-size", "0"], /--payload-size 0: a whole/],
      [["web", ":80", "--payload-size", "1e3"], /--payload-size 1e3: a whole/],
      [["web", ":80", "--retry", "-1"], /--retry -1: a whole number/],
      [["web", ":80", "--half-close", "0"], /--half-close 0: a time is/],
      [["web", ":80", "--reason", "x".repeat(257)], /more than 256/],
      [["web", ":80", "--local", "8080"], /--remote, .* is not given/],
      [["web", "8080:80", "8080:81"], /8080 is asked for twice/],
    ] as const
  ) {
    const context = new TestContext();
    assert.equal(await run(context, ...args), 125, args.join(" "));
    assert.match(context.terminal.errorText, message);
    assert.deepEqual(context.places, []);
    assert.equal(context.connections.length, 0);
    assert.equal(context.terminal.outputText, "");
  }
});

Deno.test("run: forward's help shows no flag that is only for itself", async () => {
  const context = new TestContext();
  assert.equal(await run(context, "--help"), 0);
  const { outputText } = context.terminal;
  assert.match(outputText, /^Usage:\n {2}ssm forward /);
  assert.match(outputText, /-L, --forward <\[bind:\]port:host:hostport>/);
  assert.doesNotMatch(outputText, /background-child|--address/);
  for (const line of outputText.split("\n")) assert.ok(line.length <= 80, line);
});
