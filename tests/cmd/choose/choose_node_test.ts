import assert from "node:assert/strict";
import { chooseTarget } from "../../../cmd/target/choose_target.ts";
import { Places } from "../../../cmd/target/places.ts";
import { describeError } from "../../../cmd/errors.ts";
import type { InventoryUpdate } from "../../../lib/aws/mod.ts";
import { TestContext } from "../../testkit/context.ts";
import {
  inventoryNodeOf,
  problemOf,
  updateOf,
} from "../../testkit/inventory_nodes.ts";
import { settle } from "../../testkit/manual_clock.ts";

const connection = {
  profile: undefined,
  region: "eu-west-1",
  endpointUrl: undefined,
  transport: "native",
  streamHosts: [],
} as const;

const web = inventoryNodeOf("a", { name: "web" });
const db = inventoryNodeOf("b", { name: "db", tags: { role: "store" } });
const off = inventoryNodeOf("c", {
  name: "old",
  reach: "unreachable",
  reason: "stopped",
});

function world(...updates: readonly InventoryUpdate[]): TestContext {
  const context = new TestContext();
  context.variables.set("TERM", "xterm");
  context.onInventory = async function* () {
    yield* updates;
  };
  return context;
}

async function choose(context: TestContext, more = {}) {
  using places = await Places.open(context, { ...connection, ...more });
  return await chooseTarget(context, places, {
    command: "ssm shell",
    connection: { ...connection, ...more },
  }, context.signal);
}

async function failure(context: TestContext) {
  try {
    assert.fail(`chosen: ${(await choose(context)).id}`);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return describeError(error);
  }
}

Deno.test("choosing a node: a filter and Enter, with all that is known of it", async () => {
  const context = world(updateOf(web, db, off));
  context.terminal.type("tag:role=store\r");
  const { id, name, platform, agentVersion, place } = await choose(context);
  assert.deepEqual([id, name, platform, agentVersion], [
    db.id,
    "db",
    "Linux",
    "3.3.987.0",
  ]);
  assert.equal(place.connection.region, "eu-west-1");
  assert.equal(context.terminal.rawNow, false);
  assert.equal(context.clock.pending, 0);
  assert.equal(context.awsClosed, 1);
});

Deno.test("choosing a node: those used last stand first", async () => {
  const context = world(updateOf(db, web, off));
  context.recents.push({ id: web.id, at: 2 }, { id: off.id, at: 1 });
  await context.terminal.until(() => true).catch(() => {});
  const chosen = choose(context);
  await settle();
  await context.clock.advance(100);
  assert.match(
    context.terminal.errorText,
    /> web .*\n?.*old .*\n?.*db /s,
  );
  context.terminal.type("\r");
  assert.equal((await chosen).id, web.id);
});

Deno.test("choosing a node: credentials come before the screen, as they may ask for a code", async () => {
  const context = world(updateOf(web));
  const signedIn = Promise.withResolvers<void>();
  context.onSignIn = () => signedIn.promise;
  const chosen = choose(context);
  await settle();
  assert.equal(context.terminal.errorText, "");
  signedIn.resolve();
  context.terminal.type("\r");
  assert.equal((await chosen).id, web.id);
  const refused = world();
  refused.onSignIn = () => Promise.reject(new TypeError("no login"));
  await assert.rejects(choose(refused), /no login/);
  assert.equal(refused.terminal.errorText, "");
});

Deno.test("choosing a node: while the lists go on, the calls end with the choice", async () => {
  const context = world();
  let given: AbortSignal | undefined;
  context.onInventory = async function* (_tags, signal) {
    given = signal;
    yield updateOf(web);
    await new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  };
  const chosen = choose(context);
  await settle();
  assert.equal(given?.aborted, false);
  context.terminal.type("\r");
  assert.equal((await chosen).id, web.id);
  assert.equal(given?.aborted, true);
});

Deno.test("choosing a node: of several places, the chosen one's calls go on", async () => {
  const context = world();
  let at = 0;
  context.onInventory = async function* () {
    yield updateOf(at++ === 0 ? web : db);
  };
  context.terminal.type("db\r");
  const { id, place } = await choose(context, {
    profile: "a",
    moreProfiles: ["b"],
  });
  assert.equal(id, db.id);
  assert.equal(place.connection.profile, "b");
  assert.match(context.terminal.errorText, /PLACE/);
});

Deno.test("choosing a node: nothing to choose from ends it, with the reason", async () => {
  assert.deepEqual(await failure(world()), {
    message: "Cannot choose a node: neither Session Manager nor EC2 knows " +
      "one in this account and region",
    details: [],
    hints: [],
    exitCode: 125,
  });
  const denied = await failure(
    world(problemOf("session-manager"), problemOf("ec2")),
  );
  assert.match(denied.message ?? "", /: not authorised$/);
  const left = world(updateOf(web));
  left.terminal.end();
  assert.equal((await failure(left)).message, "No node was chosen");
});

Deno.test("choosing a node: a service that is denied is named below the list", async () => {
  const context = world(problemOf("ec2"), updateOf(web));
  const chosen = choose(context);
  await settle();
  await context.clock.advance(100);
  assert.match(
    context.terminal.errorText,
    /Without names and tags, and what Session Manager does not/,
  );
  context.terminal.type("\r");
  await chosen;
});

Deno.test("choosing a node: a plain list where the terminal is dumb", async () => {
  const context = world();
  context.variables.set("TERM", "dumb");
  context.onList = () =>
    Promise.resolve({
      nodes: [{
        id: web.id,
        name: "web",
        state: "Online",
        address: undefined,
        computerName: undefined,
      }],
      more: false,
    });
  context.terminal.type("1\n");
  assert.equal((await choose(context)).id, web.id);
  assert.ok(!context.terminal.errorText.includes("\x1b"));
});
