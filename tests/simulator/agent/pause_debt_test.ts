import assert from "node:assert/strict";
import { PauseDebt } from "../../../lib/simulator/agent/pause_debt.ts";

Deno.test("pauses: one a millisecond, and what one was too long is left out of the next", () => {
  const pauses = new PauseDebt(1);
  assert.equal(pauses.next(1000), 0, "the debt of a long silence");
  let now = 1010;
  let sent = 0;
  // Timers that are 2 ms late.
  while (now < 2010) {
    sent++;
    const pause = pauses.next(now);
    if (pause > 0) now += pause + 2;
  }
  assert.ok(sent >= 990 && sent <= 1010, `${sent}`);
});

Deno.test("pauses: no more than 5 ms are made up for", () => {
  const pauses = new PauseDebt(1);
  let burst = 1;
  while (pauses.next(5000) === 0) burst++;
  assert.equal(burst, 6);
});

Deno.test("pauses: none is none", () => {
  const pauses = new PauseDebt(0);
  for (let i = 0; i < 100; i++) assert.equal(pauses.next(1), 0);
});
