/**
 * Secrets out of text that is to be logged: those that are known, wherever and in whatever spelling
 * they stand, and what looks like one by its name or its form.
 *
 * @module
 */

/** What stands in a secret's place. No secret that is looked for is as short. */
export const masked = "•••";

/** A shorter text is no secret, and would be found in every other word. */
export const shortestSecret = 6;

/** Names whose value is nobody's business, in AWS's JSON, in settings and in query strings. */
const names = [
  "[\\w-]*token(?:value)?",
  "[\\w-]*secret(?:[_-]?access)?(?:[_-]?key)?",
  "[\\w-]*password",
  "[\\w-]*passphrase",
  "[\\w-]*signature",
  "[\\w-]*credential",
  "[\\w-]*plain_?text",
  "[\\w-]*ciphertext(?:blob|key|hash)?",
  "[\\w-]*private_?key",
  "[\\w-]*api_?key",
  "[\\w-]*challenge",
].join("|");

/**
 * Names that are followed by a colon without being in quotes: of headers, and in lists of settings.
 */
const colonNames = [
  "x-amz-[\\w-]*(?:token|signature|credential)",
  "(?:set-)?cookie",
  "[\\w-]*password",
  "[\\w-]*secret(?:[_-]?access)?[_-]?key",
].join("|");

/** A value in quotes, which may be escaped themselves, or a word. */
const value =
  `(?:\\\\"[^"\\\\]*(?:\\\\"|$)|"(?:[^"\\\\]|\\\\.)*(?:"|$)|'[^']*(?:'|$)|` +
  `[^\\s"'&,;)}\\]]+)`;

/** Each with the part that stays in its first group. */
const patterns: readonly RegExp[] = [
  // A whole key, before anything else takes its beginning for something.
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?:-----END [A-Z ]*-----|$)/g,
  // What an authorization header has behind its name has spaces in it.
  /((?:proxy-)?authorization["']?\s*[:=]\s*["']?)[^"'\r\n]+/gi,
  /(\bAWS4-[A-Z0-9-]+\s+)[^"'\r\n]+/g,
  /(\b(?:Bearer|Basic)\s+)[^\s"',;]+/gi,
  // user:password@ of a proxy's URL.
  /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi,
  new RegExp(
    `(\\b(?:${names})(?:\\\\?["']\\s*:|\\s*=|%3D)\\s*)${value}`,
    "gi",
  ),
  new RegExp(`(\\b(?:${colonNames})\\s*:\\s*)${value}`, "gi"),
  // Ids of access keys: no secret by themselves, and of no use to whoever reads a log.
  /(\b(?:AKIA|ASIA))[A-Z0-9]{12,}/g,
];

/** Takes secrets out of text. */
export class Mask {
  readonly #secrets = new Set<string>();

  /**
   * From now on this text is found in every spelling that logs have: as it is, in a URL, in JSON,
   * in base64.
   * @param secret One that is too short is left alone.
   */
  learn(secret: string): void {
    if (secret.length < shortestSecret) return;
    for (const spelling of spellings(secret)) this.#secrets.add(spelling);
  }

  /**
   * The text without secrets.
   * @param text Anything.
   */
  apply(text: string): string {
    // What is known goes first, and last: a pattern's cut may have put two halves together.
    let result = this.#known(text);
    for (const pattern of patterns) {
      result = result.replace(pattern, `$1${masked}`);
    }
    return this.#known(result);
  }

  /** Until there is none: a cut may bring two ends together. Each turn makes the text shorter. */
  #known(text: string): string {
    for (;;) {
      const places = this.#places(text);
      if (places.length === 0) return text;
      let result = "", at = 0;
      for (const [start, end] of places) {
        result += text.slice(at, start) + masked;
        at = end;
      }
      text = result + text.slice(at);
    }
  }

  /** Where secrets stand; those that overlap are one. */
  #places(text: string): [start: number, end: number][] {
    const found: [number, number][] = [];
    for (const secret of this.#secrets) {
      for (
        let at = text.indexOf(secret);
        at >= 0;
        at = text.indexOf(secret, at + 1)
      ) found.push([at, at + secret.length]);
    }
    found.sort(([a], [b]) => a - b);
    const merged: [number, number][] = [];
    for (const place of found) {
      const last = merged.at(-1);
      if (last !== undefined && place[0] <= last[1]) {
        last[1] = Math.max(last[1], place[1]);
      } else merged.push(place);
    }
    return merged;
  }
}

function spellings(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const base64 = btoa(
    Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""),
  )
    .replace(/=+$/, "");
  return [
    secret,
    secret.trim(),
    encoded(secret),
    JSON.stringify(secret).slice(1, -1),
    base64,
    base64.replaceAll("+", "-").replaceAll("/", "_"),
  ].filter((text) => text.length >= shortestSecret);
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text; // Half a character, which no URL has.
  }
}
