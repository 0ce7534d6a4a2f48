/**
 * Keeps web pages out of a server on loopback, before anything else is looked at.
 *
 * A page can make its browser send requests to 127.0.0.1, under its own name (DNS rebinding) too.
 * A browser says so: in Host, and in Origin. No AWS client sends an Origin (data-channel.md §1.2).
 *
 * @module
 */

import type { RequestHeaders } from "../sigv4_verify.ts";

/** Why a request is not let in, for the log and for the answer. */
export interface Refusal {
  readonly status: 403;
  readonly reason: string;
}

/**
 * Refuses a request that a browser made for a page, or that was meant for another host.
 *
 * @param headers The request's headers; the names of a record in lower case.
 * @param port The port that this server listens on.
 * @returns `undefined` where the request may go on to its signature check.
 */
export function refuseForeign(
  headers: RequestHeaders,
  port: number,
): Refusal | undefined {
  const get = (name: string) =>
    headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof get("origin") === "string") {
    return {
      status: 403,
      reason: "Requests with an Origin header are refused",
    };
  }
  const host = get("host")?.toLowerCase();
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    return {
      status: 403,
      reason: `The Host header must be 127.0.0.1:${port} or localhost:${port}`,
    };
  }
  return undefined;
}
