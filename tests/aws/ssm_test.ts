import assert from "node:assert/strict";
import { Aws } from "../../lib/aws/aws.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";
import { Log } from "../../lib/log/log.ts";
import { AwsHome, PLAIN_ENVIRONMENT } from "../testkit/aws_home.ts";
import { FakeAws, type FakeHandler } from "../testkit/fake_aws.ts";

const ID = "i-0123456789abcdef0";

const started = {
  SessionId: "me-0123456789abcdef0",
  TokenValue: "the-token",
  StreamUrl: "wss://ssmmessages.eu-central-1.amazonaws.com/v1/data-channel/me",
};

async function withFake(
  handlers: Record<string, FakeHandler>,
  run: (aws: Aws, fake: FakeAws) => Promise<void>,
): Promise<void> {
  await using fake = new FakeAws(handlers);
  await using _home = await AwsHome.create({
    env: { ...PLAIN_ENVIRONMENT, AWS_MAX_ATTEMPTS: "1" },
  });
  using aws = new Aws({ endpointUrl: fake.endpoint });
  await run(aws, fake);
}

Deno.test("StartSession sends what was asked for and gives the grant", () =>
  withFake(
    { "ssm:StartSession": () => ({ json: started }) },
    async (aws, fake) => {
      const grant = await aws.ssm.startSession({
        target: ID,
        documentName: "AWS-StartPortForwardingSession",
        parameters: { portNumber: ["5432"], localPortNumber: ["0"] },
        reason: "because",
      });
      assert.deepEqual(grant, {
        sessionId: "me-0123456789abcdef0",
        tokenValue: "the-token",
        streamUrl: started.StreamUrl,
      });
      await aws.ssm.startSession({ target: ID });
      assert.deepEqual(fake.requests.map((each) => each.input), [
        {
          Target: ID,
          DocumentName: "AWS-StartPortForwardingSession",
          Parameters: { portNumber: ["5432"], localPortNumber: ["0"] },
          Reason: "because",
        },
        { Target: ID },
      ]);
    },
  ));

Deno.test("a target that is not connected is an error of its own", () =>
  withFake({
    "ssm:StartSession": () => ({
      error: "TargetNotConnected",
      message: `${ID} is not connected.`,
    }),
  }, async (aws) => {
    await assert.rejects(
      aws.ssm.startSession({ target: ID }),
      (error: unknown) => {
        assert.ok(error instanceof AwsCallError);
        assert.equal(error.kind, "not-connected");
        assert.equal(error.action, "ssm:StartSession");
        assert.equal(error.requestId, "request-1");
        assert.equal(
          error.message,
          `Cannot start session: ${ID} is not connected`,
        );
        return true;
      },
    );
  }));

Deno.test("a grant without token or URL is refused, and its session terminated", () =>
  withFake({
    "ssm:StartSession": () => ({ json: { SessionId: "half-1" } }),
    "ssm:TerminateSession": () => ({ json: { SessionId: "half-1" } }),
  }, async (aws, fake) => {
    await assert.rejects(
      aws.ssm.startSession({ target: ID }),
      /the answer lacks TokenValue, StreamUrl$/,
    );
    assert.deepEqual(
      fake.of("ssm:TerminateSession").map((each) => each.input),
      [
        { SessionId: "half-1" },
      ],
    );
  }));

Deno.test("a start given up while its answer is on the way leaves no session", async () => {
  const asked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await withFake({
    "ssm:StartSession": async () => {
      asked.resolve();
      await release.promise;
      return { json: started };
    },
    "ssm:TerminateSession": () => ({ json: { SessionId: started.SessionId } }),
  }, async (aws, fake) => {
    const controller = new AbortController();
    const start = aws.ssm.startSession({ target: ID }, controller.signal);
    await asked.promise;
    const reason = new Error("the user left");
    controller.abort(reason);
    release.resolve();
    await assert.rejects(start, (error: unknown) => error === reason);
    assert.deepEqual(
      fake.of("ssm:TerminateSession").map((each) => each.input),
      [
        { SessionId: started.SessionId },
      ],
    );
    await assert.rejects(
      aws.ssm.startSession({ target: ID }, controller.signal),
      (error: unknown) => error === reason,
    );
    assert.equal(fake.of("ssm:StartSession").length, 1);
  });
});

Deno.test("ResumeSession: a token, or none when the session has timed out", async () => {
  let answer: Record<string, string> = { ...started, TokenValue: "second" };
  await withFake(
    { "ssm:ResumeSession": () => ({ json: answer }) },
    async (aws, fake) => {
      assert.equal(
        (await aws.ssm.resumeSession("me-1"))?.tokenValue,
        "second",
      );
      answer = { SessionId: "me-1", StreamUrl: started.StreamUrl };
      assert.equal(await aws.ssm.resumeSession("me-1"), undefined);
      answer = { TokenValue: "" };
      assert.equal(await aws.ssm.resumeSession("me-1"), undefined);
      answer = { TokenValue: "third" };
      assert.deepEqual(await aws.ssm.resumeSession("me-1"), {
        sessionId: "me-1",
        tokenValue: "third",
        streamUrl: "",
      });
      assert.deepEqual(fake.requests[0]?.input, { SessionId: "me-1" });
    },
  );
});

Deno.test("terminating a session that is gone is no failure", () =>
  withFake(
    { "ssm:TerminateSession": () => ({ error: "DoesNotExistException" }) },
    async (aws, fake) => {
      await aws.ssm.terminateSession("me-1");
      assert.equal(fake.requests.length, 1);
    },
  ));

Deno.test("nodes come page after page of 50, fetched as they are asked for", () =>
  withFake({
    "ssm:DescribeInstanceInformation": ({ input }) => {
      const page = Number(input["NextToken"] ?? 0);
      return {
        json: {
          InstanceInformationList: page === 1 ? undefined : [
            {
              InstanceId: `mi-0000000000000000${page}`,
              PingStatus: "Online",
              LastPingDateTime: 1_767_225_600.5,
              PlatformType: "Linux",
              Surprise: { of: "later days" },
            },
            { InstanceId: `mi-1000000000000000${page}` },
          ],
          ...(page < 2 ? { NextToken: String(page + 1) } : { NextToken: "" }),
        },
      };
    },
  }, async (aws, fake) => {
    const filters = [{ key: "PingStatus", values: ["Online"] }];
    const nodes = await Array.fromAsync(
      aws.ssm.describeInstanceInformation(filters),
    );
    assert.deepEqual(nodes.map((node) => node.id), [
      "mi-00000000000000000",
      "mi-10000000000000000",
      "mi-00000000000000002",
      "mi-10000000000000002",
    ]);
    assert.deepEqual(nodes[0], {
      id: "mi-00000000000000000",
      ping: "Online",
      lastPing: new Date("2026-01-01T00:00:00.500Z"),
      platform: "Linux",
    });
    assert.equal(nodes[1]?.ping, "unknown");
    assert.deepEqual(fake.requests.map((each) => each.input), [
      { Filters: [{ Key: "PingStatus", Values: ["Online"] }], MaxResults: 50 },
      {
        Filters: [{ Key: "PingStatus", Values: ["Online"] }],
        MaxResults: 50,
        NextToken: "1",
      },
      {
        Filters: [{ Key: "PingStatus", Values: ["Online"] }],
        MaxResults: 50,
        NextToken: "2",
      },
    ]);
    for await (const _node of aws.ssm.describeInstanceInformation()) break;
    assert.deepEqual(fake.requests.slice(3).map((each) => each.input), [
      { MaxResults: 50 },
    ]);
  }));

Deno.test("sessions come page after page", () =>
  withFake({
    "ssm:DescribeSessions": ({ input }) => ({
      json: input["NextToken"] === undefined
        ? {
          Sessions: [{
            SessionId: "a-1",
            Target: ID,
            Status: "Connected",
            StartDate: 1_767_225_600,
            Owner: "arn:aws:iam::1:user/me",
          }],
          NextToken: "more",
        }
        : { Sessions: [{ SessionId: "a-2", Target: ID, Status: "Failed" }] },
    }),
  }, async (aws, fake) => {
    const sessions = await Array.fromAsync(
      aws.ssm.describeSessions("Active", [{ key: "Target", value: ID }]),
    );
    assert.deepEqual(sessions, [
      {
        id: "a-1",
        target: ID,
        status: "Connected",
        startDate: new Date("2026-01-01T00:00:00Z"),
        owner: "arn:aws:iam::1:user/me",
      },
      { id: "a-2", target: ID, status: "Failed" },
    ]);
    assert.deepEqual(fake.requests[0]?.input, {
      State: "Active",
      Filters: [{ key: "Target", value: ID }],
    });
  }));

Deno.test("the connection status is read in any case", async () => {
  let word = "Connected";
  await withFake(
    { "ssm:GetConnectionStatus": () => ({ json: { Status: word } }) },
    async (aws) => {
      assert.equal(await aws.ssm.getConnectionStatus(ID), "connected");
      word = "notconnected";
      assert.equal(await aws.ssm.getConnectionStatus(ID), "notconnected");
    },
  );
});

Deno.test("the log has each call with its duration and request, and no token", async () => {
  await using fake = new FakeAws({
    "ssm:StartSession": () => ({ json: started }),
    "ssm:TerminateSession": () => ({
      error: "AccessDeniedException",
      message: "not for the-token, x-amz-security-token:abcdef",
    }),
  });
  await using _home = await AwsHome.create({
    env: { ...PLAIN_ENVIRONMENT, AWS_MAX_ATTEMPTS: "1" },
  });
  const log = new Log();
  const lines: string[] = [];
  log.add({ level: 1, write: (line) => lines.push(line) });
  using aws = new Aws({ endpointUrl: fake.endpoint, log });
  await aws.ssm.startSession({ target: ID });
  await assert.rejects(aws.ssm.terminateSession("me-1"), AwsCallError);
  const [first, second, third] = lines;
  assert.match(first ?? "", /^credentials of=/);
  assert.match(
    second ?? "",
    /^aws ssm:StartSession ms=\d+ region=\S+ status=200 attempts=1 request=request-1$/,
  );
  assert.match(
    third ?? "",
    /^aws ssm:TerminateSession ms=\d+ .*error="AccessDeniedException: not for •••, x-amz-security-token:•••"$/,
  );
  assert.equal(lines.length, 3);
});

Deno.test("DescribeSessions asks for what is wanted, and tells what is known", () =>
  withFake({
    "ssm:DescribeSessions": ({ input }) => ({
      json: input.NextToken === undefined
        ? {
          Sessions: [{
            SessionId: "me-1",
            Target: ID,
            Status: "Terminated",
            StartDate: 1_700_000_000,
            EndDate: 1_700_000_060.5,
            Owner: "arn:aws:iam::000000000000:user/me",
            Details: "it was idle",
            OutputUrl: { S3OutputUrl: "https://s3.example/me-1" },
          }],
          NextToken: "more",
        }
        : { Sessions: [{ SessionId: "me-2", OutputUrl: {} }, {}] },
    }),
  }, async (aws, fake) => {
    const filters = [{ key: "Owner", value: "me" }];
    const found = await Array.fromAsync(
      aws.ssm.describeSessions("History", filters, undefined, 20),
    );
    assert.deepEqual(found, [
      {
        id: "me-1",
        target: ID,
        status: "Terminated",
        startDate: new Date(1_700_000_000_000),
        endDate: new Date(1_700_000_060_500),
        owner: "arn:aws:iam::000000000000:user/me",
        details: "it was idle",
        outputUrl: "https://s3.example/me-1",
      },
      { id: "me-2", target: "", status: "unknown" },
    ]);
    assert.deepEqual(fake.requests.map(({ input }) => input), [
      { State: "History", Filters: filters, MaxResults: 20 },
      {
        State: "History",
        Filters: filters,
        MaxResults: 20,
        NextToken: "more",
      },
    ]);
  }));
