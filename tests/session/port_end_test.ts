import assert from "node:assert/strict";
import { ControlError } from "../../lib/session/control.ts";
import { portEndOfChannel, portEndOfLoss } from "../../lib/session/port_end.ts";
import { ConnectionLostError } from "../../lib/session/resume.ts";
import { TransportError } from "../../lib/session/transport.ts";

Deno.test("the service's last words: an error, a time-out, an end", () => {
  const cases: [output: string, kind: string, message: string][] = [
    ["", "ended", "The service ended the session"],
    [" \n", "ended", "The service ended the session"],
    ["Terminated by user.", "ended", "Terminated by user"],
    ["Your session timed out due to inactivity.", "idle", ""],
    ["Session time-out", "idle", ""],
    ["SESSION TIMEOUT", "idle", ""],
    ["Closed as idle", "idle", ""],
    ["\n----------ERROR-------\nno such host\n", "failed", "no such host"],
    [
      "log\n----------ERROR-------\ndial tcp: i/o timeout\n",
      "failed",
      "dial tcp: i/o timeout",
    ],
  ];
  for (const [output, kind, message] of cases) {
    const end = portEndOfChannel({ type: "closed", sessionId: "s", output });
    assert.equal(end.kind, kind, output);
    if (message !== "") assert.equal(end.message, message);
    assert.doesNotMatch(end.message, /\.$|\n/);
  }
});

Deno.test("a channel that cannot go on has its own words", () => {
  assert.deepEqual(
    portEndOfChannel({
      type: "failed",
      reason: "unresponsive",
      message: "The agent has been silent for 5 minutes",
    }),
    { kind: "failed", message: "The agent has been silent for 5 minutes" },
  );
});

Deno.test("what a connection that cannot be had again means", () => {
  const control = (failure: ControlError["failure"]) =>
    new ConnectionLostError("why", false, {
      cause: new ControlError("why", failure),
    });
  const cases: [ConnectionLostError, string][] = [
    [new ConnectionLostError("why", true), "idle"],
    [control("denied"), "denied"],
    [control("refused"), "denied"],
    [control("gone"), "ended"],
    [control("passing"), "lost"],
    [control("login"), "lost"],
    [new ConnectionLostError("why", false), "lost"],
    [
      new ConnectionLostError("why", false, {
        cause: new TransportError("no network"),
      }),
      "lost",
    ],
  ];
  for (const [error, kind] of cases) {
    assert.deepEqual(portEndOfLoss(error), {
      kind,
      message: "why",
      cause: error,
    });
  }
});
