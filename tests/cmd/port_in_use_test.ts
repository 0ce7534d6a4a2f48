import assert from "node:assert/strict";
import { describeError } from "../../cmd/errors.ts";
import { portInUse, type PortProbes } from "../../cmd/port_in_use.ts";
import { PortInUseError } from "../../lib/io/listen_error.ts";

const command = (port: number) => `ssm forward web 8080:80 --local ${port}`;

async function say(
  probes: Partial<PortProbes>,
  hostname = "127.0.0.1",
) {
  return describeError(
    await portInUse(new PortInUseError(hostname, 8080), command, {
      owner: () => Promise.resolve(undefined),
      free: () => undefined,
      ...probes,
    }),
  );
}

Deno.test("who has the port is said, and which one is free", async () => {
  const asked: unknown[] = [];
  const failure = await say({
    owner(port, hostname) {
      asked.push([port, hostname]);
      return Promise.resolve({ program: "ngi\x1bnx", pid: 123 });
    },
    free(port, hostname) {
      asked.push([port, hostname]);
      return 8081;
    },
  }, "::1");
  assert.deepEqual(asked, [[8080, "::1"], [8080, "::1"]]);
  assert.deepEqual(failure, {
    message:
      "Cannot listen on [::1]:8080: it is in use by ngi\\x1bnx (pid 123)",
    details: [],
    hints: ["ssm forward web 8080:80 --local 8081"],
    exitCode: 125,
  });
});

Deno.test("what is not known is not said", async () => {
  const { message, hints } = await say({});
  assert.equal(
    message,
    "Cannot listen on 127.0.0.1:8080: it is in use by another program",
  );
  assert.deepEqual(hints, []);
});

Deno.test("this machine is asked when nothing else is", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const error = await portInUse(
    new PortInUseError("127.0.0.1", port),
    (free) => `free ${free}`,
  );
  listener.close();
  assert.match(
    error.message,
    /: it is in use by (another program|.+ \(pid \d+\))$/,
  );
  if (port < 65435) assert.match(error.hints[0] ?? "", /^free \d+$/);
});
