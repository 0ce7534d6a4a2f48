import assert from "node:assert/strict";
import {
  EC2InstanceConnectClient,
  SendSSHPublicKeyCommand,
} from "@aws-sdk/client-ec2-instance-connect";
import { SimulatedEc2InstanceConnect } from "../../../lib/simulator/api/ec2_instance_connect.ts";
import { defaultOptions } from "../../../lib/simulator/options.ts";
import { clientConfiguration, startTestSimulator } from "../api_clients.ts";

const node = "i-0123456789abcdef0";
const key = (text: string) =>
  `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${text.padEnd(43, "A")} ssm`;

Deno.test("Instance Connect puts keys where an sshd finds them, and takes them away at the end", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ssm-keys-" });
  try {
    {
      await using t = await startTestSimulator({ authorizedKeys: folder });
      const client = new EC2InstanceConnectClient(
        clientConfiguration(t.simulator),
      );
      const send = (
        SSHPublicKey: string,
        InstanceOSUser = "ubuntu",
        InstanceId = node,
      ) =>
        client.send(
          new SendSSHPublicKeyCommand({
            InstanceId,
            InstanceOSUser,
            SSHPublicKey,
          }),
        );
      const { Success, RequestId } = await send(key("one"));
      assert.equal(Success, true);
      assert.match(RequestId ?? "", /^[0-9a-f-]{36}$/);
      await send(key("two"));
      await send(key("three"), "ec2-user");
      const file = `${folder}/${node}/ubuntu`;
      const lines = (await Deno.readTextFile(file)).trimEnd().split("\n");
      assert.equal(lines.length, 2);
      assert.match(
        lines[0] ?? "",
        /^expiry-time="\d{14}Z" ssh-ed25519 \S+ ssm$/,
      );
      if (Deno.build.os !== "windows") {
        assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
        assert.equal(
          (await Deno.stat(`${folder}/${node}`)).mode! & 0o777,
          0o700,
        );
      }
      await assert.rejects(send(key("x"), "ubuntu", "i-0aaaaaaaaaaaaaaaa"), {
        name: "EC2InstanceNotFoundException",
      });
      for (const user of ["../../etc", "a/b", "-x", ""]) {
        await assert.rejects(send(key("x"), user), {
          name: "ValidationException",
        });
      }
      await assert.rejects(send("ecdsa-sha2-nistp256 " + "A".repeat(100)), {
        name: "InvalidArgsException",
      });
      await assert.rejects(send(`${key("x")}\nssh-rsa AAAA`), {
        name: "InvalidArgsException",
      });
      client.destroy();
    }
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Instance Connect forgets a key after a minute, and refuses a stopped instance", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ssm-keys-" });
  let now = Date.parse("2026-01-02T03:04:05.678Z");
  const [first] = defaultOptions.nodes;
  const api = new SimulatedEc2InstanceConnect({
    nodes: [{ ...first!, id: node }, {
      ...first!,
      id: "i-0aaaaaaaaaaaaaaaa",
      ec2State: "stopped",
    }],
    folder,
    now: () => now,
  });
  try {
    const send = (InstanceId: string, text: string) =>
      api.handle("SendSSHPublicKey", {
        InstanceId,
        InstanceOSUser: "root",
        SSHPublicKey: key(text),
      });
    send(node, "old");
    const file = `${folder}/${node}/root`;
    assert.match(
      await Deno.readTextFile(file),
      /^expiry-time="20260102030505Z" /,
    );
    now += 61_000;
    send(node, "new");
    const text = await Deno.readTextFile(file);
    assert.ok(text.includes("new") && !text.includes("old"), text);
    assert.throws(() => send("i-0aaaaaaaaaaaaaaaa", "x"), {
      code: "EC2InstanceStateInvalidException",
    });
    assert.throws(() => api.handle("Other", {}), {
      code: "UnknownOperationException",
    });
  } finally {
    api[Symbol.dispose]();
    await Deno.remove(folder, { recursive: true });
  }
});
