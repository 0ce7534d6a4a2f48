/**
 * Asks the user's own SSH agent for a key that EC2 Instance Connect takes.
 *
 * @module
 */

import {
  type AgentIdentity,
  AgentMessage,
  agentMessage,
  readAgentMessage,
  readIdentities,
  SshReader,
  writeAgentMessage,
} from "./ssh_agent_message.ts";
import { authorizedKey } from "./ssh_key.ts";

/** The agent has no key for us, or cannot be asked. */
export class SshAgentError extends Error {
  override name = "SshAgentError";
}

/** How long an agent may take, in milliseconds; one that asks its user may need a while. */
const agentTimeout = 10_000;

/** The kinds that Instance Connect takes, the best first. */
const usable = ["ssh-ed25519", "ssh-rsa"];

/**
 * The public half of the agent's best key for EC2 Instance Connect.
 *
 * @param path The agent's socket, as in SSH_AUTH_SOCK.
 * @returns A line of authorized_keys.
 * @throws SshAgentError
 */
export async function findAgentKey(path: string): Promise<string> {
  const identities = await listIdentities(path);
  for (const kind of usable) {
    const found = identities.find((each) => kindOf(each) === kind);
    // The comment may be anything, and nobody reads it there.
    if (found !== undefined) return authorizedKey(found.blob, "");
  }
  throw new SshAgentError(
    "Cannot send a key of the SSH agent: " +
      (identities.length === 0
        ? "it has none"
        : `it has no ${usable.join(" or ")} key`),
  );
}

function kindOf({ blob }: AgentIdentity): string {
  try {
    return new SshReader(blob).text();
  } catch {
    return "";
  }
}

async function listIdentities(path: string): Promise<AgentIdentity[]> {
  let conn: Deno.UnixConn | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    conn = await Deno.connect({ transport: "unix", path });
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no answer within ${agentTimeout / 1000} s`)),
        agentTimeout,
      );
    });
    const request = agentMessage(AgentMessage.RequestIdentities);
    await writeAgentMessage(conn, request);
    const answer = await Promise.race([readAgentMessage(conn), late]);
    if (answer === undefined) throw new Error("it hung up");
    return readIdentities(answer);
  } catch (error) {
    throw new SshAgentError(
      `Cannot ask the SSH agent for a key: ${
        error instanceof Error ? error.message : String(error)
      }`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
    conn?.close();
  }
}
