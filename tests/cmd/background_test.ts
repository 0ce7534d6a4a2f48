import assert from "node:assert/strict";
import { ready } from "../../cmd/background.ts";
import type { BackgroundProgram } from "../../cmd/background_program.ts";
import type { ChildEnd } from "../../cmd/context.ts";
import { runCommandLine } from "../../cmd/mod.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import { TestContext } from "../testkit/context.ts";
import { settle } from "../testkit/manual_clock.ts";

/** The one of us in the background, played by the test. */
class FakeBackground implements BackgroundProgram {
  readonly pid = 4711;
  readonly signals: Deno.Signal[] = [];
  readonly #lines = new TransformStream<string, string>();
  readonly #writer = this.#lines.writable.getWriter();
  readonly #ended = Promise.withResolvers<ChildEnd>();
  readonly #passedOn = Promise.withResolvers<void>();
  readonly ended = this.#ended.promise;
  readonly passedOn = this.#passedOn.promise;
  readonly lines = this.#lines.readable;

  /** It prints lines on its standard output. */
  print(...lines: string[]): void {
    for (const line of lines) this.#writer.write(line).catch(() => {});
  }

  /** What it said on standard error has been passed on. */
  passOn(): void {
    this.#passedOn.resolve();
  }

  /** It ends. */
  end(end: ChildEnd): void {
    this.#writer.close().catch(() => {});
    this.#ended.resolve(end);
  }

  kill(signal: Deno.Signal): void {
    this.signals.push(signal);
  }
}

/** `ssm forward -f`, and the one that it has started. */
async function start(...args: string[]) {
  const context = new TestContext();
  const other = new FakeBackground();
  const started = Promise.withResolvers<void>();
  context.onBackground = () => {
    started.resolve();
    return other;
  };
  const ended = runCommandLine(["forward", "web", ...args], context);
  await started.promise;
  return { context, other, ended };
}

Deno.test("run: -f prints the pid of the other one when that is ready, and does nothing itself", async () => {
  const { context, other, ended } = await start(":80", "-f");
  await settle();
  assert.equal(context.terminal.outputText, "");
  other.print("ready");
  other.passOn();
  assert.equal(await ended, 0);
  assert.equal(context.terminal.outputText, "4711\n");
  assert.deepEqual([context.places, context.connections], [[], []]);
});

Deno.test("run: -f does not end before all is passed on that was said", async () => {
  const { context, other, ended } = await start(":80", "-f");
  other.print("ready");
  await settle();
  assert.equal(context.terminal.outputText, "");
  other.passOn();
  assert.equal(await ended, 0);
  assert.equal(context.terminal.outputText, "4711\n");

  const failing = await start(":80", "-f");
  let over = false;
  void failing.ended.then(() => over = true);
  failing.other.end({ code: 125, signal: undefined });
  await settle();
  assert.equal(over, false);
  failing.other.passOn();
  assert.equal(await failing.ended, 125);
});

Deno.test("run: -f with --json prints what the other one does, which has its pid in it", async () => {
  const { context, other, ended } = await start(":80", "-f", "--json");
  other.print('{"pid":4711}', '{"pid":4711,"more":1}', "ready");
  other.passOn();
  assert.equal(await ended, 0);
  assert.equal(
    context.terminal.outputText,
    '{"pid":4711}\n{"pid":4711,"more":1}\n',
  );
});

Deno.test("run: -f ends as the other one does when that was never ready", async () => {
  for (
    const [end, code] of [
      [{ code: 125, signal: undefined }, 125],
      [{ code: 143, signal: "SIGTERM" }, 143],
      [{ code: 137, signal: "SIGKILL" }, 137],
    ] as const
  ) {
    const { context, other, ended } = await start(":80", "-f");
    other.passOn();
    other.end(end);
    assert.equal(await ended, code);
    assert.equal(context.terminal.outputText, "");
  }
});

Deno.test("run: -f passes signals on while the other one begins", async () => {
  const { context, other, ended } = await start(":80", "-f");
  assert.ok(context.deliver("SIGINT"));
  assert.ok(context.deliver("SIGTERM"));
  assert.deepEqual(other.signals, ["SIGINT", "SIGTERM"]);
  other.passOn();
  other.end({ code: 130, signal: undefined });
  assert.equal(await ended, 130);
  assert.equal(context.deliver("SIGINT"), false);
});

Deno.test("run: the one in the background says that it is ready behind all else, on both streams", async () => {
  const context = new TestContext();
  const ended = runCommandLine(
    ["forward", "web", "8080:80", "-f", "--json", "--background-child"],
    context,
  );
  await context.terminal.until(({ outputText }) =>
    outputText.endsWith("ready\n")
  );
  assert.match(context.terminal.outputText, /^\{"destination".*\}\nready\n$/);
  assert.equal(
    context.terminal.errorText,
    "Forwarding from 127.0.0.1:8080 -> web:80\n\0",
  );
  context.abort(new SignalError("SIGTERM"));
  assert.equal(await ended, 143);
});

Deno.test("run: the one in the background ends its forwards when nobody waits for it any more", async () => {
  const context = new TestContext();
  context.terminal.writeFailure = new Deno.errors.BrokenPipe();
  const args = ["forward", "web", ":80", "--background-child"];
  assert.equal(await runCommandLine(args, context), 141);
  assert.ok(context.forwards.every(({ closes }) => closes.length > 0));
  assert.equal(context.forwards.length, 1);
});

Deno.test("run: no mark is sent to a terminal, and a closed standard error is no reason not to be ready", async () => {
  const context = new TestContext();
  context.errorIsTerminal = true;
  await ready(context);
  assert.equal(context.terminal.errorText, "");
  assert.equal(context.terminal.outputText, "ready\n");

  const closed = new TestContext();
  closed.terminal.writeError = () =>
    Promise.reject(new Deno.errors.BrokenPipe());
  await ready(closed);
  assert.equal(closed.terminal.outputText, "ready\n");
});
