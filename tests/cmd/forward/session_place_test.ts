import assert from "node:assert/strict";
import { SessionPlace } from "../../../cmd/forward/session_place.ts";
import type { FoundTarget } from "../../../cmd/target/find_target.ts";
import { Places } from "../../../cmd/target/places.ts";
import { ControlError } from "../../../lib/session/control.ts";
import { TestContext } from "../../testkit/context.ts";

const connection = {
  profile: undefined,
  region: undefined,
  endpointUrl: undefined,
  transport: "native",
  streamHosts: [],
} as const;
const A = "a".repeat(32);
const B = "b".repeat(32);
const gone = new ControlError("it is not connected", "gone");

async function setUp(typed: string) {
  const context = new TestContext();
  const find = context.onContainer;
  const spec = (task: string | undefined) => ({
    cluster: "prod",
    service: "web",
    task,
    container: "app",
  });
  const first = await find(spec(A), context.signal);
  const asked: unknown[] = [];
  context.onContainer = (wanted, signal) => {
    asked.push(wanted);
    return find(spec(B), signal);
  };
  const places = await Places.open(context, connection);
  const moved: string[] = [];
  const place = new SessionPlace(
    { id: first.id, name: undefined, container: first, place: places.first },
    typed,
    (next) => moved.push(next.id),
  );
  const tried: string[] = [];
  /** Fails in the first task. */
  const start = (failure: Error) => (node: FoundTarget) => {
    tried.push(node.id);
    return node.id === first.id
      ? Promise.reject(failure)
      : Promise.resolve(node.id);
  };
  return { context, place, moved, tried, asked, start, first };
}

const second = `ecs:prod_${B}_${B}-1`;

Deno.test("a task that is gone is followed by the one in its place, for good", async () => {
  const { context, place, moved, tried, asked, start, first } = await setUp(
    "ecs:prod/web",
  );
  assert.equal(place.sessions, 1);
  assert.equal(await place.start(start(gone), context.signal), second);
  assert.equal(await place.start(start(gone), context.signal), second);
  assert.deepEqual(tried, [first.id, second, second]);
  assert.deepEqual(moved, [second]);
  // The same container of whatever task there is.
  assert.deepEqual(asked, [{
    cluster: "prod",
    service: "web",
    task: undefined,
    container: "app",
  }]);
});

Deno.test("a task that the user named is not followed, nor is any other failure", async () => {
  for (
    const [typed, failure] of [
      [`ecs:prod/web/${A}`, gone],
      [`ecs:prod_${A}_${A}-1`, gone],
      ["ecs:prod/web", new ControlError("no", "denied")],
      ["ecs:prod/web", new Error("no")],
    ] as const
  ) {
    const { context, place, asked, start } = await setUp(typed);
    await assert.rejects(
      place.start(start(failure), context.signal),
      (error) => error === failure,
    );
    assert.deepEqual(asked, []);
  }
});

Deno.test("while there is no task to follow the failure is the old one", async () => {
  const { context, place, moved, start, first } = await setUp("ecs:prod/web");
  for (
    const answer of [
      () => Promise.reject(new Error("two of them")),
      () => Promise.resolve(first),
    ]
  ) {
    context.onContainer = answer;
    await assert.rejects(
      place.start(start(gone), context.signal),
      (error) => error === gone,
    );
  }
  context.onContainer = () => {
    context.abort(new Error("enough"));
    return Promise.reject(new Error("aborted"));
  };
  await assert.rejects(place.start(start(gone), context.signal), /enough/);
  assert.deepEqual(moved, []);
});

Deno.test("more sessions than a container has are warned of", async () => {
  const { place } = await setUp("ecs:prod/web");
  assert.equal(place.warning(2, undefined), undefined);
  assert.equal(place.warning(1, 2), undefined);
  const warning = "A container has 2 sessions at once, and this takes ";
  assert.equal(place.warning(3, undefined), `${warning}3`);
  assert.equal(place.warning(2, 2), `${warning}4`);
});

Deno.test("a node stays, with as many sessions as it needs", async () => {
  const context = new TestContext();
  const place = new SessionPlace(
    {
      id: "i-0123456789abcdef0",
      name: "web",
      place: (await Places.open(context, connection)).first,
    },
    "web",
    () => assert.fail("it moved"),
  );
  assert.equal(place.sessions, undefined);
  assert.equal(place.warning(9, 9), undefined);
  await assert.rejects(
    place.start(() => Promise.reject(gone), context.signal),
    (error) => error === gone,
  );
});
