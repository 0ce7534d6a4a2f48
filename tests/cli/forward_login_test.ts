import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { startFront } from "../testkit/aws_front.ts";
import {
  connect,
  echoes,
  randomBytes,
  readExactly,
  sha256,
  startEcho,
  untilClosed,
  writeAll,
} from "../testkit/far_end.ts";
import {
  interrupt,
  listens,
  startForward,
} from "../testkit/forward_program.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

/** Flags that lose the connection once, in the middle of a megabyte. */
const oneClose = ["--close-after-bytes", "300000", "--close-limit", "1"];
const node = "i-0123456789abcdef0";

/** What AWS answers when the credentials are over. */
const expired = {
  error: "ExpiredTokenException",
  message: "The security token included in the request is expired",
};

/** The line that says what is missing, with the command that brings it. */
const waiting =
  /^\d\d:\d\d:\d\d Waiting for credentials, the ports stay open: Cannot [^\n]*; hint: ssm login --profile team\n/m;

/**
 * A home folder whose profile `team` has an SSO login, and a service for it: the login gives the
 * simulator's credentials.
 */
async function signedIn(env: Readonly<Record<string, string>>) {
  const home = await Deno.makeTempDir({ prefix: "ssm-home-" });
  const cache = `${home}/.aws/sso/cache`;
  await Deno.mkdir(cache, { recursive: true });
  await Deno.writeTextFile(
    `${home}/.aws/config`,
    "[profile team]\nsso_session=corp\nsso_account_id=1\n" +
      "sso_role_name=Admin\nregion=us-east-1\n[sso-session corp]\n" +
      "sso_region=us-east-1\nsso_start_url=https://c.awsapps.com/start\n",
  );
  await Deno.writeTextFile(
    `${cache}/${createHash("sha1").update("corp").digest("hex")}.json`,
    JSON.stringify({
      accessToken: "access",
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      region: "us-east-1",
      startUrl: "https://c.awsapps.com/start",
    }),
  );
  const credentials = {
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    sessionToken: env.AWS_SESSION_TOKEN,
    expiration: Date.now() + 3_600_000,
  };
  const plain = Object.fromEntries(
    Object.entries(env).filter(([name]) =>
      !/^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|CONFIG_FILE|SHARED_CREDENTIALS_FILE)$/
        .test(name)
    ),
  );
  return {
    env: { ...plain, HOME: home, USERPROFILE: home },
    handlers: {
      "GET /federation/credentials": () => ({
        json: { roleCredentials: credentials },
      }),
    },
    [Symbol.asyncDispose]: () => Deno.remove(home, { recursive: true }),
  };
}

/** The login expires, and is renewed while a connection waits to be resumed. */
async function resumesAfterLogin(): Promise<void> {
  await using simulator = await startSimulatorProgram(oneClose);
  await using user = await signedIn(simulator.env);
  let over = true;
  await using front = startFront(simulator.env, {
    ...user.handlers,
    "ssm:ResumeSession": () => over ? expired : undefined,
  });
  await using far = startEcho();
  await using forward = await startForward({
    ...user.env,
    AWS_ENDPOINT_URL: front.endpoint,
  }, [node, `:${far.port}`, "--profile", "team"]);
  using conn = await connect(forward.port);
  const sent = randomBytes(1024 * 1024);
  const echoed = readExactly(conn, sent.length);
  const written = writeAll(conn, sent);
  // Should the test fail before, that is told instead.
  for (const each of [echoed, written]) each.catch(() => {});
  await forward.stderr.until(waiting);
  // The port stays open, and who comes now waits.
  using later = await connect(forward.port);
  over = false;
  await forward.stderr.until(/ resumed after /);
  await written;
  assert.equal(await sha256(await echoed), await sha256(sent));
  assert.ok(await echoes(later, "after"));
  const { code, stderr } = await interrupt(forward);
  assert.equal(code, 0);
  assert.equal(stderr.match(/Waiting for credentials/g)?.length, 1, stderr);
  assert.deepEqual(await simulator.activeSessions(), []);
}

/** The login expires, and is renewed while a new session is wanted. */
async function startsAfterLogin(): Promise<void> {
  await using simulator = await startSimulatorProgram([
    ...oneClose,
    "--refuse-resume",
  ]);
  await using user = await signedIn(simulator.env);
  let over = false;
  await using front = startFront(simulator.env, {
    ...user.handlers,
    "ssm:StartSession": () => over ? expired : undefined,
  });
  await using far = startEcho();
  await using forward = await startForward({
    ...user.env,
    AWS_ENDPOINT_URL: front.endpoint,
  }, [node, `:${far.port}`, "--profile", "team"]);
  over = true;
  {
    using conn = await connect(forward.port);
    await Promise.all([
      writeAll(conn, randomBytes(1024 * 1024)).catch(() => {}),
      untilClosed(conn),
    ]);
  }
  await forward.stderr.until(/ Session for \S+ over: .*\n/);
  using conn = await connect(forward.port);
  await forward.stderr.until(waiting);
  over = false;
  assert.ok(await echoes(conn, "after"));
  await forward.stderr.until(/ New session to /);
  const { code, stderr } = await interrupt(forward);
  assert.equal(code, 0);
  assert.equal(stderr.match(/Waiting for credentials/g)?.length, 1, stderr);
  assert.deepEqual(await simulator.activeSessions(), []);
}

Deno.test("cli: forward keeps its port while a login has expired, says how to log in, and goes on", async () => {
  // It looks every few seconds whether somebody has logged in: both at a time.
  const ends = await Promise.allSettled([
    resumesAfterLogin(),
    startsAfterLogin(),
  ]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  assert.equal(ends.length, 2);
});

Deno.test("cli: forward that may not be resumed ends with 255, the cause, and no port left", async () => {
  await using simulator = await startSimulatorProgram(oneClose);
  await using front = startFront(simulator.env, {
    "ssm:ResumeSession": () => ({
      error: "AccessDeniedException",
      message: "User is not authorized to perform: ssm:ResumeSession",
    }),
  });
  await using far = startEcho();
  await using forward = await startForward({
    ...simulator.env,
    AWS_ENDPOINT_URL: front.endpoint,
  }, [node, `:${far.port}`, `:${far.port}`]);
  using conn = await connect(forward.port);
  await Promise.all([
    writeAll(conn, randomBytes(1024 * 1024)).catch(() => {}),
    untilClosed(conn),
  ]);
  const { code, stdout, stderr } = await forward.ended;
  assert.deepEqual([code, stdout], [255, ""], stderr);
  assert.match(
    stderr,
    /\nssm: Cannot resume session: access to ssm:ResumeSession is denied: [^\n]*\n(hint: [^\n]*\n)*$/,
  );
  for (const [, port] of stderr.matchAll(/127\.0\.0\.1:(\d+) -> /g)) {
    assert.equal(await listens(Number(port)), false);
  }
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test(
  "cli: forward that may not start another session lets its command decide, and says so",
  {
    ignore: Deno.build.os === "windows",
  },
  async () => {
    await using simulator = await startSimulatorProgram([
      ...oneClose,
      "--refuse-resume",
    ]);
    let denied = false;
    await using front = startFront(simulator.env, {
      "ssm:StartSession": () =>
        denied
          ? { error: "AccessDeniedException", message: "No more of that" }
          : undefined,
    });
    await using far = startEcho();
    await using forward = await startForward(
      { ...simulator.env, AWS_ENDPOINT_URL: front.endpoint },
      [
        node,
        `:${far.port}`,
        "--",
        "sh",
        "-c",
        "trap 'exit 4' TERM; echo up >&2; while :; do sleep 0.05; done",
      ],
      { ready: /1:(\d+) -> [^]*up\n/ },
    );
    denied = true;
    for (let at = 0; at < 2; at++) {
      using conn = await connect(forward.port);
      await Promise.all([
        writeAll(conn, randomBytes(1024 * 1024)).catch(() => {}),
        untilClosed(conn),
      ]);
    }
    await forward.stderr.until(
      /^\d\d:\d\d:\d\d Cannot go on: Cannot start session: access to ssm:StartSession is denied: [^\n]*\n/m,
    );
    forward.kill("SIGTERM");
    assert.equal((await forward.ended).code, 4);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);
