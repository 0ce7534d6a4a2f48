import assert from "node:assert/strict";
import fc from "fast-check";
import {
  checkNodes,
  FleetError,
  makeNodes,
  nodeLimit,
  parseNodes,
} from "../../lib/simulator/fleet.ts";
import { defaultOptions } from "../../lib/simulator/options.ts";

Deno.test("a description says everything about a node", () => {
  assert.deepEqual(
    parseNodes([
      "name=web,id=i-0123456789abcdef0,platform=windows,agent=3.1.2.0," +
      "address=10.0.0.5,public=203.0.113.9,computer=web.corp,region=eu-west-1," +
      "tag:role=front,tag:empty=,offline",
    ]),
    [{
      id: "i-0123456789abcdef0",
      tags: { Name: "web", role: "front", empty: "" },
      platform: "Windows",
      agentVersion: "3.1.2.0",
      ping: "ConnectionLost",
      ec2State: "running",
      registered: true,
      address: "10.0.0.5",
      publicAddress: "203.0.113.9",
      region: "eu-west-1",
      computerName: "web.corp",
    }],
  );
});

Deno.test("what a description leaves out is made up, the same for the same seed", () => {
  const texts = ["name=web", "name=web", "name=db,managed"];
  const nodes = parseNodes(texts);
  assert.deepEqual(parseNodes(texts), nodes);
  assert.notDeepEqual(parseNodes(texts, 2), nodes);
  const [one, two, managed] = nodes;
  assert.ok(one && two && managed);
  assert.notEqual(one.id, two.id);
  assert.match(one.id, /^i-[0-9a-f]{17}$/);
  assert.match(managed.id, /^mi-[0-9a-f]{17}$/);
  assert.equal(managed.ec2State, undefined);
  assert.equal(one.ping, "Online");
  assert.equal(one.computerName, "web.internal");
  assert.match(one.address, /^10\.\d+\.\d+\.\d+$/);
});

Deno.test("the words that stand alone set the states", () => {
  const state = (text: string) => {
    const [node] = parseNodes([text]);
    assert.ok(node);
    return [node.ping, node.ec2State, node.registered];
  };
  assert.deepEqual(state("name=a,offline"), [
    "ConnectionLost",
    "running",
    true,
  ]);
  assert.deepEqual(state("name=a,inactive"), ["Inactive", "running", true]);
  assert.deepEqual(state("stopped"), ["ConnectionLost", "stopped", true]);
  assert.deepEqual(state("terminated"), ["ConnectionLost", "terminated", true]);
  assert.deepEqual(state("unregistered"), ["Online", "running", false]);
  assert.deepEqual(state("managed"), ["Online", undefined, true]);
});

Deno.test("a backslash keeps commas and backslashes in a value", () => {
  const [node] = parseNodes(["name=a\\,b\\\\c,tag:x=1=2"]);
  assert.deepEqual(node?.tags, { Name: "a,b\\c", x: "1=2" });
});

Deno.test("any name goes into a description and comes out again", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (name) => {
      const escaped = name.replace(/[\\,]/g, "\\$&");
      const [node] = parseNodes([`name=${escaped}`]);
      assert.equal(node?.tags["Name"], name);
    }),
  );
});

Deno.test("what cannot be read is said, with what would be right", () => {
  const refused: [string, RegExp][] = [
    ["", /empty/],
    ["name=a,,offline", /part between commas is empty/],
    ["colour=red", /unknown 'colour', known are name=…, .*tag:KEY=….*offline/],
    ["asleep", /unknown 'asleep'/],
    ["name", /name has no value, write name=…/],
    ["name=", /name has no value/],
    ["name=a,name=b", /'name' is given twice/],
    ["id=web", /id must be i- or mi- and 17 hex digits/],
    ["id=i-0123456789ABCDEF0", /lower case/],
    ["platform=BeOS", /one of Linux, Windows, MacOS/],
    ["agent=latest", /version as 3\.3\.987\.0/],
    ["address=10.0.0.256", /IPv4/],
    ["address=10.0.0", /IPv4/],
    ["tag:Name=x", /write name=…/],
    ["tag:=x", /unknown 'tag:'/],
    ["stopped,terminated", /exclude each other/],
    ["managed,id=i-0123456789abcdef0", /begins with mi-/],
    ["managed,stopped", /no EC2 instance/],
    ["id=mi-0123456789abcdef0,unregistered", /always registered/],
  ];
  for (const [text, message] of refused) {
    assert.throws(() => parseNodes([text]), (error) => {
      assert.ok(error instanceof FleetError, text);
      assert.match(error.message, message);
      assert.ok(error.message.startsWith(`Cannot read node '${text}': `));
      return true;
    });
  }
});

Deno.test("an id is given once", () => {
  assert.throws(
    () => parseNodes(["id=i-0123456789abcdef0", "id=i-0123456789abcdef0"]),
    /'i-0123456789abcdef0' twice/,
  );
  assert.throws(
    () => checkNodes([...defaultOptions.nodes, ...defaultOptions.nodes]),
    FleetError,
  );
  checkNodes(defaultOptions.nodes);
});

Deno.test("a fleet of thousands has its own ids and names and a bit of everything", () => {
  const nodes = makeNodes(5000);
  checkNodes(nodes);
  assert.equal(nodes.length, 5000);
  assert.equal(new Set(nodes.map((node) => node.tags["Name"])).size, 5000);
  assert.equal(nodes[41]?.tags["Name"], "node-00042");
  assert.deepEqual(makeNodes(5000)[4999], nodes[4999]);
  assert.notEqual(makeNodes(1, 2)[0]?.id, nodes[0]?.id);
  const count = (is: (node: typeof nodes[number]) => boolean) =>
    nodes.filter(is).length;
  assert.equal(count((node) => node.platform === "Windows"), 500);
  assert.equal(count((node) => node.ping !== "Online"), 250);
  assert.equal(count((node) => node.id.startsWith("mi-")), 100);
  assert.deepEqual(makeNodes(0), []);
  assert.deepEqual(
    makeNodes(5, 1, ["eu-west-1", "eu-north-1"]).map((node) => node.region),
    ["eu-west-1", "eu-north-1", "eu-west-1", "eu-north-1", "eu-west-1"],
  );
});

Deno.test("a number of nodes that is none is refused", () => {
  for (const count of [-1, 1.5, NaN, Infinity, nodeLimit + 1]) {
    assert.throws(() => makeNodes(count), /whole one from 0 to 100000/);
  }
});
