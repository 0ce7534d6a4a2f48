/** A port session of the plugin. */

import assert from "node:assert/strict";
import { ListenError, PortInUseError } from "../../../lib/io/listen_error.ts";
import { PortStartError } from "../../../lib/session/port_session.ts";
import {
  exit,
  handshake,
  id,
  PluginBench,
  start,
  words,
} from "../../testkit/plugin_bench.ts";

const forwarding = {
  portNumber: "80",
  localPortNumber: "8080",
  type: "LocalPortForwarding",
};

Deno.test("a port: where the document says, one session, and its lines", async () => {
  const bench = await new PluginBench(handshake("Port", forwarding)).run();
  const { context } = bench;
  assert.deepEqual(context.places, [{
    kind: "tcp",
    hosts: ["127.0.0.1"],
    optionalHosts: ["::1"],
    port: 8080,
  }]);
  assert.equal(
    bench.out,
    `${start}Port 8080 opened for sessionId ${id}.\nWaiting for connections...\n`,
  );
  const [forward] = context.forwards;
  const { sessions, follow, remoteHost, retry } = forward!.options;
  assert.deepEqual(
    { sessions, follow, remoteHost, retry },
    { sessions: 1, follow: false, remoteHost: false, retry: Infinity },
  );
  const given = await forward!.options.startSession(context.signal);
  assert.equal(given.grant.sessionId, id);
  assert.ok(given.drive !== undefined);
  context.deliver("SIGINT");
  await bench.advance(200);
  assert.ok(
    bench.out.endsWith(`Terminate signal received, exiting.\n${exit}`),
  );
  assert.deepEqual(forward!.closes, [false]);
  bench.assertOver(0);
});

Deno.test("a port's end: what it says, and the exit code", async () => {
  for (
    const [end, out, code] of [
      [
        { kind: "ended", message: "The service ended it", silent: true },
        exit,
        0,
      ],
      [
        { kind: "ended", message: "Terminated by me" },
        `\n\nSessionId: ${id} : Terminated by me\n\n`,
        0,
      ],
      [{ kind: "idle", message: "It" }, `Session: ${id} timed out.\n`, 0],
      [
        { kind: "failed", message: "It broke" },
        `\n\nSessionId: ${id} : \n----------ERROR-------\nIt broke\n\n`,
        1,
      ],
      [{ kind: "lost", message: "It is lost" }, "", 255],
    ] as const
  ) {
    const bench = await new PluginBench(handshake("Port", forwarding)).run();
    bench.context.forwards[0]?.options.onFailed(new PortStartError(end));
    await bench.advance(200);
    assert.ok(bench.out.endsWith(`Waiting for connections...\n${out}`));
    assert.equal(bench.err, code === 255 ? "ssm: It is lost\n" : "");
    bench.assertOver(code);
  }
});

Deno.test("a port that never works is no success", async () => {
  const bench = new PluginBench(handshake("Port", forwarding));
  bench.context.onForwardStart = () => {
    const message = "Cannot resolve db.internal";
    throw new PortStartError({ kind: "failed", message });
  };
  await bench.run();
  assert.equal(
    bench.out,
    `${start}\n\nSessionId: ${id} : \n----------ERROR-------\n` +
      "Cannot resolve db.internal\n\n",
  );
  bench.assertOver(125);
});

Deno.test("a Unix socket, a free port, and a place that cannot be had", async () => {
  const socket = {
    portNumber: "80",
    localConnectionType: "unix",
    localUnixSocket: "/tmp/x.sock",
    type: "LocalPortForwarding",
  };
  const unix = await new PluginBench(handshake("Port", socket)).run();
  assert.deepEqual(unix.context.places, [{
    kind: "unix",
    path: "/tmp/x.sock",
  }]);
  assert.equal(
    unix.out,
    `${start}Unix socket /tmp/x.sock opened for sessionId ${id}.\n` +
      "Waiting for connections...\n",
  );
  unix.context.deliver("SIGTERM");
  await unix.advance(200);
  unix.assertOver(143);

  for (const localPortNumber of ["", "0", undefined]) {
    const free = await new PluginBench(
      handshake("Port", {
        ...forwarding,
        host: "db.internal",
        ...(localPortNumber === undefined ? {} : { localPortNumber }),
      }),
    ).run();
    const [place] = free.context.places;
    assert.ok(localPortNumber === undefined || place?.kind === "tcp");
    assert.equal(free.context.forwards[0]?.options.remoteHost, true);
    free.context.deliver("SIGINT");
    await free.advance(200);
    free.assertOver(0);
  }

  for (
    const [properties, error, message] of [
      [
        { ...forwarding, localPortNumber: "http" },
        undefined,
        /has http for localPortNumber/,
      ],
      [
        { ...socket, localUnixSocket: "" },
        undefined,
        /names no localUnixSocket/,
      ],
      [
        forwarding,
        new PortInUseError("127.0.0.1", 8080),
        /^ssm: .*8080.*\nhint: aws ssm start-session --target i-0123456789abcdef0 --document-name AWS-StartPortForwardingSession --parameters '\{"portNumber":\["80"\],"localPortNumber":\["\d+"\]\}' --profile prod\n$/,
      ],
      [
        socket,
        new ListenError(
          { kind: "unix", path: "/tmp/x.sock" },
          "it is a folder",
        ),
        /it is a folder/,
      ],
    ] as const
  ) {
    const bench = new PluginBench(handshake("Port", properties));
    if (error !== undefined) {
      bench.context.onListen = () => {
        throw error;
      };
    }
    await bench.run([
      ...words.slice(0, 4),
      JSON.stringify({
        Target: "i-0123456789abcdef0",
        DocumentName: "AWS-StartPortForwardingSession",
        Parameters: { portNumber: ["80"] },
      }),
      words[5]!,
    ]);
    for (let at = 0; at < 2000 && bench.code === undefined; at++) {
      await bench.advance(1);
    }
    assert.match(bench.err, message);
    assert.equal(bench.out, start);
    assert.equal(bench.context.control.terminated, 1);
    bench.assertOver(125);
  }
});
