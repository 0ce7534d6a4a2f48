/**
 * Requests signed with the signer that the client uses, for the check to find good or bad.
 */

import { createHash, createHmac } from "node:crypto";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import type { SimulatorCredentials } from "../../lib/simulator/credentials.ts";

/** What to sign. */
export interface RequestToSign {
  readonly service: string;
  readonly region: string;
  readonly credentials: SimulatorCredentials;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  /** The Host header. */
  readonly host: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request with its signature in the headers. */
export interface SignedTestRequest {
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Signs a request. */
export async function signRequest(
  request: RequestToSign,
): Promise<SignedTestRequest> {
  const { service, region, credentials, query = {}, path = "/" } = request;
  const body = request.body ?? "";
  const signer = new SignatureV4({
    service,
    region,
    credentials,
    sha256: Sha256,
  });
  const signed = await signer.sign(
    new HttpRequest({
      method: request.method ?? "POST",
      protocol: "http:",
      hostname: "127.0.0.1",
      path,
      query: { ...query },
      headers: { host: request.host, ...request.headers },
      body,
    }),
    { signingDate: new Date(request.time) },
  );
  const pairs = Object.entries(query).map(([name, value]) =>
    `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
  );
  return {
    target: pairs.length === 0 ? path : `${path}?${pairs.join("&")}`,
    headers: new Headers(signed.headers),
    body: new TextEncoder().encode(body),
  };
}

/** node:crypto under the signer's hash interface. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined
      ? createHash("sha256")
      : createHmac("sha256", toBytes(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(toBytes(data));
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
  reset(): void {}
}

function toBytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === "string") return new TextEncoder().encode(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
