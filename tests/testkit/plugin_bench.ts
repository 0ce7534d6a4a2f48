/**
 * The plugin from its arguments to its exit code, with a session whose agent is the test's.
 *
 * @module
 */

import assert from "node:assert/strict";
import { runCommandLine } from "../../cmd/mod.ts";
import { runShell } from "../../lib/session/shell.ts";
import { TestContext } from "./context.ts";
import { FakeAgent } from "./fake_session.ts";
import type { MemoryTerminal } from "./memory_terminal.ts";

/** The session's id. */
export const id = "user-0123456789abcdef0";
/** Printed at the start. */
export const start = `\nStarting session with SessionId: ${id}\n`;
/** Printed at a good end. */
export const exit = `\n\nExiting session with sessionId: ${id}.\n\n`;
/** What the AWS CLI passes. */
export const words = [
  JSON.stringify({
    SessionId: id,
    TokenValue: "secret-token",
    StreamUrl: "wss://ssmmessages.eu-west-1.amazonaws.com/x",
  }),
  "eu-west-1",
  "StartSession",
  "prod",
  '{"Target":"i-0123456789abcdef0"}',
  "https://ssm.eu-west-1.amazonaws.com",
];

/** A session's handshake. */
export function handshake(
  sessionType: string,
  properties: Record<string, unknown> | null = null,
) {
  return {
    handshake: {
      agentVersion: "3.3.987.0",
      actions: [{
        actionType: "SessionType",
        parameters: { SessionType: sessionType, Properties: properties },
      }],
    },
  };
}

/** A run of the plugin, with a session whose agent is the test's. */
export class PluginBench {
  readonly context: TestContext;
  readonly agent: FakeAgent;
  /** The exit code; `undefined` while it runs. */
  code: number | undefined;

  constructor(
    agent: ConstructorParameters<typeof FakeAgent>[2] = {},
    terminal?: MemoryTerminal,
  ) {
    this.context = new TestContext(terminal);
    this.context.onShell = runShell;
    this.agent = new FakeAgent(
      this.context.control,
      this.context.clock,
      agent,
    );
  }

  /** Runs `ssm plugin` with arguments, as far as it comes by itself. */
  async run(args: readonly string[] = words): Promise<this> {
    await allKinds();
    runCommandLine(["plugin", ...args], this.context)
      .then((code) => this.code = code);
    for (let at = 0; at < 20; at++) await this.advance(10);
    return this;
  }

  /** Lets time pass. */
  async advance(milliseconds: number): Promise<void> {
    await this.context.clock.advance(milliseconds);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** What came to standard output. */
  get out(): string {
    return this.context.terminal.outputText;
  }
  /** What came to standard error. */
  get err(): string {
    return this.context.terminal.errorText;
  }

  /** It has ended so, and nothing is left. */
  assertOver(code: number): void {
    this.agent.stop();
    assert.equal(this.code, code, this.err);
    const { control, clock, terminal } = this.context;
    assert.ok(control.transports.every((each) => each.ended));
    assert.equal(clock.pending, 0, "a timer is left");
    assert.equal(terminal.rawNow, false);
    assert.equal(this.context.awsClosed, this.context.connections.length);
    assert.ok(!(this.out + this.err).includes("secret-token"));
  }
}

/** Loads the code of each kind, which otherwise is loaded in the middle of the clock's time. */
async function allKinds(): Promise<void> {
  await Promise.all([
    import("../../cmd/plugin/run.ts"),
    import("../../cmd/plugin/shell.ts"),
    import("../../cmd/plugin/command.ts"),
    import("../../cmd/plugin/port.ts"),
    import("../../cmd/plugin/stdio.ts"),
  ]);
}
