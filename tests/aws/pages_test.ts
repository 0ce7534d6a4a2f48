import assert from "node:assert/strict";
import { AwsCallError, type AwsErrorKind } from "../../lib/aws/errors.ts";
import { pages } from "../../lib/aws/pages.ts";
import { ManualClock } from "../testkit/manual_clock.ts";

const failure = (kind: AwsErrorKind) =>
  new AwsCallError({ action: "a:B", code: "C", kind, reason: "said" });

/** Lets time pass until a promise is settled. */
async function inTime<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let settled = false;
  const done = () => void (settled = true);
  work.then(done, done);
  while (!settled) await clock.advance(50);
  return await work;
}

Deno.test("pages: the next one is asked for when it is wanted, with its token", async () => {
  const clock = new ManualClock();
  const asked: (string | undefined)[] = [];
  const list = pages(
    (token) => {
      asked.push(token);
      return Promise.resolve({
        items: [asked.length],
        next: asked.length < 3 ? `t${asked.length}` : undefined,
      });
    },
    undefined,
    clock,
  );
  assert.deepEqual((await list.next()).value, [1]);
  assert.deepEqual(asked, [undefined]);
  assert.deepEqual((await inTime(clock, list.next())).value, [2]);
  assert.deepEqual((await inTime(clock, list.next())).value, [3]);
  assert.equal((await list.next()).done, true);
  assert.deepEqual(asked, [undefined, "t1", "t2"]);
});

Deno.test("pages: one call too many is made again, more slowly, for a minute", async () => {
  const clock = new ManualClock();
  let refusals = 3;
  const times: number[] = [];
  const list = pages(
    () => {
      times.push(clock.now());
      return refusals-- > 0
        ? Promise.reject(failure("throttled"))
        : Promise.resolve({ items: ["a"], next: undefined });
    },
    undefined,
    clock,
    () => 0,
  );
  assert.deepEqual((await inTime(clock, list.next())).value, ["a"]);
  const waits = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  assert.deepEqual(waits.map((wait) => wait >= 500), [true, true, true]);

  const never = pages(
    () => Promise.reject(failure("throttled")),
    undefined,
    clock,
    () => 0,
  );
  const start = clock.now();
  await assert.rejects(inTime(clock, never.next()), /said/);
  assert.ok(clock.now() - start >= 60_000);
});

Deno.test("pages: anything else is thrown at once; so is the signal's reason", async () => {
  const clock = new ManualClock();
  await assert.rejects(
    pages(() => Promise.reject(failure("access-denied")), undefined, clock)
      .next(),
    /said/,
  );
  const gone = AbortSignal.abort(new Error("gone"));
  await assert.rejects(
    pages(() => Promise.reject(failure("throttled")), gone, clock).next(),
    /gone/,
  );
});
