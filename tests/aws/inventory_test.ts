import assert from "node:assert/strict";
import type { Ec2Instance } from "../../lib/aws/ec2.ts";
import { AwsCallError } from "../../lib/aws/errors.ts";
import {
  inventory,
  type InventoryCalls,
  type InventoryUpdate,
} from "../../lib/aws/inventory.ts";
import type { NodeInformation } from "../../lib/aws/ssm.ts";

const web = "i-0aaaaaaaaaaaaaaaa";
const db = "i-0bbbbbbbbbbbbbbbb";
const old = "i-0cccccccccccccccc";
const managed = "mi-0ddddddddddddddddd";

type Pages<Item> = AsyncIterable<readonly Item[]>;

/** Pages that a test lets come one by one. */
class Held<Item> implements Pages<Item> {
  #steps: ((result: IteratorResult<readonly Item[]> | Error) => void)[] = [];
  returned = false;

  async give(page: readonly Item[] | Error | "end"): Promise<void> {
    while (this.#steps.length === 0) await Promise.resolve();
    this.#steps.shift()?.(
      page instanceof Error
        ? page
        : page === "end"
        ? { done: true, value: undefined }
        : { done: false, value: page },
    );
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly Item[]> {
    return {
      next: () =>
        new Promise((resolve, reject) =>
          this.#steps.push((result) =>
            result instanceof Error ? reject(result) : resolve(result)
          )
        ),
      return: () => {
        this.returned = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}

function held() {
  const nodes = new Held<NodeInformation>();
  const instances = new Held<Ec2Instance>();
  const calls: InventoryCalls = {
    nodePages: () => nodes,
    instancePages: () => instances,
  };
  const updates = inventory(calls, []);
  const next = async () => {
    const { value } = await updates.next();
    return value ?? undefined;
  };
  return { nodes, instances, updates, next };
}

function nodesOf(update: InventoryUpdate | undefined) {
  assert.equal(update?.kind, "nodes");
  return update.nodes.map(({ id, name, ping, state, reach, reason }) =>
    [id, name, ping ?? "-", state ?? "-", reach, reason ?? "-"].join(" ")
  );
}

const denied = (action: string) =>
  new AwsCallError({ action, code: "X", kind: "access-denied", reason: "no" });

Deno.test("inventory: names come before states, and each node tells all that is known of it", async () => {
  const { nodes, instances, next } = held();
  let update = next();
  await instances.give([
    { id: web, state: "running", name: "web", instanceProfile: "arn:p" },
    { id: db, state: "running", name: "db", instanceProfile: "arn:p" },
    { id: old, state: "stopped", name: "old" },
  ]);
  assert.deepEqual(nodesOf(await update), [
    `${web} web - running unknown -`,
    `${db} db - running unknown -`,
    `${old} old - stopped unreachable stopped`,
  ]);
  update = next();
  await nodes.give([
    { id: web, ping: "Online" },
    { id: managed, ping: "Inactive", name: "shop" },
  ]);
  assert.deepEqual(nodesOf(await update), [
    `${web} web Online running reachable -`,
    `${managed} shop Inactive - unreachable agent silent`,
  ]);
  update = next();
  await nodes.give("end");
  assert.deepEqual(nodesOf(await update), [
    `${db} db - running unreachable never registered`,
    `${old} old - stopped unreachable stopped`,
  ]);
  update = next();
  await instances.give("end");
  assert.deepEqual(nodesOf(await update), []);
  assert.equal(await next(), undefined);
});

Deno.test("inventory: a node that EC2 knows no more", async () => {
  const { nodes, instances, next } = held();
  let update = next();
  await nodes.give([{
    id: old,
    ping: "ConnectionLost",
    lastPing: new Date("2026-01-31T12:59:59Z"),
  }]);
  assert.deepEqual(nodesOf(await update), [
    `${old}  ConnectionLost - unreachable agent silent since 2026-01-31 12:59Z`,
  ]);
  update = next();
  await instances.give("end");
  assert.deepEqual(nodesOf(await update), [
    `${old}  ConnectionLost - unreachable ` +
    "agent silent since 2026-01-31 12:59Z, unknown to EC2",
  ]);
});

Deno.test("inventory: a terminated instance has its name while Session Manager knows it, and is left out else", async () => {
  const { nodes, instances, next } = held();
  let update = next();
  await instances.give([
    { id: old, state: "terminated", name: "old" },
    { id: db, state: "terminated", name: "db" },
  ]);
  assert.deepEqual(nodesOf(await update), []);
  update = next();
  await nodes.give([{ id: old, ping: "ConnectionLost" }]);
  assert.deepEqual(nodesOf(await update), [
    `${old} old ConnectionLost terminated unreachable terminated`,
  ]);
  update = next();
  await nodes.give("end");
  assert.deepEqual(nodesOf(await update), []);
});

Deno.test("inventory: what one service refuses hides nothing of the other", async () => {
  for (const source of ["ec2", "session-manager"] as const) {
    const { nodes, instances, next } = held();
    let update = next();
    const refused = source === "ec2" ? instances : nodes;
    await refused.give(denied(source));
    const problem = await update;
    assert.equal(problem?.kind, "problem");
    assert.equal(problem.source, source);
    update = next();
    if (source === "ec2") {
      await nodes.give([{ id: web, ping: "Online" }]);
      assert.deepEqual(nodesOf(await update), [`${web}  Online - reachable -`]);
    } else {
      await instances.give([{ id: web, state: "running", name: "web" }]);
      // Never heard of is not the same as never asked.
      assert.deepEqual(nodesOf(await update), [
        `${web} web - running unknown -`,
      ]);
    }
    const last = next();
    await (source === "ec2" ? nodes : instances).give("end");
    assert.deepEqual(nodesOf(await last), []);
  }
});

Deno.test("inventory: an error of ours is thrown, and the other list is told to stop", async () => {
  const { nodes, instances, next } = held();
  const update = next();
  await nodes.give(new TypeError("ours"));
  await assert.rejects(update, /ours/);
  // Its page is under way; it is not asked for another one.
  await instances.give([]);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(instances.returned, true);
});

Deno.test("inventory: tags are filters of both services", async () => {
  const asked: unknown[] = [];
  const calls: InventoryCalls = {
    async *nodePages(filters) {
      asked.push(filters);
      yield [];
    },
    async *instancePages(tags) {
      asked.push(tags);
      yield [];
    },
  };
  const tags = [{ key: "role", values: ["web", "db"] }];
  await Array.fromAsync(inventory(calls, tags));
  assert.deepEqual(asked, [
    [{ key: "tag:role", values: ["web", "db"] }],
    tags,
  ]);
});
