/**
 * The one STS call we make ourselves: who we are.
 *
 * @module
 */

import { abortable } from "./call_signal.ts";
import type { AwsClients } from "./client.ts";

/** Who signs the calls. */
export interface CallerIdentity {
  /** Twelve digits. */
  readonly account: string;
  readonly arn: string;
  /** `aws:userid`; session ids begin with its part after the colon. */
  readonly userId: string;
}

/** The STS calls of one identity in one region. All reject with AwsCallError. */
export class StsCalls {
  readonly #clients: AwsClients;

  /** @param clients Whose calls. */
  constructor(clients: AwsClients) {
    this.#clients = clients;
  }

  /** GetCallerIdentity; needs no permission. */
  async getCallerIdentity(signal?: AbortSignal): Promise<CallerIdentity> {
    const { GetCallerIdentityCommand } = await import("@aws-sdk/client-sts");
    const output = await this.#clients.call(
      "sts:GetCallerIdentity",
      async () => {
        const client = await this.#clients.sts();
        return await client.send(
          new GetCallerIdentityCommand({}),
          abortable(signal),
        );
      },
      signal,
    );
    return {
      account: output.Account ?? "",
      arn: output.Arn ?? "",
      userId: output.UserId ?? "",
    };
  }
}
