import assert from "node:assert/strict";
import { freePortNear, portOwner } from "../../lib/io/port_owner.ts";
import {
  readLsof,
  readNetstat,
  readSs,
  readTasklist,
} from "../../lib/io/port_tables.ts";

const lsof = `p101
cnginx
f6
n127.0.0.1:8080
p202
cnode
f20
n[::1]:8080
f21
n127.0.0.2:8080
p303
cweird n
f3
n*:9090
`;

const ss = `LISTEN 0      128      0.0.0.0:2024  0.0.0.0:*
LISTEN 0      511    127.0.0.1:8080  0.0.0.0:* users:(("nginx",pid=101,fd=17),("nginx",pid=102,fd=17))
LISTEN 0      4096 127.0.0.53%lo:53  0.0.0.0:* users:(("systemd-resolve",pid=7,fd=15))
LISTEN 0      511        [::1]:8080     [::]:* users:(("no"de",pid=202,fd=18))
LISTEN 0      511            *:9090        *:* users:(("all",pid=303,fd=18))
`;

const netstat = `
Aktive Verbindungen\r
\r
  Proto  Lokale Adresse         Remoteadresse          Status           PID\r
  TCP    127.0.0.1:8080         127.0.0.1:50000        HERGESTELLT      999\r
  TCP    0.0.0.0:8080           0.0.0.0:0              ABHÖREN          101\r
  TCP    [::1]:8080             [::]:0                 ABHÖREN          202\r
  UDP    0.0.0.0:8080           *:*                                     404\r
`;

Deno.test("lsof: the program at the very address, else the one at all of them", () => {
  for (
    const [port, hostname, program, pid] of [
      [8080, "127.0.0.1", "nginx", 101],
      [8080, "::1", "node", 202],
      [8080, "127.0.0.2", "node", 202],
      [8080, "0.0.0.0", "nginx", 101],
      [9090, "127.0.0.1", "weird n", 303],
    ] as const
  ) {
    assert.deepEqual(readLsof(lsof, port, hostname), { program, pid });
  }
  for (
    const text of ["", "p\nc\nn\n", "n127.0.0.1:8080\n", "pX\ncY\nn*:8080"]
  ) {
    assert.equal(readLsof(text, 8080, "127.0.0.1"), undefined, text);
  }
  assert.equal(readLsof(lsof, 8080, "127.0.0.3"), undefined);
  assert.equal(readLsof(lsof, 80, "127.0.0.1"), undefined);
});

Deno.test("ss: the same; a program of another user has no name", () => {
  for (
    const [port, hostname, program, pid] of [
      [8080, "127.0.0.1", "nginx", 101],
      [8080, "::1", 'no"de', 202],
      [53, "127.0.0.53", "systemd-resolve", 7],
      [9090, "::1", "all", 303],
    ] as const
  ) {
    assert.deepEqual(readSs(ss, port, hostname), { program, pid });
  }
  assert.equal(readSs(ss, 2024, "127.0.0.1"), undefined);
  assert.equal(readSs("", 80, "127.0.0.1"), undefined);
});

Deno.test("netstat and tasklist: listeners in any language", () => {
  assert.equal(readNetstat(netstat, 8080, "127.0.0.1"), 101);
  assert.equal(readNetstat(netstat, 8080, "::1"), 202);
  assert.equal(readNetstat(netstat, 80, "127.0.0.1"), undefined);
  const tasks = '"nginx.exe","101","Services","0","8.000 K"\r\n';
  assert.equal(readTasklist(tasks, 101), "nginx.exe");
  assert.equal(readTasklist(tasks, 102), undefined);
  assert.equal(readTasklist("INFO: No tasks are running\r\n", 101), undefined);
});

Deno.test("each system is asked with what it has", async () => {
  const asked: string[] = [];
  const answers: Record<string, string> = { ss, netstat };
  const run = (command: readonly string[]) => {
    asked.push(command.join(" "));
    const text = answers[command[0] ?? ""];
    return text === undefined
      ? Promise.reject(new Deno.errors.NotFound())
      : Promise.resolve(text);
  };
  const nginx = { program: "nginx", pid: 101 };
  const ask = (os: typeof Deno.build.os) =>
    portOwner(8080, "127.0.0.1", os, run);
  assert.deepEqual(await ask("linux"), nginx);
  assert.equal(await ask("darwin"), undefined);
  assert.equal(await ask("windows"), undefined);
  answers.lsof = lsof;
  answers.tasklist = '"nginx","101"';
  assert.deepEqual(await ask("darwin"), nginx);
  assert.deepEqual(await ask("windows"), nginx);
  const asksLsof = "lsof -nP -iTCP:8080 -sTCP:LISTEN -Fpcn";
  const asksTasklist = "tasklist /FI PID eq 101 /FO CSV /NH";
  assert.deepEqual(asked, [
    asksLsof,
    "ss -ltnpH",
    asksLsof,
    "netstat -ano",
    asksTasklist,
    asksLsof,
    "netstat -ano",
    asksTasklist,
  ]);
});

Deno.test("a tool that hangs is waited for a second, not longer", async () => {
  const began = performance.now();
  const owner = portOwner(1, "127.0.0.1", "linux", () => new Promise(() => {}));
  assert.equal(await owner, undefined);
  assert.ok(performance.now() - began >= 990);
});

Deno.test("we are found ourselves", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const owner = await portOwner(listener.addr.port, "127.0.0.1");
  listener.close();
  // A machine without lsof and ss tells nothing.
  if (owner !== undefined) assert.equal(owner.pid, Deno.pid);
});

Deno.test("the next free port is one that can be listened on", () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const free = freePortNear(port, "127.0.0.1");
  if (port < 65435) assert.ok(free !== undefined && free > port);
  if (free !== undefined) {
    Deno.listen({ hostname: "127.0.0.1", port: free }).close();
  }
  listener.close();
  assert.equal(freePortNear(65535, "127.0.0.1"), undefined);
});
