/**
 * What the commands for ssh need of the machine: keys, a private folder, a file to change.
 *
 * @module
 */

import { editFile } from "../../lib/io/edit_file.ts";
import { startSshAgent } from "../../lib/io/ssh_agent.ts";
import { findAgentKey } from "../../lib/io/ssh_agent_client.ts";
import { generateSshKey } from "../../lib/io/ssh_key.ts";

/** A fresh key that ssh can use. */
export interface OfferedKey {
  /** A line of authorized_keys. */
  readonly publicKey: string;
  /** Forgets it. Idempotent. */
  close(): void;
}

/** The machine as the commands for ssh see it. */
export interface SshTools {
  /**
   * Makes a key and offers it on a socket, as an SSH agent.
   * @param path The socket; its folder is made, for us alone, where there is none.
   * @param comment What the key is called.
   * @throws ListenError
   */
  offerFreshKey(path: string, comment: string): Promise<OfferedKey>;
  /**
   * The public half of a key of an agent, as a line of authorized_keys.
   * @param path The agent's socket.
   * @throws SshAgentError
   */
  findAgentKey(path: string): Promise<string>;
  /** A folder that only we can enter; removed when disposed of. */
  privateFolder(): Promise<{ readonly path: string } & AsyncDisposable>;
  /**
   * Changes a file as a whole, whoever else does so at the same time.
   * @param path Where; it is made, for us alone, where there is none.
   * @param edit The bytes to the new ones.
   * @returns True when it was changed.
   */
  editFile(
    path: string,
    edit: (bytes: Uint8Array) => Uint8Array,
  ): Promise<boolean>;
}

/** The real ones. */
export const sshTools: SshTools = {
  async offerFreshKey(path, comment) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (folder !== "") {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    }
    const key = await generateSshKey(comment);
    const agent = await startSshAgent(path, key, comment);
    return { publicKey: key.line, close: () => agent.close() };
  },
  findAgentKey,
  async privateFolder() {
    const path = await Deno.makeTempDir({ prefix: "ssm-ssh-" });
    return {
      path,
      async [Symbol.asyncDispose]() {
        await Deno.remove(path, { recursive: true }).catch(() => {
          // Somebody cleans up behind us.
        });
      },
    };
  },
  editFile,
};
