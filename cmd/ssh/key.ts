/**
 * `--send-key`: a public key for EC2 Instance Connect, with which a login within the next minute is
 * let in.
 *
 * @module
 */

import type { ResolvedTarget } from "../../lib/aws/mod.ts";
import { visible } from "../../lib/text.ts";
import type { AwsAccess, Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import type { Notices } from "../notices.ts";

/** `fresh`: a new one that nothing but memory holds; `agent`: one of the user's own agent. */
export type KeyChoice = "fresh" | "agent";

/** `--send-key`, for a command's table of flags. */
export const sendKeyFlag = {
  kind: "parsed",
  parse: keyChoice,
  inferEmpty: true,
  placeholder: "agent",
  brief: "Log in by EC2 Instance Connect: with a fresh key that no file ever " +
    "holds, or one of your SSH agent",
  optional: true,
} as const;

function keyChoice(text: string): KeyChoice {
  if (text === "" || text === "fresh") return "fresh";
  if (text === "agent") return text;
  throw new UsageError("it is fresh, which is the default, or agent");
}

/** How long EC2 Instance Connect takes a key, in milliseconds. */
export const keyLifetime = 60_000;

/** What the key is called where keys are listed. */
const keyComment = "ssm";

/** What the key is sent for. */
export interface KeyRequest {
  readonly choice: KeyChoice;
  readonly node: ResolvedTarget;
  /** The user of the node's operating system. */
  readonly user: string;
  /** Where to offer a fresh key. */
  readonly socket: string | undefined;
}

/**
 * Offers a fresh key to ssh, or finds one of the agent's, and sends its public half to the node.
 *
 * @param request What for.
 * @param world The calls, and what else is needed.
 * @returns Forgets a fresh key when disposed; it is forgotten after {@linkcode keyLifetime}, too.
 * @throws UsageError, AwsCallError, SshAgentError, ListenError
 */
export async function sendKey(
  { choice, node, user, socket }: KeyRequest,
  { context, aws, notices, signal }: {
    readonly context: Context;
    readonly aws: AwsAccess;
    readonly notices: Notices;
    readonly signal: AbortSignal;
  },
): Promise<Disposable> {
  if (!node.id.startsWith("i-")) {
    throw new UsageError(
      `Cannot send a key: EC2 Instance Connect knows EC2 instances only, and ${
        visible(node.id)
      } is none`,
    );
  }
  const tools = await context.sshTools();
  const served = choice === "agent"
    ? undefined
    : await tools.offerFreshKey(given(socket), keyComment);
  let cancel = () => {};
  const held = {
    [Symbol.dispose]() {
      cancel();
      served?.close();
    },
  };
  try {
    await aws.sendSshKey({
      instanceId: node.id,
      user,
      publicKey: served?.publicKey ??
        await tools.findAgentKey(ownAgent(context)),
    }, signal);
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
  notices.detail(`Sent a key for ${visible(user)} to ${visible(node.id)}`);
  if (served !== undefined) {
    cancel = context.clock.setTimer(keyLifetime, () => served.close());
  }
  return held;
}

function given(socket: string | undefined): string {
  if (socket === undefined) {
    throw new UsageError(
      "Cannot offer a fresh key: --key-socket does not say where",
      ["ssm ssh --send-key web-server", "ssm ssh-config --send-key"],
    );
  }
  return socket;
}

function ownAgent(context: Context): string {
  const path = context.env("SSH_AUTH_SOCK");
  if (path === undefined) {
    throw new UsageError(
      "Cannot send a key of the SSH agent: SSH_AUTH_SOCK names none",
      ['eval "$(ssh-agent)" && ssh-add'],
    );
  }
  return path;
}
