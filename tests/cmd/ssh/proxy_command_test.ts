import assert from "node:assert/strict";
import fc from "fast-check";
import { proxyCommand } from "../../../cmd/ssh/proxy_command.ts";
import { arePrograms } from "../../testkit/programs.ts";

const plain = {
  nodeId: "i-0123456789abcdef0",
  connection: {
    profile: undefined,
    region: undefined,
    endpointUrl: undefined,
    transport: "native",
    streamHosts: [],
  },
  documentName: undefined,
  reason: undefined,
  sendKey: undefined,
  keySocket: undefined,
  verbose: 0,
} as const;

Deno.test("proxy command: the connection is handed on, quoted for ssh and a shell", () => {
  assert.equal(
    proxyCommand(["/opt/ssm"], plain, "linux"),
    "/opt/ssm ssh-proxy i-0123456789abcdef0 %p",
  );
  assert.equal(
    proxyCommand(["/opt/my tools/ssm"], {
      ...plain,
      nodeId: undefined,
      connection: {
        profile: "100% mine's",
        region: "eu-west-1",
        endpointUrl: "https://x/?a=%20",
        transport: "builtin",
        streamHosts: ["a", "b"],
      },
      documentName: "My-Doc",
      reason: "why; rm -rf $HOME",
      sendKey: "fresh",
      keySocket: "/home/me/.ssh/ssm/%r@%h:%p",
      verbose: 2,
    }, "linux"),
    "'/opt/my tools/ssm' ssh-proxy '%h' %p --profile '100%% mine'\\''s' " +
      "--region eu-west-1 --endpoint-url 'https://x/?a=%%20' " +
      "--transport builtin --stream-host a --stream-host b " +
      "--document-name My-Doc --reason 'why; rm -rf $HOME' " +
      "--send-key=fresh --user '%r' --key-socket '/home/me/.ssh/ssm/%r@%h:%p' -v -v",
  );
  assert.equal(
    proxyCommand(["C:\\Program Files\\ssm.exe"], {
      ...plain,
      nodeId: undefined,
    }, "windows"),
    '"C:\\Program Files\\ssm.exe" ssh-proxy "%h" %p',
  );
});

Deno.test("proxy command: control characters never get there", () => {
  for (const bad of ["a\nProxyCommand x", "a\x1b", "a\u202eb", "a\0"]) {
    for (
      const request of [
        { ...plain, reason: bad },
        { ...plain, connection: { ...plain.connection, profile: bad } },
        { ...plain, nodeId: bad },
      ]
    ) {
      assert.throws(() => proxyCommand(["/opt/ssm"], request), {
        name: "UsageError",
        message: /has control characters$/,
      });
    }
  }
});

Deno.test({
  name: "proxy command: a shell gives back every word as it was",
  ignore: !arePrograms("sh"),
  fn: async () => {
    const words = fc.array(
      fc.string({ unit: "grapheme-ascii", minLength: 1 }),
      { minLength: 1, maxLength: 5 },
    );
    const cases = fc.sample(words, { numRuns: 100, seed: 7 });
    const script = cases.map((own) =>
      // What ssh makes of it, and then a shell.
      `printf '%s\\0' ${
        proxyCommand(own, plain, "linux").replaceAll("%p", "22")
          .replaceAll("%%", "%")
      }`
    ).join("\n");
    const { stdout } = await new Deno.Command("sh", { args: ["-c", script] })
      .output();
    const got = new TextDecoder().decode(stdout).split("\0").slice(0, -1);
    assert.deepEqual(
      got,
      cases.flatMap((own) => [
        ...own.map((each) => each.replaceAll("%p", "%p")),
        "ssh-proxy",
        plain.nodeId,
        "22",
      ]),
    );
  },
});
