/**
 * What commands that forward ports have to give back.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { TestContext } from "./context.ts";
import type { FakeListener } from "./fake_local.ts";

/**
 * Everything that was taken is given back: listeners, forwards, calls to AWS, timers.
 * @param context Where the command ran.
 * @param listeners What it listened on.
 */
export function checkNothingLeft(
  context: TestContext,
  listeners: readonly FakeListener[],
): void {
  for (const { closed } of listeners) assert.equal(closed, true);
  for (const { closes } of context.forwards) assert.ok(closes.length > 0);
  assert.equal(context.awsClosed, context.connections.length);
  assert.deepEqual(context.statusRequests, []);
  assert.equal(context.clock.pending, 0);
}
