/**
 * What `ssm shell` does: it finds the node, starts the session and runs it to its end.
 *
 * @module
 */

import type { SessionEnd } from "../../lib/session/shell.ts";
import { formatEcsSpec } from "../../lib/aws/ecs_spec.ts";
import { shellQuote, visible } from "../../lib/text.ts";
import { givenTarget } from "../target/choose_target.ts";
import type { Context } from "../context.ts";
import { containerShell } from "../target/ecs_session.ts";
import { type NodeSessionRequest, runNodeSession } from "../node_session.ts";
import { Notices } from "../notices.ts";
import { type Recorder, startRecorder } from "../record/start.ts";
import { sessionExitCode } from "../session_end.ts";
import { TimeoutError } from "../signals.ts";
import { Places } from "../target/places.ts";
import { checkCommand, type ShellCommandOptions } from "../shell.ts";

/**
 * Runs the session.
 * @param options From `parseShell`.
 * @param context The world.
 * @returns The exit code.
 */
export async function runShellCommand(
  options: ShellCommandOptions,
  context: Context,
): Promise<number> {
  const target = givenTarget(options.target, context);
  checkCommand(options.command, target);
  const recorder = await startRecorder(
    options.record,
    `ssm shell ${target ?? ""}`.trimEnd(),
    context,
  );
  const notices = new Notices(recorder.terminal, options, context.log);
  recorder.onFailure = (sentence) => notices.interrupt(sentence);
  const timeout = new AbortController();
  const signal = AbortSignal.any([context.signal, timeout.signal]);
  const cancelTimeout = options.timeout === undefined
    ? () => {}
    : context.clock.setTimer(
      options.timeout,
      () => timeout.abort(new TimeoutError(options.timeout ?? 0)),
    );
  try {
    using places = await Places.open(context, options.connection, notices);
    const end = await session(
      { ...options, target },
      context,
      recorder,
      places,
      notices,
      signal,
    );
    return sessionExitCode(end, notices);
  } finally {
    cancelTimeout();
    await recorder.close();
    await notices.written();
  }
}

/**
 * What is started for a shell, on a node or in a container.
 * @param options From `parseShell`.
 * @param typed What to type before the target to start it again.
 */
export function shellRequest(
  options: ShellCommandOptions,
  typed: string,
): NodeSessionRequest {
  const { command, documentName } = options;
  return {
    ...options,
    command: typed,
    ...(command === undefined
      ? {}
      : { rest: `--command ${shellQuote(command)}` }),
    ...(documentName === undefined
      ? { containerCommand: (place) => command ?? containerShell(place) }
      : {}),
  };
}

/** From the target to the session's end. */
async function session(
  options: ShellCommandOptions,
  context: Context,
  recorder: Pick<Recorder, "terminal" | "began">,
  places: Places,
  notices: Notices,
  signal: AbortSignal,
): Promise<SessionEnd> {
  const { documentName, reason } = options;
  return await runNodeSession(
    shellRequest(options, "ssm shell"),
    { context, places, notices, signal },
    async ({ grant, control, node, target, began }) => {
      const { container } = node;
      notices.say(
        `Session ${visible(grant.sessionId)} ` +
          (container === undefined
            ? `on ${visible(node.id)}` +
              (node.name === undefined ? "" : ` (${visible(node.name)})`)
            : `in ${visible(formatEcsSpec(container.spec))}`),
      );
      if (
        container !== undefined && documentName === undefined &&
        reason !== undefined
      ) notices.say("ECS takes no reason; --reason is in no history");
      if (context.terminal.interactive && options.escape !== undefined) {
        notices.detail(`Enter ${options.escape}? lists the escape keys`);
      }
      return await context.shell({
        grant,
        control,
        terminal: recorder.terminal,
        clock: context.clock,
        escape: options.escape,
        signal,
        notify: (notice) => {
          if (notice.kind === "started") {
            began();
            recorder.began();
          }
          notices.session(notice, visible(target));
        },
      });
    },
  );
}
