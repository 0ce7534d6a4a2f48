import assert from "node:assert/strict";
import type { FoundNode } from "../../../../cmd/exec/fleet/nodes.ts";
import { type NodeResult, Tally } from "../../../../cmd/exec/fleet/outcome.ts";
import type { FleetReport } from "../../../../cmd/exec/fleet/report.ts";
import type {
  CommandEnd,
  FleetNode,
  RunOnNode,
} from "../../../../cmd/exec/fleet/run_on_node.ts";
import {
  runBySessions,
  type SessionFleet,
} from "../../../../cmd/exec/fleet/sessions.ts";
import { Places } from "../../../../cmd/target/places.ts";
import { AwsCallError } from "../../../../lib/aws/errors.ts";
import { SignalError } from "../../../../lib/session/signal_error.ts";
import { TestContext } from "../../../testkit/context.ts";
import { ManualClock } from "../../../testkit/manual_clock.ts";

/** Keeps what it is told. */
class KeptReport implements FleetReport {
  readonly started_: string[] = [];
  readonly results: NodeResult[] = [];
  started = (node: FleetNode) => void this.started_.push(node.id);
  output = () => {};
  said = () => {};
  cut = () => {};
  ended = (result: NodeResult) => void this.results.push(result);
  summary = () => {};

  get codes(): Record<string, number | undefined> {
    return Object.fromEntries(
      this.results.map(({ node, outcome }) => [node.id, outcome.code]),
    );
  }
}

const { first: place } = await Places.open(new TestContext(), {
  profile: undefined,
  region: undefined,
  endpointUrl: undefined,
  transport: "native",
  streamHosts: [],
});

function nodesOf(count: number): FoundNode[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `n${at}`,
    name: undefined,
    offline: undefined,
    place,
  }));
}

function world(runOnNode: RunOnNode, more: Partial<SessionFleet> = {}) {
  const clock = new ManualClock();
  const report = new KeptReport();
  const tally = new Tally();
  const hold = new AbortController();
  const stop = new AbortController();
  const ended = runBySessions({
    nodes: nodesOf(10),
    runOnNode,
    parallel: 3,
    maxErrors: Infinity,
    timeout: undefined,
    report,
    tally,
    clock,
    hold: hold.signal,
    signal: stop.signal,
    ...more,
  });
  ended.catch(() => {});
  return { clock, report, tally, hold, stop, ended };
}

/** A command that takes a second and ends with the node's number. */
function second(clock: () => ManualClock): RunOnNode {
  return (node, _output, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      clock().setTimer(
        1000,
        () => resolve({ kind: "exited", code: Number(node.id.slice(1)) }),
      );
    });
}

Deno.test("so many nodes at a time, each once", async () => {
  let running = 0;
  let most = 0;
  const w = world(async (...args) => {
    most = Math.max(most, ++running);
    const end = await second(() => w.clock)(...args);
    running--;
    return end;
  });
  await w.clock.advance(60_000);
  await w.ended;
  assert.equal(most, 3);
  assert.deepEqual(
    Object.values(w.report.codes).sort(),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  assert.equal(w.tally.running, 0);
  assert.equal(w.tally.exitCode, 1);
  assert.equal(w.clock.pending, 0);
  const seconds = w.report.results[0]?.outcome.seconds ?? 0;
  assert.ok(seconds >= 1 && seconds < 2);
});

Deno.test("after too many errors no further node begins, and those that run go on", async () => {
  const w = world(() => Promise.resolve({ kind: "exited", code: 1 }), {
    parallel: 1,
    maxErrors: 2,
  });
  await w.clock.advance(60_000);
  await w.ended;
  assert.deepEqual(w.report.started_, ["n0", "n1", "n2"]);
  assert.equal(w.tally.skipped, 7);
  assert.equal(w.tally.failed, 3);
});

Deno.test("a node that is not connected is not asked, and is no error", async () => {
  const asked: string[] = [];
  const w = world((node) => {
    asked.push(node.id);
    return Promise.resolve({ kind: "exited", code: 0 });
  }, {
    nodes: [
      { id: "off", name: undefined, offline: "it is not connected", place },
      ...nodesOf(1),
    ],
    maxErrors: 0,
  });
  await w.clock.advance(1_000);
  await w.ended;
  assert.deepEqual(asked, ["n0"]);
  assert.deepEqual(w.report.codes, { off: 125, n0: 0 });
});

Deno.test("each end has its code", async () => {
  const ends: [CommandEnd, number, boolean][] = [
    [{ kind: "exited", code: 0 }, 0, true],
    [{ kind: "exited", code: 255 }, 255, true],
    [{ kind: "exited", code: -1 }, 1, true],
    [{ kind: "failed", message: "no" }, 1, true],
    [{ kind: "terminated", message: "no" }, 1, true],
    [{ kind: "timed-out", message: "no" }, 1, true],
    [{ kind: "ended" }, 1, true],
    [{ kind: "lost", message: "no" }, 255, true],
    [{ kind: "refused", message: "no" }, 125, false],
    [{ kind: "signal", signal: "SIGTERM" }, 143, true],
  ];
  const w = world(
    (node) =>
      Promise.resolve(ends[Number(node.id.slice(1))]?.[0] ?? { kind: "ended" }),
    { nodes: nodesOf(ends.length) },
  );
  await w.clock.advance(10_000);
  await w.ended;
  for (const { node, outcome } of w.report.results) {
    const [end, code, began] = ends[Number(node.id.slice(1))] ?? [];
    assert.deepEqual(
      [outcome.code, outcome.began],
      [code, began],
      String(end?.kind),
    );
  }
});

Deno.test("a session that AWS wants to be started later is started later", async () => {
  let tries = 0;
  const throttled = new AwsCallError({
    action: "ssm:StartSession",
    code: "ThrottlingException",
    kind: "throttled",
    reason: "Rate exceeded",
  });
  const w = world(() => {
    if (tries++ < 3) return Promise.reject(throttled);
    return Promise.resolve({ kind: "exited", code: 0 });
  }, { nodes: nodesOf(1) });
  await w.clock.advance(60_000);
  await w.ended;
  assert.equal(tries, 4);
  assert.deepEqual(w.report.codes, { n0: 0 });
  assert.deepEqual(w.report.started_, ["n0"]);
});

Deno.test("what fails before the session is 125, and nothing else is tried again", async () => {
  let tries = 0;
  const w = world(() => {
    tries++;
    return Promise.reject(
      new AwsCallError({
        action: "ssm:StartSession",
        code: "TargetNotConnected",
        kind: "not-connected",
        reason: "n0 is not connected",
      }),
    );
  }, { nodes: nodesOf(1) });
  await w.clock.advance(60_000);
  await w.ended;
  assert.equal(tries, 1);
  const [result] = w.report.results;
  assert.equal(result?.outcome.code, 125);
  assert.equal(result?.outcome.began, false);
  assert.match(result?.outcome.reason ?? "", /^Cannot start session: /);
});

Deno.test("--timeout is each node's own", async () => {
  const w = world((node, _output, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      if (node.id !== "n0") {
        w.clock.setTimer(100, () => resolve({ kind: "exited", code: 0 }));
      }
    }), { nodes: nodesOf(2), timeout: 5_000 });
  await w.clock.advance(10_000);
  await w.ended;
  assert.deepEqual(w.report.codes, { n1: 0, n0: 124 });
  assert.equal(w.clock.pending, 0);
});

Deno.test("a signal reaches every node that runs, and no other begins", async () => {
  const w = world((...args) => second(() => w.clock)(...args));
  await w.clock.advance(500);
  w.hold.abort(new SignalError("SIGINT"));
  await w.clock.advance(10);
  assert.equal(w.tally.ended, 0, "those that run have not ended");
  w.stop.abort(new SignalError("SIGINT"));
  await w.clock.advance(10);
  await w.ended;
  assert.equal(w.tally.byCode.get(130), 3);
  assert.equal(w.tally.skipped, 7);
});

Deno.test("when nobody reads our output any more that is the end", async () => {
  const w = world(() => Promise.reject(new Deno.errors.BrokenPipe("gone")));
  await w.clock.advance(500);
  await assert.rejects(w.ended, Deno.errors.BrokenPipe);
});

Deno.test("that end waits for the sessions of the others", async () => {
  let left = false;
  const w = world(async (node, _output, signal) => {
    if (node.id === "n0") throw new Deno.errors.BrokenPipe("gone");
    await new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve())
    );
    await Promise.resolve();
    left = true;
    throw signal.reason;
  }, { nodes: nodesOf(2) });
  let over = false;
  w.ended.catch(() => over = true);
  await w.clock.advance(500);
  assert.equal(over, false);
  w.stop.abort(new Deno.errors.BrokenPipe("gone"));
  await assert.rejects(w.ended, Deno.errors.BrokenPipe);
  assert.equal(left, true);
});
