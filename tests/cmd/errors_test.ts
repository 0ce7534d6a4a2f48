import assert from "node:assert/strict";
import {
  CommandError,
  describeError,
  exitCodes,
  formatFailure,
  UsageError,
} from "../../cmd/errors.ts";
import { TimeoutError } from "../../cmd/signals.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";
import { StreamUrlError } from "../../lib/aws/stream_url.ts";
import { ControlError } from "../../lib/session/control.ts";
import { SignalError } from "../../lib/session/signal_error.ts";
import {
  TransportError,
  UpgradeRefusedError,
} from "../../lib/session/transport.ts";

Deno.test("each kind of error has its exit code", () => {
  const aws = new AwsCallError({
    action: "ssm:StartSession",
    code: "AccessDenied",
    kind: "access-denied",
    reason: "no",
  });
  for (
    const [error, code] of [
      [new UsageError("x"), 125],
      [new CommandError("x", 255), 255],
      [aws, 125],
      [new ControlError("x", true), 125],
      [new TransportError("x"), 125],
      [new UpgradeRefusedError(403, {}, ""), 125],
      [new TimeoutError(1000), 124],
      [new SignalError("SIGTERM"), 143],
      [new SignalError("SIGINT"), 130],
      [new SignalError("SIGHUP"), 129],
      [new SignalError("SIGQUIT"), 131],
      [new Deno.errors.BrokenPipe(), 141],
      [new TypeError("x"), 125],
      ["thrown text", 125],
      [undefined, 125],
    ] as const
  ) assert.equal(describeError(error).exitCode, code, String(error));
});

Deno.test("signals and a closed pipe say nothing", () => {
  for (
    const error of [new SignalError("SIGTERM"), new Deno.errors.BrokenPipe()]
  ) {
    assert.equal(formatFailure(describeError(error), false), "");
  }
});

Deno.test("a sentence, lines below it, and hints", () => {
  const error = new CommandError("Cannot do it: a reason", exitCodes.failed, [
    "ssm shell web",
    "ssm --help",
  ], ["one", "two"]);
  assert.equal(
    formatFailure(describeError(error), false),
    "ssm: Cannot do it: a reason\n  one\n  two\n" +
      "hint: ssm shell web\nhint: ssm --help\n",
  );
  assert.equal(
    formatFailure(describeError(new UsageError("No", ["yes"])), true),
    "\x1b[31mssm:\x1b[0m No\n\x1b[36mhint:\x1b[0m yes\n",
  );
});

Deno.test("on a terminal sentences are broken between words; tables and hints are not", () => {
  const hint = "ssm shell a-name-that-is-long --profile production";
  const row = "web  i-0123456789abcdef0  Online  10.0.0.1";
  const error = new CommandError(
    "Cannot start session: the agent is offline",
    exitCodes.failed,
    [hint],
    [row, "on the node: restart the agent of it"],
  );
  assert.equal(
    formatFailure(describeError(error), false, 30),
    "ssm: Cannot start session: the\n     agent is offline\n" +
      `  ${row}\n  on the node: restart the\n  agent of it\nhint: ${hint}\n`,
  );
});

Deno.test("errors of AWS bring their own hints", () => {
  const error = new AwsCallError({
    action: "ssm:StartSession",
    code: "ExpiredToken",
    kind: "expired-credentials",
    reason: "the credentials have expired",
    hints: ["aws sso login --profile dev"],
  });
  assert.equal(
    formatFailure(describeError(error), false),
    "ssm: Cannot start session: the credentials have expired\n" +
      "hint: aws sso login --profile dev\n",
  );
});

Deno.test("hints and details of a cause are shown, the outermost first", () => {
  const login = new AwsCallError({
    action: "credentials",
    code: "CredentialsProviderError",
    kind: "expired-credentials",
    reason: "the SSO login has expired",
    hints: ["aws sso login --profile dev"],
  });
  const host = new StreamUrlError("Cannot open data channel: x", "x", [
    "export SSM_STREAM_HOST=x",
  ]);
  const hints = (error: Error) => describeError(error).hints;
  const lost = (cause: unknown) =>
    new CommandError("Lost", 255, [], [], { cause });
  for (
    const error of [
      new ControlError("Cannot resume", true, { cause: login }),
      new TransportError("Cannot sign", { cause: login }),
      lost(new ControlError("Cannot resume", true, { cause: login })),
    ]
  ) assert.deepEqual(hints(error), ["aws sso login --profile dev"]);
  assert.deepEqual(
    hints(lost(new ControlError("Cannot resume", true, { cause: host }))),
    ["export SSM_STREAM_HOST=x"],
  );
  assert.deepEqual(
    hints(new UsageError("No", ["ssm --help"], { cause: login })),
    ["ssm --help"],
  );
  const refused = describeError(lost(new UpgradeRefusedError(410, {}, "")));
  assert.deepEqual([refused.details, refused.exitCode], [
    ["410: the session is over"],
    255,
  ]);
});

Deno.test("errors that cause each other in a circle come to an end", () => {
  const error = new UsageError("No");
  error.cause = error;
  assert.deepEqual(describeError(error).hints, []);
});

Deno.test("control characters cannot reach the terminal", () => {
  const evil = "a\x1b]0;title\x07b\nhint: rm -rf ~\u202e";
  const text = formatFailure(
    describeError(new CommandError(evil, 1, [evil], [evil])),
    false,
  );
  assert.equal(text.split("\n").length, 4);
  assert.match(text, /^[\n\x20-\x7e]*$/);
});

Deno.test("a refused upgrade shows the status, what it means, and what was said", () => {
  const say = (status: number, body = "") =>
    describeError(new UpgradeRefusedError(status, {}, body)).details;
  assert.match(say(403)[0] ?? "", /^403: the signature or the session's token/);
  assert.deepEqual(say(403, "<BadRequest>\x1b[1m</BadRequest>\n").slice(1), [
    "the server says: <BadRequest>\\x1b[1m</BadRequest>",
  ]);
  for (const status of [400, 404, 407, 410, 426, 429, 302, 502, 200, 418]) {
    assert.match(say(status)[0] ?? "", new RegExp(`^${status}: `));
  }
  assert.match(say(0)[0] ?? "", /--transport native/);
});

Deno.test("an error that was not written for users keeps its class", () => {
  assert.equal(
    describeError(new TypeError("x is not a function")).message,
    "TypeError: x is not a function",
  );
});
