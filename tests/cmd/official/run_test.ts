/** `--no-native`: what the official plugin is started with, and when it is not. */

import assert from "node:assert/strict";
import { runCommandLine } from "../../../cmd/mod.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import { TestContext } from "../../testkit/context.ts";

const ignore = Deno.build.os === "windows";
const variable = "AWS_SSM_START_SESSION_RESPONSE";

/** A world with a plugin of some version on its PATH. */
async function world(version: string | undefined) {
  const folder = await Deno.makeTempDir({ prefix: "ssm-official-" });
  const plugin = `${folder}/session-manager-plugin`;
  if (version !== undefined) {
    await Deno.writeTextFile(plugin, `#!/bin/sh\necho ${version}\n`, {
      mode: 0o755,
    });
  }
  const context = new TestContext();
  context.variables.set("PATH", folder);
  return {
    context,
    plugin,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test({
  name: "a shell: argv and environment as the AWS CLI has them",
  ignore,
}, async () => {
  for (const flag of ["--no-native", "--native=false"]) {
    await using here = await world("1.2.764.0");
    const { context, plugin } = here;
    const run = runCommandLine([
      "shell",
      "web-server",
      flag,
      "--profile",
      "prod",
      "--reason",
      "why",
      "-q",
    ], context);
    await context.started;
    const [child] = context.children;
    assert.deepEqual(child?.command, [
      plugin,
      variable,
      "eu-west-1",
      "StartSession",
      "prod",
      '{"Target":"i-0123456789abcdef0","Reason":"why"}',
      "https://ssm.eu-west-1.amazonaws.com",
    ]);
    assert.deepEqual(Object.keys(child.environment), [variable]);
    assert.deepEqual(JSON.parse(child.environment[variable] ?? ""), {
      SessionId: "user-0123456789abcdef0",
      TokenValue: "secret-token",
      StreamUrl: "ws://127.0.0.1/data",
    });
    assert.equal(context.control.terminated, 0, "while it runs");
    child.end({ code: 7, signal: undefined });
    assert.equal(await run, 7);
    assert.equal(context.control.terminated, 1, "it may have left it behind");
    assert.equal(context.terminal.outputText + context.terminal.errorText, "");
    assert.equal(context.awsClosed, 1);
  }
});

Deno.test({
  name: "a forward: the document, and where it is to listen",
  ignore,
}, async () => {
  for (
    const [args, documentName, parameters] of [
      [
        ["--remote", "80", "--local", "8080"],
        "AWS-StartPortForwardingSession",
        { portNumber: ["80"], localPortNumber: ["8080"] },
      ],
      [
        ["--remote", "db.internal:5432"],
        "AWS-StartPortForwardingSessionToRemoteHost",
        {
          host: ["db.internal"],
          portNumber: ["5432"],
          localPortNumber: ["0"],
        },
      ],
    ] as const
  ) {
    await using here = await world("1.2.764.0");
    const { context } = here;
    context.variables.set("SSM_NATIVE", "false");
    const run = runCommandLine(["forward", "web", ...args], context);
    await context.started;
    assert.deepEqual(JSON.parse(context.children[0]?.command[5] ?? ""), {
      Target: "i-0123456789abcdef0",
      DocumentName: documentName,
      Parameters: parameters,
    });
    assert.deepEqual(context.forwards, []);
    assert.deepEqual(context.places, [], "the plugin listens, not we");
    context.children[0]?.end({ code: 0, signal: undefined });
    assert.equal(await run, 0);
  }
});

Deno.test({
  name: "without a plugin that will do there is no session, and how to get one",
  ignore,
}, async () => {
  for (
    const [version, message] of [
      [
        undefined,
        /^ssm: Cannot use --no-native: the official session-manager-plugin is not on the PATH\n/,
      ],
      [
        "1.2.497.0",
        /is too old; 1\.2\.764\.0 or later is needed\n {2}.*has version 1\.2\.497\.0\n/,
      ],
      ["nonsense", /is too old; .*\n {2}.*has version unknown\n/],
    ] as const
  ) {
    await using here = await world(version);
    const { context } = here;
    assert.equal(
      await runCommandLine(["shell", "web", "--no-native"], context),
      125,
    );
    assert.match(context.terminal.errorText, message);
    assert.match(context.terminal.errorText, /\nhint: .*[Pp]lugin/);
    assert.deepEqual(context.requests, []);
  }
  await using newer = await world("1.3");
  const run = runCommandLine(["shell", "web", "--no-native"], newer.context);
  await newer.context.started;
  newer.context.children[0]?.end({ code: 0, signal: undefined });
  assert.equal(await run, 0);
});

Deno.test({
  name: "a plugin that cannot be started leaves no session behind",
  ignore,
}, async () => {
  await using here = await world("1.2.764.0");
  const { context } = here;
  context.onRun = () => {
    throw new Deno.errors.NotFound("gone");
  };
  assert.equal(
    await runCommandLine(["shell", "web", "--no-native"], context),
    127,
  );
  assert.equal(context.control.terminated, 1);

  const early = await world("1.2.764.0");
  const start = early.context.onStart;
  early.context.onStart = async (...args) => {
    const started = await start(...args);
    early.context.abort(new SignalError("SIGTERM"));
    return started;
  };
  assert.equal(
    await runCommandLine(["shell", "web", "--no-native"], early.context),
    143,
  );
  assert.deepEqual(early.context.children, []);
  assert.equal(early.context.control.terminated, 1);
  await early[Symbol.asyncDispose]();
});

Deno.test("what the plugin cannot do is refused in a sentence", async () => {
  for (
    const [args, message] of [
      [["shell", "web", "-e", "!"], /Cannot use --escape with --no-native/],
      [["shell", "web", "--timeout", "1m"], /Cannot use --timeout with/],
      [["shell", "web", "--transport", "builtin"], /Cannot use --transport/],
      [["shell", "web", "--stream-host", "a"], /Cannot use --stream-host/],
      [["forward", "web", "80", "--sessions", "2"], /Cannot use --sessions/],
      [["forward", "web", "80", "--payload-size", "2048"], /--payload-size/],
      [["forward", "web", "80", "--retry", "1"], /Cannot use --retry with/],
      [["forward", "web", "80", "--half-close", "1s"], /--half-close with/],
      [["forward", "web", "80", "-f"], /Cannot use -f with --no-native/],
      [["forward", "web", "80", "--json"], /Cannot use --json with/],
      [["forward", "web", "80", "81"], /several ports with --no-native/],
      [["forward", "web", "127.0.0.2:8080:80"], /./],
      [
        ["forward", "web", "--remote", "80", "--local", "unix:/tmp/x"],
        /listens on localhost alone/,
      ],
      [
        ["forward", "web", "--remote", "80", "--bind", "0.0.0.0"],
        /listens on localhost alone/,
      ],
    ] as const
  ) {
    const context = new TestContext();
    assert.equal(await runCommandLine([...args, "--no-native"], context), 125);
    assert.match(context.terminal.errorText, message, args.join(" "));
    assert.deepEqual(context.connections, []);
  }
  const context = new TestContext();
  assert.equal(
    await runCommandLine(
      ["forward", "web", "80", "--no-native", "--", "true"],
      context,
    ),
    125,
  );
  assert.match(context.terminal.errorText, /Cannot use a command with/);
});
