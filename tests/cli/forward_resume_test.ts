import assert from "node:assert/strict";
import {
  connect,
  echoes,
  randomBytes,
  readExactly,
  sha256,
  startEcho,
  untilClosed,
  writeAll,
} from "../testkit/far_end.ts";
import {
  type ForwardProgram,
  interrupt,
  startForward,
} from "../testkit/forward_program.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const time = "\\d\\d:\\d\\d:\\d\\d";

/** A line about an event, with the time in front. */
function event(text: string): RegExp {
  return new RegExp(`^${time} ${text}\\n`, "m");
}

/** Lines on stderr behind those about where it listens. */
function events(stderr: string): string[] {
  return stderr.trimEnd().split("\n")
    .filter((line) => !line.startsWith("Forwarding from "));
}

/** The event of a session that is over, with what becomes of its connections and of the next. */
function sessionOver(consequence: string): RegExp {
  return event(`Session for \\S+ over: .+; ${consequence}`);
}

/** A new connection through the same listener works. */
async function serves(forward: ForwardProgram): Promise<boolean> {
  using conn = await connect(forward.port);
  return await echoes(conn, "new");
}

for (const manner of ["close", "reset"]) {
  Deno.test(`cli: forward resumes a connection that is lost by ${manner}, with no byte lost or repeated`, async () => {
    const closes = 5;
    await using simulator = await startSimulatorProgram([
      "--close-after-bytes",
      "150000",
      "--close-limit",
      `${closes}`,
      "--close-manner",
      manner,
    ]);
    await using far = startEcho();
    await using forward = await startForward(simulator.env, [
      "web-server",
      `:${far.port}`,
      "--sessions",
      "1",
    ]);
    const [session] = await simulator.activeSessions();
    using conn = await connect(forward.port);
    using idle = await connect(forward.port);
    assert.ok(await echoes(idle, "before"));
    const sent = randomBytes(3 * 1024 * 1024);
    const [got] = await Promise.all([
      readExactly(conn, sent.length),
      writeAll(conn, sent),
    ]);
    assert.equal(await sha256(got), await sha256(sent));
    assert.ok(await echoes(idle, "after"));
    assert.ok(await serves(forward));
    // The session is the same one.
    assert.deepEqual(await simulator.activeSessions(), [session]);
    assert.equal(far.count, 3);
    const { code, stderr } = await interrupt(forward);
    assert.equal(code, 0);
    const lines = events(stderr);
    assert.equal(lines.length, 2 * closes, stderr);
    lines.forEach((line, at) =>
      assert.match(
        line,
        new RegExp(
          at % 2 === 0
            ? `^${time} Connection for web-server:\\d+ lost: .+; resuming…$`
            : `^${time} Connection for web-server:\\d+ resumed after \\d+\\.\\d s$`,
        ),
      )
    );
  });
}

Deno.test("cli: forward starts a new session for the next connection when one cannot be resumed", async () => {
  await using simulator = await startSimulatorProgram([
    "--close-after-bytes",
    "100000",
    "--close-limit",
    "1",
    "--refuse-resume",
  ]);
  await using far = startEcho();
  await using forward = await startForward(simulator.env, [
    "web-server",
    `:${far.port}`,
  ]);
  const [session] = await simulator.activeSessions();
  using one = await connect(forward.port);
  using two = await connect(forward.port);
  assert.ok(await echoes(one, "one"));
  assert.ok(await echoes(two, "two"));
  // What goes on is cut off somewhere in the middle.
  await Promise.all([
    writeAll(one, randomBytes(1024 * 1024)).catch(() => {}),
    untilClosed(one),
    untilClosed(two),
  ]);
  await forward.stderr.until(
    sessionOver(
      "its 2 connections were closed; the next connection starts a new one",
    ),
  );
  assert.ok(await serves(forward));
  await forward.stderr.until(
    event(`New session to web-server:${far.port} after \\d+\\.\\d s`),
  );
  const active = await simulator.activeSessions();
  assert.equal(active.includes(session ?? ""), false, `${active}`);
  assert.equal((await interrupt(forward)).code, 0);
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test("cli: forward waits for the next connection when a session was idle for too long", async () => {
  await using simulator = await startSimulatorProgram([
    "--idle-timeout",
    "2s",
  ]);
  await using far = startEcho();
  await using forward = await startForward(simulator.env, [
    "web-server",
    `:${far.port}`,
  ]);
  using conn = await connect(forward.port);
  assert.ok(await echoes(conn, "before"));
  await untilClosed(conn);
  await forward.stderr.until(
    sessionOver(
      "its connection was closed; the next connection starts a new one",
    ),
  );
  // The policy of the account stays in force: we start none by ourselves.
  assert.deepEqual(await simulator.activeSessions(), []);
  assert.ok(await serves(forward));
  await forward.stderr.until(event("New session to .+ after \\d+\\.\\d s"));
  assert.equal((await simulator.activeSessions()).length, 1);
  assert.equal((await interrupt(forward)).code, 0);
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test("cli: forward starts a new session at once when one has lasted too long", async () => {
  await using simulator = await startSimulatorProgram([
    "--max-duration",
    "3s",
  ]);
  await using far = startEcho();
  await using forward = await startForward(simulator.env, [
    "web-server",
    `:${far.port}`,
  ]);
  using conn = await connect(forward.port);
  assert.ok(await echoes(conn, "before"));
  await untilClosed(conn);
  await forward.stderr.until(
    sessionOver(
      "its connection was closed; starting a new one",
    ),
  );
  // It may be there already, and waits if not.
  assert.ok(await serves(forward));
  await forward.stderr.until(event("New session to .+ after \\d+\\.\\d s"));
  assert.equal((await interrupt(forward)).code, 0);
  assert.deepEqual(await simulator.activeSessions(), []);
});

Deno.test("cli: forward ends with 255 and the cause when --retry is used up, with no port left", async () => {
  await using simulator = await startSimulatorProgram();
  await using far = startEcho();
  await using forward = await startForward(simulator.env, [
    "web-server",
    `:${far.port}`,
    "--retry",
    "2",
  ]);
  using conn = await connect(forward.port);
  assert.ok(await echoes(conn, "before"));
  // Nothing of the service is left.
  assert.equal(await simulator.interrupt(), 0);
  await untilClosed(conn);
  const { code, stdout, stderr } = await forward.ended;
  assert.deepEqual([code, stdout], [255, ""], stderr);
  assert.match(stderr, /\nssm: [^\n]+\n(hint: [^\n]+\n)*$/);
  await assert.rejects(
    connect(forward.port),
    Deno.errors.ConnectionRefused,
  );
});
