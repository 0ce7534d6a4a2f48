import assert from "node:assert/strict";
import { runCommandLine } from "../../../cmd/mod.ts";
import { AwsCallError } from "../../../lib/aws/errors.ts";
import type {
  SessionFilter,
  SessionInformation,
} from "../../../lib/aws/mod.ts";
import { TestContext } from "../../testkit/context.ts";
import { MemoryTerminal } from "../../testkit/memory_terminal.ts";

const me = "arn:aws:iam::000000000000:user/me";
const alice = "arn:aws:sts::000000000000:assumed-role/Admin/alice";
const start = 1_700_000_000_000;

const sessions: readonly SessionInformation[] = [
  {
    id: "me-aaaaaaaaaaaaaaaaaaaaaa1234",
    target: "i-0123456789abcdef0",
    status: "Connected",
    startDate: new Date(start - 90_000),
    documentName: "SSM-SessionManagerRunShell",
    owner: me,
    reason: 'disk "full",\nnow',
  },
  {
    id: "me-bbbbbbbbbbbbbbbbbbbbbb5678",
    target: "mi-0123456789abcdef0",
    status: "Disconnected",
    startDate: new Date(start - 3 * 3_600_000 - 60_000),
    owner: me,
  },
  {
    id: "alice-cccccccccccccccccccccc9999",
    target: "i-0fedcba9876543210",
    status: "Disconnected",
    startDate: new Date(start - 1000),
    owner: alice,
  },
];

/** An account with these sessions, and what was asked of it. */
function account(
  all: readonly SessionInformation[] = sessions,
  terminal?: MemoryTerminal,
) {
  const context = new TestContext(terminal);
  const asked: { state: string; filters: readonly SessionFilter[] }[] = [];
  const ended: string[] = [];
  context.onSessions = async function* (state, filters) {
    asked.push({ state, filters });
    yield* all.filter((session) =>
      filters.every(({ key, value }) =>
        key === "Target"
          ? session.target === value
          : key === "Owner"
          ? session.owner === value
          : true
      )
    );
    await Promise.resolve();
  };
  context.onTerminate = (id) => {
    ended.push(id);
    return Promise.resolve();
  };
  context.onNames = (ids) =>
    Promise.resolve(
      new Map(
        ids.includes("i-0123456789abcdef0")
          ? [["i-0123456789abcdef0", "web"]]
          : [],
      ),
    );
  const run = (...args: string[]) =>
    runCommandLine(["sessions", ...args], context);
  return { context, asked, ended, run };
}

Deno.test("sessions: a table, the newest first, with names and without control characters", async () => {
  const { context, run, asked } = account();
  assert.equal(await run(), 0);
  assert.equal(
    context.terminal.outputText,
    [
      "SESSION                           NAME  TARGET                STATUS        OWNER  AGE     REASON             DOCUMENT",
      "alice-cccccccccccccccccccccc9999        i-0fedcba9876543210   Disconnected  alice  1s",
      'me-aaaaaaaaaaaaaaaaaaaaaa1234     web   i-0123456789abcdef0   Connected     me     1m 30s  disk "full",\\nnow  SSM-SessionManagerRunShell',
      "me-bbbbbbbbbbbbbbbbbbbbbb5678           mi-0123456789abcdef0  Disconnected  me     3h 1m",
      "",
    ].join("\n"),
  );
  assert.deepEqual(asked, [{ state: "Active", filters: [] }]);
  assert.equal(context.awsClosed, 1);
});

Deno.test("sessions: on a terminal the lines fit, and the ends of ids stay", async () => {
  const { context, run } = account();
  context.outputIsTerminal = true;
  assert.equal(await run("list"), 0);
  const lines = context.terminal.outputText.trimEnd().split("\n");
  assert.deepEqual(lines.filter((line) => line.length > 80), []);
  assert.match(lines[2] ?? "", /^…a*1234 /);
});

Deno.test("sessions: JSON, CSV and ids for programs", async () => {
  const { context, run } = account();
  assert.equal(await run("-o", "json", "--mine"), 0);
  assert.deepEqual(JSON.parse(context.terminal.outputText)[0], {
    sessionId: "me-aaaaaaaaaaaaaaaaaaaaaa1234",
    target: "i-0123456789abcdef0",
    name: "web",
    status: "Connected",
    owner: me,
    started: "2023-11-14T22:11:50.000Z",
    document: "SSM-SessionManagerRunShell",
    reason: 'disk "full",\nnow',
  });
  const csv = account();
  await csv.run("--output=csv", "--mine");
  assert.equal(
    csv.context.terminal.outputText,
    "sessionId,target,name,status,owner,started,ended,document,reason,details,outputUrl,place\r\n" +
      `me-aaaaaaaaaaaaaaaaaaaaaa1234,i-0123456789abcdef0,web,Connected,${me},2023-11-14T22:11:50.000Z,,` +
      'SSM-SessionManagerRunShell,"disk ""full"",\nnow",,,\r\n' +
      `me-bbbbbbbbbbbbbbbbbbbbbb5678,mi-0123456789abcdef0,,Disconnected,${me},2023-11-14T19:12:20.000Z,,,,,,\r\n`,
  );
  const ids = account();
  await ids.run("-o", "ids");
  assert.equal(
    ids.context.terminal.outputText,
    "alice-cccccccccccccccccccccc9999\nme-aaaaaaaaaaaaaaaaaaaaaa1234\nme-bbbbbbbbbbbbbbbbbbbbbb5678\n",
  );
  const none = account([]);
  assert.equal(await none.run("-o", "json"), 0);
  assert.equal(none.context.terminal.outputText, "[]\n");
});

Deno.test("sessions: filters: the service's where it has them", async () => {
  for (
    const [args, filters, ids] of [
      [["--mine"], [["Owner", me]], ["1234", "5678"]],
      [["--owner", alice], [["Owner", alice]], ["9999"]],
      [["--owner", "alice"], [], ["9999"]],
      [["--owner", "Admin"], [], ["9999"]],
      [["--owner", "adm"], [], []],
      [
        ["--target", "web-server"],
        [["Target", "i-0123456789abcdef0"]],
        ["1234"],
      ],
      [
        ["--since", "2h"],
        [["InvokedAfter", "2023-11-14T20:13:20Z"]],
        ["9999", "1234", "5678"],
      ],
      [
        ["--since", "2023-11-14T22:00:00Z"],
        [["InvokedAfter", "2023-11-14T22:00:00Z"]],
        ["9999", "1234", "5678"],
      ],
      [["--limit", "2"], [], ["9999", "1234"]],
    ] as const
  ) {
    const { context, run, asked } = account(
      sessions.toSorted((a, b) => Number(b.startDate) - Number(a.startDate)),
    );
    assert.equal(await run("-o", "ids", ...args), 0, args.join(" "));
    assert.deepEqual(
      asked.map(({ filters }) => filters.map(({ key, value }) => [key, value])),
      [filters],
    );
    assert.deepEqual(
      context.terminal.outputText.trimEnd().split("\n").map((id) =>
        id.slice(-4)
      ).filter((id) => id !== ""),
      ids,
    );
    assert.equal(
      context.terminal.errorText,
      args[0] === "--limit"
        ? "There are more than 2; --limit shows more of them\n"
        : ids.length === 0
        ? "No sessions live\n"
        : "",
    );
  }
});

Deno.test("sessions: the history says how long each lasted", async () => {
  const { context, run, asked } = account([{
    ...sessions[0]!,
    status: "Terminated",
    endDate: new Date(start),
  }]);
  assert.equal(await run("--history"), 0);
  assert.equal(asked[0]?.state, "History");
  assert.match(
    context.terminal.outputText,
    /STARTED +LASTED .*\n.* Terminated +me +11-1\d \d\d:\d\d +1m 30s /,
  );
});

Deno.test("sessions: what makes no sense is refused before AWS is asked", async () => {
  for (
    const [args, message] of [
      [["--mine", "--owner", "x"], /--mine with --owner/],
      [["--since", "soon"], /--since soon: a date is/],
      [["--since", "2023-13-45"], /a date is/],
      [["--limit", "0"], /from 1 to/],
      [["lst"], /Unknown command: lst; did you mean ssm sessions list/],
      [["kill"], /give their ids, --mine or --orphaned/],
      [["kill", "--target", "web"], /give their ids/],
      [["kill", "abcdef", "--mine"], /ids with --mine/],
      [["kill", "abcdef", "--target", "x"], /ids with --target/],
      [["kill", ""], /its id is empty/],
    ] as const
  ) {
    const { context, run } = account();
    assert.equal(await run(...args), 125, args.join(" "));
    assert.match(context.terminal.errorText, message);
    assert.equal(context.connections.length, 0);
  }
  const { context, run } = account();
  assert.equal(await run("--help"), 0);
  assert.match(
    context.terminal.outputText,
    /Commands:\n {2}list, ls .*\n {2}kill, terminate /,
  );
});

Deno.test("kill: one by the end or the beginning of its id, without a question", async () => {
  for (
    const id of ["1234", "me-aaaa", "me-aaaaaaaaaaaaaaaaaaaaaa1234"]
  ) {
    const { context, run, ended } = account();
    assert.equal(await run("kill", id), 0);
    assert.deepEqual(ended, ["me-aaaaaaaaaaaaaaaaaaaaaa1234"]);
    assert.equal(
      context.terminal.errorText,
      "Ended me-aaaaaaaaaaaaaaaaaaaaaa1234 on i-0123456789abcdef0\n",
    );
  }
});

Deno.test("kill: an id that none or several have ends nothing", async () => {
  for (
    const [id, message] of [
      ["me-", /Cannot find session me-: .*fewer than 4 characters/],
      ["zzzz", /Cannot find session zzzz: no session that lives has it\n/],
      ["me-aaaaaaaaaaaaaaaaaaaaaaaaaa", /Cannot find session/],
    ] as const
  ) {
    const { context, run, ended } = account();
    assert.equal(await run("kill", id), 125);
    assert.match(context.terminal.errorText, message);
    assert.deepEqual(ended, []);
  }
  const twins = sessions.map((one, at) => ({ ...one, id: `twin-${at}-same` }));
  const { context, run, ended } = account(twins);
  assert.equal(await run("kill", "same"), 125);
  assert.match(context.terminal.errorText, /which session is meant: 3 ids/);
  assert.match(context.terminal.errorText, / {2}twin-1-same {2}mi-/);
  assert.deepEqual(ended, []);
});

Deno.test("kill: several are shown, and ended when the user says so", async () => {
  for (
    const [answer, code, count] of [
      ["y\n", 0, 2],
      ["YES\n", 0, 2],
      ["n\n", 1, 0],
      ["\n", 1, 0],
    ] as const
  ) {
    const { context, run, ended } = account();
    context.terminal.type(answer);
    assert.equal(await run("kill", "--mine"), code);
    assert.equal(ended.length, count);
    const { errorText } = context.terminal;
    assert.match(errorText, /^SESSION .*\nme-a.*\nme-b.*\n1 is connected: /);
    assert.match(errorText, /\nEnd 2 sessions\? \[y\/N\] /);
    assert.doesNotMatch(errorText, /alice/);
  }
});

Deno.test("kill: --orphaned asks even for one, leaves what is connected and others' alone", async () => {
  const { context, run, ended } = account();
  context.terminal.type("y\n");
  assert.equal(await run("kill", "--orphaned"), 0);
  assert.deepEqual(ended, ["me-bbbbbbbbbbbbbbbbbbbbbb5678"]);
  assert.match(
    context.terminal.errorText,
    /may still come back to its session\.\nEnd 1 session\? /,
  );
  const { context: other, run: again } = account(sessions.slice(0, 1));
  assert.equal(await again("kill", "--orphaned"), 0);
  assert.equal(
    other.terminal.errorText,
    "No session of yours is without a client\n",
  );
});

Deno.test("kill: nobody to ask: --yes, or nothing", async () => {
  const pipe = () => new MemoryTerminal({ interactive: false });
  const { context, run, ended } = account(sessions, pipe());
  assert.equal(
    await run("kill", "--orphaned", "--region", "eu-west-1"),
    125,
  );
  assert.match(
    context.terminal.errorText,
    /Cannot end 1 session without asking.*\n {2}SESSION .*\n {2}me-b.*\nhint: ssm sessions kill --orphaned --yes --region eu-west-1\n/,
  );
  assert.deepEqual(ended, []);
  const { run: sure, ended: gone } = account(sessions, pipe());
  assert.equal(await sure("kill", "1234", "5678", "-y"), 0);
  assert.equal(gone.length, 2);
});

Deno.test("kill: what could not be ended is named; the others are", async () => {
  const { context, run, ended } = account();
  const refusal = new AwsCallError({
    action: "ssm:TerminateSession",
    code: "AccessDeniedException",
    kind: "access-denied",
    reason: "not yours",
  });
  context.onTerminate = (id) => {
    if (id.startsWith("alice")) return Promise.reject(refusal);
    ended.push(id);
    return Promise.resolve();
  };
  assert.equal(await run("kill", "9999", "1234", "--yes"), 1);
  assert.deepEqual(ended, ["me-aaaaaaaaaaaaaaaaaaaaaa1234"]);
  assert.match(
    context.terminal.errorText,
    /Cannot end 1 of 2 sessions\n {2}alice-c+9999: Cannot terminate session: not yours\n/,
  );
});

Deno.test("kill: whole ids need no permission to list sessions", async () => {
  const { context, run, ended } = account();
  // deno-lint-ignore require-yield
  context.onSessions = async function* () {
    await Promise.resolve();
    throw new AwsCallError({
      action: "ssm:DescribeSessions",
      code: "AccessDeniedException",
      kind: "access-denied",
      reason: "no",
    });
  };
  assert.equal(await run("kill", "me-0123456789abcdef0"), 0);
  assert.deepEqual(ended, ["me-0123456789abcdef0"]);
  assert.equal(await run("kill", "abcdef0"), 125);
});
