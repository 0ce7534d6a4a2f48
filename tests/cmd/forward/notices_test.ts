import assert from "node:assert/strict";
import {
  bytes,
  forwardNotice,
  statsLine,
  sumStats,
} from "../../../cmd/forward/notices.ts";
import { AwsCallError } from "../../../lib/aws/errors.ts";
import { ControlError } from "../../../lib/session/control.ts";
import type { ForwardNotice } from "../../../lib/session/forward.ts";
import type { PortEnd } from "../../../lib/session/port_end.ts";
import { noStats } from "../../../lib/session/port_end.ts";

const web = { node: "web", destination: "web:80", onNode: 80 };
const behind = { node: "web", destination: "db:5432", onNode: undefined };

const expired = new AwsCallError({
  action: "ssm:ResumeSession",
  code: "ExpiredTokenException",
  kind: "expired-credentials",
  reason: "it has expired",
  hints: ["aws sso login --profile dev"],
});

Deno.test("run: each event of a forward has its sentence, and nothing from afar drives the terminal", () => {
  const rows: readonly (readonly [ForwardNotice, string])[] = [
    [
      { kind: "lost", reason: "re\x1bset" },
      "Connection for web:80 lost: re\\x1bset; resuming…",
    ],
    [
      { kind: "resumed", after: 89_949 },
      "Connection for web:80 resumed after 89.9 s",
    ],
    [
      { kind: "slept", milliseconds: 90_000 },
      "This machine slept for 2 min; checking the connections",
    ],
    [
      {
        kind: "login",
        error: new ControlError(expired.message, "login", { cause: expired }),
      },
      `Waiting for credentials, the ports stay open: ${expired.message}; ` +
      "hint: aws sso login --profile dev",
    ],
    [
      { kind: "refused", peer: "127.0.0.1:5" },
      "Connection from 127.0.0.1:5 failed: nothing listens on port 80 of web",
    ],
    [
      { kind: "held-up", peer: "#3", waiting: 67_200_000 },
      "The program at #3 does not read: 67.2 MB wait for it, and its session waits with them",
    ],
    [{ kind: "warning", text: "h\x07m" }, "h\\x07m"],
    [
      { kind: "opened", sessions: 2, busy: 3 },
      "Opened session 2 to web:80 for new connections, as 3 are busy (--sessions 1 turns this off)",
    ],
    [
      { kind: "no-more", error: expired },
      `Cannot open a further session to web:80: ${expired.message}; hint: aws sso login --profile dev`,
    ],
    [{ kind: "restored", after: 1234 }, "New session to web:80 after 1.2 s"],
    [
      { kind: "retrying", error: new ControlError("Cannot: b\x07", "passing") },
      "Trying again to start a session: Cannot: b\\x07",
    ],
  ];
  for (const [notice, text] of rows) {
    assert.equal(forwardNotice(notice, web), text);
  }
});

Deno.test("run: a refused connection to another host is that host's", () => {
  assert.equal(
    forwardNotice({ kind: "refused", peer: "127.0.0.1:5" }, behind),
    "Connection from 127.0.0.1:5 failed: web cannot connect to db:5432",
  );
});

Deno.test("run: the end of a session says why, what it took with it, and what follows", () => {
  const end = (message: string): PortEnd => ({ kind: "ended", message });
  for (
    const [message, reset, next, text] of [
      ["The session has timed out", 0, "never", "The session has timed out"],
      [
        "The session has timed out",
        1,
        "on demand",
        "The session has timed out; its connection was closed; the next connection starts a new one",
      ],
      [
        "Session: me-0123456789abcdef0 timed out.",
        12,
        "now",
        "it timed out; its 12 connections were closed; starting a new one",
      ],
      ["b\x1by", 0, "others", "b\\x1by"],
    ] as const
  ) {
    assert.equal(
      forwardNotice({ kind: "ended", end: end(message), reset, next }, web),
      `Session for web:80 over: ${text}`,
    );
  }
});

Deno.test("run: figures are a line, with what waits only where something does", () => {
  assert.equal(
    statsLine(noStats),
    "0 open, 0 total · up 0 B, down 0 B · 0 resent · 0 reconnects",
  );
  assert.equal(
    statsLine({
      open: 3,
      total: 40,
      up: 999,
      down: 12_345_678,
      roundTrip: 12.34,
      resends: 5,
      reconnects: 6,
      waiting: 1_000,
    }),
    "3 open, 40 total · up 999 B, down 12.3 MB · 12.3 ms · 5 resent · 6 reconnects · 1.0 kB waiting",
  );
  assert.equal(
    statsLine(noStats, { up: 1500, down: 0.4 }),
    "0 open, 0 total · up 1.5 kB/s, down 0 B/s · 0 resent · 0 reconnects",
  );
});

Deno.test("run: the figures of several forwards are added, but for the time of a round trip", () => {
  const one = {
    open: 1,
    total: 2,
    up: 3,
    down: 4,
    roundTrip: 5,
    resends: 6,
    reconnects: 7,
    waiting: 8,
  };
  assert.deepEqual(sumStats([]), noStats);
  assert.deepEqual(sumStats([noStats, one]), one);
  assert.deepEqual(sumStats([one, { ...one, roundTrip: 2 }]), {
    open: 2,
    total: 4,
    up: 6,
    down: 8,
    roundTrip: 5,
    resends: 12,
    reconnects: 14,
    waiting: 16,
  });
});

Deno.test("run: numbers of bytes are written for people", () => {
  for (
    const [count, text] of [
      [0, "0 B"],
      [999.4, "999 B"],
      [1000, "1.0 kB"],
      [999_900, "999.9 kB"],
      [999_990, "1.0 MB"],
      [1_000_000, "1.0 MB"],
      [2_500_000_000, "2.5 GB"],
      [7_000_000_000_000, "7.0 TB"],
    ] as const
  ) assert.equal(bytes(count), text);
});
