import assert from "node:assert/strict";
import { startSshAgent } from "../../lib/io/ssh_agent.ts";
import { findAgentKey } from "../../lib/io/ssh_agent_client.ts";
import {
  AgentMessage,
  agentMessage,
  identitiesAnswer,
  longestMessage,
  readAgentMessage,
  readIdentities,
  SshReader,
  sshString,
  sshText,
  writeAgentMessage,
} from "../../lib/io/ssh_agent_message.ts";
import { authorizedKey, generateSshKey } from "../../lib/io/ssh_key.ts";
import { joined } from "../testkit/bytes.ts";
import { arePrograms } from "../testkit/programs.ts";

const windows = Deno.build.os === "windows";

/** An agent with a fresh key in a folder of its own. */
async function withAgent(
  run: (path: string, line: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ssm-agent-" });
  const path = `${folder}/a`;
  const key = await generateSshKey("ssm");
  const agent = await startSshAgent(path, key, "ssm");
  try {
    await run(path, key.line, folder);
  } finally {
    agent.close();
    agent.close();
    assert.deepEqual(
      [...Deno.readDirSync(folder)].map(({ name }) => name)
        .filter((name) => name === "a" || name.startsWith(".")),
      [],
    );
    await Deno.remove(folder, { recursive: true });
  }
}

/** One request and its answer. */
async function ask(path: string, request: Uint8Array) {
  using conn = await Deno.connect({ transport: "unix", path });
  await writeAgentMessage(conn, request);
  return await readAgentMessage(conn);
}

Deno.test({
  name: "an agent lists its key, on a socket that is ours alone",
  ignore: windows,
  fn: () =>
    withAgent(async (path, line) => {
      assert.equal((await Deno.lstat(path)).mode! & 0o777, 0o600);
      assert.match(line, /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI\S+ ssm$/);
      assert.equal(`${await findAgentKey(path)} ssm`, line);
    }),
});

Deno.test({
  name: "an agent signs with its key and no other, and fails at all else",
  ignore: windows,
  fn: () =>
    withAgent(async (path, line) => {
      const blob = Uint8Array.from(
        atob(line.split(" ")[1] ?? ""),
        (each) => each.charCodeAt(0),
      );
      const data = new TextEncoder().encode("sign me");
      const flags = new Uint8Array(4);
      const request = (key: Uint8Array) =>
        agentMessage(
          AgentMessage.SignRequest,
          sshString(key),
          sshString(data),
          flags,
        );
      const answer = await ask(path, request(blob));
      assert.equal(answer?.[0], AgentMessage.SignResponse);
      const signature = new SshReader(
        new SshReader(answer!.subarray(1)).bytes(),
      );
      assert.equal(signature.text(), "ssh-ed25519");
      const publicKey = await crypto.subtle.importKey(
        "raw",
        blob.slice(-32),
        "Ed25519",
        false,
        ["verify"],
      );
      assert.ok(
        await crypto.subtle.verify(
          "Ed25519",
          publicKey,
          Uint8Array.from(signature.bytes()),
          data,
        ),
      );
      for (
        const other of [
          request(blob.with(40, (blob[40] ?? 0) ^ 1)),
          // "Take this key", "forget all keys", and an extension.
          agentMessage(17, sshText("ssh-ed25519")),
          agentMessage(19),
          agentMessage(27, sshText("session-bind@openssh.com")),
        ]
      ) {
        assert.deepEqual(
          await ask(path, other),
          Uint8Array.of(AgentMessage.Failure),
        );
      }
      // What is no message ends its connection, and only that.
      for (
        const broken of [
          new Uint8Array(4),
          sshString(Uint8Array.of(AgentMessage.SignRequest, 0, 0, 1)),
          new Uint8Array([0xff, 0xff, 0xff, 0xff]),
        ]
      ) assert.equal(await ask(path, broken), undefined);
      assert.equal(`${await findAgentKey(path)} ssm`, line);
    }),
});

Deno.test({
  name: "an agent takes the place of another, whose end leaves it alone",
  ignore: windows,
  fn: () =>
    withAgent(async (path, line) => {
      const key = await generateSshKey("second");
      const second = await startSshAgent(path, key, "second");
      const third = await startSshAgent(path, key, "second");
      second.close();
      assert.notEqual(`${await findAgentKey(path)} ssm`, line);
      assert.equal(`${await findAgentKey(path)} second`, key.line);
      third.close();
    }),
});

Deno.test({
  name: "OpenSSH's own tools list and use the agent's key",
  ignore: !arePrograms("ssh-add", "ssh-keygen"),
  fn: () =>
    withAgent(async (path, line, folder) => {
      const run = async (program: string, ...args: string[]) => {
        const { code, stdout, stderr } = await new Deno.Command(program, {
          args,
          env: { SSH_AUTH_SOCK: path },
        }).output();
        const text = new TextDecoder();
        assert.equal(code, 0, text.decode(stderr));
        return text.decode(stdout);
      };
      assert.equal(await run("ssh-add", "-L"), `${line}\n`);
      await Deno.writeTextFile(`${folder}/key.pub`, `${line}\n`);
      await Deno.writeTextFile(`${folder}/text`, "some text");
      await run(
        "ssh-keygen",
        "-Y",
        "sign",
        "-n",
        "file",
        "-f",
        `${folder}/key.pub`,
        `${folder}/text`,
      );
      await Deno.writeTextFile(`${folder}/allowed`, `me ${line}\n`);
      const check = new Deno.Command("ssh-keygen", {
        args: [
          "-Y",
          "verify",
          "-f",
          `${folder}/allowed`,
          "-I",
          "me",
          "-n",
          "file",
          "-s",
          `${folder}/text.sig`,
        ],
        stdin: "piped",
      }).spawn();
      const writer = check.stdin.getWriter();
      await writer.write(new TextEncoder().encode("some text"));
      await writer.close();
      assert.equal((await check.status).code, 0);
    }),
});

Deno.test({
  name:
    "the user's agent is asked for the best key that Instance Connect takes",
  ignore: windows,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "ssm-agent-" });
    const path = `${folder}/a`;
    const listener = Deno.listen({ transport: "unix", path });
    const kinds = [
      ["ecdsa-sha2-nistp256"],
      ["ecdsa-sha2-nistp256", "ssh-rsa", "ssh-ed25519"],
      ["ssh-rsa"],
      [],
    ];
    const blob = (kind: string) =>
      joined([sshText(kind), sshString(new Uint8Array(32).fill(7))]);
    const serving = (async () => {
      for (const each of kinds) {
        using conn = await listener.accept();
        await readAgentMessage(conn);
        await writeAgentMessage(
          conn,
          identitiesAnswer(
            each.map((kind) => ({ blob: blob(kind), comment: "\x1b[31m" })),
          ),
        );
      }
      using last = await listener.accept();
      await readAgentMessage(last);
    })();
    await assert.rejects(findAgentKey(path), {
      name: "SshAgentError",
      message: /no ssh-ed25519 or ssh-rsa key$/,
    });
    assert.equal(
      await findAgentKey(path),
      authorizedKey(blob("ssh-ed25519"), ""),
    );
    assert.match(await findAgentKey(path), /^ssh-rsa \S+$/);
    await assert.rejects(findAgentKey(path), { message: /it has none$/ });
    await assert.rejects(findAgentKey(path), { message: /it hung up$/ });
    await serving;
    listener.close();
    await assert.rejects(findAgentKey(path), { name: "SshAgentError" });
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("agent messages: lengths that cannot be are refused", async () => {
  const conn = (bytes: Uint8Array) => {
    let at = 0;
    return {
      read(target: Uint8Array) {
        const part = bytes.subarray(at, at + Math.min(3, target.length));
        target.set(part);
        at += part.length;
        return Promise.resolve(part.length === 0 ? null : part.length);
      },
    };
  };
  assert.deepEqual(
    await readAgentMessage(conn(agentMessage(12, sshText("abc")))),
    Uint8Array.of(12, 0, 0, 0, 3, 97, 98, 99),
  );
  assert.equal(await readAgentMessage(conn(new Uint8Array())), undefined);
  assert.equal(
    await readAgentMessage(conn(Uint8Array.of(0, 0, 0, 9, 1))),
    undefined,
  );
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, longestMessage + 1);
  await assert.rejects(readAgentMessage(conn(head)), {
    name: "AgentMessageError",
  });
  for (
    const bad of [
      Uint8Array.of(5),
      Uint8Array.of(12),
      Uint8Array.of(12, 0, 0, 0, 1, 0, 0, 0, 9),
      Uint8Array.of(12, 0xff, 0xff, 0xff, 0xff),
    ]
  ) assert.throws(() => readIdentities(bad), { name: "AgentMessageError" });
});
