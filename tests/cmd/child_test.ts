import assert from "node:assert/strict";
import { runChild } from "../../cmd/child.ts";
import { describeError } from "../../cmd/errors.ts";
import { TestContext } from "../testkit/context.ts";

Deno.test("run: a command in our place has its words, its variables, and the last word", async () => {
  for (
    const [end, code] of [
      [{ code: 0, signal: undefined }, 0],
      [{ code: 7, signal: undefined }, 7],
      [{ code: 1, signal: "SIGSEGV" }, 139],
      [{ code: 1, signal: "SIGHUP" }, 129],
    ] as const
  ) {
    const context = new TestContext();
    const changes = { A: "1", B: undefined };
    const ended = runChild(["x", "a b"], changes, context);
    const [child] = context.children;
    assert.deepEqual(child?.command, ["x", "a b"]);
    assert.deepEqual(child?.environment, changes);
    child?.end(end);
    assert.equal(await ended, code);
  }
});

Deno.test("run: a command gets the signals that its terminal does not send it, until its end", async () => {
  const context = new TestContext();
  const ended = runChild(["x"], {}, context);
  for (const signal of ["SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP"] as const) {
    assert.ok(context.deliver(signal));
  }
  const [child] = context.children;
  assert.deepEqual(child?.signals, ["SIGTERM", "SIGHUP"]);
  child?.end({ code: 143, signal: "SIGTERM" });
  assert.equal(await ended, 143);
  assert.equal(context.deliver("SIGTERM"), false);
});

Deno.test("run: a command that cannot be run says which, and the code that shells give", async () => {
  for (
    const [error, message, code] of [
      [
        new Deno.errors.NotFound("x"),
        "Cannot run 'my x': no such command",
        127,
      ],
      [
        new Deno.errors.PermissionDenied("it is locked"),
        "Cannot run 'my x': it is locked",
        126,
      ],
      [new TypeError("a \x07bell"), "Cannot run 'my x': a \\x07bell", 126],
    ] as const
  ) {
    const context = new TestContext();
    context.onRun = () => {
      throw error;
    };
    await assert.rejects(runChild(["my x"], {}, context), (thrown) => {
      const failure = describeError(thrown);
      assert.equal(failure.message, message);
      assert.equal(failure.exitCode, code);
      return true;
    });
    assert.equal(context.deliver("SIGTERM"), false);
  }
});
