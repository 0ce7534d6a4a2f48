import assert from "node:assert/strict";
import { cachePath } from "../../lib/io/cache_path.ts";

Deno.test("cache path: XDG's folder, else the platform's, else none", () => {
  for (
    const [os, variables, path] of [
      ["linux", { HOME: "/home/me" }, "/home/me/.cache/ssm/a"],
      ["darwin", { HOME: "/Users/me" }, "/Users/me/Library/Caches/ssm/a"],
      ["linux", { HOME: "/home/me", XDG_CACHE_HOME: "/x" }, "/x/ssm/a"],
      [
        "linux",
        { HOME: "/home/me", XDG_CACHE_HOME: "x" },
        "/home/me/.cache/ssm/a",
      ],
      ["windows", { LOCALAPPDATA: "C:\\L", HOME: "/h" }, "C:\\L\\ssm\\a"],
      ["windows", {}, undefined],
      ["linux", {}, undefined],
    ] as const
  ) {
    const env = (name: string) =>
      (variables as Record<string, string | undefined>)[name];
    assert.equal(cachePath("a", env, os), path);
  }
});
