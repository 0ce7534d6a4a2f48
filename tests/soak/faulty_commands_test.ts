import assert from "node:assert/strict";
import { hasPty } from "../testkit/pty.ts";
import { type FaultyCommands, runFaultyCommands } from "./faulty_commands.ts";

const ignore = Deno.build.os === "windows" || !hasPty;
const lossy = (loss: number) => ({
  loss,
  repeat: loss,
  reorder: loss,
  wrongDigest: loss / 5,
});

/** The runs of `deno task soak`, a part of each. */
const whole: Record<string, FaultyCommands> = {
  "60 of them, no faults": {
    runs: 60,
    parallel: 10,
    bytes: 100_000,
    way: "plain",
    pace: "fast",
    faults: {},
  },
  "20 of them, 2 % loss, repeats, reordering": {
    runs: 20,
    parallel: 10,
    bytes: 100_000,
    way: "plain",
    pace: "fast",
    faults: { up: lossy(0.02), down: lossy(0.02) },
  },
  "the real pace, no faults": {
    runs: 10,
    parallel: 5,
    bytes: 300_000,
    way: "plain",
    pace: "real",
    faults: {},
  },
  "encoded, random bytes, 2 % loss": {
    runs: 20,
    parallel: 5,
    bytes: 100_000,
    way: "pipe",
    pace: "fast",
    faults: { up: lossy(0.02), down: lossy(0.02) },
  },
  "a terminal's session, random bytes, 2 % loss, resets": {
    runs: 10,
    parallel: 5,
    bytes: 100_000,
    way: "terminal",
    pace: "fast",
    faults: {
      up: lossy(0.02),
      down: lossy(0.02),
      closeAfterBytes: 200_000,
      closeLimit: 3,
      closeManner: "reset",
    },
  },
};

for (const [name, run] of Object.entries(whole)) {
  Deno.test({
    name: `commands that end at once lose nothing: ${name}`,
    ignore,
    async fn() {
      const result = await runFaultyCommands(run);
      assert.deepEqual(
        [result.whole, [...result.ends], result.silent, result.left],
        [run.runs, [], 0, []],
      );
    },
  });
}

Deno.test({
  name: "a connection lost while a command runs is no silent gap",
  ignore,
  async fn() {
    const result = await runFaultyCommands({
      runs: 4,
      parallel: 4,
      bytes: 1_000_000,
      way: "plain",
      pace: "fast",
      faults: {
        closeAfterBytes: 700_000,
        closeLimit: 1,
        closeManner: "reset",
      },
    });
    assert.deepEqual([result.silent, result.left], [0, []]);
    assert.ok(result.told > 0, JSON.stringify([...result.ends]));
    for (const end of result.ends.keys()) assert.match(end, /"lost".*missing/);
  },
});
