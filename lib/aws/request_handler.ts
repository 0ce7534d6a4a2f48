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

/** What {@linkcode createRequestHandler} may be told. */
export interface RequestHandlerOptions {
  /** Certificates to trust besides the platform's, PEM. */
  readonly caCerts?: readonly string[];
  /** More certificates, asked for once when one was not trusted; PEM. */
  readonly systemCerts?: () => Promise<readonly string[]>;
  /** Milliseconds for one attempt, {@linkcode ATTEMPT_TIMEOUT} by default. */
  readonly timeout?: number;
}

/**
 * Makes the handler all clients of one identity share.
 *
 * @param options Certificates and time.
 */
export async function createRequestHandler(
  options: RequestHandlerOptions = {},
): Promise<AwsRequestHandler> {
  const { FetchHttpHandler } = await import("@smithy/fetch-http-handler");
  const { caCerts = [], systemCerts, timeout = ATTEMPT_TIMEOUT } = options;
  const closing = new AbortController();
  // Own clients keep their own connections, so that close() can close them. They honour the proxy
  // variables as the built-in one does.
  const clients = [Deno.createHttpClient({ caCerts: [...caCerts] })];
  let widened: Promise<boolean> | undefined;
  /** Trusts the system's store from now on; false when that adds nothing. */
  const widen = async (): Promise<boolean> => {
    const more = await systemCerts?.() ?? [];
    if (more.length === 0 || closing.signal.aborted) return false;
    clients.push(Deno.createHttpClient({ caCerts: [...caCerts, ...more] }));
    return true;
  };
  const attempt = async (request: Request, signal: AbortSignal) => {
    try {
      return await fetch(request, { client: clients.at(-1)!, signal });
    } catch (error) {
      throw error instanceof TypeError
        ? new NetworkError(hostOf(request), explain(error), { cause: error })
        : error;
    }
  };
  const customFetch = async (input: string | URL | Request) => {
    const request = new Request(input);
    const limit = new AbortController();
    const timer = setTimeout(
      () => limit.abort(new NetworkError(hostOf(request), "no answer in time")),
      timeout,
    );
    const signal = AbortSignal.any([
      request.signal,
      limit.signal,
      closing.signal,
    ]);
    try {
      return await attempt(request.clone(), signal);
    } catch (error) {
      if (!(error instanceof NetworkError) || !error.untrusted) throw error;
      if (!await (widened ??= widen())) throw error;
      return await attempt(request, signal);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    handler: new FetchHttpHandler({ customFetch }),
    close() {
      if (closing.signal.aborted) return;
      closing.abort(
        new DOMException("The AWS clients are closed", "AbortError"),
      );
      for (const client of clients) client.close();
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

function hostOf(request: Request): string {
  return new URL(request.url).host;
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
