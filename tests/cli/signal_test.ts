import assert from "node:assert/strict";
import { cleanHome, programCommand } from "../testkit/executable.ts";

/** A service that takes connections and never answers, and the program waiting for it. */
async function waitingProgram(...args: string[]) {
  const home = await cleanHome();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [program = "", ...first] = programCommand();
  const child = new Deno.Command(program, {
    args: [
      ...first,
      "shell",
      "web-server",
      "--endpoint-url",
      `http://127.0.0.1:${listener.addr.port}`,
      "--region",
      "us-east-1",
      ...args,
    ],
    env: {
      ...home.env,
      AWS_ACCESS_KEY_ID: "AKIAXXXXXXXXXXXXXXXX",
      AWS_SECRET_ACCESS_KEY: "secret",
    },
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const connection = await listener.accept();
  return {
    child,
    async [Symbol.asyncDispose]() {
      connection.close();
      listener.close();
      await home[Symbol.asyncDispose]();
    },
  };
}

for (
  const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const
) {
  Deno.test(`cli: ${signal} while AWS does not answer gives ${code}`, {
    ignore: Deno.build.os === "windows",
  }, async () => {
    await using program = await waitingProgram();
    program.child.kill(signal);
    const result = await program.child.output();
    assert.equal(new TextDecoder().decode(result.stderr), "");
    assert.equal(result.code, code);
  });
}

Deno.test("cli: --timeout counts while AWS does not answer", async () => {
  await using program = await waitingProgram("--timeout", "1s");
  const result = await program.child.output();
  assert.equal(
    new TextDecoder().decode(result.stderr),
    "ssm: Stopped by --timeout after 1 s\n",
  );
  assert.equal(result.code, 124);
});
