import assert from "node:assert/strict";
import { runCommandLine } from "../../cmd/mod.ts";
import { exportLines } from "../../cmd/simulate.ts";
import { type FakeChild, TestContext } from "../testkit/context.ts";

async function run(context: TestContext, ...args: string[]): Promise<number> {
  return await runCommandLine(["simulate", ...args], context);
}

/** Resolves with the command's child once it is there. */
async function child(
  context: TestContext,
  ended: Promise<number>,
): Promise<FakeChild> {
  await Promise.race([context.started, ended]);
  const [first] = context.children;
  if (first === undefined) {
    throw new Error(`No child: ${context.terminal.errorText}`);
  }
  return first;
}

Deno.test("parse: every flag arrives in the simulator's options", async () => {
  const context = new TestContext();
  const ended = run(
    context,
    ..."--node name=a --node name=b --nodes 2 --region eu-west-1,eu-north-1 --kms-key alias/k --pace fast"
      .split(" "),
    ..."--task service=a --task service=b,no-exec".split(" "),
    ..."--latency 80 --loss 0.1 --loss-up 0.2 --repeat 0.3 --reorder 0.4 --wrong-digests 0.5"
      .split(" "),
    ..."--close-after-bytes 1000 --close-after-seconds 2.5 --close-limit 3 --close-manner reset"
      .split(" "),
    ..."--host db.internal=127.0.0.1 --host Slow=blackhole --host six=::1"
      .split(
        " ",
      ),
    ..."--max-duration 10m --deny-document AWS-StartSSHSession --deny-document X"
      .split(" "),
    ..."--port-map 22=2222 --port-map 80=8080 --authorized-keys /keys"
      .split(" "),
    ..."--refuse-resume --pause-every 9 --seed 7 --allow-unsigned-upgrade --no-separate-output --idle-timeout 20m"
      .split(" "),
    ..."--scripts imitated --api-rate 2.5".split(" "),
    ..."--deny ssm:GetDocument --deny kms:* --preference s3BucketName=a=b"
      .split(" "),
    ..."--clock-skew=-600 --refuse-upgrade 403".split(" "),
    ..."--sign-in deny --sign-in-polls 3".split(" "),
    "--shell",
    "bash -i",
    "--",
    "true",
  );
  (await child(context, ended)).end({ code: 0, signal: undefined });
  assert.equal(await ended, 0);
  const [options] = context.simulators;
  assert(options !== undefined);
  const { nodes, tasks, log, ...rest } = options;
  assert.equal(typeof log, "function");
  assert.deepEqual(
    nodes.map((node) => node.computerName),
    ["name=a", "name=b", "made-0", "made-1"],
  );
  assert.deepEqual(tasks.map((task) => task.family), [
    "service=a",
    "service=b,no-exec",
  ]);
  assert.deepEqual(rest, {
    region: "eu-west-1",
    moreRegions: ["eu-north-1"],
    kmsKeyId: "alias/k",
    pace: "fast",
    faults: {
      latency: 80,
      up: { loss: 0.2, repeat: 0.3, reorder: 0.4, wrongDigest: 0.5 },
      down: { loss: 0.1, repeat: 0.3, reorder: 0.4, wrongDigest: 0.5 },
      closeAfterBytes: 1000,
      closeAfterSeconds: 2.5,
      closeLimit: 3,
      closeManner: "reset",
      refuseResume: true,
      pauseEvery: 9,
      seed: 7,
    },
    allowUnsignedUpgrade: true,
    shell: ["/bin/sh", "-c", "exec bash -i"],
    idleTimeout: 1200,
    maxDuration: 600,
    separateOutput: false,
    denyDocuments: ["AWS-StartSSHSession", "X"],
    deny: ["ssm:GetDocument", "kms:*"],
    preferences: { s3BucketName: "a=b" },
    clockSkew: -600_000,
    refuseUpgrade: 403,
    hosts: { "db.internal": "127.0.0.1", slow: "blackhole", six: "::1" },
    scripts: "imitated",
    apiRate: 2.5,
    signIn: { answer: "deny", polls: 3, slowDown: false },
    ports: new Map([[22, 2222], [80, 8080]]),
    authorizedKeys: "/keys",
  });
});

Deno.test("parse: without flags there are the default nodes and no faults", async () => {
  const context = new TestContext();
  const ended = run(context, "--", "true");
  (await child(context, ended)).end({ code: 0, signal: undefined });
  assert.equal(await ended, 0);
  const [options] = context.simulators;
  assert.deepEqual(options?.nodes.map((node) => node.tags.Name), [
    "web-server",
    "db",
  ]);
  assert.deepEqual(options?.tasks.map((task) => task.service), ["web"]);
  assert.equal(options?.pace, "real");
  assert.equal(options?.shell, undefined);
  assert.equal(options?.faults.up.loss, 0);
});

Deno.test("parse: what makes no sense is refused", async () => {
  for (
    const [args, message] of [
      [["--"], /none follows the --/],
      [["--", ""], /none follows the --/],
      [["web"], /ssm simulate takes none/],
      [["--loss", "2"], /--loss 2: a number from 0 to 1/],
      [["--loss", "-0.1"], /a number from 0 to 1/],
      [["--nodes", "1.5"], /a whole number/],
      [["--pace", "slow"], /it is real or fast/],
      [["--host", "db=10.0.0.1"], /--host db=10.0.0.1: a host is a name and/],
      [["--host", "db=example.com"], /a loopback address/],
      [["--host", "127.0.0.1"], /as db.internal=127.0.0.1/],
      [["--host", "db=::1", "--host", "DB=127.0.0.1"], /--host db twice/],
      [["--max-duration", "0"], /a time is a number with/],
      [["--demo", "--", "ls"], /--demo runs ssm shell itself/],
      [["--profile", "x"], /Unknown flag for ssm simulate: --profile/],
    ] as const
  ) {
    const context = new TestContext();
    assert.equal(await run(context, ...args), 125, args.join(" "));
    assert.match(context.terminal.errorText, message);
    assert.equal(context.simulators.length, 0);
  }
});

Deno.test("run: the command gets the environment, and its exit code is ours", async () => {
  const context = new TestContext();
  const ended = run(context, "--", "prog", "--flag", "--", "x");
  const program = await child(context, ended);
  assert.deepEqual(program.command, ["prog", "--flag", "--", "x"]);
  assert.deepEqual(program.environment, {
    SSM_PROFILE: undefined,
    SSM_REGION: undefined,
    SSM_ENDPOINT_URL: undefined,
    AWS_PROFILE: undefined,
    AWS_ENDPOINT_URL: "http://127.0.0.1:1",
    AWS_PAGER: "",
    AWS_SESSION_TOKEN: "it's",
  });
  program.end({ code: 7, signal: undefined });
  assert.equal(await ended, 7);
  assert.equal(context.simulatorsClosed > 0, true);
  assert.equal(context.terminal.outputText, "");
});

Deno.test("run: a command that a signal ended gives 128+n", async () => {
  const context = new TestContext();
  const ended = run(context, "--", "prog");
  (await child(context, ended)).end({ code: 137, signal: "SIGKILL" });
  assert.equal(await ended, 137);
});

Deno.test("run: the command decides on Ctrl-C; other signals are passed on", async () => {
  const context = new TestContext();
  const ended = run(context, "--", "prog");
  const program = await child(context, ended);
  for (const signal of ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"] as const) {
    assert.equal(context.deliver(signal), true);
  }
  assert.deepEqual(program.signals, ["SIGTERM", "SIGHUP"]);
  program.end({ code: 143, signal: "SIGTERM" });
  assert.equal(await ended, 143);
  assert.equal(context.deliver("SIGINT"), false);
});

Deno.test("run: a command that is not there gives 127, one that cannot run 126", async () => {
  for (
    const [error, code, message] of [
      [new Deno.errors.NotFound("x"), 127, /Cannot run prog: no such command/],
      [new Deno.errors.PermissionDenied("no x bit"), 126, /prog: no x bit/],
    ] as const
  ) {
    const context = new TestContext();
    context.onRun = () => {
      throw error;
    };
    assert.equal(await run(context, "--", "prog"), code);
    assert.match(context.terminal.errorText, message);
    assert.equal(context.simulatorsClosed > 0, true);
    assert.equal(context.deliver("SIGTERM"), false);
  }
});

Deno.test("run: without a command the exports are printed until a signal comes", async () => {
  for (const [signal, code] of [["SIGINT", 0], ["SIGTERM", 143]] as const) {
    const context = new TestContext();
    const ended = run(context);
    await context.terminal.until((terminal) =>
      terminal.errorText.includes("Ctrl-C ends it")
    );
    assert.equal(
      context.terminal.outputText,
      "unset SSM_PROFILE SSM_REGION SSM_ENDPOINT_URL AWS_PROFILE\n" +
        "export AWS_ENDPOINT_URL=http://127.0.0.1:1\n" +
        "export AWS_PAGER=''\n" +
        "export AWS_SESSION_TOKEN='it'\\''s'\n",
    );
    assert.equal(context.simulatorsClosed, 0);
    assert.equal(context.deliver(signal), true);
    assert.equal(await ended, code);
    assert.equal(context.simulatorsClosed > 0, true);
  }
});

Deno.test("run: a simulator that cannot start is said", async () => {
  const context = new TestContext();
  context.onSimulator = () => {
    throw new Deno.errors.AddrNotAvailable("no loopback");
  };
  assert.equal(await run(context, "--", "prog"), 125);
  assert.match(context.terminal.errorText, /no loopback/);
  assert.equal(context.children.length, 0);
});

Deno.test("exportLines is read by a shell as it was meant", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const value = "a'b\"c $HOME `x` \\ ü";
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", exportLines({ V: value, GONE: undefined }) + 'printf %s "$V"'],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), value);
});
