/** How long a lost connection is worth another try: a shell's way is in resume_test.ts. */

import assert from "node:assert/strict";
import { ControlError } from "../../lib/session/control.ts";
import {
  ConnectionLostError,
  loginDelay,
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
const login = new ControlError("The SSO session has expired", "login");

/** Patience without end, and whom it told of a login. */
function endless(told: ControlError[] = []) {
  return {
    limit: Infinity,
    tries: Infinity,
    onLogin: (error: ControlError) => void told.push(error),
  };
}

/** Each ResumeSession fails with what is said here; `undefined` works. */
function answer(attempt: Attempt, ...failures: (ControlError | undefined)[]) {
  const works = attempt.control.onResume;
  attempt.control.onResume = (signal) => {
    const failure = failures.length > 1 ? failures.shift() : failures[0];
    if (failure !== undefined) throw failure;
    return works(signal);
  };
}

Deno.test("no limit: it is tried for days, every 10 s at the most", async () => {
  const attempt = new Attempt(unreachable);
  attempt.patience = endless();
  attempt.reconnect();
  await attempt.clock.advance(3 * 24 * 60 * 60_000);
  assert.equal(attempt.over, false);
  const often = (3 * 24 * 60 * 60_000) / longestDelay;
  assert.ok(attempt.tries.length > often);
  assert.ok(attempt.tries.length < 2 * often + 20);
  attempt.control.onOpen = () => {};
  await attempt.clock.advance(longestDelay);
  assert.ok("transport" in attempt.outcome!);
  assert.equal(attempt.clock.pending, 0);
});

Deno.test("no limit holds for connections that were of no use, too", async () => {
  const attempt = new Attempt(undefined);
  attempt.patience = endless();
  attempt.reconnect({
    since: attempt.start - 10 * reconnectLimit,
    fruitless: 50,
  });
  await attempt.clock.advance(longestDelay);
  assert.ok("transport" in attempt.outcome!);
});

Deno.test("a limit of its own ends it then", async () => {
  const attempt = new Attempt(unreachable);
  attempt.patience = { limit: 30_000, tries: Infinity };
  attempt.reconnect();
  await attempt.clock.advance(29_990);
  assert.equal(attempt.over, false);
  await attempt.clock.advance(longestDelay + 10);
  assert.ok(attempt.outcome instanceof ConnectionLostError);
  assert.equal(attempt.outcome.cause, unreachable);
});

Deno.test("so many tries are made, no more, and the last one's failure is told", async () => {
  for (const tries of [1, 2, 5]) {
    const attempt = new Attempt(unreachable);
    attempt.patience = { limit: Infinity, tries };
    attempt.reconnect();
    await attempt.clock.advance(60_000);
    assert.ok(attempt.outcome instanceof ConnectionLostError);
    assert.equal(attempt.outcome.message, unreachable.message);
    assert.equal(attempt.tries.length, tries);
    assert.equal(attempt.clock.pending, 0);
  }
});

Deno.test("no tries: the loss is the end, and nothing is asked", async () => {
  const attempt = new Attempt(undefined);
  attempt.patience = { limit: Infinity, tries: 0 };
  attempt.reconnect({ reason: "connection reset" });
  await attempt.clock.advance(60_000);
  assert.ok(attempt.outcome instanceof ConnectionLostError);
  assert.equal(
    attempt.outcome.message,
    "The connection was lost: connection reset",
  );
  assert.equal(attempt.outcome.failure, undefined);
  assert.equal(attempt.control.resumes, 0);
  assert.deepEqual(attempt.control.urls, []);
});

Deno.test("what the refusal means is told with the end", async () => {
  for (const failure of ["denied", "gone", "refused"] as const) {
    const attempt = new Attempt(undefined);
    attempt.patience = endless();
    answer(attempt, new ControlError("no", failure));
    attempt.reconnect();
    await attempt.clock.advance(60_000);
    assert.ok(attempt.outcome instanceof ConnectionLostError);
    assert.equal(attempt.outcome.failure, failure);
    assert.equal(attempt.control.resumes, 1);
  }
});

Deno.test("a second 403 is meant, whatever the patience", async () => {
  const attempt = new Attempt(new UpgradeRefusedError(403, {}, ""));
  attempt.patience = endless();
  attempt.reconnect();
  await attempt.clock.advance(60_000);
  assert.ok(attempt.outcome instanceof ConnectionLostError);
  assert.equal(attempt.tries.length, 2);
});

Deno.test("credentials are waited for: asked every 5 s, told once, no try is counted", async () => {
  const told: ControlError[] = [];
  const attempt = new Attempt(undefined);
  attempt.patience = { ...endless(told), tries: 2 };
  answer(attempt, login);
  attempt.reconnect();
  await attempt.clock.advance(10 * 60_000 + 1);
  assert.equal(attempt.over, false);
  assert.deepEqual(told, [login]);
  assert.equal(attempt.control.resumes, 1 + (10 * 60_000) / loginDelay);
  attempt.control.onResume = () => fakeGrant;
  await attempt.clock.advance(loginDelay);
  assert.ok("transport" in attempt.outcome!);
  assert.equal(attempt.clock.pending, 0);
});

Deno.test("however failures mix, a loss tells of the login once", async () => {
  const told: ControlError[] = [];
  const passing = new ControlError("throttled", "passing");
  const attempt = new Attempt(undefined);
  attempt.patience = endless(told);
  answer(attempt, login, passing, login, passing, passing, login, undefined);
  attempt.reconnect();
  await attempt.clock.advance(10 * 60_000);
  assert.ok("transport" in attempt.outcome!);
  assert.deepEqual(told, [login]);
});

Deno.test("where nobody is told, credentials that do not work are the end", async () => {
  const attempt = new Attempt(undefined);
  attempt.patience = { limit: Infinity, tries: Infinity };
  answer(attempt, login);
  attempt.reconnect();
  await attempt.clock.advance(0);
  assert.ok(attempt.outcome instanceof ConnectionLostError);
  assert.equal(attempt.outcome.failure, "login");
});

Deno.test("an abort while credentials are waited for ends it at once", async () => {
  const attempt = new Attempt(undefined);
  attempt.patience = endless();
  answer(attempt, login);
  attempt.reconnect();
  await attempt.clock.advance(7000);
  attempt.abort.abort(new Error("left"));
  await attempt.clock.advance(0);
  assert.equal((attempt.outcome as Error).message, "left");
  assert.equal(attempt.clock.pending, 0);
});

Deno.test("an error of the control plane says what it means, in the old words and the new", () => {
  const cases = [
    [true, "refused", true],
    [false, "passing", false],
    ["denied", "denied", true],
    ["login", "login", true],
    ["gone", "gone", true],
    ["refused", "refused", true],
    ["passing", "passing", false],
  ] as const;
  for (const [given, failure, final] of cases) {
    const error = new ControlError("why", given);
    assert.equal(error.failure, failure);
    assert.equal(error.final, final);
  }
});
