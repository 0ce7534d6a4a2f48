/**
 * A command's session in virtual time, its agent in the test's hands.
 *
 * @module
 */

import assert from "node:assert/strict";
import { PayloadType } from "../../lib/protocol/message/payload.ts";
import type { SessionNotice } from "../../lib/session/session_report.ts";
import { FakeAgent, FakeControl, fakeGrant } from "./fake_session.ts";
import { ManualClock } from "./manual_clock.ts";

/** What is around a command. */
export class CommandWorldBench {
  readonly clock = new ManualClock();
  readonly control = new FakeControl();
  readonly grant = fakeGrant;
  readonly agent: FakeAgent;
  readonly notices: SessionNotice[] = [];
  readonly abort = new AbortController();
  stdout = "";
  stderr = "";

  /** @param sessionType What the agent says that the session is; `undefined`: it does not say. */
  constructor(sessionType: string | undefined) {
    const handshake = {
      agentVersion: "3.3.987.0",
      actions: [{
        actionType: "SessionType",
        parameters: { SessionType: sessionType, Properties: null },
      }],
    };
    this.agent = new FakeAgent(
      this.control,
      this.clock,
      sessionType === undefined ? {} : { handshake },
    );
  }

  notify = (notice: SessionNotice): void => void this.notices.push(notice);

  /** The agent tells the exit code. */
  exit(code: number): void {
    this.agent.print(`EXIT_CODE: ${code}`, PayloadType.ExitCode);
  }

  /** Nothing may remain of a session that is over. */
  assertClean(): void {
    this.agent.stop();
    assert.equal(this.clock.pending, 0, "a timer is left");
    assert.ok(this.control.transports.every((each) => each.ended));
  }
}
