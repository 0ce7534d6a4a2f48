/**
 * A session around which a command is built, on a node or in a container: it is found, the session started, and
 * whatever happens after that, it is not left behind.
 *
 * @module
 */

import type { ResolvedContainer, TargetGrammar } from "../lib/aws/mod.ts";
import type { SessionControl, SessionGrant } from "../lib/session/control.ts";
import { visible } from "../lib/text.ts";
import { findOrChoose } from "./target/choose_target.ts";
import type { Context, StartedSession } from "./context.ts";
import type { Connection } from "./context.ts";
import { CommandError, describeError, exitCodes } from "./errors.ts";
import type { Notices } from "./notices.ts";
import type { DocumentParameters } from "./parameters.ts";
import type { FoundTarget } from "./target/find_target.ts";
import type { Places } from "./target/places.ts";
import { EndOnce, notEnded } from "./session_end.ts";
import { endSession, startConfirmed } from "./target/guess.ts";
import { startFailure } from "./target/target.ts";

/** What to start, and how the user would start it again. */
export interface NodeSessionRequest {
  /** As typed; `undefined` lets the user choose. */
  readonly target: string | undefined;
  /** The node, where it has been found already. */
  readonly node?: FoundTarget;
  readonly connection: Connection;
  readonly documentName: string | undefined;
  readonly parameters: DocumentParameters | undefined;
  readonly reason: string | undefined;
  /**
   * The command line of a session in a container of an ECS task, whose agent splits it into words;
   * without one the document is started there, as on a node.
   */
  readonly containerCommand?: (container: ResolvedContainer) => string;
  /** What to type before the target, for hints: `ssm shell`. */
  readonly command: string;
  /** What to type behind it, quoted: `--remote 80`. */
  readonly rest?: string;
  /** How the target is read, where that is not as everywhere. */
  readonly grammar?: TargetGrammar;
}

/** What a session is started with. */
export interface NodeSessionWorld {
  readonly context: Context;
  /** Where the target is looked for. */
  readonly places: Places;
  readonly notices: Notices;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/** A session that is seen to. */
export interface RunningSession {
  readonly grant: SessionGrant;
  /** To be used in place of the one that came with the grant. */
  readonly control: SessionControl;
  /** To be called when the session has begun: an error is then one of the session. */
  began(): void;
}

/** A session that was started on a node. */
export interface NodeSession extends RunningSession {
  readonly node: FoundTarget;
  /** What the user typed or chose. */
  readonly target: string;
}

/**
 * Starts a session, and sees to its end if `run` fails.
 * @param request What to start.
 * @param world What with.
 * @param run Runs it to its end.
 * @throws CommandError, UsageError, AwsCallError, and what `run` throws.
 */
export async function runNodeSession<T>(
  request: NodeSessionRequest,
  { context, places, notices, signal }: NodeSessionWorld,
  run: (session: NodeSession) => Promise<T>,
): Promise<T> {
  const { connection, command, rest } = request;
  const again = { connection, command, rest };
  const found = request.node ??
    await findOrChoose(
      context,
      places,
      {
        ...again,
        ...(request.grammar === undefined ? {} : { grammar: request.grammar }),
        target: request.target,
        mayGuess: true,
      },
      signal,
    );
  const { started, node } = await startConfirmed(
    found,
    start,
    (wrong) => endWrong(wrong, found.place.connection, notices),
    // Whoever found it before may have planned with what it is.
    (real) =>
      request.node === undefined || real.platform === found.platform &&
        real.agentVersion === found.agentVersion,
  );
  const target = request.target ?? node.id;
  const noted = remember(node, context);
  try {
    return await runStartedSession(
      started,
      notices,
      signal,
      (session) => run({ ...session, node, target }),
      node.place.connection,
    );
  } finally {
    await noted;
  }

  async function start(node: FoundTarget): Promise<StartedSession> {
    const { documentName, parameters, reason, containerCommand } = request;
    const notice = (message: string) => notices.detail(visible(message));
    const { container, place } = node;
    const { aws } = place;
    const use = {
      ...again,
      target: request.target ?? node.id,
      connection: place.connection,
    };
    if (container !== undefined && containerCommand !== undefined) {
      const { startEcsCommand } = await import("./target/ecs_session.ts");
      const line = containerCommand(container);
      return await startEcsCommand(container, line, use, {
        aws,
        notice,
        signal,
      });
    }
    try {
      return await aws.startSession(
        {
          target: node.id,
          documentName,
          parameters,
          reason,
          command,
          ...(rest === undefined ? {} : { rest }),
          ...(node.truth === undefined ? {} : { sent: node.truth }),
        },
        notice,
        signal,
      );
    } catch (error) {
      // What a wrong guess lacks is nothing to find out about.
      if (node.truth !== undefined && (await node.truth()).id !== node.id) {
        throw error;
      }
      throw await startFailure(error, node, use, signal);
    }
  }
}

/** For the next choice; scripts leave no traces. */
async function remember(
  { id, container }: FoundTarget,
  context: Context,
): Promise<void> {
  if (!context.attended || container !== undefined) return;
  const recents = await context.recentNodes();
  await recents.add(id, Date.now());
}

/** Ends a session on a node that turned out to be the wrong one. */
async function endWrong(
  { grant, control }: StartedSession,
  connection: Connection,
  notices: Notices,
): Promise<void> {
  const { sessionId } = grant;
  await endSession(
    sessionId,
    control,
    (line) => notices.say(line),
    connection,
  );
  notices.detail(
    `Session ${
      visible(sessionId)
    } was for what the target was before, and is ended`,
  );
}

/**
 * Sees to the end of a session if `run` fails.
 * @param started The session.
 * @param notices Where to say that it may still be running.
 * @param signal Where it has aborted, nothing is run.
 * @param run Runs the session to its end.
 * @param connection Where it is, for a hint.
 * @throws What `run` throws; as an error of the session where that had begun.
 */
export async function runStartedSession<T>(
  started: StartedSession,
  notices: Notices,
  signal: AbortSignal,
  run: (session: RunningSession) => Promise<T>,
  connection?: Connection,
): Promise<T> {
  const { grant } = started;
  const ending = new EndOnce(started.control);
  let began = false;
  try {
    signal.throwIfAborted();
    return await run({
      grant,
      control: ending.control,
      began: () => began = true,
    });
  } catch (error) {
    await ending.terminate((cause) =>
      notices.say(notEnded(grant.sessionId, cause, connection))
    );
    throw began ? failureOfSession(error) : error;
  }
}

/** An error of ours while the session ran: 125 is for those before. */
function failureOfSession(error: unknown): unknown {
  const failure = describeError(error);
  return failure.exitCode === exitCodes.failed && failure.message !== undefined
    ? new CommandError(
      failure.message,
      exitCodes.sessionFailed,
      failure.hints,
      failure.details,
      { cause: error },
    )
    : error;
}
