import assert from "node:assert/strict";
import { programCommand } from "../testkit/executable.ts";
import { arePrograms } from "../testkit/programs.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const profile = "[profile corp]\nsso_session = corp\nregion = us-east-1\n" +
  "sso_account_id = 000000000000\nsso_role_name = Admin\n" +
  "[sso-session corp]\nsso_region = us-east-1\n" +
  "sso_start_url = https://corp.example/start\n" +
  "sso_registration_scopes = sso:account:access\n";

/** A simulator, and an environment in which only the profile leads to it. */
async function world() {
  const simulator = await startSimulatorProgram();
  const {
    AWS_ACCESS_KEY_ID: _id,
    AWS_SECRET_ACCESS_KEY: _secret,
    AWS_SESSION_TOKEN: _token,
    AWS_SHARED_CREDENTIALS_FILE: _credentials,
    ...env
  } = simulator.env;
  const config = `${env.HOME}/aws-config`;
  await Deno.writeTextFile(config, profile);
  const all = { ...env, AWS_CONFIG_FILE: config, AWS_PROFILE: "corp" };
  return {
    async run(command: readonly string[]) {
      const [program = "", ...args] = command;
      const output = await new Deno.Command(program, {
        args,
        env: all,
        clearEnv: true,
        stdin: "null",
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return {
        code: output.code,
        stdout: text(output.stdout),
        stderr: text(output.stderr),
      };
    },
    [Symbol.asyncDispose]: () => simulator[Symbol.asyncDispose](),
  };
}

const ssm = (...args: string[]) => [...programCommand(), ...args];

Deno.test("cli: after ssm login the next command is signed in, after ssm logout it is not", async () => {
  await using w = await world();
  const before = await w.run(ssm("exec", "web-server", "--", "echo", "hello"));
  assert.equal(before.code, 125);
  assert.match(before.stderr, /SSO login .* is missing or has expired/);
  const login = await w.run(ssm("login", "--no-browser"));
  assert.equal(login.code, 0, login.stderr);
  assert.match(login.stderr, /\n {2}http:\/\/127\.0\.0\.1:\d+\/device\?/);
  const after = await w.run(ssm("exec", "web-server", "--", "echo", "hello"));
  assert.deepEqual([after.code, after.stdout], [0, "hello\n"], after.stderr);
  assert.equal((await w.run(ssm("logout"))).code, 0);
  const over = await w.run(ssm("exec", "web-server", "--", "echo", "hello"));
  assert.equal(over.code, 125);
});

/** An AWS CLI that takes AWS_ENDPOINT_URL (1.29, 2.13). */
function recentAws(): boolean {
  if (!arePrograms("aws")) return false;
  const { stdout } = new Deno.Command("aws", { args: ["--version"] })
    .outputSync();
  const [, major = "0", minor = "0"] =
    /aws-cli\/(\d+)\.(\d+)/.exec(new TextDecoder().decode(stdout)) ?? [];
  return major === "1" ? Number(minor) >= 29 : Number(minor) >= 13;
}

Deno.test(
  "cli: after ssm login the AWS CLI is signed in",
  { ignore: !recentAws() },
  async () => {
    await using w = await world();
    const aws = ["aws", "sts", "get-caller-identity", "--query", "Account"];
    assert.notEqual((await w.run(aws)).code, 0);
    assert.equal((await w.run(ssm("login", "--no-browser"))).code, 0);
    const { code, stdout, stderr } = await w.run(aws);
    assert.deepEqual([code, stdout.trim()], [0, '"000000000000"'], stderr);
  },
);
