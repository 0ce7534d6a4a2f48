/**
 * A session that is started, connected to and ended at once: the true test. No program runs in it,
 * as nothing is said on its data channel; whatever happens, it is not left behind.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import type { Context } from "../context.ts";
import type { DoctorOptions } from "../doctor.ts";
import { describeError } from "../errors.ts";
import { runStartedSession } from "../node_session.ts";
import { Notices } from "../notices.ts";
import { endCommand } from "../session_end.ts";
import type { DoctorCalls } from "./calls.ts";
import { type CheckResult, result } from "./check.ts";
import { lower } from "./limited.ts";

/** What the session's history says. */
const reason = "ssm doctor";

/** How long TerminateSession is waited for, in milliseconds. */
const terminateLimit = 10_000;

/**
 * Tries it.
 * @param node The node's id.
 * @param options As asked for.
 * @param calls Starts it.
 * @param context The world.
 * @throws The signal's reason.
 */
export async function trySession(
  node: string,
  options: DoctorOptions,
  calls: Pick<DoctorCalls, "startSession">,
  context: Context,
): Promise<CheckResult> {
  const id = "session";
  const { signal, clock } = context;
  const notices = new Notices(context.terminal, options);
  const said: string[] = [];
  let stage = "be started";
  let left: string | undefined;
  try {
    const began = clock.now();
    const started = await calls.startSession(
      { target: node, documentName: options.documentName, reason },
      (message) => void said.push(message),
      signal,
    );
    await runStartedSession(
      started,
      notices,
      signal,
      async ({ grant, control }) => {
        stage = "be connected to";
        const transport = await control.open(grant.streamUrl, signal);
        await transport.close(1000, "");
        stage = "be ended";
        left = grant.sessionId;
        // Whoever leaves now does not leave it behind.
        await control.terminate(AbortSignal.timeout(terminateLimit));
        left = undefined;
      },
    );
    const took = Math.round(clock.now() - began);
    return said.length === 0
      ? result(id, "ok", `started, connected to and ended in ${took} ms`, {
        details: [`its history says "${reason}"`],
      })
      : result(
        id,
        "warning",
        "started, connected to and ended, not as planned",
        { details: said.map(visible) },
      );
  } catch (error) {
    signal.throwIfAborted();
    const { message = "", details, hints: all } = describeError(error);
    // Here the doctor is asked already.
    const hints = all.filter((hint) => !/^ssm doctor(?!\S)/.test(hint));
    return result(id, "error", `it could not ${stage}: ${lower(message)}`, {
      details,
      hints: left === undefined
        ? hints
        : [endCommand(left, options.connection), ...hints],
    });
  } finally {
    await notices.written();
  }
}
