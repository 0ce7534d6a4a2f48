import assert from "node:assert/strict";
import { parseNodes } from "../../../lib/simulator/fleet.ts";
import type { SimulatorOptions } from "../../../lib/simulator/options.ts";
import { testCertificates } from "../../io/test_certificates.ts";
import { startDoctorBench } from "../../testkit/doctor_bench.ts";

const nowhere = "https://nowhere.invalid";

/** A thing that is broken, and the lines that say so: these and no others. */
interface Broken {
  readonly what: string;
  readonly simulator?: Partial<SimulatorOptions>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly args?: readonly string[];
  readonly named: readonly string[];
  /** In the line that names it. */
  readonly says?: RegExp;
}

const node = (description: string) => ({ nodes: parseNodes([description]) });

const things: readonly Broken[] = [
  { what: "nothing", named: [] },
  { what: "nothing, with a node", args: ["web-server"], named: [] },
  {
    what: "nothing, with a session",
    args: ["web-server", "--session"],
    named: [],
  },
  { what: "nothing, in a container", args: ["ecs:prod/web"], named: [] },
  {
    what: "no region",
    env: { AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined },
    named: ["error region"],
    says: /hint.*export AWS_REGION=/,
  },
  {
    what: "a profile that is in no file",
    env: { AWS_PROFILE: "prod" },
    named: ["error region"],
    says: /AWS_PROFILE names \\"prod\\"/,
  },
  {
    what: "no credentials",
    env: { AWS_ACCESS_KEY_ID: undefined },
    named: ["error credentials"],
  },
  {
    what: "credentials that AWS does not know",
    env: { AWS_ACCESS_KEY_ID: "AKIAXXXXXXXXXXXXXXXX" },
    named: ["error credentials"],
  },
  {
    what: "a wrong clock",
    simulator: { clockSkew: 600_000 },
    args: ["web-server"],
    named: ["warning clock"],
    says: /10 min behind/,
  },
  {
    what: "a clock that is ahead",
    simulator: { clockSkew: -90_000 },
    named: ["warning clock"],
    says: /(89|90|91) s ahead of/,
  },
  {
    what: "a proxy that is no URL",
    env: { HTTPS_PROXY: "::", AWS_ENDPOINT_URL_KMS: nowhere },
    named: ["error proxy"],
    says: /HTTPS_PROXY is not a URL/,
  },
  {
    what: "a name that is not found, of SSM",
    env: { AWS_ENDPOINT_URL_SSM: nowhere },
    named: ["error dns"],
    says: /nslookup nowhere\.invalid/,
  },
  {
    what: "a name that is not found, of what is good to have",
    env: { AWS_ENDPOINT_URL_KMS: nowhere },
    named: ["warning dns"],
    says: /kms: the name is not found/,
  },
  {
    what: "no connection to ssmmessages",
    env: { AWS_ENDPOINT_URL_SSMMESSAGES: "http://127.0.0.1:1" },
    named: ["error network"],
    says: /ssmmessages \(127\.0\.0\.1:1\): the connection was refused/,
  },
  {
    what: "a bundle that is not there",
    env: { AWS_CA_BUNDLE: "/nowhere.pem" },
    named: ["error tls"],
    says: /\/nowhere\.pem \(AWS_CA_BUNDLE\): there is no such file/,
  },
  {
    what: "WebSockets that do not pass",
    simulator: { refuseUpgrade: 426 },
    named: ["error websocket"],
    says: /426: something on the way does not let WebSockets through/,
  },
  {
    what: "an upgrade that is refused",
    simulator: { refuseUpgrade: 403 },
    named: ["warning websocket"],
    says: /403: the signature or the session's token is not accepted/,
  },
  {
    what: "an upgrade that is refused, with a session",
    simulator: { refuseUpgrade: 403 },
    args: ["web-server", "--session"],
    named: ["warning websocket", "error session"],
    says: /it could not be connected to/,
  },
  {
    what: "sessions that are not allowed",
    simulator: { deny: ["ssm:StartSession"] },
    args: ["web-server"],
    named: ["error permissions"],
    says: /ssm shell web-server --explain/,
  },
  {
    what: "WebSockets that are not allowed",
    simulator: { deny: ["ssmmessages:OpenDataChannel"] },
    named: ["error permissions"],
    says: /not allowed: ssmmessages:OpenDataChannel/,
  },
  {
    what: "Run Command that is not allowed",
    simulator: { deny: ["ssm:SendCommand"] },
    args: ["web-server"],
    named: ["warning permissions"],
    says: /for Run Command: ssm:SendCommand/,
  },
  {
    what: "preferences that may not be read",
    simulator: { deny: ["ssm:GetDocument"] },
    named: ["warning permissions"],
  },
  {
    what: "a document that no session may be started with",
    simulator: { denyDocuments: ["SSM-SessionManagerRunShell"] },
    args: ["web-server"],
    named: ["error permissions"],
    says: /for sessions: ssm:StartSession/,
  },
  {
    what: "a session that its document is denied for, where IAM does not tell",
    simulator: {
      denyDocuments: ["SSM-SessionManagerRunShell"],
      deny: ["iam:SimulatePrincipalPolicy"],
    },
    args: ["web-server", "--session"],
    named: ["error session"],
    says: /it could not be started.*"hints":\[\]/,
  },
  {
    what: "an agent that is offline",
    simulator: node("name=web,offline"),
    args: ["web"],
    named: ["error node"],
    says: /sudo systemctl restart amazon-ssm-agent/,
  },
  {
    what: "a stopped instance",
    simulator: node("name=web,stopped,id=i-0123456789abcdef9"),
    args: ["web"],
    named: ["error node"],
    says: /aws ec2 start-instances --instance-ids i-0123456789abcdef9/,
  },
  {
    what: "an instance that never registered",
    simulator: node("name=web,unregistered,no-profile"),
    args: ["web"],
    named: ["error node"],
    says: /associate-iam-instance-profile/,
  },
  {
    what: "a node that is not there",
    args: ["nowhere"],
    named: ["error node"],
    says: /cannot find a node named nowhere/,
  },
  {
    what: "a node in another region",
    simulator: {
      ...node("name=web,region=eu-west-1,id=i-0123456789abcdef9"),
      moreRegions: ["eu-west-1", "eu-north-1"],
    },
    args: ["i-0123456789abcdef9"],
    named: ["error node"],
    says:
      /found in eu-west-1.*ssm doctor i-0123456789abcdef9 --region eu-west-1/,
  },
  {
    what: "an agent without new features",
    simulator: node("name=web,agent=3.0.100.0"),
    args: ["web"],
    named: ["warning agent"],
    says: /exit codes and outputs kept apart: 3\.1\.1511\.0 or later/,
  },
  {
    what: "an agent without sessions",
    simulator: node("name=web,agent=2.3.67.0"),
    args: ["web"],
    named: ["error agent"],
    says: /sessions: 2\.3\.68\.0 or later/,
  },
  {
    what: "a KMS key that may not be used",
    simulator: { kmsKeyId: "alias/sessions", deny: ["kms:GenerateDataKey"] },
    named: ["error encryption"],
    says: /KMS key alias\/sessions, which cannot be used/,
  },
  {
    what: "a KMS key that is not there",
    simulator: { preferences: { kmsKeyId: "alias/other" } },
    named: ["error encryption"],
    says: /alias\/other is not found/,
  },
  {
    what: "a container that takes no sessions",
    simulator: {},
    args: ["ecs:prod/other"],
    named: ["error container"],
  },
];

for (const { what, simulator, env, args = [], named, says } of things) {
  Deno.test(`doctor names ${what}, and nothing else`, async () => {
    await using bench = await startDoctorBench(simulator, env);
    const { checks, code, err } = await bench.run("doctor", ...args, "--json");
    const trouble = checks.filter(({ status }) =>
      status === "error" || status === "warning"
    );
    assert.deepEqual(
      trouble.map(({ id, status }) => `${status} ${id}`),
      named,
      JSON.stringify(checks, undefined, 1) + err,
    );
    assert.equal(code, named.some((line) => line.startsWith("error")) ? 1 : 0);
    if (says !== undefined) assert.match(JSON.stringify(trouble), says);
    assert.deepEqual(bench.simulator.activeSessions(), []);
    const text = JSON.stringify(checks);
    for (
      const secret of ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] as const
    ) {
      assert(
        !text.includes(bench.simulator.environment[secret] ?? "?"),
        secret,
      );
    }
  });
}

Deno.test("doctor: an authority that nobody trusts is named with the certificate's issuer", async () => {
  const { certificate, key, authority } = testCertificates;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert: certificate, key, onListen() {} },
    () => new Response(null, { status: 404 }),
  );
  const bundle = await Deno.makeTempFile();
  try {
    const url = `https://localhost:${server.addr.port}`;
    {
      await using bench = await startDoctorBench({}, {
        AWS_ENDPOINT_URL_KMS: url,
      });
      const { checks } = await bench.run("doctor", "--json");
      const tls = checks.find(({ id }) => id === "tls");
      assert.equal(tls?.status, "warning");
      assert.match(
        tls.summary,
        /^kms: the certificate is not trusted; it was issued by ssm test authority$/,
      );
      assert.deepEqual(tls.hints, [
        "export AWS_CA_BUNDLE=/path/to/your-ca.pem",
      ]);
      assert.deepEqual(await bench.trouble(), ["warning tls"]);
    }
    await Deno.writeTextFile(bundle, authority);
    await using bench = await startDoctorBench({}, {
      AWS_ENDPOINT_URL_KMS: url,
      AWS_CA_BUNDLE: bundle,
    });
    const { checks } = await bench.run("doctor", "--json");
    const tls = checks.find(({ id }) => id === "tls");
    assert.equal(tls?.status, "ok");
    assert.match(tls.summary, /by AWS_CA_BUNDLE.*issued by ssm test authority/);
  } finally {
    await server.shutdown();
    await Deno.remove(bundle);
  }
});

Deno.test("doctor: says where sessions are recorded, who they run as and when they end", async () => {
  await using bench = await startDoctorBench({
    preferences: {
      s3BucketName: "logs",
      s3KeyPrefix: "sessions",
      cloudWatchLogGroupName: "/ssm",
      runAsEnabled: "true",
      runAsDefaultUser: "ops",
      maxSessionDuration: "60",
    },
  });
  const { checks } = await bench.run("doctor", "--json");
  const summary = (id: string) =>
    checks.find((check) => check.id === id)?.summary;
  assert.equal(
    summary("logging"),
    "sessions are recorded in s3://logs/sessions, encrypted and in CloudWatch's group /ssm, " +
      "as they run",
  );
  assert.equal(
    summary("sessions"),
    "run as ops, end after 20 min without input, after 60 min in any case",
  );
});

Deno.test("doctor: an account without preferences records nothing", async () => {
  await using bench = await startDoctorBench({ preferences: undefined });
  const { checks, code } = await bench.run("doctor", "--json");
  const logging = checks.find(({ id }) => id === "logging");
  assert.deepEqual([code, logging?.status], [0, "ok"]);
  assert.match(logging?.summary ?? "", /not recorded: .* no preferences/);
});

Deno.test("doctor: what IAM may not be asked is not known, unless calls have shown it", async () => {
  await using bench = await startDoctorBench({
    deny: ["iam:SimulatePrincipalPolicy", "ssm:GetConnectionStatus"],
  });
  const { checks } = await bench.run("doctor", "web-server", "--json");
  const permissions = checks.find(({ id }) => id === "permissions");
  assert.equal(permissions?.status, "warning");
  assert.match(permissions.summary, /^not allowed: ssm:GetConnectionStatus$/);
  const untold = permissions.details.join("\n");
  assert.match(
    untold,
    /iam:SimulatePrincipalPolicy is not allowed: .*ssm:StartSession/,
  );
  for (
    const shown of [
      "ssmmessages:OpenDataChannel",
      "ssm:GetDocument",
      "ssm:DescribeInstanceInformation",
      "ec2:DescribeInstances",
    ]
  ) assert(!untold.includes(shown), shown);
});

Deno.test("doctor: a session that cannot be ended is said, with the command that ends it", async () => {
  await using bench = await startDoctorBench({
    deny: ["ssm:TerminateSession"],
  });
  const { checks, code } = await bench.run(
    "doctor",
    "web-server",
    "--session",
    "--json",
  );
  assert.equal(code, 1);
  const session = checks.find(({ id }) => id === "session");
  assert.equal(session?.status, "error");
  assert.match(session.summary, /^it could not be ended: /);
  const [left = ""] = bench.simulator.activeSessions();
  assert.equal(
    session.hints[0],
    `ssm sessions kill ${left}`,
  );
});

Deno.test("doctor: a target that is none leads to the list of nodes", async () => {
  await using bench = await startDoctorBench();
  const { checks } = await bench.run("doctor", "nosuch", "--json");
  const node = checks.find(({ id }) => id === "node");
  assert.equal(node?.status, "error");
  assert.deepEqual(node.hints, ["ssm list --all"]);
});
