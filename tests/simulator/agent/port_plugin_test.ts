import assert from "node:assert/strict";
import { decodeHandshakeRequest } from "../../../lib/protocol/message/handshake.ts";
import type { AgentOptions } from "../../../lib/simulator/agent/agent.ts";
import { isMultiplexed } from "../../../lib/simulator/agent/port_plugin.ts";
import { Bench } from "./bench.ts";
import { FakeNetwork } from "./fake_network.ts";
import { PortBench } from "./port_bench.ts";

Deno.test("port: every document's handshake, its defaults put in, and never KMS", async () => {
  const forwarding = { type: "LocalPortForwarding" };
  for (
    const [documentName, parameters, properties] of [
      ["AWS-StartPortForwardingSession", {}, {
        localPortNumber: "0",
        portNumber: "80",
        ...forwarding,
      }],
      ["AWS-StartPortForwardingSession", {
        portNumber: ["5432"],
        localPortNumber: ["15432"],
      }, { localPortNumber: "15432", portNumber: "5432", ...forwarding }],
      ["AWS-StartPortForwardingSessionToRemoteHost", {
        host: ["127.0.0.1"],
        portNumber: ["6379"],
      }, {
        host: "127.0.0.1",
        localPortNumber: "0",
        portNumber: "6379",
        ...forwarding,
      }],
      ["AWS-StartPortForwardingSessionToSocket", {
        localUnixSocket: ["/tmp/$& {{ portNumber }}"],
      }, {
        localConnectionType: "unix",
        localUnixSocket: "/tmp/$& {{ portNumber }}",
        portNumber: "80",
        ...forwarding,
      }],
      ["AWS-StartSSHSession", {}, { portNumber: "22" }],
    ] as const
  ) {
    const options: Partial<AgentOptions> = {
      documentName,
      parameters,
      kmsKeyId: "alias/sessions",
      connect: new FakeNetwork().connect,
    };
    await using bench = new Bench(options);
    await bench.until("started", () => bench.events.length > 0, 0);
    const request = decodeHandshakeRequest(bench.output()[0]!.payload);
    assert.deepEqual(request.actions, [{
      actionType: "SessionType",
      parameters: { SessionType: "Port", Properties: properties },
    }], documentName);
    const started = bench.events.find((event) => event.type === "started");
    assert.equal(started?.encrypted, false);
    assert.deepEqual(started?.properties, properties);
  }
});

Deno.test("port: which kind it is depends on type, agent and client", () => {
  for (
    const [type, agent, client, multiplexed] of [
      ["LocalPortForwarding", "3.3.987.0", "1.2.896.0", true],
      ["LocalPortForwarding", "3.0.196.1", "1.1.70", true],
      ["LocalPortForwarding", "3.0.196.0", "1.2.896.0", false],
      ["LocalPortForwarding", "3.3.987.0", "1.1.69", false],
      ["LocalPortForwarding", "3.3.987.0", "0.0.1", false],
      ["localportforwarding", "3.3.987.0", "1.2.896.0", false],
      ["", "3.3.987.0", "1.2.896.0", false],
    ] as const
  ) {
    assert.equal(
      isMultiplexed({ type }, agent, client),
      multiplexed,
      `${type} ${agent} ${client}`,
    );
  }
});

Deno.test("port: an old client gets the bytes themselves", async () => {
  await using bench = await PortBench.basic({
    documentName: "AWS-StartPortForwardingSession",
    clientVersion: "1.1.69",
  });
  const { network } = bench;
  await bench.until("dialled", () => network.connections.length === 1, 0);
  network.at(0).say("plain");
  await bench.see(/^plain$/, 0);
});

for (
  const [host, output] of [
    ["nosuch.internal", "lookup nosuch.internal: no such host"],
    [
      "169.254.169.254",
      "Forwarding to IP address 169.254.169.254 is forbidden.",
    ],
  ] as const
) {
  Deno.test(`port: a host that will not do ends the session behind the handshake: ${host}`, async () => {
    const network = new FakeNetwork();
    await using bench = await PortBench.mux({
      documentName: "AWS-StartPortForwardingSessionToRemoteHost",
      parameters: { host: [host], portNumber: ["80"] },
    }, network);
    await bench.until("the end", () => bench.exits.length > 0, 0);
    assert.deepEqual(bench.exits, [{ output, failed: true, asked: false }]);
    assert.deepEqual(network.dials, []);
    await bench.agent.done;
    assert.equal(bench.terminating, false);
  });
}

Deno.test("port: an empty port is refused", async () => {
  await using bench = await PortBench.mux({
    parameters: { portNumber: [""] },
  });
  await bench.until("the end", () => bench.exits.length > 0, 0);
  assert.match(bench.failures[0]!, /^Port number is empty/);
});
