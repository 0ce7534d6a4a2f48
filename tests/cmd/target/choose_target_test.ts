import assert from "node:assert/strict";
import {
  chooseTarget,
  givenTarget,
} from "../../../cmd/target/choose_target.ts";
import { Places } from "../../../cmd/target/places.ts";
import { describeError } from "../../../cmd/errors.ts";
import { AwsCallError } from "../../../lib/aws/errors.ts";
import type { NodeList, TargetCandidate } from "../../../lib/aws/mod.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import { TestContext } from "../../testkit/context.ts";
import { MemoryTerminal } from "../../testkit/memory_terminal.ts";

const connection = {
  profile: undefined,
  region: "eu-west-1",
  endpointUrl: undefined,
  transport: "native",
  streamHosts: [],
} as const;

const use = { command: "ssm forward", rest: "--remote 80", connection };

function node(
  letter: string,
  name?: string,
  more: Partial<TargetCandidate> = {},
): TargetCandidate {
  return {
    id: `i-${letter.repeat(17)}`,
    name,
    state: "Online",
    address: "10.0.0.1",
    computerName: undefined,
    ...more,
  };
}

const three: NodeList = {
  nodes: [
    node("a", "web"),
    node("b", "we\x1b[2Jb", { computerName: "b.internal" }),
    node("c", undefined, { state: "ConnectionLost", address: undefined }),
  ],
  more: false,
};

function world(list: NodeList, interactive = true): TestContext {
  const context = new TestContext(new MemoryTerminal({ interactive }));
  context.onList = () => Promise.resolve(list);
  return context;
}

async function choose(context: TestContext): Promise<string> {
  using places = await Places.open(context, connection);
  return (await chooseTarget(context, places, use, context.signal)).id;
}

async function failure(context: TestContext) {
  try {
    assert.fail(`chosen: ${await choose(context)}`);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return describeError(error);
  }
}

Deno.test("what is typed comes before SSM_TARGET; both must be targets", () => {
  const context = new TestContext();
  assert.equal(givenTarget(undefined, context), undefined);
  context.variables.set("SSM_TARGET", "name:db");
  assert.equal(givenTarget(undefined, context), "name:db");
  assert.equal(givenTarget("web", context), "web");
  assert.throws(() => givenTarget("", context), /an empty target/);
  context.variables.set("SSM_TARGET", "a\x1b[2J");
  assert.throws(
    () => givenTarget(undefined, context),
    /^UsageError: Cannot use SSM_TARGET=\$'a\\x1b\[2J': it has control/,
  );
});

Deno.test("in a terminal a list is shown and a number read", async () => {
  const context = world(three);
  context.terminal.type("2\n");
  assert.equal(await choose(context), "i-bbbbbbbbbbbbbbbbb");
  assert.equal(
    context.terminal.errorText,
    "  1  web         i-aaaaaaaaaaaaaaaaa  Online          10.0.0.1  -\n" +
      "  2  we\\x1b[2Jb  i-bbbbbbbbbbbbbbbbb  Online          10.0.0.1  b.internal\n" +
      "  3  -           i-ccccccccccccccccc  ConnectionLost  -         -\n" +
      "Node (1-3, or q to quit): ",
  );
  assert.equal(context.terminal.outputText, "");
});

Deno.test("a row is one line of the terminal, unless that is narrow", async () => {
  const computerName = `${"x".repeat(40)}.internal`;
  const list = { nodes: [node("a", "web", { computerName })], more: false };
  for (const cols of [80, 20]) {
    const context = world(list);
    context.terminal.resize({ cols, rows: 24 });
    context.terminal.type("1\n");
    await choose(context);
    const [row = ""] = context.terminal.errorText.split("\n");
    if (cols === 80) assert.equal(row.length, 80);
    assert.equal(row.endsWith(cols === 80 ? "xxx…" : ".internal"), true, row);
  }
});

Deno.test("an id or a name does too; anything else is asked again", async () => {
  for (const answer of ["web", " i-aaaaaaaaaaaaaaaaa "]) {
    const context = world(three);
    context.terminal.type(`${answer}\n`);
    assert.equal(await choose(context), "i-aaaaaaaaaaaaaaaaa");
  }
  const context = world({
    ...three,
    nodes: [...three.nodes, node("d", "web")],
  });
  for (const answer of ["0", "5", "web", "\x1b[A", "1"]) {
    context.terminal.type(`${answer}\n`);
  }
  assert.equal(await choose(context), "i-aaaaaaaaaaaaaaaaa");
  const { errorText } = context.terminal;
  for (const said of ["no 0 in", "no 5 in", "no web in", "no \\x1b[A in"]) {
    assert.ok(errorText.includes(`There is ${said} the list\n`), said);
  }
  assert.equal(errorText.match(/Node \(1-4, or q to quit\): /g)?.length, 5);
});

Deno.test("Enter takes the only one", async () => {
  const context = world({ nodes: [node("a", "web")], more: false });
  context.terminal.type("\n");
  assert.equal(await choose(context), "i-aaaaaaaaaaaaaaaaa");
  assert.match(
    context.terminal.errorText,
    /\nNode \(Enter for this one, or q to quit\): $/,
  );
});

Deno.test("q, Enter alone and the end of the input choose nothing", async () => {
  for (const typed of ["q\n", "\n", undefined]) {
    const context = world({ ...three, more: true });
    if (typed === undefined) context.terminal.end();
    else context.terminal.type(typed);
    assert.deepEqual(await failure(context), {
      message: "No node was chosen",
      details: [],
      hints: [],
      exitCode: 125,
    });
    assert.match(context.terminal.errorText, /\n {2}… and more\nNode/);
    if (typed === undefined) assert.match(context.terminal.errorText, /: \n$/);
  }
});

Deno.test("a signal ends the question", async () => {
  const context = world(three);
  const asked = failure(context);
  await context.terminal.until(({ errorText }) => errorText.includes("Node ("));
  context.abort(new SignalError("SIGINT"));
  assert.equal((await asked).exitCode, 130);
});

Deno.test("without a terminal the nodes are part of the error", async () => {
  const context = world(three, false);
  assert.deepEqual(await failure(context), {
    message: "Cannot choose a node: no target is given",
    details: [
      "web         i-aaaaaaaaaaaaaaaaa  Online          10.0.0.1  -",
      "we\\x1b[2Jb  i-bbbbbbbbbbbbbbbbb  Online          10.0.0.1  b.internal",
      "-           i-ccccccccccccccccc  ConnectionLost  -         -",
    ],
    hints: ["ssm forward web --remote 80 --region eu-west-1"],
    exitCode: 125,
  });
  assert.equal(context.terminal.errorText, "");
});

Deno.test("what is pasted means the node that is shown", async () => {
  for (
    const [list, hint] of [
      [{ nodes: [node("a", "8080")], more: false }, "name:8080"],
      [{ nodes: [node("a", "a b")], more: false }, "'a b'"],
      [
        { nodes: [node("a", "x"), node("b", "x")], more: false },
        "i-aaaaaaaaaaaaaaaaa",
      ],
      [{ nodes: [node("a", "x")], more: true }, "i-aaaaaaaaaaaaaaaaa"],
      [{ nodes: [node("a")], more: false }, "i-aaaaaaaaaaaaaaaaa"],
    ] as const
  ) {
    const { hints } = await failure(world(list, false));
    assert.deepEqual(hints, [
      `ssm forward ${hint} --remote 80 --region eu-west-1`,
    ]);
  }
});

Deno.test("a long list is cut off in an error", async () => {
  const nodes = Array.from({ length: 21 }, () => node("a"));
  const { details } = await failure(world({ nodes, more: false }, false));
  assert.equal(details.length, 21);
  assert.equal(details[20], "… and more");
});

Deno.test("no nodes, and no list, say so with what helps", async () => {
  const none = await failure(world({ nodes: [], more: false }));
  assert.match(none.message ?? "", /Session Manager knows none/);
  assert.deepEqual(none.hints, [
    "ssm list --all --region eu-west-1",
  ]);

  const context = new TestContext();
  context.onList = () =>
    Promise.reject(
      new AwsCallError({
        action: "credentials",
        code: "C",
        kind: "expired-credentials",
        reason: "the login has expired",
        hints: ["aws sso login"],
      }),
    );
  assert.deepEqual(await failure(context), {
    message: "Cannot choose a node: no target is given",
    details: [
      "the nodes cannot be listed: Cannot load credentials: the login has expired",
    ],
    hints: [
      "ssm forward web-server --remote 80 --region eu-west-1",
      "aws sso login",
    ],
    exitCode: 125,
  });
});
