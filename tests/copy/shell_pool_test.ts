import assert from "node:assert/strict";
import { RemoteShell, ShellLostError } from "../../lib/copy/remote_shell.ts";
import { type CopySession, ShellPool } from "../../lib/copy/shell_pool.ts";
import { random } from "../testkit/node_shell.ts";

const never = new AbortController().signal;

/** Sessions that a test ends. */
class Sessions {
  readonly opened: { shell: RemoteShell; lose: () => void; closed: boolean }[] =
    [];
  refused: Error | undefined;

  open = (): Promise<CopySession> => {
    if (this.refused !== undefined) return Promise.reject(this.refused);
    const shell = new RemoteShell(random);
    const { promise, resolve } = Promise.withResolvers<ShellLostError>();
    const session = {
      shell,
      lose: () => {
        const error = new ShellLostError("lost");
        shell.lost(error);
        resolve(error);
      },
      closed: false,
    };
    this.opened.push(session);
    return Promise.resolve({
      shell,
      ended: promise,
      close: () => {
        session.closed = true;
        return Promise.resolve();
      },
    });
  };
}

function pool(sessions: Sessions, missed: unknown[] = []): ShellPool {
  return new ShellPool({
    open: sessions.open,
    budget: 100_000,
    missed: (error) => missed.push(error),
  });
}

/** Work that a test ends. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const shells: RemoteShell[] = [];
  const work = (shell: RemoteShell) => {
    shells.push(shell);
    return promise;
  };
  return { work, shells, resolve, reject };
}

async function turns(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("shell pool: work goes to whoever has the least, up to what each may have in hand", async () => {
  const sessions = new Sessions();
  const one = pool(sessions);
  await one.start(never);
  one.grow(2);
  await turns();
  assert.equal(one.size, 2);
  const work = [1, 2, 3, 4, 5].map(() => held());
  const done = work.map((each) => one.run(60_000, each.work));
  await turns();
  // 60 000 is below the budget, twice as much above it.
  assert.deepEqual(work.map(({ shells }) => shells.length), [1, 1, 1, 1, 0]);
  assert.equal(new Set(work.map(({ shells }) => shells[0])).size, 3);
  work[0]!.resolve();
  await done[0];
  await turns();
  assert.equal(work[4]!.shells.length, 1);
  work.forEach((each) => each.resolve());
  await Promise.all(done);
  await one.close("over");
  assert.ok(sessions.opened.every(({ closed }) => closed));
});

Deno.test("shell pool: what a session is lost for is done by another", async () => {
  const sessions = new Sessions(), missed: unknown[] = [];
  const two = pool(sessions, missed);
  await two.start(never);
  two.grow(2);
  await turns();
  let tries = 0;
  const lost = sessions.opened[0]!;
  const done = two.run(1, (shell) => {
    tries++;
    return shell === lost.shell
      ? shell.request("never answered").then(() => "by the lost one")
      : Promise.resolve("by the other");
  });
  await turns();
  lost.lose();
  assert.equal(await done, "by the other");
  assert.equal(tries, 2);
  assert.equal(two.size, 1);
  assert.equal(missed.length, 1);
  await two.close("over");
});

Deno.test("shell pool: without any session everybody is told why", async () => {
  const sessions = new Sessions();
  const one = pool(sessions);
  await one.start(never);
  const running = one.run(100_000, (shell) => shell.request("x"));
  const waiting = one.run(100_000, (shell) => shell.request("y"));
  await turns();
  sessions.opened[0]!.lose();
  await assert.rejects(running, /lost/);
  await assert.rejects(waiting, /lost/);
  await assert.rejects(one.run(1, () => Promise.resolve()), /lost/);
  await one.close("over");
});

Deno.test("shell pool: an error of the work is the caller's, and no reason to try again", async () => {
  const sessions = new Sessions();
  const one = pool(sessions);
  await one.start(never);
  let tries = 0;
  const failing = one.run(1, () => {
    tries++;
    return Promise.reject(new Error("no such file"));
  });
  await assert.rejects(failing, /no such file/);
  assert.equal(tries, 1);
  await one.close("over");
});

Deno.test("shell pool: further sessions that cannot be had are no harm; those that wait are told at the end", async () => {
  const sessions = new Sessions(), missed: unknown[] = [];
  const one = pool(sessions, missed);
  await one.start(never);
  sessions.refused = new Error("no more");
  one.grow(3);
  await turns();
  assert.deepEqual(missed, [sessions.refused, sessions.refused]);
  const waiting = [
    one.run(100_000, () => new Promise(() => {})),
    one.run(100_000, () => Promise.resolve()),
  ];
  await turns();
  await one.close(new Error("given up"));
  await assert.rejects(waiting[1]!, /given up/);
});
