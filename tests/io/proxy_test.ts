import assert from "node:assert/strict";
import { proxyFor } from "../../lib/io/proxy.ts";
import { TransportError } from "../../lib/session/transport.ts";

function lookUp(url: string, variables: Record<string, string>) {
  return proxyFor(new URL(url), (name) => variables[name])?.href;
}

const wss = "wss://ssmmessages.us-east-1.amazonaws.com/x";

Deno.test("proxyFor takes the first variable that is set", () => {
  assert.equal(lookUp(wss, {}), undefined);
  assert.equal(
    lookUp(wss, { ALL_PROXY: "http://all:1", https_proxy: "http://low:2" }),
    "http://low:2/",
  );
  assert.equal(
    lookUp(wss, { HTTPS_PROXY: "http://up:3", https_proxy: "http://low:2" }),
    "http://up:3/",
  );
  assert.equal(
    lookUp(wss, { HTTPS_PROXY: " ", all_proxy: "http://all:1" }),
    "http://all:1/",
  );
  assert.equal(lookUp(wss, { HTTP_PROXY: "http://plain:4" }), undefined);
  assert.equal(
    lookUp("ws://x.example/", { HTTP_PROXY: "http://plain:4" }),
    "http://plain:4/",
  );
});

Deno.test("proxyFor takes host:port without a scheme as http", () => {
  assert.equal(
    lookUp(wss, { HTTPS_PROXY: "proxy:3128" }),
    "http://proxy:3128/",
  );
  assert.equal(
    lookUp(wss, { HTTPS_PROXY: "me:pw@proxy:3128" }),
    "http://me:pw@proxy:3128/",
  );
});

Deno.test("proxyFor names a variable that is no URL and keeps its value to itself", () => {
  assert.throws(
    () => lookUp(wss, { HTTPS_PROXY: "http://me:secret@[" }),
    (error: unknown) => {
      assert.ok(error instanceof TransportError);
      assert.match(error.message, /HTTPS_PROXY/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    },
  );
});

Deno.test("proxyFor never sends loopback through a proxy", () => {
  for (const host of ["localhost:1", "127.0.0.1:1", "127.9.9.9", "[::1]:1"]) {
    for (const scheme of ["ws", "wss"]) {
      assert.equal(
        lookUp(`${scheme}://${host}/`, {
          HTTP_PROXY: "http://p",
          HTTPS_PROXY: "http://p",
        }),
        undefined,
      );
    }
  }
});

Deno.test("NO_PROXY: domains, dots, *, ports, addresses, networks", () => {
  const cases: [noProxy: string, host: string, direct: boolean][] = [
    ["*", "a.example", true],
    ["a.example", "a.example", true],
    ["A.Example", "a.EXAMPLE", true],
    ["example", "a.example", true],
    [".example", "a.example", true],
    ["*.example", "a.example", true],
    [".a.example", "a.example", true],
    ["a.example", "xa.example", false],
    ["b.example, a.example", "a.example", true],
    ["b.example a.example", "a.example", true],
    ["b.example", "a.example", false],
    ["a.example:443", "a.example", true],
    ["a.example:8443", "a.example", false],
    ["a.example:8443", "a.example:8443", true],
    ["10.0.0.1", "10.0.0.1", true],
    ["10.0.0.1", "10.0.0.10", false],
    ["0.0.1", "10.0.0.1", false],
    ["10.0.0.1:443", "10.0.0.1", true],
    ["10.0.0.0/8", "10.200.3.4", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["192.168.128.0/17", "192.168.200.1", true],
    ["192.168.128.0/17", "192.168.1.1", false],
    ["10.0.0.0/8", "a10.example", false],
    ["10.0.0.0/33", "10.0.0.1", false],
    ["0.0.0.0/0", "10.0.0.1", true],
    ["fd00::/8", "[fd12:3456::1]", true],
    ["fd00::/8", "[fe80::1]", false],
    ["::1:2", "[0:0::1:2]", true],
    ["[fd00::1]:443", "[fd00::1]", true],
    ["[fd00::1]:444", "[fd00::1]", false],
    ["", "a.example", false],
    [",,", "a.example", false],
  ];
  for (const [noProxy, host, direct] of cases) {
    for (const name of ["NO_PROXY", "no_proxy"]) {
      const found = lookUp(`wss://${host}/`, {
        HTTPS_PROXY: "http://p:1",
        [name]: noProxy,
      });
      assert.equal(found === undefined, direct, `${noProxy} for ${host}`);
    }
  }
});
