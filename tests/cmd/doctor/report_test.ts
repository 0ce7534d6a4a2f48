import assert from "node:assert/strict";
import { result, worst } from "../../../cmd/doctor/check.ts";
import { checkText, Report } from "../../../cmd/doctor/report.ts";
import { runCommandLine } from "../../../cmd/mod.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import { TestContext } from "../../testkit/context.ts";
import { startDoctorBench } from "../../testkit/doctor_bench.ts";

const found = result(
  "node",
  "error",
  "i-0123456789abcdef0 (web) is not connected: the instance is stopped",
  {
    details: ["Linux; EC2: stopped, with an instance profile"],
    hints: ["aws ec2 start-instances --instance-ids i-0123456789abcdef0"],
  },
);

Deno.test("report: columns where there is room, and below each other where there is not", () => {
  assert.equal(
    checkText(found, 70, false),
    `error    node         i-0123456789abcdef0 (web) is not connected: the
                      instance is stopped
                      - Linux; EC2: stopped, with an instance profile
                      hint: aws ec2 start-instances --instance-ids i-0123456789abcdef0
`,
  );
  assert.equal(
    checkText(found, 40, false),
    `error    node
  i-0123456789abcdef0 (web) is not
  connected: the instance is stopped
  - Linux; EC2: stopped, with an
    instance profile
  hint: aws ec2 start-instances --instance-ids i-0123456789abcdef0
`,
  );
});

Deno.test("report: colour only where it is wanted", () => {
  assert(
    checkText(found, 80, true).startsWith("\x1b[31merror    \x1b[0mnode"),
  );
  assert(!checkText(found, 80, false).includes("\x1b"));
});

Deno.test("report: the worst counts, and what is not known does not", () => {
  const of = (...statuses: Parameters<typeof result>[1][]) =>
    worst(statuses.map((status) => result("x", status, "")));
  assert.equal(of(), "ok");
  assert.equal(of("ok", "unknown", "skipped"), "ok");
  assert.equal(of("ok", "warning"), "warning");
  assert.equal(of("error", "warning"), "error");
});

Deno.test("report: as text, quietly, and as JSON", async () => {
  await using bench = await startDoctorBench({ deny: ["ssm:StartSession"] });
  const text = await bench.run("doctor", "web-server");
  assert.equal(text.code, 1);
  assert.deepEqual(
    text.out.split("\n").flatMap((line) =>
      /^(\w+) +(\w+) /.exec(line)?.[2] ?? []
    )
      .slice(0, 14),
    [
      "region",
      "credentials",
      "proxy",
      "dns",
      "tls",
      "network",
      "clock",
      "websocket",
      "permissions",
      "node",
      "agent",
      "logging",
      "encryption",
      "sessions",
    ],
  );
  assert(text.out.endsWith("\n\n1 error\n"), text.out);
  const quiet = await bench.run("doctor", "web-server", "-q");
  assert.match(quiet.out, /^error +permissions /);
  assert.equal(
    quiet.out.split("\n").filter((line) => /^\w/.test(line)).length,
    1,
  );
  const json = await bench.run("doctor", "web-server", "--output", "json");
  const report = JSON.parse(json.out);
  assert.deepEqual([report.status, report.target], ["error", "web-server"]);
  const short = await bench.run("doctor", "-o", "json");
  assert.equal(JSON.parse(short.out).status, "ok");
});

Deno.test("report: a bench without trouble ends well", async () => {
  await using bench = await startDoctorBench();
  const { code, out, err } = await bench.run("doctor");
  assert.deepEqual([code, err], [0, ""]);
  assert(out.endsWith("\nNothing is wrong\n"), out);
});

Deno.test("doctor: what makes no sense is refused before anything is asked", async () => {
  for (
    const [args, message] of [
      [["--session"], /no target says where/],
      [["ecs:prod/web", "--session"], /a command would have to run in it/],
      [["web", "--", "ls"], /ssm doctor runs none/],
      [["-x"], /Unknown flag/],
      [["web", "--all-regions"], /several places at once/],
    ] as const
  ) {
    const context = new TestContext();
    assert.equal(await runCommandLine(["doctor", ...args], context), 125);
    assert.match(context.terminal.errorText, message);
  }
});

Deno.test("doctor: a signal ends it, whatever is still being asked", async () => {
  const context = new TestContext();
  const never = () => new Promise<never>(() => {});
  const slow = (signal: AbortSignal) =>
    new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  let disposed = 0;
  context.onDoctor = () =>
    Promise.resolve({
      settings: () =>
        Promise.resolve({
          profile: "default",
          namedProfile: undefined,
          profileData: {},
          region: "eu-west-1",
          caBundle: undefined,
          ssoProfiles: [],
          credentialsFromEnvironment: true,
        }),
      credentials: () =>
        Promise.resolve({ source: "the environment", expiration: undefined }),
      identity: slow,
      endpoint: (service) => Promise.resolve(`https://${service}.invalid`),
      probe: (_url, signal) => slow(signal),
      upgrade: never,
      simulate: never,
      roleArn: never,
      resolveTarget: never,
      resolveContainer: never,
      diagnose: never,
      connectionStatus: never,
      findElsewhere: never,
      preferences: never,
      tryKey: never,
      startSession: never,
      plugins: () => Promise.resolve([]),
      [Symbol.dispose]: () => void disposed++,
    });
  const ended = runCommandLine(["doctor"], context);
  await new Promise((resolve) => setTimeout(resolve, 0));
  context.abort(new SignalError("SIGINT"));
  assert.equal(await ended, 130);
  assert.equal(disposed, 1);
});

Deno.test("report: nobody reads it any more", async () => {
  const context = new TestContext();
  context.terminal.writeFailure = new Deno.errors.BrokenPipe();
  const report = new Report(
    { json: false, target: undefined, noColor: false, quiet: false },
    context,
  );
  await assert.rejects(report.check(found), Deno.errors.BrokenPipe);
});
