/**
 * The SigV4 signature of a WebSocket upgrade, as the official client makes it
 * (data-channel.md §1.2).
 *
 * @module
 */

import type { Checksum, SourceData } from "@smithy/types";
import type { Credentials } from "./credentials.ts";

/** What makes a URL presigned; compared with case, as P `IsPresignedURL` does. */
const PRESIGNED = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
  "X-Amz-Signature",
  "X-Amz-Security-Token",
];

/**
 * Whether a stream URL carries its own signature, so that none is to be added and no resume is
 * possible (data-channel.md §8.1).
 *
 * @param url The stream URL.
 */
export function isPresigned(url: string): boolean {
  const query = new URL(url).searchParams;
  return PRESIGNED.some((name) => query.has(name));
}

/**
 * The headers that sign the upgrade request for a URL: `Authorization`, `X-Amz-Date` and, for
 * temporary credentials, `X-Amz-Security-Token`; no `X-Amz-Content-Sha256`. The URL itself is
 * dialled as it is.
 *
 * @param url The stream URL.
 * @param credentials Whose signature.
 * @param region The session's region.
 * @param now The signature's time.
 */
export async function signUpgrade(
  url: string,
  credentials: Credentials,
  region: string,
  now: Date,
): Promise<Record<string, string>> {
  const [{ SignatureV4 }, { HttpRequest }, { createHash, createHmac }] =
    await Promise.all([
      import("@smithy/signature-v4"),
      import("@smithy/protocol-http"),
      import("node:crypto"),
    ]);
  class Sha256 implements Checksum {
    #hash;
    readonly #secret: SourceData | undefined;
    constructor(secret?: SourceData) {
      this.#secret = secret;
      this.#hash = this.#start();
    }
    #start() {
      return this.#secret === undefined
        ? createHash("sha256")
        : createHmac("sha256", bytesOf(this.#secret));
    }
    update(chunk: Uint8Array | string): void {
      this.#hash.update(chunk);
    }
    digest(): Promise<Uint8Array> {
      return Promise.resolve(new Uint8Array(this.#hash.digest()));
    }
    reset(): void {
      this.#hash = this.#start();
    }
  }
  const { hostname, host, pathname, searchParams } = new URL(url);
  const query: Record<string, string[]> = {};
  // A form's rules: a raw "+" is a space to sign, while the request line keeps it.
  for (const [name, value] of searchParams) (query[name] ??= []).push(value);
  const signer = new SignatureV4({
    service: "ssmmessages",
    region,
    credentials,
    sha256: Sha256,
    applyChecksum: false,
  });
  const signed = await signer.sign(
    new HttpRequest({
      method: "GET",
      protocol: "https:",
      hostname,
      path: pathname,
      query,
      // Without the port where it is the scheme's own.
      headers: { host },
    }),
    { signingDate: now },
  );
  const header = (name: string): string => signed.headers[name] ?? "";
  const token = header("x-amz-security-token");
  return {
    "Authorization": header("authorization"),
    "X-Amz-Date": header("x-amz-date"),
    ...(token === "" ? {} : { "X-Amz-Security-Token": token }),
  };
}

function bytesOf(source: SourceData): Uint8Array | string {
  if (typeof source === "string") return source;
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
