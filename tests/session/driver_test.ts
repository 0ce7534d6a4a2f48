import assert from "node:assert/strict";
import { decodeClientMessage } from "../../lib/protocol/message/client_message.ts";
import { ControlError } from "../../lib/session/control.ts";
import { transmitQueue } from "../../lib/session/transmitter.ts";
import { DriverBench } from "../testkit/driver_bench.ts";
import { fakeGrant, type FakeTransport } from "../testkit/fake_session.ts";
import { settle } from "../testkit/manual_clock.ts";

/** The types of our messages, in the order in which they went out. */
function typesOf({ sent }: FakeTransport): string[] {
  return sent.map((frame) => decodeClientMessage(frame).messageType);
}

Deno.test("silence costs no timer, and one that waits is set once for many messages", async () => {
  const bench = await new DriverBench().begin();
  bench.agent.stop();
  assert.equal(
    bench.clock.pending,
    1,
    "another timer than the one that notices a machine's sleep",
  );
  const before = bench.clock.set;
  for (let i = 0; i < 1000; i++) bench.type("x");
  await settle();
  assert.ok(bench.clock.set - before <= 1, "a timer for each message");
  assert.ok(bench.clock.pending <= 2);
  await bench.end();
});

Deno.test("what is due is done when it is due: a lost message goes out again", async () => {
  const bench = await new DriverBench().begin();
  const { transport } = bench.control;
  const { onSend } = transport;
  transport.onSend = () => {};
  bench.type("lost once");
  await settle();
  transport.onSend = onSend;
  const due = bench.driver.channel.nextTimeout! - bench.clock.now();
  assert.ok(due > 1);
  await bench.clock.advance(due - 1);
  assert.equal(bench.agent.input, "");
  await bench.clock.advance(1);
  assert.equal(bench.agent.input, "lost once");
  await bench.end();
});

Deno.test("a full transport is waited for, then acknowledgements go first", async () => {
  const bench = await new DriverBench().begin();
  const { transport } = bench.control;
  transport.holding = true;
  const sent = transport.sent.length;
  while (bench.driver.channel.writable) bench.type("x".repeat(1024));
  const held = transport.buffered;
  assert.ok(held >= transmitQueue, String(held));
  assert.ok(held < transmitQueue + 2048, String(held));
  bench.agent.print("a word in between");
  await settle();
  assert.equal(bench.output, "a word in between", "reading goes on");
  assert.equal(transport.buffered, held, "more was sent than fits");
  const count = transport.sent.length;
  transport.release(true);
  await settle();
  const types = typesOf(transport).slice(sent);
  assert.equal(types[count - sent], "acknowledge");
  assert.ok(!types.slice(0, count - sent).includes("acknowledge"));
  for (let i = 0; i < 20; i++) {
    assert.ok(transport.buffered < transmitQueue + 2048);
    transport.release(true);
    await settle();
  }
  transport.release();
  await bench.clock.advance(1000);
  assert.equal(bench.driver.channel.unacknowledged, 0);
  await bench.end();
});

Deno.test("what cannot go out does not keep the processor busy", async () => {
  const bench = await new DriverBench().begin();
  const { transport } = bench.control;
  transport.holding = true;
  while (transport.buffered < transmitQueue) bench.type("x".repeat(1024));
  bench.agent.print("to be acknowledged");
  await settle();
  bench.agent.stop();
  const before = bench.clock.set;
  let calls = 0;
  const { handleTimeout } = bench.driver.channel;
  bench.driver.channel.handleTimeout = (now) => {
    calls++;
    handleTimeout.call(bench.driver.channel, now);
  };
  for (let i = 0; i < 10; i++) await bench.clock.advance(100);
  assert.ok(calls >= 1, "time stands still");
  assert.ok(
    bench.clock.set - before < 50,
    `${bench.clock.set - before} timers`,
  );
  transport.release();
  await bench.end();
});

Deno.test("after a reconnect everything unacknowledged goes out again, in order, before what is new", async () => {
  const bench = await new DriverBench().begin();
  const first = bench.control.transport;
  first.onSend = () => {};
  for (const text of ["one ", "two ", "three "]) bench.type(text);
  first.drop();
  await settle();
  bench.type("four ");
  await bench.clock.advance(5000);
  assert.equal(bench.control.transports.length, 2);
  bench.type("five");
  const numbers = bench.control.transport.sent.map(decodeClientMessage)
    .filter((each) => each.messageType === "input_stream_data")
    .map((each) => each.sequence);
  assert.deepEqual(numbers, [0, 1, 2, 3, 4]);
  assert.equal(bench.control.transport.texts.length, 1);
  assert.equal(bench.agent.input, "one two three four five");
  assert.deepEqual(bench.notes.slice(2), ["lost: reset", "resumed"]);
  await bench.end();
});

Deno.test("each connection has its own token and request, and the same client", async () => {
  const bench = await new DriverBench().begin();
  for (let i = 0; i < 3; i++) {
    bench.control.transport.drop();
    await bench.clock.advance(15_000);
  }
  const opened = bench.control.transports.map((each) =>
    JSON.parse(each.texts[0]!)
  );
  assert.deepEqual(opened.map((each) => each.TokenValue), [
    "token-0",
    "token-1",
    "token-2",
    "token-3",
  ]);
  assert.equal(new Set(opened.map((each) => each.ClientId)).size, 1);
  assert.equal(new Set(opened.map((each) => each.RequestId)).size, 4);
  await bench.end();
});

Deno.test("connections that bring nothing are not made without a pause, nor for ever", async (t) => {
  const cases: [string, number, (transport: FakeTransport) => void][] = [
    ["not a word", 30, () => {}],
    // For ten seconds there is hope, as something may be missing that comes yet.
    ["words that came before", 130, (transport) => {
      for (const frame of seen) transport.deliver(frame);
    }],
  ];
  let seen: Uint8Array[] = [];
  for (const [name, most, prepare] of cases) {
    await t.step(name, async () => {
      const bench = new DriverBench();
      await bench.driver.start(new AbortController().signal);
      const { transport } = bench.control;
      seen = [];
      const deliver = transport.deliver.bind(transport);
      transport.deliver = (frame) => {
        seen.push(frame);
        deliver(frame);
      };
      bench.agent.print("$ ");
      await bench.clock.advance(1000);
      assert.equal(seen.length, 1);
      bench.agent.stop();
      bench.control.onOpen = async (transport) => {
        await new Promise<void>((resolve) =>
          bench.clock.setTimer(100, resolve)
        );
        prepare(transport);
        queueMicrotask(() => transport.drop());
      };
      transport.drop();
      await bench.clock.advance(60_000);
      const { length } = bench.control.transports;
      assert.ok(length > 8 && length < most, `${length} in a minute`);
      await bench.clock.advance(60_000);
      const later = bench.control.transports.length - length;
      assert.ok(later > 4 && later < 15, `${later} in the next`);
      await bench.clock.advance(17 * 60_000);
      assert.equal(bench.gone.length, 0);
      await bench.clock.advance(2 * 60_000);
      assert.equal(bench.gone.length, 1);
      assert.match(String(bench.gone.at(0)), /connections in a row.*: reset$/);
      assert.equal(bench.output, "$ ", "printed once");
      await bench.end();
    });
  }
});

Deno.test("while the first of many messages is missing, the others are worth a connection", async () => {
  const bench = await new DriverBench().begin();
  let lose = true;
  const numbers: number[] = [];
  const opened = bench.control.onOpen;
  bench.control.onOpen = async (transport) => {
    await opened(transport);
    const deliver = transport.deliver.bind(transport);
    transport.deliver = (frame) => {
      const number = decodeClientMessage(frame).sequence;
      if (lose && number === 1) return;
      numbers.push(number);
      deliver(frame);
    };
  };
  bench.control.transport.drop();
  await settle();
  for (let i = 1; i <= 5; i++) {
    bench.agent.print(`${i} `);
    bench.agent.print("behind ");
    await settle();
    bench.control.transport.drop();
    await settle();
    assert.equal(bench.control.resumes, i + 1, "it waits");
  }
  assert.ok(numbers.length >= 5);
  assert.equal(bench.output, "");
  lose = false;
  await bench.clock.advance(5000);
  assert.equal(bench.output, "1 behind 2 behind 3 behind 4 behind 5 behind ");
  await bench.end();
});

Deno.test("idle connections that last are no failures", async () => {
  const bench = await new DriverBench().begin();
  for (let hour = 0; hour < 5; hour++) {
    await bench.clock.advance(60 * 60_000);
    bench.control.transport.drop({ code: 1000, reason: "Bye", clean: true });
    await settle();
    assert.equal(bench.control.resumes, hour + 1, "it waits");
  }
  let failures = 3;
  const works = bench.control.onResume;
  bench.control.onResume = (signal) => {
    if (failures-- > 0) throw new ControlError("throttled", false);
    return works(signal);
  };
  await bench.clock.advance(60 * 60_000);
  bench.control.transport.drop();
  await bench.clock.advance(5000);
  assert.equal(bench.gone.length, 0);
  assert.equal(bench.control.transports.length, 7);
  await bench.end();
});

Deno.test("a process that slept does not blame the agent for its silence", async () => {
  const bench = await new DriverBench().begin();
  const { transport } = bench.control;
  const { onSend } = transport;
  transport.onSend = () => {};
  bench.type("before the nap ");
  await settle();
  transport.onSend = onSend;
  bench.clock.sleep(8 * 60 * 60_000);
  await bench.clock.advance(1000);
  assert.ok(!bench.notes.includes("failed"), "given up");
  assert.equal(bench.agent.input, "before the nap ");
  bench.type("after it");
  await bench.clock.advance(1000);
  assert.equal(bench.agent.input, "before the nap after it");
  await bench.end();
});

Deno.test("an agent that is silent for minutes while we listen is given up", async () => {
  const bench = await new DriverBench().begin();
  bench.control.transport.onSend = () => {};
  bench.type("anybody there?");
  await bench.clock.advance(5 * 60_000 - 10);
  assert.ok(!bench.notes.includes("failed"));
  await bench.clock.advance(5000);
  assert.ok(bench.notes.includes("failed"));
  await bench.end();
});

Deno.test("stop while a new connection is under way leaves none open", async (t) => {
  for (const stage of ["resume", "open"] as const) {
    await t.step(stage, async () => {
      const bench = await new DriverBench().begin();
      const gate = Promise.withResolvers<void>();
      // As a control plane that does not look at the signal, or is just about to answer.
      if (stage === "resume") {
        bench.control.onResume = async () => {
          await gate.promise;
          return { ...fakeGrant, tokenValue: "late" };
        };
      } else bench.control.onOpen = () => gate.promise;
      bench.control.transport.drop();
      await settle();
      const stopped = bench.driver.stop();
      await settle();
      gate.resolve();
      await settle();
      await stopped;
      for (const transport of bench.control.transports.slice(1)) {
        assert.equal(transport.ended, true, "left open");
        assert.deepEqual(transport.texts, [], "the token went out");
      }
      assert.ok(!bench.notes.includes("resumed"));
      await bench.end();
    });
  }
});

Deno.test("stop while the first connection is under way leaves none open", async () => {
  const bench = new DriverBench();
  const gate = Promise.withResolvers<void>();
  bench.control.onOpen = () => gate.promise;
  const starting = bench.driver.start(new AbortController().signal);
  const rejected = assert.rejects(starting, { name: "AbortError" });
  await settle();
  await bench.driver.stop();
  gate.resolve();
  await rejected;
  assert.equal(bench.control.transport.ended, true);
  assert.deepEqual(bench.control.transport.texts, []);
  await bench.end();
});

Deno.test("stop at the moment of a loss says nothing of it", async () => {
  const bench = await new DriverBench().begin();
  bench.control.transport.drop();
  const stopped = bench.driver.stop();
  await settle();
  await stopped;
  assert.ok(!bench.notes.some((note) => note.startsWith("lost")));
  assert.equal(bench.control.resumes, 0);
  await bench.end();
});

Deno.test("what a taker of events throws is reported, wherever it came from", async () => {
  const bench = await new DriverBench().begin();
  bench.onPayload = () => {
    throw new Error("a mistake");
  };
  bench.agent.print("x");
  await settle();
  assert.equal((bench.errors.pop() as Error).message, "a mistake");
  await bench.end();
});

Deno.test("a taker that uses the channel gets the later events after it returned", async () => {
  const bench = await new DriverBench().begin();
  const seen: string[] = [];
  bench.onPayload = () => {
    const output = bench.output;
    bench.type("answer");
    seen.push(`${output} ${bench.output}`);
  };
  const { transport } = bench.control;
  const frames: Uint8Array[] = [];
  const deliver = transport.deliver.bind(transport);
  transport.deliver = (frame) => frames.push(frame);
  bench.agent.print("1");
  bench.agent.print("2");
  for (const frame of frames) deliver(frame);
  transport.deliver = deliver;
  await settle();
  assert.deepEqual(seen, ["1 1", "12 12"]);
  await bench.end();
});
