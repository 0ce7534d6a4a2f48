import assert from "node:assert/strict";
import {
  ProgressLine,
  progressLine,
  size,
  time,
} from "../../../cmd/cp/progress_line.ts";
import { newTally } from "../../../lib/copy/tally.ts";

Deno.test("progress line: one file, several, and one of unknown length", () => {
  const tally = { ...newTally(), total: 10_000_000, done: 4_000_000, files: 1 };
  assert.equal(
    progressLine({ ...tally, current: "/var/log/sys\x1blog" }, 2_000_000),
    "sys\\x1blog  [########------------] 40%  4.0 MB of 10.0 MB  2.0 MB/s  0:03 left",
  );
  assert.equal(
    progressLine({ ...tally, files: 3, filesDone: 1 }, 0),
    "1/3 files  [########------------] 40%  4.0 MB of 10.0 MB  0 B/s",
  );
  assert.equal(
    progressLine({ ...tally, total: undefined, current: "dump" }, 1500),
    "dump  4.0 MB  1.5 kB/s",
  );
  assert.equal(
    progressLine({ ...newTally(), files: 1, current: "x".repeat(40) }, 0)
      .split("  ")[0],
    "…" + "x".repeat(23),
  );
});

Deno.test("progress line: at any width parts are left out, and none is cut", () => {
  const tally = {
    ...newTally(),
    total: 456_000_000,
    done: 123_000_000,
    files: 1,
    current: "x".repeat(40),
  };
  const whole = new Set(progressLine(tally, 2_000_000).split(/ {2}|\] /));
  for (let cols = 100; cols >= 3; cols--) {
    const line = progressLine(tally, 2_000_000, cols);
    assert.ok(line.length <= cols, line);
    for (const part of line.split(/ {2}|\] /)) assert.ok(whole.has(part), part);
  }
  assert.match(progressLine(tally, 2_000_000, 79), /^…x+ {2}26% .* left$/);
  const unknown = { ...tally, total: undefined };
  assert.equal(progressLine(unknown, 1500, 20), "123 MB");
});

Deno.test("progress line: the rate is that of the last seconds, without what was there before", () => {
  const line = new ProgressLine();
  const tally = { ...newTally(), total: 100_000_000, files: 1, current: "f" };
  assert.match(line.next(tally, 0), / 0 B\/s$/);
  tally.done = 50_000_000;
  tally.found = 49_000_000;
  assert.match(line.next(tally, 1), / 1\.0 MB\/s {2}0:50 left$/);
  // It stands still: the rate falls, and does not jump.
  assert.match(line.next(tally, 1), / 700 kB\/s /);
  // A part that was lost is sent again.
  tally.done -= 500_000;
  assert.match(line.next(tally, 1), / 490 kB\/s /);
});

Deno.test("progress line: sizes and times", () => {
  assert.deepEqual(
    [0, 999, 1000, 99_949, 99_950, 999_499, 999_500, 1.5e9, 7e15].map(size),
    [
      "0 B",
      "999 B",
      "1.0 kB",
      "99.9 kB",
      "100 kB",
      "999 kB",
      "1.0 MB",
      "1.5 GB",
      "7000 TB",
    ],
  );
  assert.deepEqual([0, 6.2, 60, 3599, 3600, 11_105].map(time), [
    "0:00",
    "0:07",
    "1:00",
    "59:59",
    "1:00:00",
    "3:05:05",
  ]);
});
