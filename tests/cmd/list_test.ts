import assert from "node:assert/strict";
import { runCommandLine } from "../../cmd/mod.ts";
import type { InventoryUpdate } from "../../lib/aws/mod.ts";
import { TestContext } from "../testkit/context.ts";
import {
  inventoryNodeOf,
  problemOf,
  updateOf,
} from "../testkit/inventory_nodes.ts";
import { MemoryTerminal } from "../testkit/memory_terminal.ts";

const web2 = inventoryNodeOf("a", {
  name: "web-2",
  tags: { role: "web", Name: "web-2" },
  address: "10.0.0.2",
  launchTime: new Date("2026-01-02T03:04:05Z"),
});
const web10 = inventoryNodeOf("b", {
  name: "web-10",
  tags: { role: "web", Name: "web-10" },
  address: "10.0.0.10",
  launchTime: new Date("2026-02-02T03:04:05Z"),
});
const odd = inventoryNodeOf("c", {
  name: 'a\x1b[2J,\u202e"b',
  computerName: "語",
});
const off = inventoryNodeOf("d", {
  name: "db",
  ping: "ConnectionLost",
  reach: "unreachable",
  reason: "agent silent since 2026-01-31 12:59Z",
});
const stopped = inventoryNodeOf("e", {
  name: "old",
  state: "stopped",
  reach: "unreachable",
  reason: "stopped",
});

/** Runs `ssm list` where the nodes are these. */
async function list(
  args: readonly string[],
  updates: readonly InventoryUpdate[] = [
    updateOf(web10, off, odd),
    updateOf(web2, stopped),
  ],
  change: (context: TestContext) => void = () => {},
) {
  const context = new TestContext(new MemoryTerminal({ interactive: false }));
  const asked: unknown[] = [];
  context.onInventory = async function* (tags) {
    asked.push(tags);
    yield* updates;
  };
  change(context);
  const code = await runCommandLine(["list", ...args], context);
  const { outputText: out, errorText: err } = context.terminal;
  return { code, out, err, asked, context };
}

Deno.test("list: those that can be reached, in order; the others are counted", async () => {
  const { code, out, err, context } = await list([]);
  assert.equal(code, 0);
  assert.equal(
    out,
    "NAME               ID                   STATE    PING    ADDRESS    PLATFORM  AGENT      COMPUTER\n" +
      'a\\x1b[2J,\\u202e"b  i-ccccccccccccccccc  running  Online  -          Linux     3.3.987.0  語\n' +
      "web-2              i-aaaaaaaaaaaaaaaaa  running  Online  10.0.0.2   Linux     3.3.987.0  -\n" +
      "web-10             i-bbbbbbbbbbbbbbbbb  running  Online  10.0.0.10  Linux     3.3.987.0  -\n",
  );
  assert.equal(
    err,
    "2 more that Session Manager cannot reach (1 agent silent; 1 stopped); --all shows them\n",
  );
  assert.equal(context.awsClosed, 1);
});

Deno.test("list: --all has the reasons", async () => {
  const { code, out, err } = await list(["--all", "--columns", "name,reason"]);
  assert.equal(code, 0);
  assert.match(
    out,
    /\ndb +agent silent since 2026-01-31 12:59Z\nold +stopped\n$/,
  );
  assert.equal(err, "");
  assert.match((await list(["--all"])).out, /^NAME .* PING +REASON +ADDRESS/);
});

Deno.test("list: filters, in all places or where their prefix says", async () => {
  const ids = async (...args: string[]) =>
    (await list([...args, "-o", "ids"])).out.split("\n").slice(0, -1)
      .map((id) => id.at(-1)).join("");
  assert.equal(await ids(), "cab");
  assert.equal(await ids("web"), "ab");
  assert.equal(await ids("web", "!web-10"), "a");
  assert.equal(await ids("tag:role=web", "ip:10.0.0.1"), "b");
  assert.equal(await ids("語"), "c");
  assert.equal(await ids("--all", "db"), "d");
  assert.equal(await ids("--sort", "address", "web"), "ab");
  assert.equal(await ids("--sort=-launched"), "bac");
  assert.equal(await ids("--sort", "-launched", "web"), "ba");
});

Deno.test("list: tags are for AWS to filter by", async () => {
  const { asked } = await list([
    "--tag",
    "role=web",
    "--tag",
    "role=db",
    "--tag",
    "env=a=b",
  ]);
  assert.deepEqual(asked, [[
    { key: "role", values: ["web", "db"] },
    { key: "env", values: ["a=b"] },
  ]]);
});

Deno.test("list: JSON has all that is known, and nothing that drives a terminal", async () => {
  const { out } = await list(["-o", "json"]);
  assert.ok(!out.includes("\x1b") && !out.includes("\u202e"));
  const nodes = JSON.parse(out);
  assert.deepEqual(nodes[0], {
    id: odd.id,
    name: odd.name,
    reach: "reachable",
    region: "eu-west-1",
    tags: {},
    computerName: "語",
    state: "running",
    ping: "Online",
    platform: "Linux",
    agentVersion: "3.3.987.0",
  });
  assert.equal(nodes[1].launchTime, "2026-01-02T03:04:05.000Z");
  assert.deepEqual(JSON.parse((await list(["-o", "json", "zzz"])).out), []);
});

Deno.test("list: CSV quotes what has to be quoted", async () => {
  const args = ["-o", "csv", "--columns", "id,name,tag:role"];
  assert.equal(
    (await list(args)).out,
    "id,name,tag:role\n" +
      `${odd.id},"a\x1b[2J,\u202e""b",\n` +
      `${web2.id},web-2,web\n${web10.id},web-10,web\n`,
  );
  const seen = await list(args, undefined, (context) => {
    context.outputIsTerminal = true;
  });
  assert.ok(seen.out.includes('"a\\x1b[2J,\\u202e""b"'));
});

Deno.test("list: a table fits the terminal, whatever its width", async () => {
  for (const cols of [20, 40, 60, 79]) {
    const { out } = await list(["--all"], undefined, (context) => {
      context.outputIsTerminal = true;
      context.terminal.resize({ cols, rows: 24 });
    });
    const lines = out.split("\n");
    assert.equal(lines.length, 7);
    for (const line of lines) assert.ok(line.length <= cols, line);
    assert.match(out, /i-ddddddddddddddddd/);
  }
});

Deno.test("list: colour is for terminals, unless it is not wanted", async () => {
  const colored = (context: TestContext) => {
    context.outputColor = true;
  };
  const { out } = await list(["--all"], undefined, colored);
  assert.ok(out.startsWith("\x1b[1m"));
  const plain = await list(["--all", "--no-color"], undefined, colored);
  assert.ok(!plain.out.includes("\x1b"));
});

Deno.test("list: nothing there is no failure, and said", async () => {
  assert.deepEqual(
    await list([], []).then(({ code, out, err }) => ({ code, out, err })),
    { code: 0, out: "", err: "No nodes\n" },
  );
  const { code, err } = await list(["db"]);
  assert.equal(code, 0);
  assert.match(err, /^No node that can be reached\n1 more/);
});

Deno.test("list: what EC2 refuses is said once, and is exit code 1", async () => {
  const { code, out, err } = await list([], [
    problemOf("ec2"),
    updateOf(inventoryNodeOf("a", { computerName: "ip-10-0-0-2" })),
  ]);
  assert.equal(code, 1);
  assert.match(out, /^ID .*\ni-a{17} .* ip-10-0-0-2\n$/);
  assert.equal(
    err,
    "Without names and tags, and what Session Manager does not know: " +
      "Cannot look up instances: not authorised\n",
  );
});

Deno.test("list: where nobody may be asked it is an error", async () => {
  const { code, out, err } = await list([], [
    problemOf("ec2"),
    problemOf("session-manager"),
  ]);
  assert.equal(code, 125);
  assert.equal(out, "");
  assert.match(err, /^ssm: Cannot .*: not authorised\n/);
});

Deno.test("list: several places are told apart, and one that fails is named", async () => {
  const { code, out, err } = await list(
    ["--profile", "a,b", "--columns", "id,place"],
    undefined,
    (context) => {
      let at = 0;
      context.onInventory = async function* () {
        if (at++ === 0) yield updateOf(web2);
        else {
          yield problemOf("ec2");
          yield problemOf("session-manager");
        }
      };
    },
  );
  assert.equal(code, 1);
  assert.equal(out, `ID                   PLACE\n${web2.id}  a\n`);
  assert.match(err, /^b: Not listed: Cannot [^\n]*: not authorised\n$/);
});

Deno.test("list: a place that is silent is given up, and hides no other", async () => {
  const context = new TestContext(new MemoryTerminal({ interactive: false }));
  let at = 0;
  context.onInventory = async function* (_tags, signal) {
    if (at++ === 0) return yield updateOf(web2);
    await new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  };
  const ended = runCommandLine(
    ["list", "--profile", "a,b", "--columns", "id"],
    context,
  );
  while (context.clock.pending === 0) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  await context.clock.advance(20_000);
  assert.equal(await ended, 1);
  assert.equal(context.terminal.outputText, `ID\n${web2.id}\n`);
  assert.equal(
    context.terminal.errorText,
    "b: Not listed: No answer came within 20 seconds\n",
  );
  assert.equal(context.clock.pending, 0);
});

Deno.test("list: what makes no sense is refused before anything is asked", async () => {
  for (
    const [args, said] of [
      [["--columns", "nme"], /there is no column nme; did you mean name\?/],
      [["--columns", ""], /the value is empty/],
      [["--sort", "weight"], /there is no column weight/],
      [
        ["--columns", "id", "-o", "ids"],
        /Cannot use --columns with --output ids/,
      ],
      [["--tag", "role"], /a tag is KEY=VALUE/],
      [["--", "uptime"], /ssm list takes none; ssm exec does/],
    ] as const
  ) {
    const { code, err, asked } = await list(args);
    assert.equal(code, 125);
    assert.match(err, said);
    assert.deepEqual(asked, []);
  }
});
