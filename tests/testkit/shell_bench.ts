/**
 * A shell session that runs in virtual time, its user and its agent in the test's hands.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  runShell,
  type SessionEnd,
  type SessionNotice,
  type ShellOptions,
} from "../../lib/session/shell.ts";
import { FakeAgent, FakeControl, fakeGrant } from "./fake_session.ts";
import { ManualClock } from "./manual_clock.ts";
import { MemoryTerminal } from "./memory_terminal.ts";

/** The session and everything around it. */
export interface ShellBench {
  readonly clock: ManualClock;
  readonly control: FakeControl;
  readonly agent: FakeAgent;
  readonly terminal: MemoryTerminal;
  readonly notices: SessionNotice[];
  readonly abort: AbortController;
  /** Undefined while the session runs. */
  readonly outcome: () => SessionEnd | Error | undefined;
}

/** What is other than usual. */
export interface ShellBenchOptions {
  readonly terminal?: MemoryTerminal;
  readonly agent?: ConstructorParameters<typeof FakeAgent>[2];
  readonly shell?: Partial<ShellOptions>;
  readonly prepare?: (control: FakeControl, agent: FakeAgent) => void;
}

/** A session that runs, its user and its agent in the test's hands. */
export async function startShell(
  options: ShellBenchOptions = {},
): Promise<ShellBench> {
  const clock = new ManualClock();
  const control = new FakeControl();
  const agent = new FakeAgent(control, clock, options.agent);
  const terminal = options.terminal ?? new MemoryTerminal();
  const notices: SessionNotice[] = [];
  const abort = new AbortController();
  options.prepare?.(control, agent);
  let outcome: SessionEnd | Error | undefined;
  runShell({
    grant: fakeGrant,
    control,
    terminal,
    clock,
    escape: "~",
    signal: abort.signal,
    notify: (notice) => notices.push(notice),
    ...options.shell,
  }).then((end) => outcome = end, (error) => outcome = error);
  await clock.advance(0);
  return {
    clock,
    control,
    agent,
    terminal,
    notices,
    abort,
    outcome: () => outcome,
  };
}

/** Nothing may remain of a session that is over. */
export function assertClean(
  { terminal, control, agent, clock }: ShellBench,
): void {
  agent.stop();
  assert.equal(terminal.rawNow, false, "the terminal is left raw");
  assert.equal(terminal.resizeListeners, 0);
  assert.ok(control.transports.every((each) => each.ended), "a socket is open");
  assert.equal(clock.pending, 0, "a timer is left");
}
