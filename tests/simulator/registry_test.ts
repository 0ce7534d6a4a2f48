import assert from "node:assert/strict";
import fc from "fast-check";
import {
  historyLimit,
  idleOutput,
  SessionRegistry,
  tokenLifetime,
} from "../../lib/simulator/registry.ts";
import { systemRandom } from "../../lib/simulator/credentials.ts";
import { defaultOptions } from "../../lib/simulator/options.ts";
import type { Clock } from "../../lib/session/transport.ts";

/** Time that goes on only when told to. */
class VirtualClock implements Clock {
  time = 1_000_000;
  readonly timers = new Set<{ at: number; run: () => void }>();
  now(): number {
    return this.time;
  }
  setTimer(delay: number, run: () => void): () => void {
    const timer = { at: this.time + delay, run };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }
  advance(by: number): void {
    const end = this.time + by;
    while (true) {
      const due = [...this.timers].filter((t) => t.at <= end)
        .sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers.delete(due);
      this.time = due.at;
      due.run();
    }
    this.time = end;
  }
}

function setUp(idleTimeout = 0, maxDuration?: number) {
  const clock = new VirtualClock();
  const registry = new SessionRegistry({
    clock,
    random: systemRandom,
    idleTimeout,
    ...(maxDuration === undefined ? {} : { maxDuration }),
  });
  const node = defaultOptions.nodes[0];
  assert.ok(node);
  const start = () =>
    registry.start({
      node,
      documentName: "SSM-SessionManagerRunShell",
      parameters: {},
      reason: undefined,
      owner: "arn:aws:sts::000000000000:assumed-role/r/n",
    });
  const grant = (id: string) => {
    const token = registry.grantToken(id);
    assert.ok(token !== undefined);
    return token;
  };
  return { clock, registry, start, grant };
}

Deno.test("session ids are the caller's name and 26 characters, and never repeat", () => {
  const { start } = setUp();
  const ids = new Set(Array.from({ length: 200 }, () => start().id));
  assert.equal(ids.size, 200);
  for (const id of ids) assert.match(id, /^simulator-[a-z0-9]{26}$/);
});

Deno.test("a token holds at least 32 bytes and works once", () => {
  const { registry, start, grant } = setUp();
  const { id } = start();
  const token = grant(id);
  assert.ok(atob(token).length >= 32 && token.length <= 300);
  assert.equal(registry.takeToken(id, token), true);
  assert.equal(registry.takeToken(id, token), false);
});

Deno.test("a token of another session, a wrong one and none are refused and spend nothing", () => {
  const { registry, start, grant } = setUp();
  const one = start().id;
  const two = start().id;
  const tokenOne = grant(one);
  const tokenTwo = grant(two);
  assert.equal(registry.takeToken(one, tokenTwo), false);
  assert.equal(registry.takeToken("simulator-unknown", tokenOne), false);
  assert.equal(registry.takeToken(one, ""), false);
  assert.equal(registry.takeToken(one, tokenOne.slice(0, -1)), false);
  assert.equal(registry.takeToken(one, tokenOne), true);
  assert.equal(registry.takeToken(two, tokenTwo), true);
  assert.equal(registry.takeToken(one, ""), false);
});

Deno.test("a session without a token refuses every text", () => {
  const { registry, start } = setUp();
  const { id } = start();
  fc.assert(
    fc.property(
      fc.string(),
      (text) => registry.takeToken(id, text) === false,
    ),
  );
});

Deno.test("a newer grant voids the older token", () => {
  const { registry, start, grant } = setUp();
  const { id } = start();
  const old = grant(id);
  const fresh = grant(id);
  assert.notEqual(old, fresh);
  assert.equal(registry.takeToken(id, old), false);
  assert.equal(registry.takeToken(id, fresh), true);
});

Deno.test("an unused token lapses", () => {
  const { clock, registry, start, grant } = setUp();
  const { id } = start();
  const inTime = grant(id);
  clock.advance(tokenLifetime);
  assert.equal(registry.takeToken(id, inTime), true);
  const late = grant(id);
  clock.advance(tokenLifetime + 1);
  assert.equal(registry.takeToken(id, late), false);
  assert.equal(registry.takeToken(id, grant(id)), true);
});

Deno.test("the end voids the token, tells the listeners once and moves to the history", () => {
  const { clock, registry, start, grant } = setUp();
  const session = start();
  const token = grant(session.id);
  const heard: string[] = [];
  registry.onTerminate(session.id, (output) => heard.push(`a:${output}`));
  const off = registry.onTerminate(session.id, () => heard.push("b"));
  off();
  clock.advance(5000);
  assert.equal(registry.terminate(session.id, "bye"), true);
  assert.equal(registry.terminate(session.id, "again"), false);
  assert.deepEqual(heard, ["a:bye"]);
  assert.equal(registry.takeToken(session.id, token), false);
  assert.equal(registry.grantToken(session.id), undefined);
  assert.deepEqual(registry.active(), []);
  const [ended] = registry.history();
  assert.ok(ended);
  assert.equal(ended.status, "Terminated");
  assert.equal(ended.output, "bye");
  assert.equal(ended.endDate, ended.startDate + 5000);
  assert.equal(registry.get(session.id), ended);
});

Deno.test("status follows the client's coming and going", () => {
  const { registry, start } = setUp();
  const session = start();
  assert.equal(session.status, "Connecting");
  registry.setConnected(session.id, true);
  assert.equal(registry.get(session.id)?.status, "Connected");
  registry.setConnected(session.id, false);
  assert.equal(registry.get(session.id)?.status, "Disconnected");
  registry.terminate(session.id, "", "Failed");
  registry.setConnected(session.id, true);
  assert.equal(registry.get(session.id)?.status, "Failed");
});

Deno.test("start listeners hear of every session until they are taken off", () => {
  const { registry, start } = setUp();
  const heard: string[] = [];
  const off = registry.onStart((session) => heard.push(session.id));
  const { id } = start();
  off();
  start();
  assert.deepEqual(heard, [id]);
});

Deno.test("a session that a start listener refuses has ended", () => {
  const { registry, start, clock } = setUp(60);
  registry.onStart(() => {
    throw new Error("no agent");
  });
  assert.throws(start, /no agent/);
  assert.deepEqual(registry.active(), []);
  assert.equal(registry.history()[0]?.status, "Failed");
  assert.equal(clock.timers.size, 0);
});

Deno.test("idleness ends a session, and input puts the end off", () => {
  const { clock, registry, start } = setUp(60);
  const { id } = start();
  const heard: string[] = [];
  registry.onTerminate(id, (output) => heard.push(output));
  clock.advance(50_000);
  registry.touch(id);
  clock.advance(59_999);
  assert.deepEqual(heard, []);
  clock.advance(1);
  assert.deepEqual(heard, [idleOutput(id)]);
  assert.equal(clock.timers.size, 0);
});

Deno.test("a session that ended leaves no timer behind", () => {
  const { clock, registry, start } = setUp(60);
  start();
  start();
  assert.equal(clock.timers.size, 2);
  registry.terminateAll("");
  assert.equal(clock.timers.size, 0);
  assert.equal(registry.history().length, 2);
});

Deno.test("a session ends at its maximum duration, whatever its user does", () => {
  const { clock, registry, start } = setUp(0, 600);
  const { id } = start();
  const heard: string[] = [];
  registry.onTerminate(id, (output) => heard.push(output));
  clock.advance(599_999);
  registry.touch(id);
  assert.deepEqual(heard, []);
  clock.advance(1);
  assert.deepEqual(heard, [`Session: ${id} has reached its maximum duration.`]);
  assert.equal(registry.get(id)?.status, "Terminated");
  registry.terminate(start().id, "");
  assert.equal(clock.timers.size, 0);
});

Deno.test("without an idle time-out a session lives on", () => {
  const { clock, registry, start } = setUp(0);
  start();
  clock.advance(1e12);
  assert.equal(registry.active().length, 1);
});

Deno.test("the history forgets the oldest sessions", () => {
  const { registry, start } = setUp();
  const first = start().id;
  registry.terminate(first, "");
  for (let i = 0; i < historyLimit; i++) registry.terminate(start().id, "");
  assert.equal(registry.history().length, historyLimit);
  assert.equal(registry.get(first), undefined);
});
