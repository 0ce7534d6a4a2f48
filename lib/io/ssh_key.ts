/**
 * A fresh SSH key that is never written anywhere: the platform keeps its private half, which cannot
 * be taken out.
 *
 * @module
 */

import { sshString, sshText } from "./ssh_agent_message.ts";

/** The kind of key, and of its signatures (RFC 8709). */
const ed25519 = "ssh-ed25519";

/** A key pair. */
export interface SshKey {
  /** The public half as SSH writes it. */
  readonly blob: Uint8Array;
  /** The public half as a line of authorized_keys. */
  readonly line: string;
  /**
   * Signs.
   * @param data What.
   * @returns The signature as SSH writes it.
   */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/**
 * Makes an ed25519 key.
 *
 * @param comment What it is called where keys are listed.
 */
export async function generateSshKey(comment: string): Promise<SshKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    "Ed25519",
    false,
    ["sign", "verify"],
  ) as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  const blob = joined(sshText(ed25519), sshString(raw));
  return {
    blob,
    line: authorizedKey(blob, comment),
    async sign(data) {
      const signature = await crypto.subtle.sign(
        "Ed25519",
        privateKey,
        Uint8Array.from(data),
      );
      return joined(sshText(ed25519), sshString(new Uint8Array(signature)));
    },
  };
}

/**
 * A public key as a line of authorized_keys.
 *
 * @param blob The key as SSH writes it: its kind comes first.
 * @param comment What follows it; empty for nothing.
 */
export function authorizedKey(blob: Uint8Array, comment: string): string {
  const kind = new TextDecoder().decode(
    blob.subarray(
      4,
      4 + new DataView(blob.buffer, blob.byteOffset).getUint32(0),
    ),
  );
  const base64 = btoa(String.fromCharCode(...blob));
  return `${kind} ${base64}${comment === "" ? "" : ` ${comment}`}`;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
