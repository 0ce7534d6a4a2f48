import assert from "node:assert/strict";
import { hasPty } from "../testkit/pty.ts";
import { type FaultyShell, runFaultyShell } from "./faulty_shell.ts";

const lossy = (loss: number) => ({
  loss,
  repeat: loss,
  reorder: loss,
  wrongDigest: loss / 5,
});

/** The runs of `deno task soak`, at a tenth of their size. */
const runs: Record<string, FaultyShell> = {
  "5 % loss, repeats, reordering, 10 resets, fast pace": {
    bytes: 5_000_000,
    pace: "fast",
    faults: {
      up: lossy(0.05),
      down: lossy(0.05),
      closeAfterBytes: 150_000,
      closeLimit: 10,
      closeManner: "reset",
    },
  },
  "0.3 % loss, repeats, reordering, 2 closes, real pace": {
    bytes: 1_000_000,
    pace: "real",
    faults: {
      up: lossy(0.003),
      down: lossy(0.003),
      closeAfterBytes: 400_000,
      closeLimit: 2,
    },
  },
  "the built-in WebSocket, encrypted, 10 closes": {
    bytes: 2_000_000,
    pace: "fast",
    transport: "builtin",
    kmsKeyId: "alias/sessions",
    faults: {
      up: lossy(0.02),
      down: lossy(0.02),
      closeAfterBytes: 150_000,
      closeLimit: 10,
    },
  },
  "50 ms away, 1 % loss, pauses": {
    bytes: 2_000_000,
    pace: "fast",
    faults: {
      latency: 50,
      up: lossy(0.01),
      down: lossy(0.01),
      pauseEvery: 2,
    },
  },
};

for (const [name, run] of Object.entries(runs)) {
  Deno.test(`nothing is lost: ${name}`, async () => {
    if (!hasPty) return console.log("skipped: no pseudo-terminal here");
    const result = await runFaultyShell(run);
    assert.deepEqual(result.end, { kind: "ended" });
    assert.equal(result.bytes, run.bytes);
    assert.equal(result.arrived, result.expected);
    assert.equal(result.lost, run.faults.closeLimit ?? 0);
    assert.equal(result.resumed, result.lost);
    assert.deepEqual(result.left, [], "a session is left running");
  });
}
