/**
 * What runs when the AWS CLI starts us as its plugin: the session is there already, its kind shows
 * when it begins, and the end of it is what the CLI waits for (api.md §9).
 *
 * @module
 */

import {
  ControlError,
  type SessionControl,
} from "../../lib/session/control.ts";
import { OpenedSession } from "../../lib/session/opened_session.ts";
import { visible } from "../../lib/text.ts";
import type { Connection, Context } from "../context.ts";
import { exitCodes } from "../errors.ts";
import { type RunningSession, runStartedSession } from "../node_session.ts";
import { Notices } from "../notices.ts";
import { parsePluginWords, type PluginSession } from "./arguments.ts";
import { invalidLine, startLine, unknownLine } from "./lines.ts";
import { PluginTerminal } from "./plugin_terminal.ts";
import { pluginAnswer } from "./started_as.ts";

/** A session of the plugin, opened, and what it is run with. */
export interface PluginRun {
  readonly task: PluginSession;
  readonly session: RunningSession;
  readonly opened: OpenedSession;
  readonly context: Context;
  readonly notices: Notices;
}

/**
 * Does what the plugin is asked for.
 * @param words argv 1 and on, as `pluginWords` found them.
 * @param context The world.
 * @returns The exit code: 0 after a session, as the CLI takes any other for an error.
 * @throws UsageError, CommandError, and the errors of AWS's calls.
 */
export async function runPlugin(
  words: readonly string[],
  context: Context,
): Promise<number> {
  const answer = pluginAnswer(words);
  if (answer !== undefined) {
    await print(answer, context);
    return exitCodes.success;
  }
  const task = parsePluginWords(words, (name) => takeVariable(name, context));
  if (task.kind === "session") return await runSession(task, context);
  await print(
    task.kind === "invalid" ? invalidLine : unknownLine(task.operation),
    context,
  );
  return exitCodes.failed;
}

/** Reads a variable and takes it away: what we start is not to have it. */
function takeVariable(name: string, context: Context): string | undefined {
  // Of a name that no variable can have, the platform would throw.
  if (/[=\0]/.test(name)) return undefined;
  const value = context.env(name);
  context.setEnvironment({ [name]: undefined });
  return value;
}

async function runSession(
  task: PluginSession,
  context: Context,
): Promise<number> {
  const { grant, request } = task;
  const notices = new Notices(context.terminal, {
    quiet: false,
    verbose: 0,
  }, context.log);
  // Before anything that can fail or wait: scripts look for it to learn the session's id.
  await print(startLine(grant.sessionId), context);
  try {
    using aws = await context.aws(connectionOf(task, context));
    const adopted = await aws.adoptSession(
      grant,
      request?.target ?? "",
      () => {},
    );
    const control = request === undefined
      ? withoutKeys(adopted.control)
      : adopted.control;
    return await runStartedSession(
      { grant, control },
      notices,
      context.signal,
      async (session) => {
        const opened = await openSession(task, session, context, notices);
        try {
          return await runOpened({ task, session, opened, context, notices });
        } finally {
          // Whoever ran it has closed it; this is for what fails before.
          await opened.close();
        }
      },
    );
  } finally {
    await notices.written();
  }
}

/** The CLI's own profile, region and endpoint: the session is theirs. */
function connectionOf(task: PluginSession, context: Context): Connection {
  return {
    profile: task.profile,
    region: task.region,
    endpointUrl: undefined,
    ssmEndpointUrl: task.endpointUrl,
    transport: context.env("SSM_TRANSPORT") === "builtin"
      ? "builtin"
      : "native",
    // Those of SSM_STREAM_HOST are added where the connection is made.
    streamHosts: [],
    // As in the official plugin, which some start with a session and no credentials.
    signature: context.env("SSM_PLUGIN_SKIP_CLIENT_CONFIGURE") === "true"
      ? "none"
      : "if possible",
  };
}

/** A CLI so old that it names no target: without that, no key is given out (handshake.md §7). */
function withoutKeys(control: SessionControl): SessionControl {
  return {
    open: (url, signal) => control.open(url, signal),
    resume: (signal) => control.resume(signal),
    terminate: (signal) => control.terminate(signal),
    dataKey: () =>
      Promise.reject(
        new ControlError(
          "The session is encrypted with KMS, and this AWS CLI is too old for that: " +
            "it does not tell the plugin its profile and target",
          true,
        ),
      ),
  };
}

async function openSession(
  { grant, request }: PluginSession,
  { control }: RunningSession,
  context: Context,
  notices: Notices,
): Promise<OpenedSession> {
  const node = visible(request?.target ?? grant.sessionId);
  return await OpenedSession.open({
    grant,
    control,
    clock: context.clock,
    size: new PluginTerminal(context.terminal).size(),
    notify: (notice) => notices.session(notice, node),
  }, context.signal);
}

/** Each kind's code is loaded when there is such a session. */
async function runOpened(run: PluginRun): Promise<number> {
  const { started } = run.opened;
  switch (started?.sessionType) {
    case "NonInteractiveCommands": {
      const { runCommand } = await import("./command.ts");
      return await runCommand(run);
    }
    case "Port": {
      const properties = started.properties ?? {};
      if (properties.type !== "LocalPortForwarding") {
        const { runStdio } = await import("./stdio.ts");
        return await runStdio(run, properties);
      }
      const { runPort } = await import("./port.ts");
      return await runPort(run, properties);
    }
    default: {
      const { runShell } = await import("./shell.ts");
      return await runShell(run);
    }
  }
}

/**
 * Prints a text of the contract on standard output.
 * @param text The text, with its line breaks.
 * @param context The world.
 */
export async function print(text: string, context: Context): Promise<void> {
  await context.terminal.write(new TextEncoder().encode(text));
}
