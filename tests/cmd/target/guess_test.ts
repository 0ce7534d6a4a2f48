import assert from "node:assert/strict";
import { runCommandLine } from "../../../cmd/mod.ts";
import type { TargetMemory } from "../../../cmd/target/memory.ts";
import { rememberNodes } from "../../../cmd/target/guess.ts";
import { Places } from "../../../cmd/target/places.ts";
import { AwsCallError } from "../../../lib/aws/errors.ts";
import {
  type CachedNode,
  type CacheScope,
  TargetCache,
} from "../../../lib/aws/target_cache.ts";
import {
  AmbiguousTargetError,
  TargetNotFoundError,
} from "../../../lib/aws/target.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import { TestContext } from "../../testkit/context.ts";
import { FakeControl } from "../../testkit/fake_session.ts";
import { MemoryTerminal } from "../../testkit/memory_terminal.ts";

const OLD = "i-0aaaaaaaaaaaaaaaa";
const NEW = "i-0bbbbbbbbbbbbbbbb";

/** A cache in memory. */
class Remembered implements TargetMemory {
  readonly cache = TargetCache.parse(undefined);
  find = (scope: CacheScope, target: string) =>
    this.cache.find(scope, target, 0);
  names = (where: Partial<CacheScope>) => this.cache.names(where, 0);
  regions = (scope: CacheScope) => this.cache.regions(scope, 0);
  rememberRegions = (scope: CacheScope, names: readonly string[]) =>
    this.cache.rememberRegions(scope, names, 0);
  remember(
    scope: CacheScope,
    found: readonly (readonly [string, CachedNode | undefined])[],
  ) {
    for (const [target, node] of found) {
      if (node === undefined) this.cache.forget(scope, target);
      else this.cache.remember(scope, [[target, node]], 0);
    }
  }
}

const scope = { profile: "", region: "", endpoint: "", account: "account" };

/** Someone who typed `web` before; what happens is in `log`, in order. */
function world(
  known: Readonly<Record<string, string>>,
  terminal = new MemoryTerminal({ interactive: false }),
) {
  const context = new TestContext(terminal);
  const memory = new Remembered();
  context.memory = memory;
  for (const [target, id] of Object.entries(known)) {
    memory.remember(scope, [[target, { id, name: "web", platform: "Linux" }]]);
  }
  const log: string[] = [];
  const controls = new Map<string, FakeControl>();
  context.onResolve = (text) => {
    log.push(`look up ${text}`);
    return Promise.resolve({ id: NEW, name: text, platform: "Linux" });
  };
  context.onStart = (request) => {
    log.push(`start ${request.target}`);
    request.sent?.();
    const control = new FakeControl();
    controls.set(request.target, control);
    return Promise.resolve({
      grant: {
        sessionId: `on-${request.target}`,
        tokenValue: "secret-token",
        streamUrl: "ws://127.0.0.1/data",
      },
      control,
    });
  };
  context.onShell = ({ grant }) => {
    log.push(`run ${grant.sessionId}`);
    return Promise.resolve({ kind: "ended" });
  };
  const run = (...args: string[]) => runCommandLine(args, context);
  return { context, memory, log, controls, run };
}

Deno.test("the first time a name is looked up, and then started at once and looked up beside it", async () => {
  const { log, run, memory } = world({});
  assert.equal(await run("shell", "web"), 0);
  assert.deepEqual(log, ["look up web", `start ${NEW}`, `run on-${NEW}`]);
  assert.equal(memory.find(scope, "word:web")?.id, NEW);
  log.length = 0;
  assert.equal(await run("shell", "web"), 0);
  assert.deepEqual(log, [`start ${NEW}`, "look up web", `run on-${NEW}`]);
});

Deno.test("a name that is another node now: the wrong session is ended before anything runs in it", async () => {
  const { context, log, run, controls, memory } = world({ "word:web": OLD });
  assert.equal(await run("shell", "web", "-v"), 0);
  assert.deepEqual(log, [
    `start ${OLD}`,
    "look up web",
    `start ${NEW}`,
    `run on-${NEW}`,
  ]);
  assert.equal(controls.get(OLD)?.terminated, 1);
  assert.equal(controls.get(NEW)?.terminated, 0);
  assert.equal(memory.find(scope, "word:web")?.id, NEW);
  assert.match(
    context.terminal.errorText,
    new RegExp(`Session on-${OLD} was for what the target was before`),
  );
});

const notConnected = new AwsCallError({
  action: "ssm:StartSession",
  code: "TargetNotConnected",
  kind: "not-connected",
  reason: "it is not connected",
});

function refusing(w: ReturnType<typeof world>, refused: string) {
  const { onStart } = w.context;
  w.context.onStart = (request, notice, signal) => {
    if (request.target !== refused) return onStart(request, notice, signal);
    w.log.push(`refused ${request.target}`);
    request.sent?.();
    return Promise.reject(notConnected);
  };
}

Deno.test("a node that is gone is not said to be, where the name is another one's", async () => {
  const w = world({ "word:web": OLD });
  refusing(w, OLD);
  w.context.onDiagnose = () => assert.fail("diagnosed");
  assert.equal(await w.run("shell", "web"), 0);
  assert.deepEqual(w.log, [
    `refused ${OLD}`,
    "look up web",
    `start ${NEW}`,
    `run on-${NEW}`,
  ]);
  assert.doesNotMatch(w.context.terminal.errorText, /not connected/);
});

Deno.test("a node that is not connected is, where the name is still its own", async () => {
  const w = world({ "word:web": NEW });
  refusing(w, NEW);
  assert.equal(await w.run("shell", "web"), 125);
  assert.match(
    w.context.terminal.errorText,
    /i-0b+ \(web\) is not connected: it is asleep/,
  );
});

function twins(w: ReturnType<typeof world>) {
  const candidate = (id: string) => ({
    id,
    name: "web",
    state: "Online",
    address: undefined,
    computerName: undefined,
  });
  w.context.onResolve = (text) => {
    w.log.push("look up");
    return Promise.reject(
      new AmbiguousTargetError(
        text,
        [candidate(OLD), candidate(NEW)],
        "have the name web",
      ),
    );
  };
}

Deno.test("a name that two have by now ends the session, and says so", async () => {
  const w = world({ "word:web": OLD });
  twins(w);
  assert.equal(await w.run("shell", "web"), 125);
  assert.deepEqual(w.log, [`start ${OLD}`, "look up"]);
  assert.equal(w.controls.get(OLD)?.terminated, 1);
  assert.match(w.context.terminal.errorText, /2 have the name web/);
  assert.equal(w.memory.find(scope, "word:web"), undefined);
});

Deno.test("in a terminal it is asked for then, and not remembered", async () => {
  const w = world({ "word:web": OLD }, new MemoryTerminal());
  twins(w);
  w.context.terminal.type("2\n");
  assert.equal(await w.run("shell", "web"), 0);
  assert.deepEqual(w.log, [
    `start ${OLD}`,
    "look up",
    `start ${NEW}`,
    `run on-${NEW}`,
  ]);
  assert.equal(w.controls.get(OLD)?.terminated, 1);
  assert.equal(w.memory.find(scope, "word:web"), undefined);
});

Deno.test("a name that nobody has any more ends the session, and is forgotten", async () => {
  const w = world({ "word:web": OLD, "name:web": OLD });
  w.context.onResolve = (text) =>
    Promise.reject(new TargetNotFoundError(text, [], "none", `named ${text}`));
  assert.equal(await w.run("shell", "web"), 125);
  assert.equal(w.controls.get(OLD)?.terminated, 1);
  assert.match(w.context.terminal.errorText, /Cannot find a node named web/);
  assert.equal(w.memory.find(scope, "word:web"), undefined);
  assert.equal(w.memory.find(scope, "name:web"), undefined);
});

Deno.test("a lookup that fails ends the session", async () => {
  const w = world({ "word:web": OLD });
  w.context.onResolve = () => Promise.reject(new Error("out of order"));
  assert.equal(await w.run("shell", "web"), 125);
  assert.equal(w.controls.get(OLD)?.terminated, 1);
  assert.match(w.context.terminal.errorText, /out of order/);
});

Deno.test("a signal while it is looked up ends the session, too", async () => {
  const w = world({ "word:web": OLD });
  w.context.onResolve = (_text, signal) => {
    w.context.abort(new SignalError("SIGINT"));
    return Promise.reject(signal.reason);
  };
  assert.equal(await w.run("shell", "web"), 130);
  assert.deepEqual(w.log, [`start ${OLD}`]);
  assert.equal(w.controls.get(OLD)?.terminated, 1);
  assert.equal(w.memory.find(scope, "word:web")?.id, OLD);
});

Deno.test("--no-cache and SSM_CACHE=off neither ask the cache nor keep anything", async () => {
  for (const flags of [["--no-cache"], []]) {
    const w = world({ "word:web": OLD });
    if (flags.length === 0) w.context.variables.set("SSM_CACHE", "off");
    assert.equal(await w.run("shell", "web", ...flags), 0);
    assert.deepEqual(w.log, ["look up web", `start ${NEW}`, `run on-${NEW}`]);
    assert.equal(w.memory.find(scope, "word:web")?.id, OLD);
  }
});

Deno.test("a list makes names known that one node has, and others for completion", async () => {
  const { context, memory, log, run } = world({});
  using places = await Places.open(context, {
    profile: undefined,
    region: undefined,
    endpointUrl: undefined,
    transport: "native",
    streamHosts: [],
  });
  const place = places.first;
  await rememberNodes(context, places, [
    { id: NEW, name: "web", place },
    { id: "i-01", name: "twin", place },
    { id: "i-02", name: "twin", place },
    { id: "i-03", name: undefined, place },
  ], context.signal);
  assert.equal(memory.find(scope, "name:twin"), undefined);
  assert.deepEqual(memory.names({}).toSorted(), ["twin", "web"]);
  assert.equal(await run("shell", "web"), 0);
  assert.deepEqual(log.slice(0, 2), [`start ${NEW}`, "look up web"]);
});

Deno.test("an id is not kept, nor asked for", async () => {
  const { context, memory, run } = world({});
  context.onResolve = (id) => Promise.resolve({ id, name: undefined });
  assert.equal(await run("shell", OLD), 0);
  assert.equal(memory.cache.toText(), `{"version":1,"scopes":[]}`);
});

Deno.test("exec: another kind of node needs another way to run the command", async () => {
  const w = world({ "word:web": OLD });
  w.context.onResolve = (text) => {
    w.log.push("look up");
    return Promise.resolve({ id: NEW, name: text, platform: "Windows" });
  };
  assert.equal(await w.run("exec", "web", "--no-stdin", "--", "hostname"), 0);
  assert.deepEqual(w.log, [`start ${OLD}`, "look up", `start ${NEW}`]);
  assert.equal(w.controls.get(OLD)?.terminated, 1);
  assert.equal(w.context.commands.length, 1);
});

Deno.test("exec: Run Command is only told of nodes that are looked up", async () => {
  const w = world({ "word:web": OLD });
  const nodes: string[] = [];
  w.context.onRunNodeCommand = ({ nodeId }) => {
    nodes.push(nodeId);
    return Promise.reject(new Error("enough"));
  };
  const command = ["--no-stdin", "--", "hostname"];
  assert.equal(
    await w.run("exec", "web", "--via", "run-command", ...command),
    125,
  );
  assert.deepEqual(nodes, [NEW]);
});

Deno.test("a name in one of all regions is started there at once; the regions are known for a day", async () => {
  const w = world({});
  w.context.onRegions = () => {
    w.log.push("regions");
    return Promise.resolve({
      own: "us-east-1",
      regions: ["us-east-1", "eu-west-1"],
    });
  };
  w.context.onLookUp = ({ kind }, _signal, at) => {
    w.log.push(`look up in ${at?.region}`);
    return Promise.resolve({
      candidates: kind === "tags" && at?.region === "eu-west-1"
        ? [{
          id: NEW,
          name: "web",
          state: "Online",
          address: undefined,
          computerName: undefined,
        }]
        : [],
      complete: true,
    });
  };
  const { onStart } = w.context;
  w.context.onStart = (request, notice, signal, at) => {
    w.log.push(`in ${at?.region}`);
    return onStart(request, notice, signal);
  };
  const looked = ["look up in us-east-1", "look up in eu-west-1"];
  const started = ["in eu-west-1", `start ${NEW}`];
  assert.equal(await w.run("shell", "web", "--all-regions"), 0);
  assert.deepEqual(w.log, [
    "regions",
    ...looked,
    ...started,
    `run on-${NEW}`,
  ]);
  w.log.length = 0;
  assert.equal(await w.run("shell", "web", "--all-regions"), 0);
  assert.deepEqual(w.log, [...started, ...looked, `run on-${NEW}`]);
});

Deno.test("forward: every session waits for the lookup, and the next ones know what it said", async () => {
  const w = world({ "word:db": OLD, "plain:db": OLD });
  w.context.onForwardStart = async (options, signal) => {
    for (let i = 0; i < 2; i++) await options.startSession(signal);
    w.context.abort(new SignalError("SIGINT"));
  };
  assert.equal(await w.run("forward", "db", ":80"), 0);
  assert.deepEqual(w.log, [
    `start ${OLD}`,
    "look up db",
    `start ${NEW}`,
    `start ${NEW}`,
  ]);
  assert.equal(w.controls.get(OLD)?.terminated, 1);
});

Deno.test("cp: nothing is copied before the lookup has answered", async () => {
  const w = world({ "word:web": OLD });
  w.context.onCopy = async (options) => {
    for (let i = 0; i < 2; i++) {
      const { grant } = await options.start("line", w.context.signal);
      w.log.push(`copy ${grant.sessionId}`);
    }
  };
  assert.equal(await w.run("cp", "web:x", "."), 0);
  assert.deepEqual(w.log, [
    `start ${OLD}`,
    "look up web",
    `start ${NEW}`,
    `copy on-${NEW}`,
    `start ${NEW}`,
    `copy on-${NEW}`,
  ]);
  assert.equal(w.controls.get(OLD)?.terminated, 1);
});

Deno.test("a first profile that is of no use leaves the others to be searched", async () => {
  const context = new TestContext(new MemoryTerminal({ interactive: false }));
  const login = new AwsCallError({
    action: "credentials",
    code: "C",
    kind: "expired-credentials",
    reason: "the login has expired",
  });
  const aws = context.aws.bind(context);
  context.aws = async (connection) => ({
    ...await aws(connection),
    ...(connection.profile === "old"
      ? {
        scope: () => Promise.reject(login),
        signIn: () => Promise.reject(login),
      }
      : {}),
  });
  context.onLookUp = (_step, _signal, at) =>
    at?.profile === "old" ? Promise.reject(login) : Promise.resolve({
      candidates: [{
        id: NEW,
        name: "web",
        state: "Online",
        address: undefined,
        computerName: undefined,
      }],
      complete: true,
    });
  const args = ["shell", "web", "--profile", "old,new"];
  assert.equal(await runCommandLine(args, context), 0);
  assert.equal(context.requests[0]?.target, NEW);
  assert.match(
    context.terminal.errorText,
    /^Not searched: profile old: Cannot load credentials: the login has expired\n/,
  );
  const alone = ["shell", "web", "--profile", "old"];
  context.onResolve = () => Promise.reject(login);
  assert.equal(await runCommandLine(alone, context), 125);
  assert.match(context.terminal.errorText, /ssm: Cannot load credentials/);
});
