/**
 * The one call of EC2 Instance Connect: a public key for a login that begins within a minute.
 *
 * @module
 */

import { abortable } from "./call_signal.ts";
import type { AwsClients } from "./client.ts";
import { AwsCallError } from "./errors.ts";

/** A key, and where it is to be let in. */
export interface SshKeyRequest {
  /** `i-…`; Instance Connect knows no other nodes. */
  readonly instanceId: string;
  /** The user of the instance's operating system. */
  readonly user: string;
  /** `ssh-ed25519 AAAA…`, as a line of authorized_keys. */
  readonly publicKey: string;
}

/** The EC2 Instance Connect calls of one identity in one region. All reject with AwsCallError. */
export class Ec2InstanceConnectCalls {
  readonly #clients: AwsClients;

  /** @param clients Whose calls. */
  constructor(clients: AwsClients) {
    this.#clients = clients;
  }

  /**
   * SendSSHPublicKey: the instance takes the key for 60 seconds. The availability zone, which the
   * API used to ask for, is left out: it finds the instance by its id.
   *
   * @param request The key.
   */
  async sendSshPublicKey(
    request: SshKeyRequest,
    signal?: AbortSignal,
  ): Promise<void> {
    const action = "ec2-instance-connect:SendSSHPublicKey";
    const { SendSSHPublicKeyCommand } = await import(
      "@aws-sdk/client-ec2-instance-connect"
    );
    const { Success, RequestId } = await this.#clients.call(
      action,
      async () => {
        const client = await this.#clients.ec2InstanceConnect();
        return await client.send(
          new SendSSHPublicKeyCommand({
            InstanceId: request.instanceId,
            InstanceOSUser: request.user,
            SSHPublicKey: request.publicKey,
          }),
          abortable(signal),
        );
      },
      signal,
    );
    if (Success === false) {
      throw new AwsCallError({
        action,
        code: "NotSuccessful",
        kind: "service",
        reason: "the service says that it did not succeed",
        requestId: RequestId,
      });
    }
  }
}
