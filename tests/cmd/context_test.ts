import assert from "node:assert/strict";
import { install } from "@sinonjs/fake-timers";
import { describeError } from "../../cmd/errors.ts";
import { processContext } from "../../cmd/context.ts";
import { AwsHome } from "../testkit/aws_home.ts";
import { assumedRole, FakeAws } from "../testkit/fake_aws.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";

const HOUR = 3_600_000;
const encoder = new TextEncoder();

/** A profile whose role wants an MFA code, and credentials for an hour. */
const config = "[profile base]\naws_access_key_id=AKIDBASE\n" +
  "aws_secret_access_key=s\n" +
  "[profile role]\nregion=eu-west-2\nrole_arn=arn:aws:iam::1:role/r\n" +
  "source_profile=base\nmfa_serial=arn:aws:iam::1:mfa/me\n";

/** The real world but for terminal and signals. */
function world(terminal: MemoryTerminal) {
  return processContext(
    Object.assign(terminal, {
      errorIsTerminal: false,
      outputIsTerminal: false,
      restore() {},
    }),
    {
      signal: new AbortController().signal,
      abort() {},
      intercept: () => ({ [Symbol.dispose]() {} }),
    },
  );
}

Deno.test("an MFA code is asked for before a session, and never in the middle of one", async () => {
  await using fake = new FakeAws({
    "sts:AssumeRole": () =>
      assumedRole("AssumeRole", "ASIAMFA", new Date(Date.now() + HOUR)),
    "ssm:StartSession": () => ({
      json: {
        SessionId: "me-0123456789abcdef0",
        TokenValue: "token",
        StreamUrl:
          "wss://ssmmessages.eu-west-2.amazonaws.com/v1/data-channel/x",
      },
    }),
  });
  await using _home = await AwsHome.create({
    config,
    env: { AWS_ENDPOINT_URL_STS: fake.endpoint },
  });
  const clock = install({ now: Date.now(), toFake: ["Date"] });
  using _clock = { [Symbol.dispose]: () => clock.uninstall() };
  const terminal = new MemoryTerminal();
  const question = "Code of the MFA device arn:aws:iam::1:mfa/me: ";
  using aws = await world(terminal).aws({
    profile: "role",
    region: undefined,
    endpointUrl: fake.endpoint,
    transport: "native",
    streamHosts: [],
  });
  const { signal } = new AbortController();
  terminal.type(encoder.encode("123456\n"));
  const { control } = await aws.startSession(
    {
      target: "i-0123456789abcdef0",
      documentName: undefined,
      parameters: undefined,
      reason: undefined,
      command: "ssm forward",
      rest: "--remote 80",
    },
    () => {},
    signal,
  );
  assert.equal(terminal.errorText, question);
  assert.equal(fake.of("sts:AssumeRole")[0]?.input["TokenCode"], "123456");

  // The user types into the session when the role's credentials are over.
  terminal.type(encoder.encode("654321\n"));
  clock.setSystemTime(Date.now() + 2 * HOUR);
  await assert.rejects(control.resume(), (error: unknown) => {
    assert(error instanceof Error && error.name === "ControlError");
    assert.equal("final" in error && error.final, true);
    assert.match(
      error.message,
      /^Cannot load credentials: .*mfa\/me have expired, and no code can be asked for/,
    );
    assert.deepEqual(describeError(error).hints, [
      "ssm forward i-0123456789abcdef0 --remote 80 --profile role --endpoint-url " +
      fake.endpoint,
    ]);
    return true;
  });
  assert.equal(terminal.errorText, question, "the session was garbled");
  assert.equal(
    new TextDecoder().decode(await terminal.read()),
    "654321\n",
    "a key of the session was taken",
  );
  assert.equal(fake.of("sts:AssumeRole").length, 1);
});

Deno.test("a code that is none says so, without the profile's hints", async () => {
  await using _home = await AwsHome.create({ config });
  const terminal = new MemoryTerminal();
  terminal.type(encoder.encode("12345\n"));
  using aws = await world(terminal).aws({
    profile: "role",
    region: undefined,
    endpointUrl: "http://127.0.0.1:1",
    transport: "native",
    streamHosts: [],
  });
  const { signal } = new AbortController();
  await assert.rejects(aws.resolveTarget("web", signal), (error: unknown) => {
    const { message, hints } = describeError(error);
    assert.equal(
      message,
      "Cannot load credentials: cannot use the MFA code: it has six digits",
    );
    assert.deepEqual(hints, []);
    return true;
  });
});
