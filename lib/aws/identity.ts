/**
 * What tells accounts apart without a call to AWS.
 *
 * @module
 */

import type { Credentials } from "./credentials.ts";

/** An access key's id since 2019: the kind, and 80 bits in base 32, of which 40 are the account. */
const KEY_ID = /^(?:AKIA|ASIA)([A-Z2-7]{16})$/;

/**
 * A mark of the account that credentials are of: a short digest of its number, where the
 * credentials or the access key's id tell it; else of the key's id, which is another one then after
 * each login. It says nothing about the account to somebody who does not know its number.
 *
 * @param credentials The credentials; their secrets are not looked at.
 */
export async function accountMark(
  { accountId, accessKeyId }: Pick<Credentials, "accountId" | "accessKeyId">,
): Promise<string> {
  const text = accountId ?? accountOfKey(accessKeyId) ?? accessKeyId;
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(`ssm target cache ${text}`),
  );
  return new Uint8Array(digest).slice(0, 8).toHex();
}

/**
 * The account that an access key's id is of: bits 1 to 40 of what follows the kind. AWS does not
 * document it, so it is good enough for a cache, whose entries are looked up again, and no more.
 *
 * @param keyId The id.
 * @returns 12 digits; `undefined` for an id of another form.
 */
export function accountOfKey(keyId: string): string | undefined {
  const [, text] = KEY_ID.exec(keyId) ?? [];
  if (text === undefined) return undefined;
  let bits = 0n;
  for (const letter of text.slice(0, 10)) {
    const value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter);
    bits = bits << 5n | BigInt(value);
  }
  // Ten letters are 50 bits, of which the first and the last nine are not the account's.
  const account = bits >> 9n & 0xff_ffff_ffffn;
  return account.toString().padStart(12, "0");
}
