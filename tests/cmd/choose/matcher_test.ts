import assert from "node:assert/strict";
import { matching, prepared } from "../../../cmd/choose/matcher.ts";

const items = [
  { name: "prod-web-server-1", id: "i-0bad0000000000001", address: "10.0.3.1" },
  { name: "prod-db", id: "i-0000000000000beef", address: "10.0.30.2" },
  {
    name: "staging-web-server-42",
    id: "i-0a0b0c0d000000002",
    address: "10.1.0.1",
  },
  { name: "サーバー", id: "i-00000000000000003", address: "10.2.0.1" },
].map((item) =>
  prepared(item.name, {
    id: item.id,
    name: item.name,
    host: "",
    addresses: [item.address],
    tags: { role: item.name.includes("web") ? "frontend" : "store" },
    others: [],
  })
);

const found = (query: string) => matching(items, query).map(({ item }) => item);

Deno.test("matching: without words everything stays in its order", () => {
  assert.deepEqual(found(""), items.map(({ item }) => item));
  assert.deepEqual(found("!"), items.map(({ item }) => item));
});

Deno.test("matching: letters of a name in their order", () => {
  assert.deepEqual(found("prodweb"), ["prod-web-server-1"]);
  assert.deepEqual(found("sws42"), ["staging-web-server-42"]);
  assert.deepEqual(found("サバ"), ["サーバー"]);
  assert.deepEqual(found("zzz"), []);
});

Deno.test("matching: ids and addresses letter by letter only", () => {
  assert.deepEqual(found("beef"), ["prod-db"]);
  assert.deepEqual(found("i-0bad"), ["prod-web-server-1"]);
  // Fuzzily, the digits of every other id would fit.
  assert.deepEqual(found("0abc"), []);
  assert.deepEqual(found("10.0.3"), ["prod-web-server-1", "prod-db"]);
});

Deno.test("matching: tags, several words, and what is not wanted", () => {
  assert.deepEqual(found("frontend").toSorted(), [
    "prod-web-server-1",
    "staging-web-server-42",
  ]);
  assert.deepEqual(found("web prod"), ["prod-web-server-1"]);
  assert.deepEqual(found("web !prod"), ["staging-web-server-42"]);
  assert.deepEqual(found("tag:role=store !db"), ["サーバー"]);
});

Deno.test("matching: the better one comes first", () => {
  const [first] = found("prod db");
  assert.equal(first, "prod-db");
  assert.equal(found("server-42")[0], "staging-web-server-42");
});
