import assert from "node:assert/strict";
import {
  commandWithPorts,
  portVariables,
  type ReadyForward,
} from "../../../cmd/forward/command.ts";
import type { LocalAddress } from "../../../lib/session/transport.ts";
import { FakeListener } from "../../testkit/fake_local.ts";

function forward(
  remotePort: number,
  ...addresses: LocalAddress[]
): ReadyForward {
  return {
    spec: {
      remoteHost: undefined,
      remotePort,
      local: { kind: "tcp", port: 0, hosts: ["127.0.0.1"], optionalHosts: [] },
    },
    listeners: addresses.map((address) => new FakeListener(address)),
  };
}

function tcp(port: number, hostname = "127.0.0.1"): LocalAddress {
  return { kind: "tcp", hostname, port };
}

Deno.test("run: {port} in a command is the first forward's port, wherever it stands", () => {
  const forwards = [
    forward(80, tcp(8080), tcp(8080, "::1")),
    forward(81, tcp(9)),
  ];
  assert.deepEqual(
    commandWithPorts(
      ["{port}", "-p{port}", "{port}:{port}", "{ports}", "{PORT}", "$&"],
      forwards,
    ),
    ["8080", "-p8080", "8080:8080", "{ports}", "{PORT}", "$&"],
  );
});

Deno.test("run: a path in place of a port is put in as it is", () => {
  const path = "./$& $1 'x'";
  const forwards = [forward(80, { kind: "unix", path })];
  assert.deepEqual(commandWithPorts(["a{port}b"], forwards), [`a${path}b`]);
  assert.deepEqual(portVariables(forwards), {
    SSM_HOST: undefined,
    SSM_PORT: path,
    SSM_PORT_80: path,
  });
});

Deno.test("run: SSM_HOST is where a command can connect to", () => {
  for (
    const [hostname, host] of [
      ["127.0.0.1", "127.0.0.1"],
      ["127.0.0.9", "127.0.0.9"],
      ["0.0.0.0", "127.0.0.1"],
      ["::", "::1"],
      ["::1", "::1"],
    ] as const
  ) {
    assert.deepEqual(portVariables([forward(80, tcp(8080, hostname))]), {
      SSM_HOST: host,
      SSM_PORT: "8080",
      SSM_PORT_80: "8080",
    });
  }
});

Deno.test("run: each remote port has a variable, which is the first one's where two have it", () => {
  assert.deepEqual(
    portVariables([
      forward(80, tcp(1)),
      forward(443, tcp(2)),
      forward(80, tcp(3)),
    ]),
    {
      SSM_HOST: "127.0.0.1",
      SSM_PORT: "1",
      SSM_PORT_80: "1",
      SSM_PORT_443: "2",
    },
  );
});
