import assert from "node:assert/strict";
import { runProgram } from "../testkit/executable.ts";
import {
  connect,
  echoes,
  freePort,
  startEcho,
  untilClosed,
} from "../testkit/far_end.ts";
import {
  interrupt,
  isInstalled,
  startForward,
} from "../testkit/forward_program.ts";
import {
  type SimulatorProgram,
  startSimulatorProgram,
} from "../testkit/simulator_program.ts";

/** `ssm forward ARGS`, which must be an error of before there is a forward; what it says. */
async function fails(
  simulator: SimulatorProgram,
  ...args: string[]
): Promise<string> {
  const { code, stdout, stderr } = await runProgram(["forward", ...args], {
    env: simulator.env,
  });
  assert.deepEqual([code, stdout], [125, ""], stderr);
  assert.doesNotMatch(stderr, /at async|\.ts:/);
  assert.deepEqual(await simulator.activeSessions(), [], args.join(" "));
  return stderr;
}

Deno.test("cli: forward names who has a port that is in use, and a command with one that is free", async () => {
  await using simulator = await startSimulatorProgram();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const tools = await Promise.all(["lsof", "ss"].map(isInstalled));
  const owner = tools.includes(true)
    ? `by \\S+ \\(pid ${Deno.pid}\\)`
    : "by another program";
  const stderr = await fails(
    simulator,
    "web-server",
    "-L",
    `${port}:db.internal:80`,
    ":443",
    "--region=us-east-1",
  );
  assert.match(
    stderr,
    new RegExp(
      `^ssm: Cannot listen on 127\\.0\\.0\\.1:${port}: it is in use ${owner}\\n` +
        `hint: ssm forward web-server -L \\d+:db\\.internal:80 :443 --region us-east-1\\n$`,
    ),
  );
  // What is advised works.
  const free = /-L (\d+):/.exec(stderr)?.[1];
  await using forward = await startForward(simulator.env, [
    "web-server",
    `${free}:80`,
  ]);
  assert.equal(forward.port, Number(free));
  assert.equal((await interrupt(forward)).code, 0);
});

Deno.test("cli: forward refuses ports that there are not, before anything else happens", async () => {
  await using simulator = await startSimulatorProgram();
  for (
    const [args, text] of [
      [
        ["--remote", "0"],
        "ssm: Cannot use --remote 0: nothing listens on port 0; it is from 1 to 65535\n",
      ],
      [
        ["--remote", "65536"],
        "ssm: Cannot use --remote 65536: 65536 is no port from 1 to 65535\n",
      ],
      [
        ["--remote", "80", "--local", "0"],
        "ssm: Cannot use --local 0: port 0 cannot be listened on; leave --local away for a free port\n",
      ],
      [
        ["--remote", "80", "--local", "65536"],
        "ssm: Cannot use --local 65536: 65536 is no port from 1 to 65535\n",
      ],
      [["80:65536"], "ssm: Cannot use the argument 80:65536: "],
      [["-L", "0:db:80"], "ssm: Cannot use -L 0:db:80: "],
      [[], "ssm: Cannot forward: no port is given\n"],
    ] as const
  ) {
    const stderr = await fails(simulator, "web-server", ...args);
    assert.ok(stderr.startsWith(text), stderr);
    assert.match(stderr, /\nhint: ssm forward [^\n]+\n$/);
  }
});

Deno.test("cli: forward says that the node does not know a host, may not reach it, or is too old to", async () => {
  await using simulator = await startSimulatorProgram([
    "--node",
    "name=web",
    "--node",
    "name=old,agent=3.1.1000.0",
    "--host",
    "db.internal=127.0.0.1",
  ]);
  for (
    const [target, remote, text] of [
      ["web", "nowhere.internal:5432", "lookup nowhere.internal: no such host"],
      [
        "web",
        "169.254.169.254:80",
        "Forwarding to IP address 169.254.169.254 is forbidden",
      ],
      [
        "old",
        "db.internal:5432",
        "Agent 3.1.1000.0 cannot forward to other hosts: 3.1.1374.0 or later does",
      ],
    ] as const
  ) {
    assert.equal(
      await fails(simulator, target, "--remote", remote),
      `ssm: Cannot forward from ${target}: ${text}\n`,
    );
  }
});

Deno.test("cli: forward says that IAM does not allow its document", async () => {
  const document = "AWS-StartPortForwardingSessionToRemoteHost";
  await using simulator = await startSimulatorProgram([
    "--deny-document",
    document,
    "--host",
    "db.internal=127.0.0.1",
  ]);
  await using far = startEcho();
  const stderr = await fails(
    simulator,
    "web-server",
    "--remote",
    `db.internal:${far.port}`,
  );
  assert.match(
    stderr,
    /^ssm: Cannot start session: access to ssm:StartSession is denied: /,
  );
  assert.ok(stderr.includes(document), stderr);
  // A port of the node itself is another document's.
  await using forward = await startForward(simulator.env, [
    "web-server",
    `:${far.port}`,
  ]);
  using conn = await connect(forward.port);
  assert.ok(await echoes(conn, "hello"));
  assert.equal((await interrupt(forward)).code, 0);
});

Deno.test("cli: forward to a node that is not connected says since when, or that it is stopped", async () => {
  await using simulator = await startSimulatorProgram([
    "--node",
    "name=lost,offline",
    "--node",
    "name=off,stopped",
  ]);
  for (
    const [target, text] of [
      [
        "lost",
        /^ssm: Cannot start session: i-\w+ \(lost\) is not connected: the agent is offline since \d{4}-/,
      ],
      [
        "off",
        /^ssm: Cannot start session: i-\w+ \(off\) is not connected: the instance is stopped\n/,
      ],
    ] as const
  ) {
    const stderr = await fails(simulator, target, ":80");
    assert.match(stderr, text);
    assert.match(
      stderr,
      /\n(hint: (aws ec2|ssm list) .*\n)+hint: ssm doctor i-\w+\n$/,
    );
  }
});

Deno.test("cli: forward without a target lists the nodes where nobody can be asked", async () => {
  await using simulator = await startSimulatorProgram();
  assert.equal(
    await fails(simulator, "8080:80", ":443"),
    "ssm: Cannot choose a node: no target is given\n" +
      "  db          i-0fedcba9876543210  Online  10.0.0.20  db.internal\n" +
      "  web-server  i-0123456789abcdef0  Online  10.0.0.10  web-server.internal\n" +
      "hint: ssm forward db 8080:80 :443\n",
  );
  // An argument that looks like ports is none when it says so.
  assert.match(
    await fails(simulator, "name:8080", ":443"),
    /^ssm: Cannot find a node named 8080/,
  );
});

Deno.test("cli: forward closes a connection that its destination refuses, says so, and serves the others", async () => {
  await using simulator = await startSimulatorProgram([
    "--host",
    "cache=127.0.0.1",
  ]);
  await using far = startEcho();
  const nobody = freePort();
  await using forward = await startForward(simulator.env, [
    "web-server",
    `:${far.port}`,
    `:${nobody}`,
    "-L",
    `${freePort()}:cache:${nobody}`,
  ], { ready: new RegExp(`.*1:()\\d+ -> web-server:${nobody}\\n`) });
  const [there, refusing, behind] = [
    new RegExp(`1:(\\d+) -> web-server:${far.port}`),
    new RegExp(`1:(\\d+) -> web-server:${nobody}`),
    new RegExp(`1:(\\d+) -> cache:${nobody}`),
  ].map((pattern) => Number(pattern.exec(forward.stderr.text)?.[1]));
  using conn = await connect(there ?? 0);
  assert.ok(await echoes(conn, "before"));
  for (
    const [port, text] of [
      [refusing, `nothing listens on port ${nobody} of web-server`],
      [behind, `web-server cannot connect to cache:${nobody}`],
    ] as const
  ) {
    using refused = await connect(port ?? 0);
    await untilClosed(refused);
    await forward.stderr.until(
      new RegExp(
        `^\\d\\d:\\d\\d:\\d\\d Connection from 127\\.0\\.0\\.1:${refused.localAddr.port} failed: ${text}\\n`,
        "m",
      ),
    );
    assert.ok(await echoes(conn, "after"));
  }
  // Somebody comes to listen there.
  await using late = startEcho(nobody);
  using conn2 = await connect(refusing ?? 0);
  assert.ok(await echoes(conn2, "now"));
  assert.equal(late.count, 1);
  assert.equal((await simulator.activeSessions()).length, 3);
  assert.equal((await interrupt(forward)).code, 0);
});
