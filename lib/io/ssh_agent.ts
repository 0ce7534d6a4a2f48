/**
 * An SSH agent with one key that lives in this process: ssh finds it through IdentityAgent, and no
 * file ever holds the key.
 *
 * @module
 */

import type { LocalConnection } from "../session/transport.ts";
import {
  AgentMessage,
  agentMessage,
  identitiesAnswer,
  readAgentMessage,
  SshReader,
  sshString,
  writeAgentMessage,
} from "./ssh_agent_message.ts";
import type { SshKey } from "./ssh_key.ts";
import { listenUnix } from "./unix_listener.ts";

/** An agent that listens. */
export interface SshAgent {
  /** Ends it and removes its socket. Idempotent. */
  close(): void;
}

/**
 * Offers a key on a Unix socket that only its owner can connect to. A socket that is there already
 * is replaced, also one on which another of us listens: ssh asks when the login begins, and either
 * key lets it in.
 *
 * @param path Where.
 * @param key The key.
 * @param comment What the key is called.
 * @throws ListenError
 */
export async function startSshAgent(
  path: string,
  key: SshKey,
  comment: string,
): Promise<SshAgent> {
  const listener = await listenUnix(path, "replace");
  const open = new Set<LocalConnection>();
  const serveAll = async () => {
    for (
      let conn = await listener.accept();
      conn !== undefined;
      conn = await listener.accept()
    ) {
      const taken = conn;
      open.add(taken);
      serve(taken, key, comment).catch(() => {
        // It broke off, or said what is no message.
      }).finally(() => {
        if (open.delete(taken)) taken.close();
      });
    }
  };
  serveAll();
  return {
    close() {
      listener.close();
      for (const conn of open) conn.close();
      open.clear();
    },
  };
}

async function serve(
  conn: LocalConnection,
  key: SshKey,
  comment: string,
): Promise<void> {
  for (
    let message = await readAgentMessage(conn);
    message !== undefined;
    message = await readAgentMessage(conn)
  ) {
    await writeAgentMessage(conn, await answer(message, key, comment));
  }
}

/** Whatever else is asked for fails, such as taking more keys. */
async function answer(
  message: Uint8Array,
  key: SshKey,
  comment: string,
): Promise<Uint8Array> {
  switch (message[0]) {
    case AgentMessage.RequestIdentities:
      return identitiesAnswer([{ blob: key.blob, comment }]);
    case AgentMessage.SignRequest: {
      const reader = new SshReader(message.subarray(1));
      const [blob, data] = [reader.bytes(), reader.bytes()];
      if (!same(blob, key.blob)) break;
      const signature = await key.sign(data);
      return agentMessage(AgentMessage.SignResponse, sshString(signature));
    }
  }
  return agentMessage(AgentMessage.Failure);
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((byte, at) => byte === other[at]);
}
