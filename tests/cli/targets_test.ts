import assert from "node:assert/strict";
import { runProgram } from "../testkit/executable.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const A = "i-0aaaaaaaaaaaaaaaa";
const B = "i-0bbbbbbbbbbbbbbbb";

const nodes = [
  `name=web,id=${A},tag:Env=prod,tag:Role=web,address=10.0.0.7,` +
  "public=198.51.100.7,ipv6=2001:db8::7,computer=box-7.corp",
  `name=far,id=${B},region=eu-west-1,tag:Role=db,` +
  "tag:aws:autoscaling:groupName=workers",
  "name=twin,region=us-east-1",
  "name=twin,region=eu-west-1",
].flatMap((node) => ["--node", node]);

const regions = ["--region", "us-east-1,eu-west-1"];

Deno.test("every form finds its node; what is ambiguous or nowhere says so", async () => {
  await using simulator = await startSimulatorProgram([...regions, ...nodes]);
  const { env } = simulator;
  const whereIs = async (...target: string[]) =>
    await runProgram(["ssh-config", ...target], { env });
  const forms = [
    A,
    "web",
    "name:web",
    "Env=prod,Role=web",
    "Role:web",
    "tag:Env=prod",
    "10.0.0.7",
    "198.51.100.7",
    "2001:db8::7",
    "ip-10-0-0-7",
    "ip-10-0-0-7.ec2.internal",
    "ec2-198-51-100-7.compute-1.amazonaws.com",
    "host:BOX-7",
    "box-7.corp",
  ];
  // One after the other in one program: all of them are that node, or it fails.
  const { code, stdout, stderr } = await whereIs(...forms);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    new Set([...stdout.matchAll(/HostName (.*)/g)].map(([, id]) => id)),
    new Set([A]),
  );

  const far = await whereIs("asg:workers", "--all-regions");
  assert.match(far.stdout, new RegExp(`HostName ${B}\\n`), far.stderr);
  const nowhere = await whereIs("far");
  assert.equal(nowhere.code, 125);
  assert.match(
    nowhere.stderr,
    /Cannot find far: it is not in us-east-1, but found in eu-west-1/,
  );

  const twins = await whereIs("twin", "--all-regions");
  assert.equal(twins.code, 125);
  assert.match(
    twins.stderr,
    /^ssm: Cannot choose a node: 2 have the name twin\n {2}us-east-1 .*\n {2}eu-west-1 /,
  );
  const near = await whereIs("twim", "--all-regions");
  assert.match(
    near.stderr,
    /none of 2 regions searched has one; did you mean twin\?/,
  );
});

Deno.test("a known name is started at once, in whatever region it is, and never on the wrong node", async () => {
  await using simulator = await startSimulatorProgram([...regions, ...nodes]);
  const env = {
    ...simulator.env,
    XDG_CACHE_HOME: await Deno.makeTempDir(),
  };
  const exec = (...args: string[]) =>
    runProgram(["exec", ...args, "-v", "--", "echo", "there"], { env });
  const calls = (text: string) =>
    [...text.matchAll(/^aws (\w+:\w+)/gm)].map(([, call]) => call);
  try {
    const args = ["far", "--all-regions"];
    const first = await exec(...args);
    assert.equal(first.stdout, "there\n", first.stderr);
    assert.deepEqual(calls(first.stderr).at(-1), "ssm:StartSession");
    const again = await exec(...args);
    assert.equal(again.stdout, "there\n", again.stderr);
    assert.match(again.stderr, new RegExp(`on ${B}`));

    // The name was another node when it was last looked up.
    const path = `${env.XDG_CACHE_HOME}/ssm/targets.json`;
    const text = await Deno.readTextFile(path);
    assert.ok(text.includes(B));
    await Deno.writeTextFile(
      path,
      text.replaceAll(B, A).replaceAll(
        `"region":"eu-west-1"`,
        `"region":"us-east-1"`,
      ),
    );
    const moved = await exec(...args);
    assert.equal(moved.stdout, "there\n", moved.stderr);
    assert.match(
      moved.stderr,
      /was for what the target was before, and is ended/,
    );
    assert.match(moved.stderr, new RegExp(`on ${B}`));
    assert.equal(
      calls(moved.stderr).filter((call) => call === "ssm:StartSession").length,
      2,
    );
    assert.deepEqual(await simulator.activeSessions(), []);
  } finally {
    await Deno.remove(env.XDG_CACHE_HOME, { recursive: true });
  }
});
