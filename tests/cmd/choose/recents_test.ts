import assert from "node:assert/strict";
import { cacheFolder } from "../../../cmd/cache_folder.ts";
import { parseRecents, recentNodesIn } from "../../../cmd/choose/recents.ts";

const id = (digit: number) => `i-0000000000000000${digit}`;

Deno.test("recents: the last one first, each once, in a private file", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ssm-recents-" });
  try {
    const path = `${folder}/deep/recent.json`;
    const recents = recentNodesIn(path);
    assert.deepEqual(await recents.list(), []);
    await recents.add(id(1), 1);
    await recents.add(id(2), 2);
    await recents.add(id(1), 3);
    assert.deepEqual(await recents.list(), [
      { id: id(1), at: 3 },
      { id: id(2), at: 2 },
    ]);
    for (let at = 0; at < 60; at++) {
      await recents.add(`i-${String(at).padStart(17, "0")}`, 10 + at);
    }
    assert.equal((await recents.list()).length, 50);
    if (Deno.build.os !== "windows") {
      assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
      assert.equal(
        ((await Deno.stat(`${folder}/deep`)).mode ?? 0) & 0o777,
        0o700,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("recents: what makes no sense counts as nothing, and nothing else gets in", async () => {
  for (const text of ["", "[]", "null", '{"nodes":{}}', '{"nodes":[1,{}]}']) {
    assert.deepEqual(parseRecents(text), [], text);
  }
  assert.deepEqual(
    parseRecents(
      `{"nodes":[{"id":"x\\u001b","at":1},{"id":"${id(1)}","at":1}]}`,
    ),
    [{ id: id(1), at: 1 }],
  );
  await recentNodesIn(undefined).add(id(1), 1);
  await recentNodesIn("/dev/null/recent.json").add(id(1), 1);
  assert.deepEqual(await recentNodesIn("/dev/null/recent.json").list(), []);
});

Deno.test("recents: the platform's place", () => {
  const from = (variables: Record<string, string>) => (name: string) =>
    variables[name];
  assert.equal(cacheFolder(from({ HOME: "/h" }), "linux"), "/h/.cache/ssm");
  assert.equal(
    cacheFolder(from({ HOME: "/h", XDG_CACHE_HOME: "/c" }), "linux"),
    "/c/ssm",
  );
  assert.equal(
    cacheFolder(from({ HOME: "/h" }), "darwin"),
    "/h/Library/Caches/ssm",
  );
  assert.equal(
    cacheFolder(from({ LOCALAPPDATA: "C:\\L" }), "windows"),
    "C:\\L\\ssm",
  );
  assert.equal(cacheFolder(from({}), "linux"), undefined);
});
