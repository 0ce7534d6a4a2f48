/**
 * `ssm exec -t`: a command on a terminal of the node, with ours as its window.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import type { ExecOptions } from "../exec.ts";
import { CommandError, exitCodes } from "../errors.ts";
import { type NodeSessionWorld, runNodeSession } from "../node_session.ts";
import type { Recorder } from "../record/start.ts";
import { sessionExitCode } from "../session_end.ts";
import { ExitMark } from "./exit_mark.ts";
import { windowsContainer } from "./ways.ts";

/**
 * Runs the command.
 * @param options What and where.
 * @param world With what; the recorder's terminal in place of the context's.
 * @returns The exit code: the command's, as far as the node's shell could tell it.
 * @throws CommandError, AwsCallError, TransportError
 */
export async function runOnTerminal(
  options: ExecOptions,
  world: NodeSessionWorld & {
    readonly recorder: Pick<Recorder, "terminal" | "began">;
  },
): Promise<number> {
  const { context, recorder, notices, signal } = world;
  const { terminal } = recorder;
  const mark = new ExitMark();
  const line = mark.wrap(options.line, context.terminal.size());
  const end = await runNodeSession(
    {
      target: options.target,
      connection: options.connection,
      documentName: "AWS-StartInteractiveCommand",
      parameters: { command: [line] },
      containerCommand: ({ platform }) => {
        if (platform === "Windows") throw windowsContainer();
        return line;
      },
      reason: options.reason,
      command: "ssm exec",
      rest: "-t -- …",
    },
    world,
    async ({ grant, control, node, target, began }) => {
      notices.detail(
        `Session ${visible(grant.sessionId)} on ${visible(node.id)}`,
      );
      return await context.shell({
        grant,
        control,
        terminal: mark.hide(terminal),
        clock: context.clock,
        escape: "~",
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
  const rest = mark.rest();
  if (rest.length > 0) await terminal.write(rest);
  if (end.kind !== "ended") return sessionExitCode(end, notices);
  if (mark.code !== undefined) return mark.code;
  throw new CommandError(
    "The session ended without the command's exit code",
    exitCodes.sessionFailed,
  );
}
