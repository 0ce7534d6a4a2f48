import assert from "node:assert/strict";
import { Backlog } from "../../lib/session/backlog.ts";

const MiB = 1024 * 1024;

Deno.test("a full backlog holds the sessions that fill it, and those only", () => {
  const backlog = new Backlog(10 * MiB);
  backlog.add(10 * MiB);
  assert.equal(backlog.holds(10 * MiB), false, "it is full, not more");
  backlog.add(1);
  assert.equal(backlog.waiting, 10 * MiB + 1);
  assert.equal(backlog.holds(5 * MiB), true);
  assert.equal(backlog.holds(MiB + 1), true);
  assert.equal(backlog.holds(MiB), false, "a session with little");
  assert.equal(backlog.holds(0), false);
});

Deno.test("those that watch learn once that there is room, after there was none", () => {
  const backlog = new Backlog(100);
  let told = 0;
  const watching = backlog.watch(() => told++);
  backlog.add(90);
  backlog.remove(90);
  assert.equal(told, 0, "there was room all the time");
  backlog.add(150);
  backlog.remove(40);
  assert.equal(told, 0);
  backlog.remove(10);
  assert.equal(told, 1);
  backlog.remove(100);
  assert.equal(told, 1);
  assert.equal(backlog.waiting, 0);
  watching[Symbol.dispose]();
  backlog.add(200);
  backlog.remove(200);
  assert.equal(told, 1, "it does not watch any more");
});

Deno.test("who watches may end that, or fill it again, when told", () => {
  const backlog = new Backlog(100);
  const told: string[] = [];
  const first = backlog.watch(() => {
    told.push("first");
    first[Symbol.dispose]();
    backlog.add(200);
  });
  backlog.watch(() => told.push("second"));
  backlog.add(150);
  backlog.remove(150);
  assert.deepEqual(told, ["first", "second"]);
  assert.equal(backlog.holds(2 * MiB), true);
});
