/** What a transport's `read` gave is overwritten with its next call: nobody may look at it then. */

import assert from "node:assert/strict";
import { decodeAcknowledgedNumber } from "../../lib/protocol/message/acknowledge.ts";
import { decodeClientMessage } from "../../lib/protocol/message/client_message.ts";
import { DriverBench } from "../testkit/driver_bench.ts";
import { FakeTransport } from "../testkit/fake_session.ts";
import { PortBench } from "../testkit/port_bench.ts";
import { basicAgent } from "../testkit/port_node.ts";
import { startShell } from "../testkit/shell_bench.ts";

Deno.test("the bench's transport overwrites what it gave", async () => {
  const transport = new FakeTransport();
  const message = Uint8Array.of(1, 2, 3);
  transport.deliver(message);
  const [given] = (await transport.read())!;
  assert.deepEqual([...given!], [1, 2, 3]);
  transport.deliver(Uint8Array.of(4));
  await transport.read();
  assert.notDeepEqual([...given!], [1, 2, 3]);
  assert.deepEqual([...message], [1, 2, 3], "the test's own array");
});

Deno.test("an acknowledgement that waits names the message, not what came later", async () => {
  const bench = await new DriverBench().begin();
  const { transport } = bench.control;
  transport.sent.length = 0;
  // Little distance makes the acknowledgement of all but the first wait.
  for (const text of ["one ", "two ", "three ", "four "]) {
    bench.agent.print(text);
    await bench.clock.advance(0.5);
  }
  await bench.clock.advance(10);
  const numbers = transport.sent.map(decodeClientMessage)
    .filter((each) => each.messageType === "acknowledge")
    .map((each) => decodeAcknowledgedNumber(each.payload));
  assert.deepEqual(numbers, [1, 2, 3, 4]);
  assert.equal(bench.agent.channel.unacknowledged, 0);
  assert.equal(bench.output, "one two three four ");
  await bench.end();
});

Deno.test("a shell's output that waits for the terminal stays as it came", async () => {
  const bench = await startShell();
  const { agent, terminal, clock } = bench;
  agent.print("$ ");
  await clock.advance(10);
  let printed = "$ ";
  const gate = Promise.withResolvers<void>();
  const write = terminal.write.bind(terminal);
  terminal.write = async (bytes) => {
    await gate.promise;
    await write(bytes);
  };
  for (let i = 0; i < 200; i++) {
    const text = `${i};`.repeat(i);
    printed += text;
    if (text !== "") agent.print(text);
    await clock.advance(i % 3);
  }
  gate.resolve();
  await clock.advance(1000);
  assert.equal(terminal.outputText, printed);
  agent.closeChannel();
  await clock.advance(0);
  assert.deepEqual(bench.outcome(), { kind: "ended" });
});

Deno.test("what waits for slow programs stays as it came, and frames across messages", async () => {
  const bench = await new PortBench().begin();
  const connections = [await bench.connected(), await bench.connected()];
  const sent = ["", ""];
  for (const { local } of connections) local.stopped = true;
  for (let i = 1; i < 300; i++) {
    for (const [k, { far }] of connections.entries()) {
      const text = `${k}:${i};`.repeat(i % 50);
      if (text === "") continue;
      sent[k] += text;
      far.send(text);
    }
    await bench.clock.advance(i % 3);
  }
  await bench.clock.advance(1000);
  for (const [k, { local }] of connections.entries()) {
    assert.equal(local.size, 0);
    local.goOn();
    await bench.until(() => local.size === sent[k]!.length);
    assert.equal(local.text, sent[k]);
  }
  await bench.end();
});

Deno.test("what a destination says before anybody is there stays as it came", async () => {
  const bench = await new PortBench({ node: { agentVersion: basicAgent } })
    .begin();
  let said = "";
  for (let i = 0; i < 50; i++) {
    said += `${i};`;
    bench.node.say(`${i};`);
    await bench.clock.advance(10);
  }
  const local = bench.connect();
  await bench.clock.advance(10);
  assert.equal(local.text, said);
  await bench.end();
});

Deno.test("messages that wait for one that is missing stay as they came", async () => {
  const bench = await new PortBench().begin();
  const { local, far } = await bench.connected();
  const { transport } = bench.node.control;
  const deliver = transport.deliver.bind(transport);
  let lost = 0;
  transport.deliver = (frame) => {
    if (lost++ === 0) return; // the first one, until it is sent again
    deliver(frame);
  };
  let sent = "";
  for (let i = 0; i < 30; i++) {
    sent += `${i};`;
    far.send(`${i};`);
    await bench.clock.advance(1);
  }
  await bench.until(() => local.size === sent.length);
  assert.equal(local.text, sent);
  await bench.end();
});
