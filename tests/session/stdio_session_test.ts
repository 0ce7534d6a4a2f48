import assert from "node:assert/strict";
import fc from "fast-check";
import { Flag } from "../../lib/protocol/message/payload.ts";
import { ControlError } from "../../lib/session/control.ts";
import { PortStartError } from "../../lib/session/port_end.ts";
import { TransportError } from "../../lib/session/transport.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import { joined } from "../testkit/bytes.ts";
import { StdioBench } from "../testkit/stdio_bench.ts";

const MiB = 1024 * 1024;
const minute = 60_000;

/** Bytes that tell where they belong. */
function pattern(seed: number, length: number): Uint8Array {
  return Uint8Array.from(
    { length },
    (_, i) => (i * 31 + (i >>> 8) * 7 + seed * 101) & 0xff,
  );
}

Deno.test("stdio: bytes go both ways as they are, a lone line feed too", async () => {
  const bench = await new StdioBench().begin();
  bench.node.say("SSH-2.0-OpenSSH\r\n");
  for (const piece of ["SSH-2.0-us\r\n", "\n", "\r", "\n", "\x03\x1a\x1c"]) {
    bench.pipe.type(piece);
    await bench.clock.advance(10);
  }
  assert.equal(bench.node.heard, "SSH-2.0-us\r\n\n\r\n\x03\x1a\x1c");
  assert.equal(bench.pipe.outputText, "SSH-2.0-OpenSSH\r\n");
  assert.equal(bench.pipe.errorText, "");
  bench.node.close();
  await bench.over();
});

Deno.test("stdio: the destination's end is ours, with all that it said last", async () => {
  const bench = await new StdioBench().begin();
  bench.pipe.stopped = true;
  const bytes = pattern(1, 3 * MiB);
  bench.node.say(bytes);
  await bench.until(() => bench.node.agent.channel.unacknowledged === 0);
  bench.node.close();
  await bench.clock.advance(10 * minute);
  assert.equal(bench.outcome, undefined, "nobody has read yet");
  bench.pipe.goOn();
  const end = await bench.over();
  assert.deepEqual(end, {
    kind: "ended",
    message: "The service ended the session",
    silent: true,
  });
  assert.deepEqual(bench.pipe.output, bytes);
  assert.equal(bench.node.control.terminated, 0, "it is over");
});

Deno.test("stdio: a destination that cannot be reached ends it with the agent's words", async () => {
  const bench = await new StdioBench().begin();
  const words = "Unable to connect to specified port: dial tcp 127.0.0.1:22: " +
    "connect: connection refused";
  bench.node.close(words);
  const end = await bench.over();
  assert.deepEqual(end, { kind: "ended", message: words });
});

Deno.test("stdio: an agent that takes nothing, as one that crashed over its port, is given up", async () => {
  const bench = await new StdioBench().begin();
  await bench.clock.advance(10 * minute);
  assert.equal(bench.outcome, undefined, "nothing was sent");
  bench.node.accept(false);
  bench.pipe.type("SSH-2.0-client\r\n");
  await bench.clock.advance(20_000);
  bench.node.control.onOpen = () => {
    throw new TransportError("No network");
  };
  bench.node.lose();
  await bench.clock.advance(10 * minute);
  assert.equal(bench.outcome, undefined, "there is no connection");
  bench.node.control.onOpen = () => {};
  const end = await bench.over(60_000);
  assert.equal(end.kind, "failed");
  assert.match(end.kind === "failed" ? end.message : "", /cannot connect/);
  assert.equal(bench.node.control.terminated, 1);
});

Deno.test("stdio: a destination that says nothing for long, or reads nothing, is none to give up", async () => {
  const bench = await new StdioBench().begin();
  bench.pipe.type("first");
  await bench.clock.advance(10 * minute);
  bench.node.accept(false);
  bench.pipe.type("second");
  await bench.clock.advance(60 * minute);
  assert.equal(bench.outcome, undefined);
  bench.node.accept();
  await bench.until(() => bench.node.heard === "firstsecond", 20_000);
  bench.node.close();
  await bench.over();
});

Deno.test("stdio: an SSH client that closes its input is gone: Flag 2 behind all it sent, and no call more", async () => {
  const bench = await new StdioBench().begin();
  bench.pipe.type("SSH-2.");
  bench.pipe.type("0-client\r\n");
  const bytes = pattern(2, 5 * MiB);
  bench.pipe.type(bytes);
  bench.pipe.end();
  let before = 0;
  bench.node.onFlag = () => before = bench.node.rawSize;
  const end = await bench.over();
  assert.equal(end.kind, "left");
  assert.deepEqual(bench.node.flags, [Flag.TerminateSession]);
  assert.equal(before, bytes.length + 16);
  assert.deepEqual(joined(bench.node.raw).subarray(16), bytes);
  assert.equal(bench.node.control.terminated, 0);
});

Deno.test("stdio: the input's end waits for a connection that is lost just then", async () => {
  const bench = await new StdioBench().begin();
  bench.node.deafen();
  bench.pipe.type("SSH-2.0-client\r\nlast words");
  bench.pipe.end();
  await bench.clock.advance(500);
  assert.equal(bench.outcome, undefined);
  bench.node.lose();
  const end = await bench.over();
  assert.equal(end.kind, "left");
  assert.equal(bench.node.heard, "SSH-2.0-client\r\nlast words");
  assert.deepEqual(bench.node.flags, [Flag.TerminateSession]);
});

Deno.test("stdio: a flag that nobody acknowledges is followed by TerminateSession, after a second", async () => {
  const bench = await new StdioBench().begin();
  bench.pipe.type("SSH-2.0-client\r\n");
  await bench.clock.advance(100);
  bench.node.deafen();
  const start = bench.clock.now();
  bench.pipe.end();
  const end = await bench.over();
  assert.equal(end.kind, "left");
  assert.equal(bench.node.control.terminated, 1);
  const took = bench.clock.now() - start;
  assert.ok(took >= 1000 && took < 1100, `${took} ms`);
});

Deno.test("stdio: an agent that knows no Flag 2 is ended by TerminateSession", async () => {
  const bench = await new StdioBench({ agentVersion: "2.3.700.0" }).begin();
  bench.pipe.type("SSH-2.0-client\r\n");
  bench.pipe.end();
  assert.equal((await bench.over()).kind, "left");
  assert.deepEqual(bench.node.flags, []);
  assert.equal(bench.node.control.terminated, 1);
});

Deno.test("stdio: another program's end of input leaves time for the answer, which begins again with every byte", async () => {
  const bench = await new StdioBench().begin();
  bench.pipe.type("GET / HTTP/1.0\r\n\r\n");
  bench.pipe.end();
  for (let i = 0; i < 5; i++) {
    await bench.clock.advance(25_000);
    assert.equal(bench.outcome, undefined);
    bench.node.say(`part ${i}\n`);
  }
  await bench.clock.advance(29_000);
  assert.equal(bench.outcome, undefined);
  assert.equal((await bench.over()).kind, "left");
  assert.equal(
    bench.pipe.outputText,
    "part 0\npart 1\npart 2\npart 3\npart 4\n",
  );
  assert.deepEqual(bench.node.flags, [Flag.TerminateSession]);
});

Deno.test("stdio: an answer that a slow reader has not read yet is no silence", async () => {
  const bench = await new StdioBench().begin();
  bench.pipe.type("list\n");
  bench.pipe.end();
  bench.pipe.stopped = true;
  bench.node.say(pattern(3, MiB));
  await bench.clock.advance(10 * minute);
  assert.equal(bench.outcome, undefined);
  bench.pipe.goOn();
  assert.equal((await bench.over(40_000)).kind, "left");
  assert.deepEqual(bench.pipe.output, pattern(3, MiB));
});

Deno.test("stdio: nobody reads standard output any more: it ends as for the input's end", async () => {
  const bench = await new StdioBench().begin();
  bench.pipe.writeFailure = new Deno.errors.BrokenPipe("broken pipe");
  bench.node.say("hello");
  const end = await bench.over(500);
  assert.equal(end.kind, "left");
  assert.deepEqual(bench.node.flags, [Flag.TerminateSession]);
});

Deno.test("stdio: a disk that is full ends the session, and is an error", async () => {
  const bench = await new StdioBench().begin();
  bench.pipe.writeFailure = new Error("No space left on device (os error 28)");
  bench.node.say("hello");
  await assert.rejects(bench.over(500), {
    message: "Cannot write output: No space left on device",
  });
  assert.deepEqual(bench.node.flags, [Flag.TerminateSession]);
});

Deno.test("stdio: a signal ends it behind what was sent, and is told", async () => {
  const bench = await new StdioBench().begin();
  bench.pipe.type("SSH-2.0-client\r\n");
  await bench.clock.advance(0);
  bench.abort.abort(new SignalError("SIGHUP"));
  const end = await bench.over(500);
  assert.deepEqual(end, { kind: "signal", signal: "SIGHUP" });
  assert.equal(bench.node.heard, "SSH-2.0-client\r\n");
  assert.deepEqual(bench.node.flags, [Flag.TerminateSession]);
});

Deno.test("stdio: a Flag 2 that overtook what was lost does not count: the agent takes it in order", async () => {
  const bench = await new StdioBench().begin();
  const { transport } = bench.node.control;
  const arrives = transport.onSend;
  transport.onSend = (message) => {
    if (!new TextDecoder().decode(message).includes("lost words")) {
      arrives(message);
    }
  };
  bench.pipe.type("SSH-2.0-client\r\n");
  await bench.clock.advance(0);
  bench.pipe.type("lost words");
  await bench.clock.advance(0);
  bench.abort.abort(new SignalError("SIGHUP"));
  await bench.over();
  assert.deepEqual(bench.node.flags, [], "it waits behind what was lost");
  assert.equal(bench.node.control.terminated, 1);
});

Deno.test("stdio: a signal ends it while nobody reads what came last", async () => {
  const bench = await new StdioBench().begin();
  bench.pipe.stopped = true;
  bench.node.say(pattern(4, MiB));
  await bench.until(() => bench.node.agent.channel.unacknowledged === 0);
  bench.node.close();
  await bench.clock.advance(minute);
  bench.abort.abort(new SignalError("SIGTERM"));
  assert.deepEqual(await bench.over(500), {
    kind: "signal",
    signal: "SIGTERM",
  });
  bench.pipe.goOn();
});

Deno.test("stdio: a signal before it begins leaves no session", async () => {
  const bench = new StdioBench();

  bench.abort.abort(new SignalError("SIGINT"));
  await bench.until(() => bench.outcome !== undefined);
  assert.ok(bench.outcome instanceof SignalError);
  assert.equal(bench.begun, 0);
  bench.node.assertOver();
  assert.equal(bench.clock.pending, 0, "a timer is left");
});

Deno.test("stdio: a document for forwards is refused, and its session ended", async () => {
  const bench = new StdioBench({
    properties: { portNumber: "22", type: "LocalPortForwarding" },
  });
  await bench.until(() => bench.outcome !== undefined);
  assert.ok(bench.outcome instanceof PortStartError);
  assert.match(bench.outcome.message, /AWS-StartSSHSession/);
  assert.equal(bench.node.control.terminated, 1);
});

Deno.test("stdio: an idle session survives the service's hourly close, and a day of it", async () => {
  const bench = await new StdioBench().begin();
  bench.pipe.type("SSH-2.0-client\r\n");
  for (let hour = 1; hour <= 24; hour++) {
    await bench.clock.advance(60 * minute);
    bench.node.control.transport.drop({
      code: 1000,
      reason: "Bye",
      clean: true,
    });
    await bench.clock.advance(1000);
    assert.equal(bench.outcome, undefined);
    assert.equal(bench.node.control.transports.length, hour + 1);
  }
  bench.pipe.type("still here");
  bench.node.say("so am I");
  await bench.clock.advance(100);
  assert.equal(bench.node.heard, "SSH-2.0-client\r\nstill here");
  assert.equal(bench.pipe.outputText, "so am I");
  bench.node.close();
  await bench.over();
});

Deno.test("stdio: a connection that cannot be resumed is lost, and says why", async () => {
  const bench = await new StdioBench().begin();
  bench.node.refuseResume("denied", "IAM says no");
  bench.node.lose();
  const end = await bench.over();
  assert.equal(end.kind, "denied");
  assert.match(end.message, /IAM says no/);
});

Deno.test("stdio: a session that has timed out says so", async () => {
  const bench = await new StdioBench().begin();
  bench.node.control.onResume = () => undefined;
  bench.node.lose();
  assert.equal((await bench.over()).kind, "idle");
});

Deno.test("stdio: a program is read no further than the agent takes", async () => {
  const bench = await new StdioBench().begin();
  bench.node.deafen();
  let taken = 0;
  for (let i = 0; i < 64; i++) bench.pipe.type(new Uint8Array(MiB));
  const { read } = bench.pipe;
  bench.pipe.read = async (signal) => {
    const bytes = await read.call(bench.pipe, signal);
    taken += bytes?.length ?? 0;
    return bytes;
  };
  await bench.clock.advance(1000);
  assert.ok(taken <= 3 * MiB, `${taken} bytes were read`);
  bench.abort.abort(new SignalError("SIGTERM"));
  await bench.over();
});

Deno.test("stdio: payloads grow while the agent takes them", async () => {
  const bench = await new StdioBench().begin();
  const sizes: number[] = [];
  bench.node.onPayload = ({ length }) => sizes.push(length);
  bench.pipe.type(new Uint8Array(8 * MiB));
  await bench.until(() => bench.node.rawSize === 8 * MiB);
  assert.equal(sizes[0], 1024);
  assert.ok(Math.max(...sizes) >= 16 * 1024, `${Math.max(...sizes)} bytes`);
  bench.node.close();
  await bench.over();
});

const scene = fc.record({
  up: fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 8 }),
  down: fc.array(fc.integer({ min: 1, max: 50_000 }), { maxLength: 8 }),
  losses: fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 400 }),
      refusals: fc.integer({ min: 0, max: 2 }),
    }),
    { maxLength: 6 },
  ),
  latency: fc.constantFrom(0, 1, 20, 150),
  jittery: fc.boolean(),
  pause: fc.integer({ min: 0, max: 300 }),
});

Deno.test("stdio: whenever the connection is lost, every byte comes once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(scene, async (scene) => {
      const bench = await new StdioBench().begin();
      const { node, clock, pipe } = bench;
      let turn = 0, refusals = 0;
      node.agent.latency = () =>
        scene.jittery ? scene.latency * (1 + turn++ % 3) : scene.latency;
      const works = node.control.onResume;
      node.control.onResume = (signal) => {
        if (refusals-- > 0) throw new ControlError("throttled", "passing");
        return works(signal);
      };
      const up = joined(scene.up.map((length, i) => pattern(i, length)));
      const down = joined(
        scene.down.map((length, i) => pattern(99 - i, length)),
      );
      const sending = (async () => {
        for (const [i, length] of scene.up.entries()) {
          pipe.type(pattern(i, length));
          await new Promise<void>((wake) => clock.setTimer(scene.pause, wake));
        }
      })();
      for (const [i, length] of scene.down.entries()) {
        node.say(pattern(99 - i, length));
      }
      for (const loss of scene.losses) {
        await clock.advance(loss.after);
        refusals = loss.refusals;
        if (!node.control.transport.ended) node.lose();
      }
      await bench.until(
        () => node.rawSize === up.length && pipe.output.length === down.length,
        120_000,
        100,
      );
      await clock.advance(scene.pause);
      await sending;
      assert.deepEqual(joined(node.raw), up);
      assert.deepEqual(pipe.output, down);
      node.agent.latency = () => 0;
      await clock.advance(5000);
      bench.abort.abort(new SignalError("SIGTERM"));
      await bench.over();
    }),
    { numRuns: 60, seed: 20261126 },
  );
});
