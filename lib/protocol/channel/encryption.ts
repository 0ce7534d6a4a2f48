/**
 * KMS encryption of payloads: nonce ‖ AES-256-GCM ciphertext ‖ tag (handshake.md §7.2).
 *
 * @module
 */

import { createCipheriv, createDecipheriv } from "node:crypto";

const NONCE = 12, TAG = 16;

/** Bytes that encryption adds to a payload. */
export const encryptionOverhead: number = NONCE + TAG;
/** Bytes of the data key that KMS makes: two AES-256 keys (handshake.md §7.1). */
export const dataKeyBytes = 64;

/** A payload could not be decrypted: damaged in a way that its digest does not show, or forged. */
export class DecryptionError extends Error {
  override name = "DecryptionError";
}

/** Makes 12 bytes that were never used with the same key. */
export type NonceSource = () => Uint8Array;

/** One end's two keys. */
export class SessionCipher {
  readonly #encryptKey: Uint8Array;
  readonly #decryptKey: Uint8Array;
  readonly #nonce: NonceSource;

  /**
   * @param encryptKey 32 bytes.
   * @param decryptKey 32 bytes.
   */
  constructor(
    encryptKey: Uint8Array,
    decryptKey: Uint8Array,
    nonce: NonceSource,
  ) {
    this.#encryptKey = encryptKey;
    this.#decryptKey = decryptKey;
    this.#nonce = nonce;
  }

  /**
   * Splits the data key: the first half is for what the agent sends, the second for what the
   * client sends (handshake.md §7.1).
   *
   * @throws {RangeError} If the key is not 64 bytes long.
   */
  static fromDataKey(
    role: "client" | "agent",
    key: Uint8Array,
    nonce: NonceSource,
  ): SessionCipher {
    if (key.length !== dataKeyBytes) {
      throw new RangeError(
        `Cannot use data key: it has ${key.length} bytes, not ${dataKeyBytes}`,
      );
    }
    const fromAgent = key.slice(0, 32), fromClient = key.slice(32);
    return role === "client"
      ? new SessionCipher(fromClient, fromAgent, nonce)
      : new SessionCipher(fromAgent, fromClient, nonce);
  }

  /** Encrypts one payload under a fresh nonce. */
  encrypt(plaintext: Uint8Array): Uint8Array {
    const nonce = this.#nonce();
    const cipher = createCipheriv("aes-256-gcm", this.#encryptKey, nonce);
    const body = cipher.update(plaintext);
    cipher.final();
    const payload = new Uint8Array(NONCE + body.length + TAG);
    payload.set(nonce);
    payload.set(body, NONCE);
    payload.set(cipher.getAuthTag(), NONCE + body.length);
    return payload;
  }

  /**
   * Decrypts one payload.
   *
   * @throws {DecryptionError} If it is too short or was not made with the peer's key.
   */
  decrypt(payload: Uint8Array): Uint8Array {
    if (payload.length < encryptionOverhead) {
      // The official decrypters crash under 12 bytes (handshake.md §7.2).
      throw new DecryptionError(
        `Cannot decrypt payload: it has only ${payload.length} bytes`,
      );
    }
    const tagAt = payload.length - TAG;
    const decipher = createDecipheriv(
      "aes-256-gcm",
      this.#decryptKey,
      payload.subarray(0, NONCE),
    );
    decipher.setAuthTag(payload.subarray(tagAt));
    const plaintext = decipher.update(payload.subarray(NONCE, tagAt));
    try {
      decipher.final();
    } catch (cause) {
      throw new DecryptionError(
        "Cannot decrypt payload: message authentication failed",
        { cause },
      );
    }
    return new Uint8Array(
      plaintext.buffer,
      plaintext.byteOffset,
      plaintext.byteLength,
    );
  }
}

/**
 * The agent's nonces: a random start, then a 96-bit counter of three little-endian words, carry
 * from the first word up (A nonce.go; vectors kms-agent.json).
 *
 * @param start 12 random bytes; the first nonce is their successor.
 */
export function nonceCounter(start: Uint8Array): NonceSource {
  const current = start.slice();
  const view = new DataView(current.buffer);
  return () => {
    for (const at of [0, 4, 8]) {
      const next = (view.getUint32(at, true) + 1) >>> 0;
      view.setUint32(at, next, true);
      if (next !== 0) break;
    }
    return current.slice();
  };
}
