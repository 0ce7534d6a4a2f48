import assert from "node:assert/strict";
import { tableLines, type TableRow } from "../../../cmd/up/table.ts";

const stats = {
  open: 1,
  total: 12,
  up: 1500,
  down: 2_400_000,
  roundTrip: 12.34,
  resends: 0,
  reconnects: 0,
  waiting: 0,
};

const rows: readonly TableRow[] = [
  {
    name: "postgres",
    local: "127.0.0.1:5432",
    target: "bastion",
    remote: "database.internal.example:5432",
    state: "ready",
    stats,
  },
  {
    name: "web",
    local: "-",
    target: "web-server",
    remote: "web-server:80",
    state: "waiting for login",
    stats: { ...stats, roundTrip: undefined },
  },
];

Deno.test("table: all columns where there is room", () => {
  assert.deepEqual(tableLines(rows, 120, false), [
    "NAME      LOCAL           TARGET      REMOTE                          STATE              CONNS      UP    DOWN      RTT",
    "postgres  127.0.0.1:5432  bastion     database.internal.example:5432  ready               1/12  1.5 kB  2.4 MB  12.3 ms",
    "web       -               web-server  web-server:80                   waiting for login   1/12  1.5 kB  2.4 MB        -",
  ]);
});

Deno.test("table: at any width no line is too wide, and where it listens and how it is stays", () => {
  for (let cols = 200; cols >= 50; cols--) {
    const lines = tableLines(rows, cols, false);
    for (const line of lines) assert.ok(line.length < cols, `${cols}: ${line}`);
    assert.match(lines[1] ?? "", /127\.0\.0\.1:5432.*ready/);
    assert.match(lines[2] ?? "", /waiting for login/);
  }
  for (let cols = 49; cols >= 1; cols--) {
    for (const line of tableLines(rows, cols, false)) {
      assert.ok(line.length <= Math.max(1, cols - 1), `${cols}: ${line}`);
    }
  }
});

Deno.test("table: what matters least goes first", () => {
  const header = (cols: number) =>
    (tableLines(rows, cols, false)[0] ?? "").trim().split(/ +/);
  assert.deepEqual(header(110).slice(-2), ["DOWN", "RTT"]);
  assert.deepEqual(header(80), [
    "NAME",
    "LOCAL",
    "TARGET",
    "REMOTE",
    "STATE",
    "CONNS",
  ]);
  assert.deepEqual(header(60), ["NAME", "LOCAL", "REMOTE", "STATE"]);
});

Deno.test("table: without names of its own there is no column for them", () => {
  const unnamed = rows.map((row) => ({ ...row, name: row.remote }));
  assert.match(tableLines(unnamed, 120, false)[0] ?? "", /^LOCAL /);
});

Deno.test("table: states are coloured, and nothing in a name drives the terminal", () => {
  const [, first = ""] = tableLines(
    [{ ...rows[0]!, name: "\x1b[2Jx" }],
    160,
    true,
  );
  assert.ok(first.includes("\x1b[32mready\x1b[0m"), first);
  assert.match(first, /^\\x1b\[2Jx /);
});
