/**
 * The credentials of one run: made fresh each time, good for this simulator alone.
 *
 * @module
 */

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

/**
 * Standard base64 with padding, as AWS writes blobs in JSON (api.md §1).
 *
 * @param bytes Any bytes.
 */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/**
 * Reads standard base64; `undefined` for text that is none.
 *
 * @param text Base64 text with or without padding.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  try {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  } catch {
    return undefined;
  }
}
