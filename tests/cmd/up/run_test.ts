import assert from "node:assert/strict";
import { runCommandLine } from "../../../cmd/mod.ts";
import { TargetNotFoundError } from "../../../lib/aws/target.ts";
import { PortInUseError } from "../../../lib/io/listen_error.ts";
import { SignalError } from "../../../lib/session/signal_error.ts";
import { ConfigHome } from "../../testkit/config_home.ts";
import { TestContext } from "../../testkit/context.ts";
import { FakeListener } from "../../testkit/fake_local.ts";
import { settle } from "../../testkit/manual_clock.ts";
import { MemoryTerminal } from "../../testkit/memory_terminal.ts";
import { checkNothingLeft } from "../../testkit/nothing_left.ts";

const file = {
  defaults: { region: "eu-west-1" },
  profiles: { prod: { region: "us-east-1" } },
  aliases: { bastion: { target: "name:bastion-1", profile: "prod" } },
  groups: {
    dev: [
      {
        name: "pg",
        target: "bastion",
        remote: "db.internal:5432",
        local: 5432,
      },
      { name: "redis", target: "bastion", remote: "cache:6379", local: 6379 },
      { target: "web", remote: 80, local: 8080 },
    ],
  },
};

/** A world with a user's file. */
async function world(content: unknown = file, terminal?: MemoryTerminal) {
  const home = await ConfigHome.create(JSON.stringify(content));
  const context = new TestContext(terminal);
  home.useIn(context);
  const listeners: FakeListener[] = [];
  context.onListen = (local) => {
    assert.equal(local.kind, "tcp");
    const port = local.kind === "tcp" ? local.port : 0;
    const made = new FakeListener({
      kind: "tcp",
      hostname: "127.0.0.1",
      port: port || 40_000 + listeners.length,
    });
    listeners.push(made);
    return [made];
  };
  return {
    home,
    context,
    listeners,
    run: (...args: string[]) => runCommandLine(["up", ...args], context),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

/** Waits for so many lines that say that a forward is ready. */
async function ready(context: TestContext, count: number): Promise<void> {
  await context.terminal.until(({ errorText }) =>
    errorText.split("Forwarding from ").length > count
  );
}

Deno.test("up: each forward of a group, with one lookup for each target and one access for each profile", async () => {
  await using w = await world();
  const { context } = w;
  const resolved: string[] = [];
  const onResolve = context.onResolve;
  context.onResolve = (text, signal) => {
    resolved.push(text);
    return onResolve(text, signal);
  };
  const ended = w.run("dev");
  await ready(context, 3);
  context.abort(new SignalError("SIGINT"));
  assert.equal(await ended, 0);
  assert.deepEqual(resolved.toSorted(), ["name:bastion-1", "web"]);
  assert.deepEqual(
    context.connections.map(({ profile, region }) => [profile, region]),
    [["prod", "us-east-1"], [undefined, "eu-west-1"]],
  );
  assert.deepEqual(
    context.terminal.errorText.split("\n").filter((line) => line !== "")
      .toSorted(),
    [
      "Forwarding from 127.0.0.1:5432 -> db.internal:5432",
      "Forwarding from 127.0.0.1:6379 -> cache:6379",
      "Forwarding from 127.0.0.1:8080 -> web:80",
    ],
  );
  assert.equal(context.terminal.outputText, "");
  checkNothingLeft(context, w.listeners);
});

Deno.test("up: one that fails says so, and the others go on; the exit code tells", async () => {
  await using w = await world();
  const { context } = w;
  context.onResolve = (text) =>
    text === "web"
      ? Promise.reject(
        new TargetNotFoundError(
          "web",
          ["web-1"],
          "nobody knows it",
          "named web",
        ),
      )
      : Promise.resolve({ id: "i-0123456789abcdef0", name: text });
  const ended = w.run("dev");
  await ready(context, 2);
  await context.terminal.until(({ errorText }) => errorText.includes("ssm: "));
  assert.match(
    context.terminal.errorText,
    /ssm: web:80: Cannot find a node named web: nobody knows it; did you mean web-1\?\nhint: ssm forward web-1 --remote 80 --local 8080 --region eu-west-1\n/,
  );
  await settle();
  assert.equal(w.listeners[2]?.closed, true);
  assert.equal(w.listeners[0]?.closed, false);
  context.abort(new SignalError("SIGINT"));
  assert.equal(await ended, 125);
  checkNothingLeft(context, w.listeners);
});

Deno.test("up: a port in use is one forward's trouble", async () => {
  await using w = await world();
  const { context } = w;
  const listen = context.onListen;
  context.onListen = (local) => {
    if (local.kind === "tcp" && local.port === 6379) {
      throw new PortInUseError("127.0.0.1", 6379);
    }
    return listen(local);
  };
  const ended = w.run("dev");
  await ready(context, 2);
  await context.terminal.until(({ errorText }) => errorText.includes("ssm: "));
  assert.match(context.terminal.errorText, /ssm: redis: .*6379/);
  assert.match(
    context.terminal.errorText,
    /^hint: in the group: "local": \d+$/m,
  );
  assert.doesNotMatch(context.terminal.errorText, /ssm forward/);
  context.abort(new SignalError("SIGTERM"));
  assert.equal(await ended, 125);
  checkNothingLeft(context, w.listeners);
});

Deno.test("up: where every one has failed it ends by itself", async () => {
  await using w = await world();
  const { context } = w;
  context.onResolve = () => Promise.reject(new Error("no"));
  assert.equal(await w.run("dev"), 125);
  checkNothingLeft(context, w.listeners);
});

Deno.test("up: one that cannot go on later counts as lost", async () => {
  await using w = await world();
  const { context } = w;
  const ended = w.run("dev");
  await ready(context, 3);
  context.forwards[0]?.options.onFailed(new Error("Cannot resume: denied"));
  await settle();
  assert.match(context.terminal.errorText, /ssm: pg: Cannot resume: denied\n/);
  context.abort(new SignalError("SIGINT"));
  assert.equal(await ended, 255);
  checkNothingLeft(context, w.listeners);
});

Deno.test("up: a signal while it starts leaves nothing", async () => {
  await using w = await world();
  const { context } = w;
  const started = Promise.withResolvers<void>();
  context.onForwardStart = (_, signal) => {
    if (context.forwards.length === 3) started.resolve();
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  };
  const ended = w.run("dev");
  await started.promise;
  context.abort(new SignalError("SIGTERM"));
  assert.equal(await ended, 143);
  assert.equal(context.terminal.errorText, "");
  checkNothingLeft(context, w.listeners);
});

Deno.test("up: on a terminal there is a live table", async () => {
  const terminal = new MemoryTerminal({ size: { cols: 120, rows: 24 } });
  await using w = await world(file, terminal);
  const { context } = w;
  context.errorIsTerminal = true;
  const ended = w.run("dev");
  await terminal.until(({ errorText }) =>
    errorText.split(" ready ").length > 3
  );
  context.forwards[0]!.figures = {
    ...context.forwards[0]!.figures,
    open: 1,
    total: 3,
    up: 1234,
    roundTrip: 21,
  };
  context.forwards[0]!.options.notify({ kind: "lost", reason: "closed" });
  await context.clock.advance(1000);
  const last = terminal.errorText.split("\x1b[J").at(-1) ?? "";
  assert.match(
    last,
    /NAME +LOCAL +TARGET +REMOTE +STATE +CONNS +UP +DOWN +RTT\n/,
  );
  assert.match(
    last,
    /pg +127\.0\.0\.1:5432 +bastion +db\.internal:5432 +resuming +1\/3 +1\.2 kB +0 B +21\.0 ms\n/,
  );
  assert.match(terminal.errorText, /Connection for db\.internal:5432 lost/);
  context.abort(new SignalError("SIGINT"));
  assert.equal(await ended, 0);
  assert.match(terminal.errorText.split("\x1b[J").at(-1) ?? "", / closed /);
  checkNothingLeft(context, w.listeners);
});

Deno.test("up: --output json prints each event", async () => {
  await using w = await world();
  const { context } = w;
  context.onResolve = (text) =>
    text === "web"
      ? Promise.reject(new Error("Cannot do it"))
      : Promise.resolve({ id: "i-0123456789abcdef0", name: text });
  const ended = w.run("dev", "--output", "json", "-q");
  await context.terminal.until(({ outputText }) =>
    outputText.split("\n").length > 3
  );
  context.forwards[0]!.options.notify({ kind: "resumed", after: 1500 });
  context.abort(new SignalError("SIGINT"));
  assert.equal(await ended, 125);
  const events = context.terminal.outputText.trim().split("\n")
    .map((line) => JSON.parse(line));
  const named = (event: string, name: string) =>
    events.find((each) => each.event === event && each.name === name);
  const { time, sessionIds, pid, ...readyEvent } = named("ready", "pg");
  assert.equal(typeof time, "string");
  assert.deepEqual([sessionIds, pid], [["session-1"], Deno.pid]);
  assert.deepEqual(readyEvent, {
    event: "ready",
    name: "pg",
    target: "bastion",
    resolved: "name:bastion-1",
    profile: "prod",
    remoteHost: "db.internal",
    remotePort: 5432,
    destination: "db.internal:5432",
    localAddress: "127.0.0.1",
    localPort: 5432,
    addresses: ["127.0.0.1:5432"],
  });
  assert.equal(named("failed", "web:80").message, "Cannot do it");
  assert.ok(named("resumed", "pg"));
  assert.equal(named("closed", "redis").connections, 0);
});

Deno.test("up: without a name it is the only group, a choice, or the list", async () => {
  const groups = {
    dev: [{ target: "web", remote: 80 }],
    prod: [{ target: "web", remote: 81 }, { target: "web", remote: 82 }],
  };
  {
    await using w = await world({ groups: { dev: groups.dev } });
    const ended = w.run();
    await ready(w.context, 1);
    w.context.abort(new SignalError("SIGINT"));
    assert.equal(await ended, 0);
  }
  {
    await using w = await world({ groups });
    const ended = w.run();
    w.context.terminal.type("prod\n");
    await ready(w.context, 2);
    w.context.abort(new SignalError("SIGINT"));
    assert.equal(await ended, 0);
    assert.match(
      w.context.terminal.errorText,
      /1 {2}dev {3}1 forward {3}your own\n {2}2 {2}prod {2}2 forwards {2}your own\nGroup \(1-2, or q to quit\): /,
    );
  }
  {
    await using w = await world({ groups });
    w.context.attended = false;
    assert.equal(await w.run(), 125);
    assert.equal(
      w.context.terminal.errorText,
      "ssm: Cannot choose a group: none is named\n" +
        "  dev   1 forward   your own\n  prod  2 forwards  your own\n" +
        "hint: ssm up dev\n",
    );
  }
  {
    await using w = await world({ groups });
    assert.equal(await w.run("pord"), 125);
    assert.match(
      w.context.terminal.errorText,
      /^ssm: There is no group pord; did you mean prod\?\n/,
    );
  }
  {
    await using w = await world({});
    assert.equal(await w.run(), 125);
    assert.match(w.context.terminal.errorText, /there is none\n/);
  }
});

/** An `ssm.json` with one forward. */
async function repository(home: ConfigHome, target = "bastion") {
  const path = `${home.folder}/ssm.json`;
  await Deno.writeTextFile(
    path,
    JSON.stringify({
      groups: { dev: [{ target, remote: "db:5432", local: 5432 }] },
    }),
  );
  return path;
}

async function sha256(path: string): Promise<string> {
  const hash = await crypto.subtle.digest(
    "SHA-256",
    await Deno.readFile(path),
  );
  return [...new Uint8Array(hash)]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Runs `ssm up` with that file, answers the question, and ends it once ready. */
async function upWith(
  home: ConfigHome,
  path: string,
  answer: string | undefined,
  ...args: string[]
) {
  const context = new TestContext();
  home.useIn(context);
  if (answer === undefined) context.attended = false;
  else context.terminal.type(`${answer}\n`);
  const ended = runCommandLine(["up", "--file", path, ...args], context);
  ended.catch(() => {});
  const started = context.terminal.until(({ errorText }) =>
    errorText.includes("Forwarding from ")
  );
  await Promise.race([started, ended]);
  context.abort(new SignalError("SIGINT"));
  const code = await ended;
  return { code, text: context.terminal.errorText, context };
}

Deno.test("up: an ssm.json is confirmed the first time, and shows exactly what it opens", async () => {
  const config = {
    aliases: { bastion: { target: "name:bastion-1", profile: "prod" } },
  };
  await using home = await ConfigHome.create(JSON.stringify(config));
  const path = await repository(home);
  const first = await upWith(home, path, "y");
  assert.equal(first.code, 0);
  assert.equal(
    first.text,
    `${path} has not been confirmed yet.\n` +
      "It comes from whoever wrote the repository. The group dev opens:\n" +
      "  LOCAL           TARGET                          REMOTE   AWS\n" +
      "  127.0.0.1:5432  name:bastion-1 (alias bastion)  db:5432  profile prod\n" +
      "Open these, and do so until the file changes? [y/N] " +
      "Forwarding from 127.0.0.1:5432 -> db:5432\n",
  );
  const again = await upWith(home, path, undefined);
  assert.deepEqual([again.code, again.text.includes("confirmed")], [0, false]);
  const state = `${home.folder}/state/ssm`;
  if (Deno.build.os !== "windows") {
    const { mode } = await Deno.stat(`${state}/confirmed.json`);
    assert.equal((mode ?? 0) & 0o777, 0o600);
    assert.equal(((await Deno.stat(state)).mode ?? 0) & 0o777, 0o700);
  }
  const [kept] = JSON.parse(
    await Deno.readTextFile(`${state}/confirmed.json`),
  );
  assert.equal(kept.path, path);
  assert.equal(kept.sha256, await sha256(path));
});

Deno.test("up: it is confirmed again when the file changes, or what an alias in it means", async () => {
  const config = (target: string) =>
    JSON.stringify({ aliases: { bastion: target } });
  await using home = await ConfigHome.create(config("name:one"));
  const path = await repository(home);
  assert.equal((await upWith(home, path, "y")).code, 0);
  await Deno.writeTextFile(path, `${await Deno.readTextFile(path)} `);
  const changed = await upWith(home, path, undefined);
  assert.equal(changed.code, 125);
  assert.match(changed.text, /has changed since it was confirmed, and nobody/);
  assert.equal((await upWith(home, path, "yes")).code, 0);
  await Deno.writeTextFile(home.path, config("name:two"));
  const other = await upWith(home, path, undefined);
  assert.equal(other.code, 125);
  assert.match(other.text, /means something else than when it was confirmed/);
  assert.deepEqual(other.context.connections, []);
});

Deno.test("up: anything but yes confirms nothing", async () => {
  await using home = await ConfigHome.create("{}");
  const path = await repository(home);
  for (const answer of ["", "n", "yeah", "q"]) {
    const { code, text, context } = await upWith(home, path, answer);
    assert.equal(code, 125, answer);
    assert.match(text, /was not confirmed\n$/);
    assert.deepEqual(context.connections, []);
    assert.deepEqual(context.places, []);
  }
});

Deno.test("up: where nobody can be asked, --confirm has to know the file's SHA-256", async () => {
  await using home = await ConfigHome.create("{}");
  const path = await repository(home);
  const hash = await sha256(path);
  const refused = await upWith(home, path, undefined);
  assert.equal(refused.code, 125);
  assert.match(
    refused.text,
    new RegExp(`\nhint: ssm up dev --file ${path} --confirm ${hash}\n$`),
  );
  const wrong = await upWith(
    home,
    path,
    undefined,
    "--confirm",
    "0".repeat(64),
  );
  assert.equal(wrong.code, 125);
  assert.match(wrong.text, new RegExp(`it has ${hash}`));
  const right = await upWith(home, path, undefined, "--confirm", hash);
  assert.equal(right.code, 0);
  // It confirms this once.
  assert.equal((await upWith(home, path, undefined)).code, 125);
  const short = await upWith(home, path, undefined, "--confirm", "abc");
  assert.match(short.text, /a SHA-256 has 64 hex digits/);
});

Deno.test("up: an ssm.json with more in it than forwards opens nothing", async () => {
  await using home = await ConfigHome.create("{}");
  const path = `${home.folder}/ssm.json`;
  await Deno.writeTextFile(
    path,
    '{ "groups": { "dev": [{ "target": "a", "remote": 1, "profile": "prod" }] } }',
  );
  const { code, text, context } = await upWith(home, path, "y");
  assert.equal(code, 125);
  assert.match(text, /:1:53: "profile" is not allowed in groups\.dev/);
  assert.match(text, /hint: ssm config validate /);
  assert.deepEqual(context.connections, []);
});

Deno.test("up: a broken file of confirmations confirms nothing, and is mended", async () => {
  await using home = await ConfigHome.create("{}");
  const path = await repository(home);
  await Deno.mkdir(`${home.folder}/state/ssm`, { recursive: true });
  await Deno.writeTextFile(`${home.folder}/state/ssm/confirmed.json`, "[[");
  assert.equal((await upWith(home, path, undefined)).code, 125);
  assert.equal((await upWith(home, path, "y")).code, 0);
  assert.equal((await upWith(home, path, undefined)).code, 0);
});
