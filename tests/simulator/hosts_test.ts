import assert from "node:assert/strict";
import {
  checkHosts,
  isLoopback,
  parseHost,
} from "../../lib/simulator/hosts.ts";

Deno.test("hosts: what loopback is", () => {
  for (const address of ["127.0.0.1", "127.255.255.254", "::1"]) {
    assert.ok(isLoopback(address), address);
  }
  for (
    const address of [
      "",
      "128.0.0.1",
      "0.0.0.0",
      "127.0.0",
      "127.0.0.256",
      "127.0.0.01",
      "127.1",
      "127.0.0.1.5",
      "localhost",
      "::",
      "::ffff:127.0.0.1",
    ]
  ) assert.ok(!isLoopback(address), address);
});

Deno.test("hosts: name=address, the name in any case", () => {
  assert.deepEqual(parseHost("DB.internal=127.0.0.1"), [
    "db.internal",
    "127.0.0.1",
  ]);
  assert.deepEqual(parseHost("fd00::5=::1"), ["fd00::5", "::1"]);
  assert.deepEqual(parseHost("a=b=blackhole"), ["a=b", "blackhole"]);
  for (
    const text of ["", "db", "=127.0.0.1", "db=", "db=10.0.0.1", "db=BLACKHOLE"]
  ) assert.equal(parseHost(text), undefined, text);
});

Deno.test("hosts: those that lead off this machine are refused", () => {
  checkHosts({ db: "127.0.0.1", six: "::1", slow: "blackhole" });
  assert.throws(() => checkHosts({ db: "10.0.0.1" }), {
    name: "HostError",
    message: "Cannot use host 'db': its address must be a loopback address, " +
      "as 127.0.0.1, or blackhole, not 10.0.0.1",
  });
  for (const name of ["", "DB"]) {
    assert.throws(() => checkHosts({ [name]: "127.0.0.1" }), {
      message: `Cannot use host '${name}': it must be a name in lower case`,
    });
  }
});
