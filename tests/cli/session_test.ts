import assert from "node:assert/strict";
import { programCommand, runProgram } from "../testkit/executable.ts";
import { type FakeAnswer, FakeAws } from "../testkit/fake_aws.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const unix = { ignore: Deno.build.os === "windows" };
/** Never ends by itself, and says when it runs. */
const sleeping = "echo be''gun; sleep 1000\n";

/** StartSession or TerminateSession at the simulator, signed with its environment, in place of another client's. */
async function call(
  env: Readonly<Record<string, string>>,
  input: { Target: string } | { SessionId: string },
): Promise<FakeAnswer> {
  const ssm = await import("@aws-sdk/client-ssm");
  const { FetchHttpHandler } = await import("@smithy/fetch-http-handler");
  const client = new ssm.SSMClient({
    region: env.AWS_REGION ?? "",
    endpoint: env.AWS_ENDPOINT_URL ?? "",
    requestHandler: new FetchHttpHandler(),
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
      sessionToken: env.AWS_SESSION_TOKEN ?? "",
    },
  });
  const { $metadata: _, ...json } = "Target" in input
    ? await client.send(new ssm.StartSessionCommand(input))
    : await client.send(new ssm.TerminateSessionCommand(input));
  client.destroy();
  return { json };
}

Deno.test(
  "cli: a node by its mi- id, with a document and its parameters",
  unix,
  async () => {
    const id = "mi-0123456789abcdef0";
    await using simulator = await startSimulatorProgram([
      "--node",
      `name=on-premises,id=${id}`,
    ]);
    const { code, stdout, stderr } = await runProgram([
      "shell",
      id,
      "--document-name",
      "AWS-StartInteractiveCommand",
      "--parameters",
      "command=echo $((6*7))",
      "--reason",
      "to see",
    ], { env: simulator.env });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^42\r\n/m);
    assert.match(stderr, new RegExp(`^Session \\S+ on ${id}\\n`));
  },
);

Deno.test(
  "cli: a document for a tunnel, and one without what it needs",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram();
    for (
      const [document, text] of [
        [
          "AWS-StartPortForwardingSession",
          /\nssm: .*document/,
        ],
        ["AWS-StartInteractiveCommand", /Cannot start session: .*command/],
        ["No-Such-Document", /Cannot start session: .*No-Such-Document/],
      ] as const
    ) {
      const { code, stdout, stderr } = await runProgram(
        ["shell", "web-server", "--document-name", document],
        { env: simulator.env },
      );
      assert.deepEqual([code, stdout], [125, ""], stderr);
      assert.match(stderr, text);
    }
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test("cli: an idle time-out ends a session with 1", unix, async () => {
  await using simulator = await startSimulatorProgram([
    "--shell",
    "sh",
    "--idle-timeout",
    "1s",
  ]);
  const { code, stderr } = await runProgram(["shell", "web-server"], {
    env: simulator.env,
    stdin: "exec sleep 1000\n",
  });
  assert.equal(code, 1, stderr);
  assert.match(stderr, /\nssm: The session /);
});

Deno.test(
  "cli: a session that somebody terminates ends with 1",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram(["--shell", "sh"]);
    const [program = "", ...first] = programCommand();
    const child = new Deno.Command(program, {
      args: [...first, "shell", "web-server"],
      env: { ...simulator.env },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(sleeping));
    const reader = child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    for (let text = ""; !text.includes("\nbegun");) {
      const { value, done } = await reader.read();
      assert.equal(done, false, text);
      text += value;
    }
    const [id = ""] = await simulator.activeSessions();
    await call(simulator.env, { SessionId: id });
    const stderr = await new Response(child.stderr).text();
    assert.equal((await child.status).code, 1, stderr);
    assert.match(stderr, /\nssm: The session was ended by the service: /);
    await reader.cancel();
    await writer.abort().catch(() => {});
  },
);

Deno.test(
  "cli: a session whose key cannot be had does not begin: 125",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--kms-key",
      "alias/sessions",
    ]);
    await using kms = new FakeAws({
      "kms:GenerateDataKey": () => ({ error: "AccessDeniedException" }),
    });
    const { code, stdout, stderr } = await runProgram(["shell", "web-server"], {
      env: { ...simulator.env, AWS_ENDPOINT_URL_KMS: kms.endpoint },
    });
    assert.deepEqual([code, stdout], [125, ""], stderr);
    assert.match(stderr, /kms:GenerateDataKey/);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli: a connection that may not be resumed ends with 255, and says why",
  unix,
  async () => {
    await using simulator = await startSimulatorProgram([
      "--shell",
      "sh",
      "--close-after-bytes",
      "5000",
    ]);
    await using front = new FakeAws({
      "ssm:StartSession": ({ input }) =>
        call(simulator.env, {
          Target: String(input["Target"]),
        }),
      "ssm:ResumeSession": () => ({
        error: "AccessDeniedException",
        message: "User is not authorized to perform: ssm:ResumeSession",
      }),
      "ssm:TerminateSession": ({ input }) =>
        call(simulator.env, {
          SessionId: String(input["SessionId"]),
        }),
    });
    const { code, stderr } = await runProgram(
      ["shell", "i-0123456789abcdef0"],
      {
        env: { ...simulator.env, AWS_ENDPOINT_URL: front.endpoint },
        stdin: "while :; do echo line; done\n",
      },
    );
    assert.equal(code, 255, stderr);
    assert.match(
      stderr,
      /\nConnection lost: [^\n]*; resuming [^\n]*\nssm: Cannot resume session: access to ssm:ResumeSession is denied: /,
    );
    assert.match(
      stderr,
      /\nhint: ssm shell --explain [^\n]*\nhint: ssm doctor\n$/,
    );
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);
