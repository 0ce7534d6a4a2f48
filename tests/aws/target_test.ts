import assert from "node:assert/strict";
import type { Ec2Instance } from "../../lib/aws/ec2.ts";
import { AwsCallError, type AwsErrorKind } from "../../lib/aws/errors.ts";
import type { NodeInformation } from "../../lib/aws/ssm.ts";
import {
  AmbiguousTargetError,
  InvalidTargetError,
  resolveTarget,
  type TargetCalls,
  TargetNotFoundError,
} from "../../lib/aws/target.ts";

function failure(action: string, kind: AwsErrorKind): AwsCallError {
  return new AwsCallError({ action, code: "Code", kind, reason: "said" });
}

interface World {
  readonly nodes?: readonly NodeInformation[] | AwsCallError;
  /** Those of a call without filters; `nodes` by default. */
  readonly all?: readonly NodeInformation[];
  readonly instances?: readonly Ec2Instance[] | AwsCallError;
  readonly names?: readonly string[] | AwsCallError;
}

function callsOf(world: World): TargetCalls & { readonly log: string[] } {
  const log: string[] = [];
  const give = <Item>(items: readonly Item[] | AwsCallError | undefined) => {
    if (items instanceof AwsCallError) throw items;
    return items ?? [];
  };
  return {
    log,
    async *describeInstanceInformation(filters) {
      log.push(
        filters.length === 0
          ? "ssm all"
          : `ssm ${
            filters.map(({ key, values }) => `${key}=${values.join("|")}`)
              .join()
          }`,
      );
      yield* give(
        filters.length === 0 ? world.all ?? world.nodes : world.nodes,
      );
    },
    findInstances(attribute, value) {
      log.push(`ec2 ${attribute}=${value}`);
      return Promise.try(() => give(world.instances));
    },
    someNames() {
      log.push("names");
      return Promise.try(() => give(world.names));
    },
  };
}

const node = (id: string, ping = "Online"): NodeInformation => ({
  id,
  ping,
  address: "10.0.0.1",
  computerName: "host",
});

const A = "i-0aaaaaaaaaaaaaaaa";
const B = "i-0bbbbbbbbbbbbbbbb";

Deno.test("ids go through without a call", async () => {
  for (
    const id of [
      A,
      "i-01234567",
      "mi-0123456789abcdef0",
      "ecs:my-cluster_0123456789abcdef_0123456789abcdef-1234567890",
      "ecs:my_cluster_0123456789abcdef_0123456789abcdef-1234567890",
    ]
  ) {
    const calls = callsOf({});
    assert.deepEqual(await resolveTarget(id, calls), { id, name: undefined });
    assert.deepEqual(calls.log, []);
  }
});

Deno.test("what is shaped like an id and is none is refused without a call", async () => {
  for (
    const text of [
      "i-",
      "i-123",
      "i-0123456789abcdef01",
      "mi-01234567",
      "I-0123456789ABCDEF0",
      "ecs:prod/web",
      "",
      "x".repeat(257),
    ]
  ) {
    const calls = callsOf({});
    await assert.rejects(resolveTarget(text, calls), InvalidTargetError);
    assert.deepEqual(calls.log, []);
  }
});

Deno.test("a name is asked of Session Manager, and EC2 not at all when that knows it", async () => {
  const calls = callsOf({ nodes: [node(A)] });
  assert.deepEqual(await resolveTarget("i-love-names", calls), {
    id: A,
    name: "i-love-names",
  });
  assert.deepEqual(calls.log, ["ssm tag:Name=i-love-names"]);
});

Deno.test("a name that only EC2 knows is found there", async () => {
  const calls = callsOf({ instances: [{ id: B, state: "stopped" }] });
  assert.deepEqual(await resolveTarget("web", calls), { id: B, name: "web" });
  assert.deepEqual(calls.log, ["ssm tag:Name=web", "ec2 tag:Name=web"]);
});

Deno.test("several nodes of one name are listed, those online first, even if one only is online", async () => {
  const calls = callsOf({
    nodes: [node(A, "ConnectionLost"), node(B)],
  });
  await assert.rejects(resolveTarget("web\x1b", calls), (error: unknown) => {
    assert.ok(error instanceof AmbiguousTargetError);
    assert.equal(
      error.message,
      "Cannot choose a node: 2 have the name web\\x1b",
    );
    assert.deepEqual(error.candidates, [
      {
        id: B,
        name: "web\x1b",
        state: "Online",
        address: "10.0.0.1",
        computerName: "host",
      },
      {
        id: A,
        name: "web\x1b",
        state: "ConnectionLost",
        address: "10.0.0.1",
        computerName: "host",
      },
    ]);
    return true;
  });
});

Deno.test("several EC2 instances of one name are listed too", async () => {
  const calls = callsOf({
    instances: [{ id: A, state: "stopped" }, { id: B, state: "running" }],
  });
  await assert.rejects(resolveTarget("web", calls), (error: unknown) => {
    assert.ok(error instanceof AmbiguousTargetError);
    assert.deepEqual(
      error.candidates.map((each) => [each.id, each.state]),
      [[B, "running"], [A, "stopped"]],
    );
    return true;
  });
});

Deno.test("a name that nobody knows: names like it are suggested, nearest first", async () => {
  const names = ["db", "web-sever", "Web-Server", "old-web-server-2", "mail"];
  await assert.rejects(
    resolveTarget("web-server", callsOf({ names })),
    (error: unknown) => {
      assert.ok(error instanceof TargetNotFoundError);
      assert.deepEqual(error.suggestions, [
        "Web-Server",
        "web-sever",
        "old-web-server-2",
      ]);
      assert.match(
        error.message,
        /^Cannot find a node named web-server: neither Session Manager nor EC2/,
      );
      return true;
    },
  );
});

Deno.test("suggestions that cannot be had are left out", async () => {
  const calls = callsOf({
    names: failure("ec2:DescribeInstances", "access-denied"),
  });
  await assert.rejects(resolveTarget("web", calls), (error: unknown) => {
    assert.ok(error instanceof TargetNotFoundError);
    assert.deepEqual(error.suggestions, []);
    return true;
  });
});

Deno.test("one lookup denied: the other one counts", async () => {
  const ssm = failure("ssm:DescribeInstanceInformation", "access-denied");
  const ec2 = failure("ec2:DescribeInstances", "access-denied");
  assert.equal(
    (await resolveTarget(
      "web",
      callsOf({ nodes: ssm, instances: [{ id: A, state: "running" }] }),
    )).id,
    A,
  );
  await assert.rejects(
    resolveTarget("web", callsOf({ instances: ec2 })),
    (error: unknown) =>
      error instanceof TargetNotFoundError &&
      /EC2 may not be asked \(ec2:DescribeInstances\)/.test(error.message),
  );
  for (const instances of [[], ec2]) {
    await assert.rejects(
      resolveTarget("web", callsOf({ nodes: ssm, instances })),
      (error: unknown) => error === ssm,
    );
  }
});

Deno.test("a failure that is no refusal is not taken for 'not found'", async () => {
  const network = failure("ssm:DescribeInstanceInformation", "network");
  const calls = callsOf({ nodes: network });
  await assert.rejects(
    resolveTarget("web", calls),
    (error: unknown) => error === network,
  );
  assert.deepEqual(calls.log, ["ssm tag:Name=web"]);
  const later = failure("ec2:DescribeInstances", "network");
  await assert.rejects(
    resolveTarget("web", callsOf({ instances: later })),
    (error: unknown) => error === later,
  );
});

Deno.test("id: takes nothing but an id", async () => {
  const calls = callsOf({});
  for (const id of [A, "ecs:c_0_0-1"]) {
    assert.deepEqual(await resolveTarget(`id:${id}`, calls), {
      id,
      name: undefined,
    });
  }
  for (const text of ["id:", "id:web", "id:i-123", `id:id:${A}`, "id:x\x1b"]) {
    await assert.rejects(
      resolveTarget(text, calls),
      (error: unknown) =>
        error instanceof InvalidTargetError &&
        // deno-lint-ignore no-control-regex
        /^Cannot use [^\x1b]+ as a node: an id has/.test(error.message),
    );
  }
  assert.deepEqual(calls.log, []);
});

Deno.test("name: makes anything a name", async () => {
  for (const name of [A, "8080", "tag:a=b", "id:x", "i-123", "a\nb"]) {
    const calls = callsOf({ nodes: [node(B)] });
    assert.deepEqual(await resolveTarget(`name:${name}`, calls), {
      id: B,
      name,
    });
    assert.deepEqual(calls.log, [`ssm tag:Name=${name}`]);
  }
  await assert.rejects(
    resolveTarget("name:", callsOf({})),
    /a Name tag has 1 to 256 characters/,
  );
});

Deno.test("tag: finds the node with a tag; EC2 is not asked", async () => {
  const calls = callsOf({ nodes: [node(A)] });
  assert.deepEqual(await resolveTarget("tag:Role=a=b:c", calls), {
    id: A,
    name: undefined,
  });
  assert.deepEqual(calls.log, ["ssm tag:Role=a=b:c"]);

  const none = callsOf({ names: ["Role=db"] });
  await assert.rejects(resolveTarget("tag:Role=db\x1b", none), (error) => {
    assert.ok(error instanceof TargetNotFoundError);
    assert.equal(
      error.message,
      "Cannot find a node with the tag Role=db\\x1b: " +
        "Session Manager knows none in this account and region",
    );
    assert.deepEqual(error.suggestions, []);
    return true;
  });
  assert.deepEqual(none.log, ["ssm tag:Role=db\x1b"]);

  const denied = failure("ssm:DescribeInstanceInformation", "access-denied");
  await assert.rejects(
    resolveTarget("tag:Role=db", callsOf({ nodes: denied })),
    (error: unknown) => error === denied,
  );
});

Deno.test("several nodes with a tag are listed", async () => {
  const calls = callsOf({ nodes: [node(B, "ConnectionLost"), node(A)] });
  await assert.rejects(resolveTarget("tag:Role=db", calls), (error) => {
    assert.ok(error instanceof AmbiguousTargetError);
    assert.equal(
      error.message,
      "Cannot choose a node: 2 have the tag Role=db",
    );
    assert.deepEqual(
      error.candidates.map(({ id, name }) => [id, name]),
      [[A, undefined], [B, undefined]],
    );
    return true;
  });
});

Deno.test("tag:Name= is a name, which EC2 may know too", async () => {
  const calls = callsOf({ instances: [{ id: B, state: "stopped" }] });
  assert.deepEqual(await resolveTarget("tag:Name=web", calls), {
    id: B,
    name: "web",
  });
  assert.deepEqual(calls.log, ["ssm tag:Name=web", "ec2 tag:Name=web"]);
});

Deno.test("a tag without key or value is refused without a call", async () => {
  for (
    const text of [
      "tag:",
      "tag:Role",
      "tag:=db",
      "tag:Role=",
      `tag:${"k".repeat(129)}=v`,
      `tag:k=${"v".repeat(257)}`,
    ]
  ) {
    const calls = callsOf({});
    await assert.rejects(
      resolveTarget(text, calls),
      (error: unknown) =>
        error instanceof InvalidTargetError &&
        /: it is tag:KEY=VALUE or .*, with up to 128 and 256/.test(
          error.message,
        ),
    );
    assert.deepEqual(calls.log, []);
  }
});
