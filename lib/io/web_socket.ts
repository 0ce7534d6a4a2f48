/**
 * The door to transports: checks the URL's scheme, finds proxy and certificates, and opens one of
 * the two adapters within the time limit. Which hosts are allowed is decided where the URL comes
 * from (`lib/aws/stream_url.ts`).
 *
 * @module
 */

import {
  type Clock,
  type OpenTransport,
  type Transport,
  TransportError,
  type TransportRequest,
} from "../session/transport.ts";
import { openBuiltin } from "./builtin_transport.ts";
import { closeQuietly, withDeadline } from "./deadline.ts";
import { dial, type DialOptions, UnknownIssuerError } from "./dial.ts";
import { isLoopback } from "./loopback.ts";
import { type Environment, proxyFor } from "./proxy.ts";
import { Rfc6455Transport } from "./rfc6455_transport.ts";
import { namedCertificates, systemCertificates } from "./trust.ts";
import { upgrade } from "./upgrade.ts";

/** Milliseconds from the call to the open transport (data-channel.md §1.2). */
export const openTimeout = 45_000;

/** How {@linkcode openTransport} works. */
export interface WebSocketOptions {
  /** Our own RFC 6455, or Deno's WebSocket. */
  readonly kind: "native" | "builtin";
  /** Measures pings and time-outs. */
  readonly clock: Clock;
  /** Where proxy and certificate variables are looked up. */
  readonly env: Environment;
  /** The profile's `ca_bundle`, a path. */
  readonly caBundle?: string | undefined;
  /** Milliseconds between pings, of the native kind; 30 000 when absent, 0 = none. */
  readonly pingInterval?: number;
  /** The largest message taken, in bytes, of the native kind; 16 MiB when absent. */
  readonly maxMessageSize?: number;
  /** Milliseconds for the whole opening; {@linkcode openTimeout} when absent. */
  readonly timeout?: number;
  /** Which proxy a URL goes through, instead of what the environment says. */
  readonly proxyFor?: (url: URL) => URL | undefined;
  /** Reads the operating system's certificate store; {@linkcode systemCertificates} when absent. */
  readonly systemCertificates?: () => Promise<readonly string[]>;
}

/**
 * Makes the function that opens transports.
 *
 * The native kind turns to the built-in one for a proxy that it does not speak to (`https:`,
 * `socks5:`).
 *
 * @param options How to open them.
 * @returns Rejects with {@linkcode TransportError}, {@linkcode UpgradeRefusedError} among them, or
 * with the reason of the request's signal.
 */
export function openTransport(options: WebSocketOptions): OpenTransport {
  return async (request) => {
    const url = checkUrl(request.url);
    const limit = options.timeout ?? openTimeout;
    return await withDeadline(
      options.clock,
      limit,
      request.signal,
      () =>
        new TransportError(
          `Cannot open WebSocket to ${url.host}: no answer within ${
            limit / 1000
          } s`,
        ),
      (signal) => open(options, request, url, signal),
    );
  };
}

/**
 * Whether the service's rules allow the host is checked where the URL comes from; here only that
 * no token crosses a network in the clear (data-channel.md §1.1).
 */
function checkUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^wss?:$/.test(url.protocol)) {
    throw new TransportError(
      "Cannot open WebSocket: the URL does not begin with wss://",
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new TransportError(
      `Cannot open WebSocket to ${url.host}: the URL has a user name in it`,
    );
  }
  if (url.protocol === "ws:" && !isLoopback(url.hostname)) {
    throw new TransportError(
      `Cannot open WebSocket to ${url.host}: ws:// is only for this machine, use wss://`,
    );
  }
  return url;
}

async function open(
  options: WebSocketOptions,
  request: TransportRequest,
  url: URL,
  signal: AbortSignal,
): Promise<Transport> {
  const proxy = options.proxyFor === undefined
    ? proxyFor(url, options.env)
    : options.proxyFor(url);
  const secure = url.protocol === "wss:";
  const caCerts = secure ? await namedCertificates(options) : [];
  const native = options.kind === "native" &&
    (proxy === undefined || proxy.protocol === "http:");
  const attempt = (caCerts: readonly string[]) =>
    native
      ? openNative(options, request, url, { caCerts, proxy, signal })
      : openBuiltin({
        ...request,
        caCerts,
        proxy,
        clock: options.clock,
        signal,
      });
  try {
    return await attempt(caCerts);
  } catch (error) {
    if (!secure || !unknownIssuer(error)) throw error;
    // The store is slow to read, and the service's certificates do not need it: a company's proxy
    // that signs anew does.
    const system = await (options.systemCertificates ?? systemCertificates)();
    if (system.length === 0) throw error;
    return await attempt([...caCerts, ...system]);
  }
}

async function openNative(
  options: WebSocketOptions,
  request: TransportRequest,
  url: URL,
  how: Pick<DialOptions, "caCerts" | "proxy" | "signal">,
): Promise<Transport> {
  const tls = url.protocol === "wss:";
  const conn = await dial({
    ...how,
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port || (tls ? 443 : 80)),
    tls,
  });
  const { clock, pingInterval, maxMessageSize } = options;
  try {
    const initial = await upgrade(conn, {
      url: request.url,
      headers: request.headers,
      clock,
      signal: how.signal,
    });
    how.signal.throwIfAborted();
    return new Rfc6455Transport(conn, {
      reuseMemory: true,
      role: "client",
      clock,
      initial,
      ...(pingInterval === undefined ? {} : { pingInterval }),
      ...(maxMessageSize === undefined ? {} : { maxMessageSize }),
    });
  } catch (error) {
    closeQuietly(conn);
    throw error;
  }
}

function unknownIssuer(error: unknown): boolean {
  return error instanceof UnknownIssuerError ||
    (error instanceof TransportError && /UnknownIssuer/.test(error.message));
}
