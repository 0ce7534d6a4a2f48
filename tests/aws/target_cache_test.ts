import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type CacheScope,
  completedFor,
  guessedFor,
  regionsFor,
  TargetCache,
} from "../../lib/aws/target_cache.ts";

const scope: CacheScope = {
  profile: "prod",
  region: "eu-west-1",
  endpoint: "",
  account: "0123456789abcdef",
};
const now = 1_800_000_000_000;
const A = { id: "i-0aaaaaaaaaaaaaaaa", name: "web", platform: "Linux" };
const B = { id: "i-0bbbbbbbbbbbbbbbb", name: "db", region: "eu-west-1" };

function empty(): TargetCache {
  return TargetCache.parse(undefined);
}

function again(cache: TargetCache): TargetCache {
  return TargetCache.parse(cache.toText());
}

Deno.test("what was found is known for an hour, in its scope", () => {
  const cache = empty();
  cache.remember(scope, [["name:web", A], ["name:db", B]], now);
  const read = again(cache);
  assert.deepEqual(read.find(scope, "name:web", now), A);
  assert.deepEqual(read.find(scope, "name:db", now + guessedFor), B);
  assert.equal(read.find(scope, "name:web", now + guessedFor + 1), undefined);
  assert.equal(read.find(scope, "name:web", now - guessedFor - 1), undefined);
  assert.equal(read.find(scope, "name:nope", now), undefined);
  for (const key of ["profile", "region", "endpoint", "account"] as const) {
    const other = { ...scope, [key]: "other" };
    assert.equal(read.find(other, "name:web", now), undefined, key);
  }
});

Deno.test("a lookup that tells less leaves what is known of the same node", () => {
  const cache = empty();
  cache.remember(scope, [["word:web", A]], now);
  cache.remember(scope, [["word:web", { id: A.id }]], now + 1);
  assert.deepEqual(cache.find(scope, "word:web", now), A);
  cache.remember(scope, [["word:web", { id: B.id }]], now + 2);
  assert.deepEqual(cache.find(scope, "word:web", now), { id: B.id });
});

Deno.test("what is forgotten is not known, and leaves the others", () => {
  const cache = empty();
  cache.remember(scope, [["name:web", A], ["name:db", B]], now);
  cache.forget(scope, "name:web");
  cache.forget({ ...scope, region: "other" }, "name:db");
  assert.equal(cache.find(scope, "name:web", now), undefined);
  assert.deepEqual(cache.find(scope, "name:db", now), B);
});

Deno.test("names are those of the last week, used last first, of the scopes that fit", () => {
  const cache = empty();
  const other = { ...scope, region: "us-east-1" };
  cache.remember(scope, [["name:web", A], ["name:db", B]], now);
  cache.remember(other, [["name:far", { ...A, name: "far" }]], now + 1);
  cache.remember(scope, [["word:web", A]], now + 2);
  assert.deepEqual(cache.names({}, now), ["web", "db", "far"]);
  assert.deepEqual(cache.names({ region: "us-east-1" }, now), ["far"]);
  assert.deepEqual(cache.names({ profile: "dev" }, now), []);
  assert.deepEqual(cache.names({}, now + completedFor + 1), ["web", "far"]);
});

Deno.test("the oldest ones go when there are too many", () => {
  const cache = empty();
  for (let at = 0; at < 40; at++) {
    const far = { ...scope, region: `region-${at}` };
    cache.remember(
      far,
      Array.from({ length: 300 }, (_, n) => [`name:${n}`, A] as const),
      now + at,
    );
  }
  const { scopes } = JSON.parse(cache.toText()) as {
    scopes: { region: string; targets: Record<string, unknown> }[];
  };
  assert.equal(scopes.length, 32);
  assert.equal(scopes.at(-1)?.region, "region-39");
  const counts = scopes.map(({ targets }) => Object.keys(targets).length);
  assert.ok(counts.reduce((sum, each) => sum + each, 0) <= 10_000);
  cache.remember(scope, [["name:web", A]], now + 2 * completedFor);
  assert.equal(JSON.parse(cache.toText()).scopes.length, 1);
});

Deno.test("whatever the file holds, it is read as what can be of ours", () => {
  const written = empty();
  written.remember(scope, [["name:web", A]], now);
  const text = written.toText();
  fc.assert(fc.property(
    fc.oneof(
      fc.string(),
      fc.json(),
      fc.tuple(fc.nat(text.length), fc.string({ maxLength: 3 })).map((
        [at, piece],
      ) => text.slice(0, at) + piece + text.slice(at + 1)),
      fc.record({
        version: fc.constant(1),
        scopes: fc.array(fc.oneof(
          fc.jsonValue(),
          fc.record({
            profile: fc.string(),
            region: fc.string(),
            endpoint: fc.string(),
            account: fc.string(),
            targets: fc.dictionary(fc.string(), fc.jsonValue()),
          }),
        )),
      }).map((value) => JSON.stringify(value)),
    ),
    (text) => {
      const cache = TargetCache.parse(text);
      const node = cache.find(scope, "name:web", now);
      if (node !== undefined) assert.equal(typeof node.id, "string");
      for (const name of cache.names({}, now)) {
        assert.equal(typeof name, "string");
      }
      assert.equal(again(cache).toText(), cache.toText());
    },
  ));
  assert.deepEqual(
    TargetCache.parse(text.replace(`"version":1`, `"version":2`))
      .names({}, now),
    [],
  );
});

Deno.test("a target may be called anything", () => {
  const cache = empty();
  for (const target of ["__proto__", "constructor", "1", ""]) {
    cache.remember(scope, [[target, A]], now);
    assert.deepEqual(again(cache).find(scope, target, now), A, target);
  }
});

Deno.test("an account's regions are known for a day, without a target", () => {
  const cache = empty();
  const all = { ...scope, region: "*" };
  cache.rememberRegions(all, ["eu-west-1", "us-gov-east-1"], now);
  const read = again(cache);
  assert.deepEqual(read.regions(all, now + regionsFor), [
    "eu-west-1",
    "us-gov-east-1",
  ]);
  assert.equal(read.regions(all, now + regionsFor + 1), undefined);
  assert.equal(read.regions(scope, now), undefined);
  read.remember(scope, [["name:web", A]], now + regionsFor + 1);
  assert.equal(JSON.parse(read.toText()).scopes.length, 1);
  const text = cache.toText().replace("eu-west-1", "evil.example/");
  assert.equal(TargetCache.parse(text).regions(all, now), undefined);
});
