import assert from "node:assert/strict";
import { UsageError } from "../../cmd/errors.ts";
import { askMfaCode } from "../../cmd/mfa_prompt.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";

const serial = "arn:aws:iam::123456789012:mfa/us\x1b[2Jer";
const never = new AbortController().signal;

Deno.test("the code is asked for on stderr and read as one line", async () => {
  const terminal = new MemoryTerminal();
  terminal.type("123");
  terminal.type("456\n");
  assert.equal(await askMfaCode(terminal, serial, never), "123456");
  assert.equal(
    terminal.errorText,
    "Code of the MFA device arn:aws:iam::123456789012:mfa/us\\x1b[2Jer: ",
  );
  assert.equal(terminal.outputText, "");
});

Deno.test("what is no code is refused, without showing it", async () => {
  for (const typed of ["12345\n", "abcdef\n", "\n", "1234567\n"]) {
    const terminal = new MemoryTerminal();
    terminal.type(typed);
    await assert.rejects(
      askMfaCode(terminal, serial, never),
      (error: unknown) =>
        error instanceof UsageError && /it has six digits$/.test(error.message),
    );
  }
  const ended = new MemoryTerminal();
  ended.end();
  await assert.rejects(askMfaCode(ended, serial, never), UsageError);
});

Deno.test("without a terminal nothing is asked; an abort gives up", async () => {
  await assert.rejects(
    askMfaCode(new MemoryTerminal({ interactive: false }), serial, never),
    /standard input is no terminal/,
  );
  const controller = new AbortController();
  const asked = askMfaCode(new MemoryTerminal(), serial, controller.signal);
  controller.abort(new Error("enough"));
  await assert.rejects(asked, /enough/);
});

Deno.test("of two questions at the same time one waits for the other's answer", async () => {
  const terminal = new MemoryTerminal();
  const first = askMfaCode(terminal, "one", never);
  const second = askMfaCode(terminal, "two", never);
  await terminal.until(({ errorText }) => errorText.includes("one: "));
  assert.doesNotMatch(terminal.errorText, /two/);
  terminal.type("12\n");
  await assert.rejects(first, /six digits/);
  await terminal.until(({ errorText }) => errorText.includes("two: "));
  terminal.type("123456\n");
  assert.equal(await second, "123456");
});
