import assert from "node:assert/strict";
import { UsageError } from "../../cmd/errors.ts";
import { duration, nonEmpty, numberBetween } from "../../cmd/flags.ts";

Deno.test("duration takes what timeout(1) takes", () => {
  for (
    const [text, milliseconds] of [
      ["30", 30_000],
      ["1.5s", 1500],
      ["250ms", 250],
      ["10m", 600_000],
      ["2h", 7_200_000],
      ["1d", 86_400_000],
    ] as const
  ) assert.equal(duration(text), milliseconds, text);
});

Deno.test("duration refuses what is no time, and what no timer can wait for", () => {
  for (const text of ["", "0", "-1", "5x", "1e3", "s", "25d", "1 s", "NaN"]) {
    assert.throws(() => duration(text), UsageError, text);
  }
});

Deno.test("numberBetween keeps its bounds", () => {
  const share = numberBetween(0, 1, false);
  assert.equal(share("0.05"), 0.05);
  assert.equal(share("1"), 1);
  for (const text of ["1.1", "-0.1", "", "x", "1e-3", "Infinity", "0x1"]) {
    assert.throws(() => share(text), UsageError, text);
  }
  assert.throws(() => numberBetween(0, 9)("1.5"), /a whole number from 0 to 9/);
});

Deno.test("nonEmpty refuses nothing but the empty text", () => {
  assert.equal(nonEmpty(" "), " ");
  assert.throws(() => nonEmpty(""), UsageError);
});
