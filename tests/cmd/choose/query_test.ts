import assert from "node:assert/strict";
import {
  hasWord,
  parseQuery,
  type Searched,
} from "../../../cmd/choose/query.ts";

const web: Searched = {
  id: "i-0abc",
  name: "web-server 1",
  host: "web1.local",
  addresses: ["10.0.3.17", "54.1.2.3"],
  tags: { Role: "Web", "aws:autoscaling:groupName": "blue", Name: "Web 1" },
  others: ["ip-10-0-3-17.internal", "linux", "eu-west-1"],
};

const fits = (query: string) =>
  parseQuery(query).every((word) => hasWord(word, web) !== word.negated);

Deno.test("query: what each prefix asks for", () => {
  const yes = [
    "",
    "web",
    "SERVER",
    "eu-west",
    "role=web",
    "tag:role=web",
    "tag:role=w",
    "tag:role:web",
    "tag:role",
    "tag:aws:autoscaling:groupname=blue",
    "ip:10.0",
    "ip:54.1.2.3",
    "id:i-0a",
    "name:server",
    "!staging",
    "!tag:role=db",
    '"server 1"',
    'name:"web-server 1"',
    "web !db linux",
  ];
  for (const query of yes) assert.ok(fits(query), query);
  const no = [
    "db",
    "tag:role=db",
    "tag:rol=web",
    "ip:0.3",
    "id:0abc",
    "name:linux",
    "!web",
    "!ip:10.",
    "web db",
    '"server 2"',
  ];
  for (const query of no) assert.ok(!fits(query), query);
});

Deno.test("query: what is not finished asks for nothing", () => {
  for (const query of ["!", "tag:", "ip:", "!name:", '"', "  "]) {
    assert.deepEqual(parseQuery(query), [], query);
  }
});
