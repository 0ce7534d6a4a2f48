/**
 * The credentials of one run: made fresh each time, good for this simulator alone.
 *
 * @module
 */

import { encodeBase64 } from "../protocol/message/handshake.ts";

/** Gives `length` bytes of cryptographic randomness. */
export type RandomBytes = (length: number) => Uint8Array;

/** Temporary credentials as STS gives them. All three are secret to the user who started the run. */
export interface SimulatorCredentials {
  /** `ASIA` (temporary credentials) and 16 characters `[A-Z2-7]`. */
  readonly accessKeyId: string;
  /** 40 characters of base64. */
  readonly secretAccessKey: string;
  /** Base64 text of 96 random bytes. */
  readonly sessionToken: string;
}

/** The account that every simulated ARN names; no real account has this number. */
export const simulatorAccountId = "000000000000";

/** The ARN of whoever holds the run's credentials, as STS GetCallerIdentity tells it. */
export const simulatorCallerArn =
  `arn:aws:sts::${simulatorAccountId}:assumed-role/ssm-simulator/simulator`;

/** The operating system's randomness. */
export const systemRandom: RandomBytes = (length) =>
  crypto.getRandomValues(new Uint8Array(length));

const keyIdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * Makes credentials that nobody can guess: 240 bits of secret, and a session token of 768 bits.
 *
 * @param random Where the bits come from; the operating system's outside of tests.
 */
export function makeCredentials(
  random: RandomBytes = systemRandom,
): SimulatorCredentials {
  let accessKeyId = "ASIA";
  for (const byte of random(16)) accessKeyId += keyIdAlphabet[byte % 32];
  return {
    accessKeyId,
    secretAccessKey: encodeBase64(random(30)),
    sessionToken: encodeBase64(random(96)),
  };
}
