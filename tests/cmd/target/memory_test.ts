import assert from "node:assert/strict";
import { cachedNames, openTargetMemory } from "../../../cmd/target/memory.ts";

const env = (variables: Record<string, string>) => (name: string) =>
  variables[name];

Deno.test("two that remember at the same time both do, and names are completed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const variables = env({ XDG_CACHE_HOME: folder, LOCALAPPDATA: folder });
    const scope = { profile: "", region: "r", endpoint: "", account: "a" };
    const one = openTargetMemory(variables);
    const two = openTargetMemory(variables);
    one.remember(scope, [["name:web", { id: "i-1", name: "web" }]]);
    two.remember(scope, [["name:db", { id: "i-2", name: "db" }]]);
    assert.deepEqual(one.find(scope, "name:db"), { id: "i-2", name: "db" });
    assert.deepEqual(two.find(scope, "name:web"), { id: "i-1", name: "web" });
    assert.deepEqual(cachedNames({ region: "r" }, variables), ["db", "web"]);
    one.remember(scope, [["name:db", undefined]]);
    assert.equal(two.find(scope, "name:db"), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("without a home nothing is kept, and nothing fails", () => {
  const memory = openTargetMemory(() => undefined);
  const scope = { profile: "", region: "", endpoint: "", account: "" };
  memory.remember(scope, [["name:web", { id: "i-1" }]]);
  assert.equal(memory.find(scope, "name:web"), undefined);
  const nowhere = openTargetMemory(env({ XDG_CACHE_HOME: "/dev/null/x" }));
  nowhere.remember(scope, [["name:web", { id: "i-1" }]]);
  assert.deepEqual(nowhere.names({}), []);
});
