/** A transport that uses its memory again, as far as `read` promises. */

import assert from "node:assert/strict";
import { settle } from "../testkit/manual_clock.ts";
import { pair, twoEnds, watch } from "./transport_pair.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A server's frame. */
function frame(opcode: number, payload: string): number[] {
  const bytes = new TextEncoder().encode(payload);
  return [0x80 | opcode, bytes.length, ...bytes];
}

Deno.test("messages stay until the next read, whatever comes meanwhile", async (t) => {
  const half = frame(2, "in two halves");
  const cases: [string, number[][], string[]][] = [
    ["messages", [frame(2, "later"), frame(2, "last")], ["later", "last"]],
    ["pings", Array.from({ length: 4 }, () => frame(9, "ping me")), []],
    ["pongs", Array.from({ length: 4 }, () => frame(10, "pong")), []],
    [
      "a message in pieces",
      half.map((byte) => [byte]),
      ["in two halves"],
    ],
    [
      "something of everything",
      [frame(9, "ping"), frame(2, "later"), frame(9, "ping"), frame(2, "x")],
      ["later", "x"],
    ],
  ];
  for (const [name, arrivals, expected] of cases) {
    await t.step(name, async () => {
      const { far, client } = pair({ reuseMemory: true });
      await far.inject(...frame(2, "the first of them"));
      await far.inject(...frame(2, "the message"));
      const first = await client.read();
      const messages = [...first!];
      if (messages.length < 2) messages.push(...(await client.read())!);
      const kept = messages.at(-1)!;
      assert.equal(text(kept), "the message");
      for (const bytes of arrivals) {
        await far.inject(...bytes);
        await settle();
        assert.equal(text(kept), "the message");
      }
      const got: string[] = [];
      while (got.length < expected.length) {
        got.push(...(await client.read())!.map(text));
      }
      assert.deepEqual(got, expected);
      client.drop("end of test");
    });
  }
});

Deno.test("a pong that has to wait repeats its ping, not what came later", async () => {
  const { far, client } = pair({ reuseMemory: true }, 4096);
  const { seen, pump } = watch(far);
  client.send(new Uint8Array(20_000)); // more than the way holds
  await settle();
  await far.inject(...frame(9, "the one and only"));
  for (let i = 0; i < 10; i++) {
    await far.inject(...frame(2, "x".repeat(100)));
    assert.equal(text((await client.read())![0]!), "x".repeat(100));
  }
  for (let i = 0; i < 20; i++) await pump();
  assert.deepEqual(
    seen.toSorted(),
    ["message 20000", "pong the one and only"],
  );
  client.drop("end of test");
});

Deno.test("a pong behind many pings is the last one's", async () => {
  const { far, client } = pair({ reuseMemory: true }, 4096);
  const { seen, pump } = watch(far);
  client.send(new Uint8Array(20_000));
  await settle();
  for (let i = 0; i < 10; i++) {
    await far.inject(...frame(9, `ping ${i}`));
    await settle();
  }
  for (let i = 0; i < 20; i++) await pump();
  assert.deepEqual(seen.toSorted(), ["message 20000", "pong ping 9"]);
  client.drop("end of test");
});

Deno.test("what is read is intact at each read, in few buffers", async () => {
  for (const capacity of [1000, 5000, 1 << 20]) {
    const { client, server } = twoEnds(capacity, { reuseMemory: true });
    const sizes = Array.from({ length: 3000 }, (_, i) => 1 + (i * 37) % 900);
    const sending = (async () => {
      for (const [i, size] of sizes.entries()) {
        server.send(new Uint8Array(size).fill(i));
        if (i % 20 === 0) await server.drained();
      }
      await server.close();
    })();
    let count = 0;
    const buffers = new Map<ArrayBufferLike, number>();
    for (;;) {
      const messages = await client.read();
      if (messages === undefined) break;
      // Whoever takes his time finds them as they came.
      await settle();
      for (const message of messages) {
        assert.equal(message.length, sizes[count]);
        assert.ok(message.every((byte) => byte === (count & 0xff)));
        const { buffer } = message;
        buffers.set(buffer, (buffers.get(buffer) ?? 0) + 1);
        count++;
      }
    }
    await sending;
    assert.equal(count, sizes.length);
    // Messages across two reads have memory of their own; of the others' there is little.
    const shared = [...buffers.values()].filter((times) => times > 1).length;
    assert.ok(shared <= 6, `${shared} buffers`);
  }
});
