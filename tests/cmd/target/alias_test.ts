import assert from "node:assert/strict";
import { aliasReason, expandAlias } from "../../../cmd/target/alias.ts";

const db = {
  target: "name:db-1",
  profile: "prod",
  region: undefined,
  user: undefined,
};

Deno.test("alias: a word of the file, and nothing else", () => {
  const config = { aliases: new Map([["db", db]]) };
  assert.equal(expandAlias("db", config), db);
  for (const text of ["name:db", "id:db", "DB", "db ", "", "__proto__"]) {
    assert.equal(expandAlias(text, config), undefined, text);
  }
  assert.equal(expandAlias("db", undefined), undefined);
});

Deno.test("alias: an id is none, whatever a file says", () => {
  for (const name of ["i-0123456789abcdef0", "mi-0", "I-ABC", "i-"]) {
    assert.equal(aliasReason(name), "it looks like a node's id", name);
  }
  for (const name of ["db", "i-web", "mi", "xi-0"]) {
    assert.equal(aliasReason(name), undefined, name);
  }
});
