import assert from "node:assert/strict";
import type { Connection } from "../../../cmd/context.ts";
import { type Place, Places } from "../../../cmd/target/places.ts";
import { AwsCallError } from "../../../lib/aws/errors.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import { TestContext } from "../../testkit/context.ts";

const one: Connection = {
  profile: "prod",
  region: "eu-west-1",
  endpointUrl: undefined,
  transport: "native",
  streamHosts: [],
};

const denied = new AwsCallError({
  action: "ec2:DescribeRegions",
  code: "AccessDenied",
  kind: "access-denied",
  reason: "no",
});

async function world(
  connection: Connection,
  context: TestContext = new TestContext(),
) {
  const said: string[] = [];
  const places = await Places.open(context, connection, {
    say: (line) => said.push(line),
    detail: (line) => said.push(`-v ${line}`),
  });
  const { signal } = context;
  const whereabouts = async () =>
    (await places.all(signal)).map(({ label, connection }) => [
      label,
      connection.profile,
      connection.region,
    ]);
  return { context, places, said, signal, whereabouts };
}

Deno.test("one profile and region are one place, which is asked nothing", async () => {
  const { context, places, signal } = await world(one);
  context.onRegions = () => assert.fail("asked");
  assert.equal(places.several, false);
  assert.deepEqual(await places.all(signal), [places.first]);
  assert.deepEqual(places.first.connection, one);
  assert.equal(places.first.label, "");
  places[Symbol.dispose]();
  assert.equal(context.awsClosed, 1);
});

Deno.test("all regions are places of the same identity, the own one first", async () => {
  const context = new TestContext();
  let asked = 0;
  context.onRegions = () => {
    asked++;
    return Promise.resolve({
      own: "eu-west-1",
      regions: ["eu-west-1", "us-east-1"],
    });
  };
  const { places, signal, whereabouts } = await world(
    { ...one, allRegions: true },
    context,
  );
  assert.deepEqual(await whereabouts(), [
    ["eu-west-1", "prod", "eu-west-1"],
    ["us-east-1", "prod", "us-east-1"],
  ]);
  await places.all(signal);
  assert.equal(asked, 1);
  for (const { connection } of await places.all(signal)) {
    assert.equal(connection.allRegions, undefined);
  }
  assert.equal(context.connections.length, 1, "credentials are loaded once");
});

Deno.test("a region that nobody has chosen is one of those that are searched", async () => {
  const { whereabouts } = await world({
    ...one,
    region: undefined,
    allRegions: true,
  });
  assert.deepEqual(await whereabouts(), [
    ["us-east-1", "prod", "us-east-1"],
    ["eu-west-1", "prod", "eu-west-1"],
  ]);
});

Deno.test("several profiles are places in regions of their own; all are closed", async () => {
  const { context, places, whereabouts } = await world({
    ...one,
    profile: undefined,
    region: undefined,
    moreProfiles: ["dev"],
  });
  assert.deepEqual(await whereabouts(), [
    ["default", undefined, undefined],
    ["dev", "dev", undefined],
  ]);
  places[Symbol.dispose]();
  places[Symbol.dispose]();
  assert.equal(context.awsClosed, 2);
});

Deno.test("a place that is known to be meant is the same one, and nothing is asked for it", async () => {
  const context = new TestContext();
  const all = { ...one, allRegions: true, moreProfiles: ["dev"] };
  const { places, signal } = await world(all, context);
  context.onRegions = () => assert.fail("asked");
  const own = await places.at("prod", "eu-west-1");
  assert.equal(own?.aws, places.first.aws);
  assert.equal(own?.label, "prod/eu-west-1");
  const far = await places.at("dev", "us-east-1");
  assert.deepEqual(
    [far?.connection.profile, far?.connection.region, far?.label],
    ["dev", "us-east-1", "dev/us-east-1"],
  );
  assert.equal(await places.at("other", "us-east-1"), undefined);
  context.onRegions = () =>
    Promise.resolve({ own: "eu-west-1", regions: ["eu-west-1"] });
  await places.all(signal);
  assert.equal(context.connections.length, 2, "each profile is opened once");
  places[Symbol.dispose]();
  assert.equal(context.awsClosed, 2);
});

Deno.test("profiles in all regions: one that is of no use is named and left out", async () => {
  const context = new TestContext();
  context.onRegions = ({ profile }) =>
    profile === "dev"
      ? Promise.reject(denied)
      : Promise.resolve({ own: "eu-west-1", regions: ["eu-west-1"] });
  const all = { ...one, allRegions: true, moreProfiles: ["dev"] };
  const { said, whereabouts } = await world(all, context);
  assert.deepEqual(await whereabouts(), [
    ["prod/eu-west-1", "prod", "eu-west-1"],
  ]);
  assert.deepEqual(said, [
    "Not searched: profile dev: Cannot list regions: no",
  ]);

  context.onRegions = () => Promise.reject(denied);
  const none = await world(all, context);
  await assert.rejects(none.whereabouts(), /Cannot list regions/);
  assert.deepEqual(none.said, []);
});

Deno.test("where EC2 does not tell the regions, -v says so", async () => {
  const context = new TestContext();
  context.onRegions = () =>
    Promise.resolve({
      own: "eu-west-1",
      regions: ["eu-west-1"],
      refusal: denied,
    });
  const { said, whereabouts } = await world(
    { ...one, allRegions: true },
    context,
  );
  await whereabouts();
  assert.deepEqual(said, [
    "-v EC2 does not tell the regions: no; searching those that every account has",
  ]);
});

function manyRegions(count: number): TestContext {
  const context = new TestContext();
  const regions = Array.from({ length: count }, (_, at) => `r-${at}`);
  context.onRegions = () => Promise.resolve({ own: "r-0", regions });
  return context;
}

const everywhere = { ...one, region: "r-0", allRegions: true };

Deno.test("ten places are asked at a time, and finds stand in the places' order", async () => {
  const { places, signal } = await world(everywhere, manyRegions(25));
  let running = 0;
  let most = 0;
  const { found, missed } = await places.search(async ({ label }) => {
    most = Math.max(most, ++running);
    const at = Number(label.slice(2));
    for (let wait = at; wait < 25; wait++) await Promise.resolve();
    running--;
    return at % 10 === 3 ? at : undefined;
  }, signal);
  assert.deepEqual(found.map(({ value }) => value), [3, 13, 23]);
  assert.deepEqual(missed, []);
  assert.equal(most, 10);
});

Deno.test("a place without an answer hides no find, and is named", async () => {
  const { places, signal, said } = await world(everywhere, manyRegions(3));
  const look = ({ label }: Place) =>
    label === "r-1" ? Promise.reject(denied) : Promise.resolve(label);
  const search = await places.search(look, signal);
  assert.deepEqual(said, []);
  places.settle(search);
  const { found, missed } = search;
  assert.deepEqual(found.map(({ value }) => value), ["r-0", "r-2"]);
  assert.deepEqual(missed.map(({ place }) => place.label), ["r-1"]);
  assert.deepEqual(said, ["Not searched: r-1: Cannot list regions: no"]);
});

Deno.test("no answer from any place is the first one's error", async () => {
  const { places, signal, said } = await world(everywhere, manyRegions(3));
  const search = await places.search(() => Promise.reject(denied), signal);
  assert.throws(() => places.settle(search), denied);
  assert.deepEqual(said, []);
});

Deno.test("a find that is enough ends the search, silently", async () => {
  const { places, signal, said } = await world(everywhere, manyRegions(30));
  const asked: string[] = [];
  const { found } = await places.search(
    ({ label }, signal) => {
      asked.push(label);
      if (label === "r-4") return Promise.resolve(label);
      const { promise, reject } = Promise.withResolvers<string>();
      signal.addEventListener("abort", () => reject(signal.reason));
      return promise;
    },
    signal,
    () => true,
  );
  assert.deepEqual(found.map(({ value }) => value), ["r-4"]);
  assert.equal(asked.length, 10);
  assert.deepEqual(said, []);
});

Deno.test("a place that is silent for 20 seconds is not waited for", async () => {
  const { context, places, signal, said } = await world(
    everywhere,
    manyRegions(2),
  );
  const searching = places.search(({ label }, signal) => {
    if (label === "r-0") return Promise.resolve(label);
    const { promise, reject } = Promise.withResolvers<string>();
    signal.addEventListener("abort", () => reject(signal.reason));
    return promise;
  }, signal);
  await places.all(signal);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  await context.clock.advance(20_000);
  const search = await searching;
  places.settle(search);
  assert.deepEqual(search.found.map(({ value }) => value), ["r-0"]);
  assert.deepEqual(said, ["Not searched: r-1: no answer in time"]);
});

Deno.test("a signal ends the search with its reason", async () => {
  const { context, places, signal, said } = await world(
    everywhere,
    manyRegions(2),
  );
  const searching = places.search((_place, signal) => {
    const { promise, reject } = Promise.withResolvers<string>();
    signal.addEventListener("abort", () => reject(signal.reason));
    return promise;
  }, signal);
  searching.catch(() => {});
  await places.all(signal);
  context.abort(new SignalError("SIGINT"));
  await assert.rejects(searching, SignalError);
  assert.deepEqual(said, []);
});
