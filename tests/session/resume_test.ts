import assert from "node:assert/strict";
import fc from "fast-check";
import { ControlError } from "../../lib/session/control.ts";
import {
  type Connection,
  ConnectionLostError,
  firstConnectLimit,
  longestDelay,
  reconnectLimit,
} from "../../lib/session/resume.ts";
import {
  TransportError,
  UpgradeRefusedError,
} from "../../lib/session/transport.ts";
import { fakeGrant } from "../testkit/fake_session.ts";
import { Attempt } from "./attempt.ts";

const unreachable = new TransportError("Cannot open WebSocket: refused");

Deno.test("waits double from 0.2 s to 10 s, with jitter that only shortens them", async (t) => {
  const full = [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000];
  for (const [random, factor] of [[0.9999, 1], [0, 0.5]] as const) {
    await t.step(`random ${random}`, async () => {
      const attempt = new Attempt(unreachable);
      attempt.random = () => random;
      attempt.reconnect();
      await attempt.clock.advance(60_000);
      assert.equal(attempt.tries[0], 0, "the first try comes at once");
      attempt.waits.slice(0, full.length).forEach((wait, i) => {
        assert.ok(Math.abs(wait - full[i]! * factor) <= 2, `${i}: ${wait}`);
      });
      attempt.abort.abort(new Error("enough"));
      await attempt.clock.advance(0);
      assert.equal((attempt.outcome as Error).message, "enough");
      assert.equal(attempt.clock.pending, 0);
    });
  }
});

Deno.test("connections that were of no use are followed by a wait", async () => {
  const attempt = new Attempt(undefined).reconnect({ fruitless: 3 });
  await attempt.clock.advance(790);
  assert.equal(attempt.control.resumes, 0);
  await attempt.clock.advance(10);
  assert.equal(attempt.control.resumes, 1);
  assert.ok("transport" in attempt.outcome!);
});

Deno.test("the first connection is tried for 10 s, with the one token it has", async () => {
  const attempt = new Attempt(unreachable).connect();
  await attempt.clock.advance(60_000);
  assert.equal(attempt.outcome, unreachable);
  assert.ok(attempt.tries.at(-1)! <= firstConnectLimit);
  assert.ok(attempt.tries.at(-1)! > firstConnectLimit / 2);
  assert.equal(attempt.control.resumes, 0);
  assert.equal(attempt.clock.pending, 0);
});

Deno.test("of the first connection's failures some pass and some do not", async (t) => {
  class OwnKind extends TransportError {}
  const cases: [string, Error, boolean][] = [
    ["no network", unreachable, true],
    ["500", new UpgradeRefusedError(500, {}, ""), true],
    ["503", new UpgradeRefusedError(503, {}, ""), true],
    ["429", new UpgradeRefusedError(429, {}, ""), true],
    ["403", new UpgradeRefusedError(403, {}, ""), false],
    ["401", new UpgradeRefusedError(401, {}, ""), false],
    ["404", new UpgradeRefusedError(404, {}, ""), false],
    ["a kind of its own", new OwnKind("Host not allowed"), false],
    ["another error", new TypeError("a mistake"), false],
  ];
  for (const [name, failure, passes] of cases) {
    await t.step(name, async () => {
      const attempt = new Attempt(failure, undefined).connect();
      await attempt.clock.advance(1000);
      if (passes) {
        const { tokenValue, streamUrl } = attempt.outcome as Connection;
        assert.equal(tokenValue, fakeGrant.tokenValue);
        assert.equal(streamUrl, fakeGrant.streamUrl);
      } else assert.equal(attempt.outcome, failure);
      assert.equal(attempt.tries.length, passes ? 2 : 1);
    });
  }
});

Deno.test("an abort while waiting for the first connection ends it at once", async () => {
  const attempt = new Attempt(unreachable).connect();
  await attempt.clock.advance(100);
  attempt.abort.abort(new Error("left"));
  await attempt.clock.advance(0);
  assert.equal((attempt.outcome as Error).message, "left");
  assert.equal(attempt.clock.pending, 0);
  const tries = attempt.tries.length;
  await attempt.clock.advance(60_000);
  assert.equal(attempt.tries.length, tries);
});

Deno.test("a lost connection is tried again for 20 minutes, counted from the last useful one", async (t) => {
  for (const before of [0, 15 * 60_000]) {
    await t.step(`${before / 60_000} minutes before`, async () => {
      const attempt = new Attempt(unreachable);
      attempt.reconnect({ since: attempt.start - before });
      const limit = reconnectLimit - before;
      await attempt.clock.advance(limit - 10);
      assert.equal(attempt.over, false);
      await attempt.clock.advance(longestDelay + 10);
      const error = attempt.outcome;
      assert.ok(error instanceof ConnectionLostError);
      assert.equal(error.timedOut, false);
      assert.equal(error.message, unreachable.message);
      assert.equal(error.cause, unreachable);
      assert.equal(attempt.clock.pending, 0);
    });
  }
});

Deno.test("connections without use are not made for ever", async () => {
  const attempt = new Attempt(undefined);
  attempt.reconnect({
    since: attempt.start - reconnectLimit - 1,
    fruitless: 9,
  });
  await attempt.clock.advance(0);
  assert.ok(attempt.outcome instanceof ConnectionLostError);
  assert.match(attempt.outcome.message, /9 connections in a row .*: reset$/);
  assert.equal(attempt.control.resumes, 0);
});

Deno.test("each try has a token of its own, and goes where ResumeSession says", async () => {
  const attempt = new Attempt(unreachable, unreachable, undefined);
  attempt.control.onResume = () => ({
    sessionId: "s",
    tokenValue: `fresh-${attempt.control.resumes}`,
    streamUrl: attempt.control.resumes === 2 ? "" : "ws://127.0.0.1/new",
  });
  attempt.reconnect();
  await attempt.clock.advance(2000);
  assert.deepEqual(attempt.control.urls, [
    "ws://127.0.0.1/new",
    "ws://127.0.0.1/old",
    "ws://127.0.0.1/new",
  ]);
  const { tokenValue, streamUrl } = attempt.outcome as Connection;
  assert.equal(tokenValue, "fresh-3");
  assert.equal(streamUrl, "ws://127.0.0.1/new");
});

Deno.test("one 403 may be a mistake, the second is meant", async () => {
  const refused = new UpgradeRefusedError(403, {}, "");
  const once = new Attempt(refused, undefined).reconnect();
  await once.clock.advance(1000);
  assert.ok("transport" in once.outcome!);

  const twice = new Attempt(refused).reconnect();
  await twice.clock.advance(1000);
  assert.ok(twice.outcome instanceof ConnectionLostError);
  assert.equal(twice.outcome.cause, refused);
  assert.equal(twice.tries.length, 2);
});

Deno.test("what ResumeSession says decides", async (t) => {
  await t.step("no token: timed out", async () => {
    const attempt = new Attempt(undefined);
    attempt.control.onResume = () => undefined;
    attempt.reconnect();
    await attempt.clock.advance(0);
    assert.ok(attempt.outcome instanceof ConnectionLostError);
    assert.equal(attempt.outcome.timedOut, true);
  });
  await t.step("a final error", async () => {
    const final = new ControlError("Access denied: ssm:ResumeSession", true);
    const attempt = new Attempt(undefined);
    attempt.control.onResume = () => {
      throw final;
    };
    attempt.reconnect();
    await attempt.clock.advance(0);
    assert.ok(attempt.outcome instanceof ConnectionLostError);
    assert.equal(attempt.outcome.timedOut, false);
    assert.equal(attempt.outcome.cause, final);
    assert.equal(attempt.control.resumes, 1);
  });
  await t.step("an error that passes", async () => {
    const attempt = new Attempt(undefined);
    const works = attempt.control.onResume;
    attempt.control.onResume = (signal) => {
      if (attempt.control.resumes < 4) throw new ControlError("slow", false);
      return works(signal);
    };
    attempt.reconnect();
    await attempt.clock.advance(2000);
    assert.ok("transport" in attempt.outcome!);
  });
  await t.step("a mistake of ours is no lost connection", async () => {
    const mistake = new TypeError("a mistake");
    const attempt = new Attempt(undefined);
    attempt.control.onResume = () => {
      throw mistake;
    };
    attempt.reconnect();
    await attempt.clock.advance(0);
    assert.equal(attempt.outcome, mistake);
  });
});

Deno.test("an abort between ResumeSession and the upgrade opens nothing", async () => {
  const attempt = new Attempt(undefined);
  const works = attempt.control.onResume;
  attempt.control.onResume = (signal) => {
    attempt.abort.abort(new Error("left"));
    return works(signal);
  };
  attempt.reconnect();
  await attempt.clock.advance(0);
  assert.equal((attempt.outcome as Error).message, "left");
  assert.deepEqual(attempt.control.urls, []);
});

Deno.test("whatever fails in whatever order, waits stay within their bounds", async () => {
  const failure = fc.constantFrom(
    unreachable,
    new UpgradeRefusedError(502, {}, ""),
    new ControlError("throttled", false),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(failure, { maxLength: 15 }),
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), {
        minLength: 1,
        maxLength: 15,
      }),
      async (failures, randoms) => {
        const attempt = new Attempt(...failures, undefined);
        let at = 0;
        attempt.random = () => randoms[at++ % randoms.length]!;
        attempt.reconnect();
        await attempt.clock.advance(15 * longestDelay);
        assert.ok("transport" in attempt.outcome!);
        assert.equal(attempt.tries.length, failures.length + 1);
        for (const [i, wait] of attempt.waits.entries()) {
          const most = Math.min(10_000, 200 * 2 ** i);
          assert.ok(wait >= most / 2 - 1 && wait <= most + 1, `${i}: ${wait}`);
        }
        assert.equal(attempt.clock.pending, 0);
      },
    ),
    { numRuns: 100 },
  );
});
