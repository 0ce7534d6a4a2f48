import assert from "node:assert/strict";
import fc from "fast-check";
import {
  invocationOutput,
  listedOutput,
} from "../../lib/aws/command_output.ts";
import {
  errorContent,
  listOutput,
  outputContent,
  streamOf,
  withText,
} from "../../lib/simulator/command/output.ts";
import { agentWords } from "../../lib/simulator/command/script.ts";

/** What a script wrote, as Run Command gives it. */
function given(stdout: string, stderr: string, code: number) {
  const out = streamOf(stdout);
  const err = code === 0
    ? streamOf(stderr)
    : withText(streamOf(stderr), agentWords(code));
  return {
    full: invocationOutput(outputContent(out), errorContent(err), code),
    listed: listedOutput(listOutput(out, err), code),
  };
}

const bytes = (text: string) => new TextEncoder().encode(text).length;

Deno.test("a cut is seen exactly where the agent cuts", () => {
  for (const unit of ["x", "é", "語", "👍"]) {
    const fit = unit.repeat(Math.floor(23_999 / bytes(unit)));
    const whole = given(fit, "", 0).full;
    assert.equal(whole.truncated.stdout, false, unit);
    assert.equal(whole.stdout, fit);
    const more = given(fit + unit, "", 0).full;
    assert.equal(more.truncated.stdout, true, unit);
    assert.equal(
      (fit + unit).startsWith(more.stdout.replace(/\ufffd+$/, "")),
      true,
    );
  }
});

Deno.test("the service's cut of standard error has no mark", () => {
  const fits = given("", "e".repeat(7_999), 0).full;
  assert.equal(fits.truncated.stderr, false);
  assert.equal(given("", "e".repeat(8_000), 0).full.truncated.stderr, true);
  assert.equal(given("", "é".repeat(7_999), 0).full.truncated.stderr, false);
  // A service that counted bytes would leave this of more.
  const byBytes = invocationOutput("", "é".repeat(4_000), 0);
  assert.equal(byBytes.truncated.stderr, true);
});

Deno.test("a text that says what the agent's mark says is not cut for that", () => {
  const text = "what is --output truncated--";
  assert.deepEqual(given(text, "", 0).full, {
    stdout: text,
    stderr: "",
    truncated: { stdout: false, stderr: false },
  });
});

Deno.test("the agent's own words about an exit code are not the script's", () => {
  assert.equal(given("", "oops\n", 3).full.stderr, "oops\n");
  assert.equal(given("", "", 3).listed?.stderr, "");
  const own = "failed to run commands: exit status 3";
  assert.equal(invocationOutput("", own, 0).stderr, own);
  assert.equal(invocationOutput("", own, 4).stderr, own);
});

Deno.test("a list has all of it, or is known not to have", () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 2_600, unit: "grapheme" }),
      fc.string({ maxLength: 2_600 }),
      fc.integer({ min: 0, max: 255 }),
      (stdout, stderr, code) => {
        const { listed } = given(stdout, stderr, code);
        if (listed !== undefined) {
          assert.deepEqual([listed.stdout, listed.stderr], [stdout, stderr]);
        } else {
          assert.ok(bytes(stdout) + bytes(stderr) > 2_300);
        }
      },
    ),
  );
  assert.equal(given("x".repeat(2_499), "", 0).listed?.stdout.length, 2_499);
  assert.equal(given("x".repeat(2_500), "", 0).listed, undefined);
});
