import assert from "node:assert/strict";
import { configPath, stateFolder } from "../../../cmd/config/place.ts";

const from = (variables: Record<string, string>) => (name: string) =>
  variables[name];

Deno.test("place: SSM_CONFIG, then XDG, then the home folder's .config on Linux and macOS", () => {
  const all = { SSM_CONFIG: "/a", XDG_CONFIG_HOME: "/x", HOME: "/users/u" };
  for (const os of ["linux", "darwin"] as const) {
    assert.equal(configPath(from(all), os), "/a");
    const { SSM_CONFIG: _, ...xdg } = all;
    assert.equal(configPath(from(xdg), os), "/x/ssm/config.jsonc");
    assert.equal(
      configPath(from({ HOME: "/users/u" }), os),
      "/users/u/.config/ssm/config.jsonc",
    );
    assert.equal(
      stateFolder(from({ HOME: "/users/u" }), os),
      "/users/u/.local/state/ssm",
    );
  }
});

Deno.test("place: on Windows it is APPDATA and LOCALAPPDATA", () => {
  const env = from({
    APPDATA: "C:\\Users\\u\\AppData\\Roaming",
    LOCALAPPDATA: "C:\\Users\\u\\AppData\\Local",
    USERPROFILE: "C:\\Users\\u",
  });
  assert.equal(
    configPath(env, "windows"),
    "C:\\Users\\u\\AppData\\Roaming/ssm/config.jsonc",
  );
  assert.equal(
    stateFolder(env, "windows"),
    "C:\\Users\\u\\AppData\\Local/ssm",
  );
});

Deno.test("place: a relative XDG folder is ignored, and without any variable there is none", () => {
  assert.equal(
    configPath(from({ XDG_CONFIG_HOME: "x", HOME: "/h" }), "linux"),
    "/h/.config/ssm/config.jsonc",
  );
  assert.equal(configPath(from({}), "linux"), undefined);
  assert.equal(stateFolder(from({}), "windows"), undefined);
});
