import assert from "node:assert/strict";
import { each } from "../../lib/copy/each.ts";

Deno.test("each: so many at a time, and all of them", async () => {
  let running = 0, most = 0;
  const done: number[] = [];
  await each([5, 1, 4, 2, 3], 2, async (item) => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < item; turn++) await Promise.resolve();
    running--;
    done.push(item);
  });
  assert.equal(most, 2);
  assert.deepEqual(done.sort(), [1, 2, 3, 4, 5]);
});

Deno.test("each: after an error no more is begun, and what was begun ends first", async () => {
  const begun: number[] = [];
  let ended = false;
  const slow = Promise.withResolvers<void>();
  const all = each([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 1) {
      await slow.promise;
      ended = true;
    } else throw new Error(`no ${item}`);
  });
  setTimeout(() => slow.resolve(), 1);
  await assert.rejects(all, /^Error: no 2$/);
  assert.ok(ended);
  assert.deepEqual(begun, [1, 2]);
});
