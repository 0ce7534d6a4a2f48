import assert from "node:assert/strict";
import {
  type DestinationRequest,
  dialTimeout,
  PortDestination,
} from "../../../lib/simulator/agent/port_destination.ts";
import { SessionFailure } from "../../../lib/simulator/agent/session_plugin.ts";
import { ManualClock } from "../../testkit/manual_clock.ts";
import { FakeNetwork } from "./fake_network.ts";

function setUp(host?: string, more: Partial<DestinationRequest> = {}) {
  const network = new FakeNetwork();
  const clock = new ManualClock();
  const request: DestinationRequest = {
    properties: {
      portNumber: "80",
      ...(host === undefined ? {} : { host }),
    },
    agentVersion: "3.3.987.0",
    hosts: { "db.internal": "127.0.0.9", six: "::1", slow: "blackhole" },
    clock,
    connect: network.connect,
    ...more,
  };
  return { network, clock, find: () => PortDestination.find(request) };
}

const never = new AbortController().signal;

Deno.test("hosts: a name of the simulator's, in any case; localhost; loopback addresses", async () => {
  for (
    const [host, dialled] of [
      [undefined, "127.0.0.1 80"],
      ["", "127.0.0.1 80"],
      ["LocalHost", "127.0.0.1 80"],
      ["DB.internal", "127.0.0.9 80"],
      ["six", "::1 80"],
      ["127.1.2.3", "127.1.2.3 80"],
      ["0:0:0:0:0:0:0:1", "::1 80"],
    ] as const
  ) {
    const { network, find } = setUp(host);
    await find().dial(never);
    assert.deepEqual(network.dials, [dialled], String(host));
  }
});

Deno.test("hosts: each address is tried, the first one's failure counts", async () => {
  const { network, find } = setUp();
  network.refuse();
  await find().dial(never);
  assert.deepEqual(network.dials, ["127.0.0.1 80", "::1 80"]);
  network.refuse(2);
  await assert.rejects(find().dial(never), {
    message: "dial tcp 127.0.0.1:80: connect: connection refused",
  });
  const six = setUp("six");
  six.network.refuse();
  await assert.rejects(six.find().dial(never), {
    message: "dial tcp [::1]:80: connect: connection refused",
  });
});

Deno.test("hosts: a name that nobody knows is not looked up anywhere", () => {
  for (
    const host of ["nosuch.internal", "example.com", "__proto__", "999.1.1.1"]
  ) {
    const { find } = setUp(host);
    assert.throws(find, (error) => {
      assert.ok(error instanceof SessionFailure);
      assert.equal(error.message, `lookup ${host}: no such host`);
      return true;
    });
  }
});

Deno.test("hosts: an address off this machine is never dialled", async () => {
  for (
    const [host, name] of [
      ["10.0.0.1", "10.0.0.1"],
      ["2001:db8:0::1", "[2001:db8::1]"],
      ["0.0.0.0", "0.0.0.0"],
      ["::ffff:127.0.0.1", "[::ffff:7f00:1]"],
    ] as const
  ) {
    const { network, find } = setUp(host);
    await assert.rejects(find().dial(never), {
      message: `dial tcp ${name}:80: i/o timeout`,
    });
    assert.deepEqual(network.dials, []);
  }
});

Deno.test("hosts: the agent forbids the instance's own services, however written", () => {
  for (
    const host of [
      "169.254.169.254",
      "169.254.169.253",
      "169.254.169.123",
      "169.254.169.250",
      "169.254.169.251",
      "fd00:ec2::254",
      "FD00:0EC2:0::0254",
      "fd00:ec2::253",
      "fd00:ec2::123",
      "fd00:ec2::240",
    ]
  ) {
    assert.throws(setUp(host).find, {
      name: "SessionFailure",
      message: `Forwarding to IP address ${host} is forbidden.`,
    });
  }
});

Deno.test("hosts: an agent that does not know them connects to its own node", async () => {
  for (
    const [agentVersion, dialled] of [
      ["3.1.1141.0", "127.0.0.1 80"],
      ["3.1.1188.0", "127.0.0.9 80"],
    ] as const
  ) {
    const { network, find } = setUp("db.internal", { agentVersion });
    await find().dial(never);
    assert.deepEqual(network.dials, [dialled]);
  }
});

Deno.test("hosts: a black hole answers after the operating system's time-out, or when given up", async () => {
  const { clock, find } = setUp("slow");
  const end = new AbortController();
  let failure = "";
  const dial = find().dial(end.signal).catch((error) =>
    failure = error.message
  );
  await clock.advance(dialTimeout - 1);
  assert.equal(failure, "");
  await clock.advance(1);
  assert.match(failure, /^dial tcp .*: connect: connection timed out$/);
  await dial;
  const given = assert.rejects(find().dial(end.signal));
  end.abort();
  await given;
  assert.equal(clock.pending, 0);
  await assert.rejects(find().dial(end.signal));
  assert.equal(clock.pending, 0);
});
