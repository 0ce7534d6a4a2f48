import assert from "node:assert/strict";
import { programCommand } from "../testkit/executable.ts";
import {
  connect,
  echoes,
  freePort,
  startEcho,
  untilClosed,
} from "../testkit/far_end.ts";
import { eventually } from "../testkit/forward_program.ts";
import { hasPty, openPty, type Pty } from "../testkit/pty.ts";
import { screenOf } from "../testkit/screen.ts";
import {
  type SimulatorProgram,
  startSimulatorProgram,
} from "../testkit/simulator_program.ts";

const needsPty = { ignore: !hasPty };

/** `ssm forward ARGS` in a terminal. */
function open(simulator: SimulatorProgram, ...args: string[]): Promise<Pty> {
  return openPty([...programCommand(), "forward", ...args], {
    env: simulator.env,
    clearEnv: true,
  });
}

/** The figures of the live line. */
const figures = /^\d+ open, \d+ total · up .+\/s, down .+\/s · /;

/** The port that a line says it listens on, for a destination. */
function portTo(text: string, destination: string): number {
  const [, port] = new RegExp(`1:(\\d+) -> ${destination}\\r`).exec(text) ??
    assert.fail(text);
  return Number(port);
}

Deno.test(
  "cli: forward shows a live line below its messages in a terminal, and takes it away",
  needsPty,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using far = startEcho();
    const nobody = freePort();
    await using pty = await open(
      simulator,
      "web-server",
      `:${far.port}`,
      `:${nobody}`,
    );
    await pty.until("0 open, 0 total · up 0 B/s, down 0 B/s · ");
    const before = screenOf(pty.text);
    for (const line of before.slice(0, -1)) assert.match(line, /^Forwarding /);
    const port = portTo(pty.text, `web-server:${far.port}`);
    const refusing = portTo(pty.text, `web-server:${nobody}`);

    using conn = await connect(port);
    assert.ok(await echoes(conn, "x".repeat(50_000)));
    // It is drawn anew: the connection is there, with its bytes of the last second.
    await pty.until(
      /1 open, 1 total · up [\d.]+ kB\/s, down [\d.]+ kB\/s · /,
    );
    await pty.until(/1 open, 1 total · up 0 B\/s, down 0 B\/s · /);

    using refused = await connect(refusing);
    const { port: own } = refused.localAddr;
    await untilClosed(refused);
    // The line comes back behind the message, and counts the connection a moment later.
    await pty.until(/1 open, 2 total · [^\r]* reconnects/);
    const lines = screenOf(pty.text);
    assert.match(
      lines.at(-2) ?? "",
      new RegExp(
        `^\\d\\d:\\d\\d:\\d\\d Connection from 127\\.0\\.0\\.1:${own} failed: nothing listens on port ${nobody} of web-server$`,
      ),
    );
    assert.match(lines.at(-1) ?? "", figures);
    assert.deepEqual(lines.slice(0, -2), before.slice(0, -1));

    // One that wraps could not be taken away again.
    await pty.resize(30, 24);
    await eventually(() => screenOf(pty.text).at(-1)?.length === 29);

    await pty.write("\x03");
    assert.equal(await pty.exited, 0);
    assert.deepEqual(screenOf(pty.text), [...lines.slice(0, -1), ""]);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);

Deno.test(
  "cli: forward -q shows nothing in a terminal but errors",
  needsPty,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using far = startEcho();
    const [local, nobody] = [freePort(), freePort()];
    {
      await using pty = await open(
        simulator,
        "web-server",
        `${local}:${far.port}`,
        `${nobody}:${nobody}`,
        "--bind",
        "127.0.0.1",
        "-q",
        "--json",
      );
      // Asked for, and on standard output.
      await pty.until(`"remotePort":${nobody},`);
      await pty.until("\r\n");
      const said = pty.text;
      using conn = await connect(local);
      assert.ok(await echoes(conn, "hello"));
      await pty.write("\x03");
      assert.equal(await pty.exited, 0);
      assert.equal(pty.text, said);
    }
    await using pty = await open(
      simulator,
      "web-server",
      "--remote",
      "x:80",
      "-q",
    );
    assert.equal(await pty.exited, 125);
    assert.equal(
      // deno-lint-ignore no-control-regex
      pty.text.replace(/\x1b\[\d*m/g, ""),
      "ssm: Cannot forward from web-server: lookup x: no such host\r\n",
    );
  },
);

Deno.test(
  "cli: forward shows no live line while its command has the terminal",
  needsPty,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using pty = await open(
      simulator,
      "web-server",
      ":80",
      "--",
      "sh",
      "-c",
      "echo begun; read answer; echo got $answer",
    );
    await pty.until("begun\r\n");
    await pty.write("it\n");
    assert.equal(await pty.exited, 0);
    const lines = screenOf(pty.text).filter((line) =>
      !line.startsWith("Forwarding from ")
    );
    assert.deepEqual(lines, ["begun", "got it", ""]);
  },
);

Deno.test(
  "cli: forward without a target lets the user choose a node in a terminal",
  needsPty,
  async () => {
    await using simulator = await startSimulatorProgram();
    await using far = startEcho();
    await using pty = await open(simulator, `:${far.port}`);
    await pty.until("2/2");
    await pty.write("web-server\r");
    await pty.until("0 open, 0 total");
    const port = portTo(pty.text, `i-0123456789abcdef0:${far.port}`);
    using conn = await connect(port);
    assert.ok(await echoes(conn, "hello"));
    await pty.write("\x03");
    assert.equal(await pty.exited, 0);
    assert.deepEqual(await simulator.activeSessions(), []);

    await using other = await open(simulator, `:${far.port}`);
    await other.until("2/2");
    await other.write("\x1b");
    assert.equal(await other.exited, 125);
    assert.deepEqual(await simulator.activeSessions(), []);
  },
);
