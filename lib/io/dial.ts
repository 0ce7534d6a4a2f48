/**
 * TCP and TLS connections for the WebSocket, direct or through an HTTP proxy.
 *
 * @module
 */

import { TransportError } from "../session/transport.ts";
import { closeOnAbort, closeQuietly } from "./deadline.ts";
import { encodeHead, readHead, statusOf, writeAll } from "./http_head.ts";

/** Where and how to connect. */
export interface DialOptions {
  /** A name or an address; an IPv6 address without brackets. */
  readonly hostname: string;
  /** The TCP port. */
  readonly port: number;
  /** True for TLS. */
  readonly tls: boolean;
  /** Certificates to trust in addition to Deno's own, one PEM text each. */
  readonly caCerts: readonly string[];
  /** An `http:` proxy to go through, with userinfo if it wants any. */
  readonly proxy?: URL | undefined;
  /** Gives up. The error is then the signal's reason. */
  readonly signal: AbortSignal;
}

/** The server's certificate comes from an authority that is not trusted: trusting more may help. */
export class UnknownIssuerError extends TransportError {
  /** The class, for whoever prints it. */
  override name = "UnknownIssuerError";
}

/**
 * Connects, without delay (Nagle's algorithm would hold keystrokes back) and with TCP keep-alive.
 *
 * @param options Where and how.
 * @returns The connection, its TLS handshake done.
 * @throws {UnknownIssuerError} The server's certificate is not trusted.
 * @throws {TransportError} It did not work; the message names host, port and what happened.
 */
export async function dial(
  options: DialOptions,
): Promise<Deno.TcpConn | Deno.TlsConn> {
  const { hostname, port, tls, caCerts, proxy, signal } = options;
  const target = hostPort(hostname, port);
  const tcp = proxy === undefined
    ? await connect(hostname, port, target, signal)
    : await connectThrough(proxy, target, signal);
  if (!tls) return tcp;
  // Deno.TlsConn has no setNoDelay, but keeps that of the connection it takes over.
  let conn: Deno.TlsConn;
  try {
    conn = await Deno.startTls(tcp, { hostname, caCerts: [...caCerts] });
  } catch (cause) {
    closeQuietly(tcp);
    throw tlsError(target, cause);
  }
  using _watch = closeOnAbort(conn, signal);
  try {
    await conn.handshake();
    return conn;
  } catch (cause) {
    closeQuietly(conn);
    signal.throwIfAborted();
    throw tlsError(target, cause);
  }
}

/**
 * Host and port as they stand in a URL and in messages.
 *
 * @param hostname A name or an address; an IPv6 address gets brackets if it has none.
 * @param port The port.
 */
export function hostPort(hostname: string, port: number): string {
  return hostname.includes(":") && !hostname.startsWith("[")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

async function connect(
  hostname: string,
  port: number,
  name: string,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  signal.throwIfAborted();
  let failure: unknown;
  try {
    return await connectOnce(hostname, port, signal);
  } catch (cause) {
    signal.throwIfAborted();
    failure = cause;
  }
  // Deno 2.6 tries only the first of a name's addresses; later ones try all by themselves.
  for (const address of await otherAddresses(hostname, failure)) {
    try {
      return await connectOnce(address, port, signal);
    } catch {
      signal.throwIfAborted();
    }
  }
  throw new TransportError(`Cannot connect to ${name}: ${reason(failure)}`, {
    cause: failure,
  });
}

async function connectOnce(
  hostname: string,
  port: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname, port, signal });
  conn.setNoDelay(true);
  conn.setKeepAlive(true);
  return conn;
}

async function otherAddresses(
  hostname: string,
  failure: unknown,
): Promise<string[]> {
  if (isAddress(hostname) || notFound(failure)) return [];
  try {
    const { lookup } = await import("node:dns/promises");
    const addresses = await lookup(hostname, { all: true });
    return addresses.slice(1).map(({ address }) => address);
  } catch {
    // The first failure is the one to report.
    return [];
  }
}

async function connectThrough(
  proxy: URL,
  target: string,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const host = unbracket(proxy.hostname);
  const port = Number(proxy.port || 80);
  const name = hostPort(host, port);
  if (proxy.protocol !== "http:") {
    throw new TransportError(
      `Cannot connect through proxy ${name}: ${proxy.protocol}// proxies are not supported here, use http://`,
    );
  }
  const conn = await connect(host, port, `proxy ${name}`, signal);
  using _watch = closeOnAbort(conn, signal);
  try {
    const headers: Record<string, string> = { "Host": target };
    if (proxy.username !== "" || proxy.password !== "") {
      headers["Proxy-Authorization"] = basicAuthorization(proxy);
    }
    await writeAll(conn, encodeHead(`CONNECT ${target} HTTP/1.1`, headers));
    const head = await readHead(conn);
    const status = statusOf(head.startLine);
    if (status < 200 || status > 299) {
      throw new Error(`the proxy answered ${head.startLine.slice(9, 80)}`);
    }
    if (head.rest.length > 0) {
      throw new Error("the proxy sent bytes that nobody asked for");
    }
    signal.throwIfAborted();
    return conn;
  } catch (cause) {
    closeQuietly(conn);
    signal.throwIfAborted();
    throw new TransportError(
      `Cannot connect to ${target} through proxy ${name}: ${reason(cause)}`,
      { cause },
    );
  }
}

/** `Basic …` from a proxy URL's userinfo, which is percent-encoded there. */
function basicAuthorization(proxy: URL): string {
  const bytes = new TextEncoder().encode(
    `${decode(proxy.username)}:${decode(proxy.password)}`,
  );
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** Percent-decodes; a `%` that begins no sequence stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isAddress(hostname: string): boolean {
  return hostname.includes(":") || /^[\d.]+$/.test(hostname);
}

function unbracket(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/** The resolver's failure has no class of its own: getaddrinfo's and Windows' texts. */
function notFound(cause: unknown): boolean {
  return cause instanceof Error &&
    /lookup address|no such host|not known/i.test(cause.message);
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (notFound(cause)) return "the name was not found";
  if (cause instanceof Deno.errors.ConnectionRefused) {
    return "the connection was refused";
  }
  if (cause instanceof Deno.errors.TimedOut) return "there was no answer";
  return cause.message;
}

function tlsError(target: string, cause: unknown): TransportError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const certificate = /peer certificate: ?(.*)/i.exec(message);
  if (certificate === null) {
    return new TransportError(
      `Cannot connect to ${target}: the TLS handshake failed: ${message}`,
      { cause },
    );
  }
  const detail = certificate[1] ?? "";
  if (detail.includes("UnknownIssuer")) {
    return new UnknownIssuerError(
      `Cannot connect to ${target}: its certificate comes from an authority that is not trusted (UnknownIssuer)`,
      { cause },
    );
  }
  return new TransportError(
    `Cannot connect to ${target}: its certificate is not valid: ${detail}`,
    { cause },
  );
}
