import assert from "node:assert/strict";
import { runCommandLine } from "../../cmd/mod.ts";
import { PortStartError } from "../../lib/session/port_end.ts";
import type { StdioEnd } from "../../lib/session/stdio_session.ts";
import { TestContext } from "../testkit/context.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";

function world(): TestContext {
  return new TestContext(new MemoryTerminal({ interactive: false }));
}

async function proxy(context: TestContext, ...args: string[]) {
  return await runCommandLine(["ssh-proxy", ...args], context);
}

Deno.test("ssh-proxy: AWS-StartSSHSession to port 22, and not a word", async () => {
  const context = world();
  assert.equal(await proxy(context, "web"), 0);
  const [request] = context.requests;
  assert.equal(request?.target, "i-0123456789abcdef0");
  assert.equal(request?.documentName, "AWS-StartSSHSession");
  assert.deepEqual(request?.parameters, { portNumber: ["22"] });
  assert.equal(context.terminal.errorText, "");
  assert.equal(context.terminal.outputText, "");
  assert.equal(context.awsClosed, 1);
});

Deno.test("ssh-proxy: another port, document and reason", async () => {
  const context = world();
  assert.equal(
    await proxy(
      context,
      "web",
      "2222",
      "--document-name",
      "D",
      "--reason",
      "r",
    ),
    0,
  );
  const [request] = context.requests;
  assert.equal(request?.documentName, "D");
  assert.equal(request?.reason, "r");
  assert.deepEqual(request?.parameters, { portNumber: ["2222"] });
});

Deno.test("ssh-proxy: each end has its exit code", async () => {
  const cases: [StdioEnd, number, RegExp][] = [
    [{ kind: "left", message: "" }, 0, /^$/],
    [{ kind: "ended", message: "x", silent: true }, 0, /^$/],
    [{ kind: "signal", signal: "SIGHUP" }, 129, /^$/],
    [
      { kind: "ended", message: "Unable to connect to specified port: no\x1b" },
      255,
      /^ssm: Cannot reach port 22 of web: Unable to connect to specified port: no\\x1b\nhint: ssm shell web\n$/,
    ],
    [
      { kind: "idle", message: "The session has timed out" },
      255,
      /^ssm: The connection to port 22 of web is over: The session has timed out\n$/,
    ],
    [{ kind: "lost", message: "gone" }, 255, /is over: gone\n$/],
    [{ kind: "failed", message: "why" }, 255, /is over: why\n$/],
  ];
  for (const [end, code, text] of cases) {
    const context = world();
    context.onStdio = (options) => {
      options.onBegun();
      return Promise.resolve(end);
    };
    assert.equal(await proxy(context, "web"), code, end.kind);
    assert.match(context.terminal.errorText, text);
    assert.equal(context.terminal.outputText, "");
  }
});

Deno.test("ssh-proxy: the first of several signals counts, and the end takes its time", async () => {
  const context = world();
  const begun = Promise.withResolvers<AbortSignal>();
  const end = Promise.withResolvers<void>();
  context.onStdio = async (options) => {
    options.onBegun();
    begun.resolve(options.signal);
    await end.promise;
    const { signal } = options.signal.reason;
    return { kind: "signal", signal };
  };
  const running = proxy(context, "web");
  const signal = await begun.promise;
  assert.equal(signal.aborted, false);
  assert.ok(context.deliver("SIGINT"));
  assert.equal(signal.aborted, true);
  assert.ok(context.deliver("SIGHUP"));
  end.resolve();
  assert.equal(await running, 130);
  assert.equal(context.deliver("SIGHUP"), false);
});

Deno.test("ssh-proxy: a session that cannot begin is ended, and the code is 125", async () => {
  const context = world();
  context.onStdio = () =>
    Promise.reject(new PortStartError({ kind: "failed", message: "No" }));
  assert.equal(await proxy(context, "web"), 125);
  assert.equal(context.control.terminated, 1);
  assert.equal(context.terminal.errorText, "ssm: No\n");
});

Deno.test("ssh-proxy: -v tells what happens, and -q keeps it quiet", async () => {
  for (
    const [flags, said] of [[["-v"], true], [[], false], [
      ["-vq"],
      false,
    ]] as const
  ) {
    const context = world();
    context.onStdio = (options) => {
      options.onBegun();
      options.notify({ kind: "lost", reason: "reset" });
      options.notify({ kind: "resumed", after: 1500 });
      return Promise.resolve({ kind: "left", message: "" });
    };
    assert.equal(await proxy(context, "web", ...flags), 0);
    assert.equal(
      /^Session \S+ on \S+\n.* lost: reset; resuming…\n.* resumed after 1.5 s\n$/
        .test(context.terminal.errorText),
      said,
      context.terminal.errorText,
    );
    if (!said) assert.equal(context.terminal.errorText, "");
  }
});

Deno.test("ssh-proxy: the key is sent before the session carries a byte, and forgotten after a minute", async () => {
  const context = world();
  const sent: unknown[] = [];
  context.onSendKey = (request) => {
    sent.push(request);
    return Promise.resolve();
  };
  const end = Promise.withResolvers<StdioEnd>();
  const begun = Promise.withResolvers<void>();
  context.onStdio = (options) => {
    assert.equal(sent.length, 1);
    assert.equal(context.keysOffered, 1);
    options.onBegun();
    begun.resolve();
    return end.promise;
  };
  const args = ["--send-key", "--user", "ubuntu", "--key-socket", "/k/s"];
  const running = proxy(context, "web", ...args);
  await begun.promise;
  await context.clock.advance(59_000);
  assert.equal(context.keysOffered, 1);
  await context.clock.advance(2000);
  assert.equal(context.keysOffered, 0);
  end.resolve({ kind: "left", message: "" });
  assert.equal(await running, 0);
  assert.deepEqual(context.keySockets, ["/k/s"]);
  assert.deepEqual(sent, [{
    instanceId: "i-0123456789abcdef0",
    user: "ubuntu",
    publicKey: "ssh-ed25519 AAAA ssm",
  }]);
  assert.equal(context.clock.pending, 0);
});

Deno.test("ssh-proxy: a key that cannot be sent leaves neither session nor key", async () => {
  const context = world();
  context.onSendKey = () =>
    Promise.reject(new Error("Cannot send SSH key: no"));
  const args = ["--send-key", "--user", "u", "--key-socket", "/k/s"];
  assert.equal(await proxy(context, "web", ...args), 125);
  assert.equal(context.control.terminated, 1);
  assert.equal(context.keysOffered, 0);
  assert.equal(context.stdioSessions.length, 0);
  assert.match(context.terminal.errorText, /Cannot send SSH key: no/);
});

Deno.test("ssh-proxy: a key of the user's agent", async () => {
  const context = world();
  const args = ["web", "--send-key=agent", "--user", "u"];
  assert.equal(await proxy(context, ...args), 125);
  assert.match(context.terminal.errorText, /SSH_AUTH_SOCK names none\nhint: /);
  const again = world();
  again.variables.set("SSH_AUTH_SOCK", "/agent");
  let key = "";
  again.onSendKey = ({ publicKey }) => {
    key = publicKey;
    return Promise.resolve();
  };
  assert.equal(await proxy(again, ...args), 0);
  assert.equal(key, "ssh-rsa AAAA");
  assert.equal(again.keySockets.length, 0);
});

Deno.test("ssh-proxy: what makes no sense is refused", async () => {
  for (
    const [args, message] of [
      [[], /^ssm: Cannot run ssm ssh-proxy: its target is missing\n/],
      [["web", "0"], /Cannot use the port 0: .* from 1 to 65535/],
      [["web", "ssh"], /Cannot use the port ssh: .* from 1 to 65535/],
      [["web", "--", "ls"], /takes none after --/],
      [["web", "--send-key"], /--user does not say whom it is for/],
      [["web", "--send-key", "--user", "a;b"], /Cannot use a;b/],
      [["web", "--send-key", "--user", "u"], /--key-socket does not say where/],
      [["a\nb"], /control characters/],
    ] as const
  ) {
    const context = world();
    assert.equal(await proxy(context, ...args), 125, args.join(" "));
    assert.match(context.terminal.errorText, message);
    assert.equal(context.terminal.outputText, "");
  }
  const context = world();
  context.onResolve = () =>
    Promise.resolve({ id: "mi-0123456789abcdef0", name: undefined });
  const args = ["--send-key", "--user", "u", "--key-socket", "/k/s"];
  assert.equal(await proxy(context, "web", ...args), 125);
  assert.match(context.terminal.errorText, /knows EC2 instances only/);
});
