/**
 * Checks SigV4 signatures of API calls and of the data channel's upgrade.
 *
 * Written from the published algorithm, without the signer that the client uses: the two check
 * each other. The rules for the upgrade's canonical form are data-channel.md §1.2.
 *
 * @module
 */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { SimulatorCredentials } from "./credentials.ts";
import { canonicalRequest, type SignedRequest } from "./sigv4_canonical.ts";

/** The largest difference between a signature's time and ours, in milliseconds (5 min, as AWS). */
export const clockSkewLimit = 5 * 60_000;

/** What a signature is checked against. */
export interface ExpectedSigner {
  readonly credentials: SimulatorCredentials;
  /** The regions that a signature may be for. */
  readonly regions: readonly string[];
  /** Now, in milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** Why a signature was not accepted. Every API has its own code for each. */
export type SignatureFault =
  | "missing"
  | "incomplete"
  | "unknown-credentials"
  | "expired"
  | "mismatch";

/** The outcome of a check. `message` names no secret. */
export type Verdict =
  | {
    readonly ok: true;
    /** The region that it is for. */
    readonly region: string;
  }
  | {
    readonly ok: false;
    readonly fault: SignatureFault;
    readonly message: string;
  };

/** The outcome for an upgrade: go on, or answer with this status and an error of this code. */
export type UpgradeVerdict =
  | { readonly ok: true }
  | {
    readonly ok: false;
    readonly status: number;
    readonly code: string;
    readonly message: string;
  };

/** Headers as a server has them; in a record, the values of a repeated one joined with `, `. */
export type RequestHeaders = Headers | Readonly<Record<string, string>>;

/** Checks the upgrade of a data channel; see {@linkcode makeUpgradeVerifier}. */
export type VerifyUpgrade = (
  target: string,
  headers: RequestHeaders,
) => UpgradeVerdict;

const algorithm = "AWS4-HMAC-SHA256";
const parameterNames = ["Credential", "SignedHeaders", "Signature"];
const encoder = new TextEncoder();
const mismatch =
  "The request signature we calculated does not match the signature you provided. " +
  "Check your AWS Secret Access Key and signing method. " +
  "Consult the service documentation for details.";

/**
 * Checks the Authorization header of a request, body included.
 *
 * @param request The request as it came.
 * @param service The service the signature must be for: `ssm`, `kms`, `ec2`, `sts`, `ecs`,
 *   `ssmmessages`.
 * @param signer Credentials, regions and time.
 */
export function verifySignature(
  request: SignedRequest,
  service: string,
  signer: ExpectedSigner,
): Verdict {
  const { headers } = request;
  const authorization = headers.get("authorization");
  if (authorization === null) {
    return refuse("missing", "Missing Authentication Token");
  }
  const fields = parseAuthorization(authorization);
  if (typeof fields === "string") return refuse("incomplete", fields);
  const date = headers.get("x-amz-date");
  if (date === null) {
    return refuse(
      "incomplete",
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    );
  }
  const time = parseDate(date);
  if (time === undefined) {
    return refuse(
      "incomplete",
      "Date must be in ISO-8601 'basic format', as 20260317T123456Z.",
    );
  }

  const { credentials } = signer;
  const token = headers.get("x-amz-security-token") ?? "";
  const knownKey = equalText(fields.accessKeyId, credentials.accessKeyId);
  const knownToken = equalText(token, credentials.sessionToken);
  if (!knownKey || !knownToken) {
    return refuse(
      "unknown-credentials",
      "The security token included in the request is invalid.",
    );
  }

  const unsigned = unsignedHeader(headers, fields.signedHeaders);
  if (unsigned !== undefined) {
    return refuse(
      "mismatch",
      `'${unsigned}' must be a 'SignedHeader' in the AWS Authorization.`,
    );
  }
  if (!signer.regions.includes(fields.region)) {
    return refuse(
      "mismatch",
      "Credential should be scoped to a valid region. This simulator is in " +
        `${signer.regions.join(", ")}.`,
    );
  }
  if (fields.service !== service) {
    return refuse(
      "mismatch",
      `Credential should be scoped to correct service: '${service}'.`,
    );
  }
  if (fields.day !== date.slice(0, 8)) {
    return refuse(
      "mismatch",
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.",
    );
  }
  const skew = skewMessage(time, date, signer.now());
  if (skew !== undefined) return refuse("expired", skew);

  const bodyHash = sha256(request.body);
  const declared = headers.get("x-amz-content-sha256");
  if (declared !== null && !equalText(declared, bodyHash)) {
    return refuse(
      "mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const canonical = canonicalRequest(request, fields.signedHeaders, bodyHash);
  const scope = `${fields.day}/${fields.region}/${fields.service}/aws4_request`;
  const stringToSign = [
    algorithm,
    date,
    scope,
    sha256(encoder.encode(canonical)),
  ].join("\n");
  let key: Uint8Array = encoder.encode(`AWS4${credentials.secretAccessKey}`);
  for (const part of scope.split("/")) key = hmac(key, part);
  const signature = toHex(hmac(key, stringToSign));
  return equalText(fields.signature, signature)
    ? { ok: true, region: fields.region }
    : refuse("mismatch", mismatch);
}

/**
 * Makes the check of a data channel's upgrade: service `ssmmessages`, no body.
 *
 * @param signer Credentials, regions and time.
 * @returns A function that takes the request line's path and query, raw, and the headers.
 */
export function makeUpgradeVerifier(signer: ExpectedSigner): VerifyUpgrade {
  return (target, given) => {
    const headers = toHeaders(given);
    const verdict = headers === undefined
      ? refuse("incomplete", "A header of the request is not valid.")
      : verifySignature(
        { method: "GET", target, headers, body: new Uint8Array(0) },
        "ssmmessages",
        signer,
      );
    if (verdict.ok) return { ok: true };
    return {
      ok: false,
      // AWS refuses an upgrade with 403 whatever is wrong with its signature (api.md §10).
      status: 403,
      code: jsonCodes[verdict.fault],
      message: verdict.message,
    };
  };
}

/** The codes that APIs of JSON protocol use (api.md §10). */
export const jsonCodes: Readonly<Record<SignatureFault, string>> = {
  "missing": "MissingAuthenticationTokenException",
  "incomplete": "IncompleteSignatureException",
  "unknown-credentials": "UnrecognizedClientException",
  "expired": "InvalidSignatureException",
  "mismatch": "InvalidSignatureException",
};

interface AuthorizationFields {
  readonly accessKeyId: string;
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** Reads the Authorization header; a string says what is wrong, in AWS's words, without values. */
function parseAuthorization(header: string): AuthorizationFields | string {
  const space = header.indexOf(" ");
  if (space < 0 || header.slice(0, space) !== algorithm) {
    return `Authorization header requires the algorithm '${algorithm}'.`;
  }
  const parameters = new Map<string, string>();
  for (const part of header.slice(space + 1).split(",")) {
    const mark = part.indexOf("=");
    const name = part.slice(0, Math.max(mark, 0)).trim();
    if (!parameterNames.includes(name) || parameters.has(name)) {
      return "Authorization header holds an invalid key=value pair (missing equal-sign, unknown or repeated key).";
    }
    parameters.set(name, part.slice(mark + 1).trim());
  }
  for (const name of parameterNames) {
    if (!parameters.get(name)) {
      return `Authorization header requires '${name}' parameter.`;
    }
  }
  const scope = (parameters.get("Credential") ?? "").split("/");
  const [accessKeyId, day, region, service, terminator] = scope;
  if (
    scope.length !== 5 || accessKeyId === undefined || day === undefined ||
    region === undefined || service === undefined ||
    terminator !== "aws4_request"
  ) {
    return "Credential must have exactly 5 slash-delimited elements, the last 'aws4_request'.";
  }
  const signedHeaders = (parameters.get("SignedHeaders") ?? "").split(";");
  const sorted = signedHeaders.every((name, i) =>
    /^[a-z0-9-]+$/.test(name) &&
    (i === 0 || (signedHeaders[i - 1] ?? "") < name)
  );
  if (!sorted) {
    return "SignedHeaders must be lower-case names in alphabetical order.";
  }
  return {
    accessKeyId,
    day,
    region,
    service,
    signedHeaders,
    signature: parameters.get("Signature") ?? "",
  };
}

/** A header that had to be signed and was not: host and every `x-amz-` one. */
function unsignedHeader(
  headers: Headers,
  signed: readonly string[],
): string | undefined {
  const present = [...headers.keys()].filter((name) =>
    name.startsWith("x-amz-")
  );
  return ["host", ...present].find((name) => !signed.includes(name));
}

function toHeaders(given: RequestHeaders): Headers | undefined {
  try {
    return new Headers(given);
  } catch {
    return undefined;
  }
}

function parseDate(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const [, y, mo, d, h, mi, s] = match;
  const time = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  return Number.isNaN(time) ? undefined : time;
}

function formatDate(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, "");
}

function skewMessage(
  time: number,
  date: string,
  now: number,
): string | undefined {
  if (time < now - clockSkewLimit) {
    return `Signature expired: ${date} is now earlier than ${
      formatDate(now - clockSkewLimit)
    } (${formatDate(now)} - 5 min.)`;
  }
  if (time > now + clockSkewLimit) {
    return `Signature not yet current: ${date} is still later than ${
      formatDate(now + clockSkewLimit)
    } (${formatDate(now)} + 5 min.)`;
  }
  return undefined;
}

function refuse(fault: SignatureFault, message: string): Verdict {
  return { ok: false, fault, message };
}

/** Compares hashes of both, so neither length nor content shows in the time taken. */
function equalText(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return createHmac("sha256", key).update(text).digest();
}

function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
