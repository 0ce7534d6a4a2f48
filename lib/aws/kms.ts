/**
 * The one KMS call (api.md §8).
 *
 * @module
 */

import { abortable } from "./call_signal.ts";
import type { AwsClients } from "./client.ts";
import { AwsCallError } from "./errors.ts";

/** Two AES-256 keys, one for each direction (handshake.md §7.1). */
const DATA_KEY_BYTES = 64;

/** A data key in both its forms. */
export interface GeneratedKey {
  /** 64 bytes; secret. */
  readonly plaintext: Uint8Array;
  readonly ciphertextBlob: Uint8Array;
}

/** The KMS calls of one identity in one region. All reject with AwsCallError. */
export class KmsCalls {
  readonly #clients: AwsClients;

  /** @param clients Whose calls. */
  constructor(clients: AwsClients) {
    this.#clients = clients;
  }

  /**
   * GenerateDataKey of 64 bytes.
   *
   * @param keyId Key id, ARN or alias.
   * @param context The encryption context, which the agent's Decrypt must repeat exactly.
   */
  async generateDataKey(
    keyId: string,
    context: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<GeneratedKey> {
    const output = await this.#generate(keyId, context, {}, signal);
    const { Plaintext, CiphertextBlob } = output;
    if (
      Plaintext?.length !== DATA_KEY_BYTES || CiphertextBlob === undefined ||
      CiphertextBlob.length === 0
    ) {
      throw new AwsCallError({
        action: "kms:GenerateDataKey",
        code: "IncompleteAnswer",
        kind: "service",
        reason: `the answer has no key of ${DATA_KEY_BYTES} bytes`,
        requestId: output.$metadata.requestId,
      });
    }
    return { plaintext: Plaintext, ciphertextBlob: CiphertextBlob };
  }

  /**
   * GenerateDataKey as a dry run: whether this identity could make a key for a session. Nothing is
   * made.
   *
   * @param keyId Key id, ARN or alias.
   * @param context The encryption context that a key policy may ask for.
   */
  async tryDataKey(
    keyId: string,
    context: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<void> {
    try {
      await this.#generate(keyId, context, { DryRun: true }, signal);
    } catch (error) {
      // What KMS answers to a call that would have gone well.
      if (
        error instanceof AwsCallError &&
        error.code.startsWith("DryRunOperation")
      ) return;
      throw error;
    }
  }

  async #generate(
    keyId: string,
    context: Readonly<Record<string, string>>,
    more: { readonly DryRun?: boolean },
    signal: AbortSignal | undefined,
  ) {
    const { GenerateDataKeyCommand } = await import("@aws-sdk/client-kms");
    return await this.#clients.call("kms:GenerateDataKey", async () => {
      const client = await this.#clients.kms();
      return await client.send(
        new GenerateDataKeyCommand({
          KeyId: keyId,
          NumberOfBytes: DATA_KEY_BYTES,
          EncryptionContext: { ...context },
          ...more,
        }),
        abortable(signal),
      );
    }, signal);
  }
}
