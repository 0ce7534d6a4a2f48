/** The plugin from its arguments to its exit code: what is no session, and shells. */

import assert from "node:assert/strict";
import { SignalError } from "../../../lib/session/signal_error.ts";
import { TransportError } from "../../../lib/session/transport.ts";
import { MemoryTerminal } from "../../testkit/memory_terminal.ts";
import {
  exit,
  handshake,
  id,
  PluginBench,
  start,
  words,
} from "../../testkit/plugin_bench.ts";

Deno.test("what is no session is answered as the official plugin does, and no success", async () => {
  for (
    const [args, out, code] of [
      [[], /^\nThe Session Manager plugin was installed successfully\./, 0],
      [["--version"], /^\d+(\.\d+){3}\n$/, 0],
      [
        ["a\x1b"],
        /^\nUnknown operation a\\x1b\. \nUse session-manager-plugin --version to check the version\.\n\n$/,
        125,
      ],
      [["{}", "r", "Foo"], /^Invalid Operation$/, 125],
      [["{}", "r", "StartSession"], /^$/, 125],
    ] as const
  ) {
    const bench = await new PluginBench().run(args);
    assert.match(bench.out, out);
    assert.deepEqual(bench.context.connections, []);
    bench.assertOver(code);
  }
});

Deno.test("a shell without a handshake: the CLI's identity, its output, the lines around it", async () => {
  const bench = await new PluginBench().run();
  const { context, agent } = bench;
  assert.equal(bench.out, start, "before the agent says a word");
  assert.deepEqual(context.connections, [{
    profile: "prod",
    region: "eu-west-1",
    endpointUrl: undefined,
    ssmEndpointUrl: "https://ssm.eu-west-1.amazonaws.com",
    transport: "native",
    streamHosts: [],
    signature: "if possible",
  }]);
  agent.print("$ ");
  for (let at = 0; at < 20; at++) await bench.advance(10);
  assert.equal(bench.out, `${start}$ `);
  context.terminal.type("exit\r");
  await bench.advance(10);
  assert.equal(agent.input, "exit\r");
  agent.closeChannel();
  await bench.advance(10);
  assert.equal(bench.out, `${start}$ ${exit}`);
  assert.equal(bench.err, "");
  assert.equal(context.control.terminated, 0);
  bench.assertOver(0);
});

Deno.test("the session in the environment is taken out of it", async () => {
  const bench = new PluginBench();
  const variable = "AWS_SSM_START_SESSION_RESPONSE";
  bench.context.variables.set(variable, words[0]!);
  await bench.run([variable, ...words.slice(1)]);
  assert.equal(bench.context.variables.has(variable), false);
  bench.agent.closeChannel();
  await bench.advance(10);
  assert.equal(bench.out, start + exit);
  bench.assertOver(0);
});

Deno.test("a signal is a key of a shell, and ends it only where nobody takes it", async () => {
  const terminal = new MemoryTerminal({ interactive: false });
  const bench = await new PluginBench({}, terminal).run();
  bench.agent.print("$ ");
  for (let at = 0; at < 20; at++) await bench.advance(10);
  assert.equal(bench.context.deliver("SIGINT"), true);
  await bench.advance(10);
  bench.context.deliver("SIGQUIT");
  await bench.advance(10);
  assert.equal(bench.agent.input, "\x03\x1c");
  assert.equal(bench.code, undefined);
  bench.context.deliver("SIGTERM");
  await bench.advance(10);
  assert.equal(bench.context.control.terminated, 1);
  await bench.advance(3000);
  bench.assertOver(143);
});

Deno.test("Ctrl-C before the session begins ends it", async () => {
  const bench = await new PluginBench().run();
  bench.context.abort(new SignalError("SIGINT"));
  for (let at = 0; at < 20; at++) await bench.advance(100);
  assert.equal(bench.context.control.terminated, 1);
  assert.equal(bench.out, start);
  bench.assertOver(130);
});

Deno.test("how sessions end, and which exit codes that has", async () => {
  const text = "----------ERROR-------\nUnable to start command: no such file";
  for (
    const [output, out, code] of [
      ["", exit, 0],
      [
        "Terminated by \x1bme",
        `\n\nSessionId: ${id} : Terminated by \\x1bme\n\n`,
        0,
      ],
      [
        `\n${text}`,
        `\n\nSessionId: ${id} : \n${text}\n\n`,
        1,
      ],
    ] as const
  ) {
    const bench = await new PluginBench(handshake("InteractiveCommands")).run();
    bench.agent.closeChannel(output);
    await bench.advance(10);
    assert.equal(bench.out, start + out);
    bench.assertOver(code);
  }
  // One that never began.
  const bench = await new PluginBench().run();
  bench.agent.closeChannel(text);
  for (let at = 0; at < 20; at++) await bench.advance(10);
  assert.equal(bench.out, `${start}\n\nSessionId: ${id} : \n${text}\n\n`);
  bench.assertOver(125);
});

Deno.test("a session that timed out meanwhile has ended", async () => {
  const bench = await new PluginBench(handshake("Standard_Stream")).run();
  bench.context.control.onResume = () => undefined;
  bench.context.control.transport.drop();
  for (let at = 0; at < 60; at++) await bench.advance(100);
  assert.equal(bench.out, `${start}Session: ${id} timed out.\n`);
  bench.assertOver(0);
});

Deno.test("no connection is an error, and the session is terminated", async () => {
  const bench = new PluginBench();
  bench.context.control.onOpen = () => {
    throw new TransportError("Cannot open WebSocket: no way");
  };
  await bench.run();
  for (let at = 0; at < 60; at++) await bench.advance(1000);
  assert.equal(bench.out, start);
  assert.match(bench.err, /^ssm: Cannot open WebSocket: no way\n/);
  assert.equal(bench.context.control.terminated, 1);
  bench.assertOver(125);
});

Deno.test("without a target, no key is asked for, and the reason is said", async () => {
  const bench = new PluginBench({
    handshake: {
      agentVersion: "3.3.987.0",
      actions: [
        {
          actionType: "SessionType",
          parameters: { SessionType: "Standard_Stream", Properties: null },
        },
        { actionType: "KMSEncryption", parameters: { KMSKeyId: "alias/k" } },
      ],
    },
  });
  bench.context.control.onDataKey = () => {
    throw new Error("A key was asked for");
  };
  await bench.run(words.slice(0, 3));
  // The agent makes the reason its last word.
  assert.match(
    JSON.stringify(bench.agent.events),
    /this AWS CLI is too old for that/,
  );
  bench.agent.closeChannel("----------ERROR-------\nNo key");
  for (let at = 0; at < 60; at++) await bench.advance(100);
  bench.assertOver(125);
});
