import assert from "node:assert/strict";
import {
  connect,
  echoes,
  randomBytes,
  readExactly,
  sha256,
  startEcho,
  startFarEnd,
  untilClosed,
  writeAll,
} from "../testkit/far_end.ts";
import { interrupt, startForward } from "../testkit/forward_program.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

/** An agent that carries one connection at a time. */
const old = ["--node", "name=old,agent=2.3.500.0"];

/** One session; who hung up may have wanted an answer, for which the next one waits a second. */
const oneSession = ["--sessions", "1", "--half-close", "200ms"];

/** A connection's first bytes, as text. */
async function reads(
  conn: Deno.TcpConn,
  text: string,
): Promise<void> {
  const { length } = new TextEncoder().encode(text);
  assert.equal(
    new TextDecoder().decode(await readExactly(conn, length)),
    text,
  );
}

Deno.test("cli: forward through an old agent brings what a server says first, to one connection after the other", async () => {
  await using simulator = await startSimulatorProgram(old);
  let count = 0;
  await using far = startFarEnd(async (conn) => {
    count++;
    await writeAll(conn, `220 number ${count}\n`);
    await conn.readable.pipeTo(conn.writable);
  });
  await using forward = await startForward(simulator.env, [
    "old",
    `:${far.port}`,
    "--sessions",
    "1",
  ]);
  {
    using conn = await connect(forward.port);
    await reads(conn, "220 number 1\n");
    assert.ok(await echoes(conn, "first"));
  }
  using second = await connect(forward.port);
  // The agent dials again when there is something to send: nothing of the first one comes before.
  await writeAll(second, "second");
  await reads(second, "220 number 2\nsecond");
  assert.equal(far.count, 2);
  assert.equal((await simulator.activeSessions()).length, 1);
  const { code, stderr } = await interrupt(forward);
  assert.equal(code, 0);
  assert.match(stderr, /^(Forwarding from [^\n]*\n){1,2}$/);
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test("cli: forward through an old agent lets connections wait for their turn, or opens more sessions for them", async () => {
  await using simulator = await startSimulatorProgram(old);
  await using far = startEcho();
  const sent = randomBytes(500_000);
  const digest = await sha256(sent);
  await using one = await startForward(simulator.env, [
    "old",
    `:${far.port}`,
    ...oneSession,
  ]);
  const exchange = async (port: number) => {
    using conn = await connect(port);
    const [got] = await Promise.all([
      readExactly(conn, sent.length),
      writeAll(conn, sent),
    ]);
    return await sha256(got);
  };
  assert.deepEqual(
    await Promise.all([1, 2, 3].map(() => exchange(one.port))),
    [digest, digest, digest],
  );
  assert.equal((await interrupt(one)).code, 0);

  await using two = await startForward(simulator.env, [
    "old",
    `:${far.port}`,
    "--sessions",
    "2",
  ]);
  assert.equal((await simulator.activeSessions()).length, 2);
  using first = await connect(two.port);
  using second = await connect(two.port);
  // Neither waits for the other's end.
  assert.ok(await echoes(first, "first"));
  assert.ok(await echoes(second, "second"));
  assert.ok(await echoes(first, "first again"));
  assert.equal((await interrupt(two)).code, 0);
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test("cli: forward through an old agent that cannot reach the port fails before it is ready", async () => {
  await using simulator = await startSimulatorProgram(old);
  await using far = startEcho();
  far.stopListening();
  await assert.rejects(
    startForward(simulator.env, ["old", `:${far.port}`]),
    /ssm: Cannot forward from old: Unable to connect to specified port: dial tcp .*: connect: connection refused/,
  );
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test("cli: forward through an old agent resumes, and starts a new session when one is over", async () => {
  await using simulator = await startSimulatorProgram([
    ...old,
    "--close-after-bytes",
    "150000",
    "--close-limit",
    "2",
  ]);
  await using far = startEcho();
  await using forward = await startForward(simulator.env, [
    "old",
    `:${far.port}`,
    ...oneSession,
  ]);
  const sent = randomBytes(1024 * 1024);
  using conn = await connect(forward.port);
  const [got] = await Promise.all([
    readExactly(conn, sent.length),
    writeAll(conn, sent),
  ]);
  assert.equal(await sha256(got), await sha256(sent));
  // The destination goes away for a moment: the agent cannot dial for the next connection.
  far.stopListening();
  conn.close();
  {
    using refused = await connect(forward.port);
    await writeAll(refused, "hello");
    await untilClosed(refused);
  }
  await forward.stderr.until(
    / Session for \S+ over: [^\n]*; its connection was closed[^\n]*\n/,
  );
  await using again = startEcho(far.port);
  using late = await connect(forward.port);
  await forward.stderr.until(/ New session to /);
  assert.ok(await echoes(late, "at last"));
  const { code, stderr } = await interrupt(forward);
  assert.equal(code, 0);
  assert.equal(stderr.match(/ resumed after /g)?.length, 2, stderr);
  assert.deepEqual(await simulator.activeSessions(), []);
  assert.equal(again.count, 1);
});
