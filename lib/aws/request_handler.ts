/**
 * The HTTP side of the calls to AWS: the SDK's handler over `fetch`, which honours HTTPS_PROXY and
 * NO_PROXY where the SDK's default one over node:https does not, with extra certificates, a
 * time-out, an end, and errors that name the host and the cause.
 *
 * @module
 */

import type { FetchHttpHandler } from "@smithy/fetch-http-handler";
import { visible } from "../text.ts";
import { AwsCallError, NetworkError } from "./errors.ts";

/** A request handler and its end. */
export interface AwsRequestHandler {
  /** What SDK clients take as `requestHandler`. */
  readonly handler: FetchHttpHandler;
  /** Ends requests under way and closes kept connections. Idempotent. */
  close(): void;
}

/**
 * How long one attempt may take until its response's headers are here, in milliseconds. The SDK
 * makes up to three attempts; the AWS CLI waits 60 s in each phase, which is long for a person.
 */
export const ATTEMPT_TIMEOUT = 20_000;

/**
 * Makes the handler all clients of one identity share.
 *
 * @param caCerts Certificates to trust besides the platform's, PEM.
 * @param timeout Milliseconds for one attempt, {@linkcode ATTEMPT_TIMEOUT} by default.
 */
export async function createRequestHandler(
  caCerts: readonly string[],
  timeout: number = ATTEMPT_TIMEOUT,
): Promise<AwsRequestHandler> {
  const { FetchHttpHandler } = await import("@smithy/fetch-http-handler");
  // An own client keeps its own connections, so that close() can close them. It honours the proxy
  // variables as the built-in one does.
  const client = Deno.createHttpClient({ caCerts: [...caCerts] });
  const closing = new AbortController();
  let closed = false;
  const customFetch = async (request: string | URL | Request) => {
    const limit = new AbortController();
    const timer = setTimeout(
      () => limit.abort(new NetworkError(hostOf(request), "no answer in time")),
      timeout,
    );
    const own = request instanceof Request ? [request.signal] : [];
    try {
      return await fetch(request, {
        client,
        signal: AbortSignal.any([...own, limit.signal, closing.signal]),
      });
    } catch (error) {
      if (error instanceof TypeError) {
        throw new NetworkError(hostOf(request), explain(error), {
          cause: error,
        });
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    handler: new FetchHttpHandler({ customFetch }),
    close() {
      if (closed) return;
      closed = true;
      closing.abort(
        new DOMException("The AWS clients are closed", "AbortError"),
      );
      client.close();
    },
  };
}

/**
 * Reads a certificate bundle.
 *
 * @param path A PEM file, as AWS_CA_BUNDLE or `ca_bundle` names it.
 * @returns The file's text, which may hold many certificates.
 * @throws AwsCallError of kind `invalid` when the file cannot be read or holds no certificate.
 */
export async function readCaBundle(path: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw bundleError(
      path,
      cause instanceof Error ? cause.message : String(cause),
      { cause },
    );
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw bundleError(path, "it holds no PEM certificate");
  }
  return text;
}

function bundleError(
  path: string,
  reason: string,
  options?: ErrorOptions,
): AwsCallError {
  return new AwsCallError({
    action: "settings",
    code: "InvalidCaBundle",
    kind: "invalid",
    reason: `the certificate bundle ${visible(path)} (AWS_CA_BUNDLE or ` +
      `ca_bundle) is of no use: ${visible(reason)}`,
  }, options);
}

function hostOf(request: string | URL | Request): string {
  return new URL(request instanceof Request ? request.url : request).host;
}

/**
 * The cause in fetch's words: Deno 2.9 says "fetch failed" with the whole story in `cause`, 2.6
 * has it in the message. Measured with 2.6.8 and 2.9.6.
 */
function explain(error: TypeError): string {
  const text = error.cause instanceof Error
    ? error.cause.message
    : error.message;
  const certificate = /invalid peer certificate: (.*)$/s.exec(text);
  if (certificate !== null) {
    return `its certificate is not trusted (${visible(certificate[1]!)})`;
  }
  if (/dns error/i.test(text)) return "its name cannot be resolved";
  if (/connection refused/i.test(text)) return "connection refused";
  if (/tunnel|proxy/i.test(text)) {
    return `the proxy does not connect (${visible(tail(text))})`;
  }
  return visible(tail(text));
}

/** The text after the last "client error (…): ". */
function tail(text: string): string {
  return text.replace(/^.*client error \([A-Za-z]+\): /s, "");
}
