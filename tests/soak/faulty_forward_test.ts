import assert from "node:assert/strict";
import { type FaultyForward, runFaultyForward } from "./faulty_forward.ts";

/** The runs of `deno task soak`, at a hundredth and a thirtieth of their size. */
const runs: Record<string, FaultyForward & { closes: number }> = {
  "2 % loss, repeats, reordering, 5 resets, fast pace": {
    bytes: 8 * 1024 * 1024,
    connections: 8,
    closes: 5,
    simulate: [
      "--loss=0.02",
      "--repeat=0.02",
      "--reorder=0.02",
      "--close-after-bytes=2000000",
      "--close-limit=5",
      "--close-manner=reset",
    ],
    forward: ["--sessions=1"],
  },
  "0.3 % loss, repeats, reordering, 2 closes, real pace": {
    bytes: 1024 * 1024,
    connections: 8,
    closes: 2,
    simulate: [
      "--pace=real",
      "--loss=0.003",
      "--repeat=0.003",
      "--reorder=0.003",
      "--close-after-bytes=500000",
      "--close-limit=2",
    ],
    forward: ["--sessions=1"],
  },
};

for (const [name, { closes, ...run }] of Object.entries(runs)) {
  Deno.test({
    name: `nothing of eight connections is lost: ${name}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      const result = await runFaultyForward(run);
      assert.equal(result.equal, run.connections, result.stderr);
      assert.equal(result.lost, closes, result.stderr);
      assert.equal(result.resumed, closes, result.stderr);
      assert.ok(result.attempts > 0);
      assert.equal(result.refused, 0, "the listener was closed for a moment");
      assert.equal(result.code, 0, result.stderr);
      assert.deepEqual(result.left, [], "a session is left running");
    },
  });
}
