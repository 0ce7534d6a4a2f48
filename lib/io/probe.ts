/**
 * How far a connection to a server gets: its name, the way there, its certificate, its first answer.
 * What the answer says does not matter, as nothing is asked for that needs an identity.
 *
 * @module
 */

import { type Clock, TransportError } from "../session/transport.ts";
import { closeOnAbort, closeQuietly, withDeadline } from "./deadline.ts";
import { dial, UnknownIssuerError } from "./dial.ts";
import { encodeHead, readHead, statusOf, writeAll } from "./http_head.ts";
import { isLoopback } from "./loopback.ts";
import type { PeerCertificate } from "./peer_certificate.ts";
import { type Environment, proxyFor } from "./proxy.ts";
import { namedCertificates, systemCertificates } from "./trust.ts";

/** How {@linkcode probe} works. */
export interface ProbeOptions {
  /** An endpoint, `https://ssm.eu-west-1.amazonaws.com`. */
  readonly url: string;
  /** Where proxy and certificate variables are looked up. */
  readonly env: Environment;
  /** The profile's `ca_bundle`, a path. */
  readonly caBundle?: string | undefined;
  readonly clock: Clock;
  /** Milliseconds for all of it; 8000 when absent. */
  readonly timeout?: number;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/** What a connection ended at. */
export type ProbeStage =
  /** The proxy's variable is no URL. */
  | "proxy"
  /** The file of certificates that the user named is of no use. */
  | "bundle"
  /** The name was not found. */
  | "name"
  /** No TCP connection, to the server or the proxy. */
  | "connect"
  /** Its certificate is not trusted, or TLS failed otherwise. */
  | "tls"
  /** It answers no HTTP. */
  | "answer";

/** What was found out. */
export interface Probe {
  /** Host, with the port where it is not the scheme's own. */
  readonly host: string;
  /** What it failed at; `undefined` when an answer came. */
  readonly failedAt: ProbeStage | undefined;
  /** Why, a phrase; empty when an answer came. */
  readonly reason: string;
  /** The host of the proxy on the way. */
  readonly proxy: string | undefined;
  /** The server's addresses; empty where a proxy looks its name up. */
  readonly addresses: readonly string[];
  /** Whose certificates made it trusted; `undefined` without TLS or trust. */
  readonly trusted: "built in" | "named" | "system" | undefined;
  /** The certificate, where it is not one that everybody trusts. */
  readonly certificate: PeerCertificate | undefined;
  /** The server's clock minus ours, in milliseconds, good to about a second; from its Date. */
  readonly clockOffset: number | undefined;
  /** Milliseconds from the beginning to the answer. */
  readonly elapsed: number;
}

/** How long it may take, in milliseconds. */
const defaultTimeout = 8000;

/**
 * Connects and sees how far it gets.
 *
 * @param options Where to.
 * @throws The signal's reason; nothing else.
 */
export async function probe(options: ProbeOptions): Promise<Probe> {
  const url = new URL(options.url);
  const began = options.clock.now();
  const found: Found = {
    host: url.host,
    proxy: undefined,
    addresses: [],
    trusted: undefined,
    certificate: undefined,
    clockOffset: undefined,
  };
  let stage: ProbeStage = "proxy";
  const at = (next: ProbeStage) => void (stage = next);
  const limit = options.timeout ?? defaultTimeout;
  try {
    await withDeadline(
      options.clock,
      limit,
      options.signal,
      () => new TransportError(`no answer within ${limit / 1000} s`),
      (signal) => explore({ ...options, signal }, url, found, at),
    );
    return { ...found, failedAt: undefined, reason: "", elapsed: elapsed() };
  } catch (error) {
    options.signal.throwIfAborted();
    return {
      ...found,
      failedAt: stage,
      reason: reasonOf(error),
      elapsed: elapsed(),
    };
  }

  function elapsed(): number {
    return options.clock.now() - began;
  }
}

type Found = {
  -readonly [Key in Exclude<keyof Probe, "failedAt" | "reason" | "elapsed">]:
    Probe[Key];
};

async function explore(
  options: ProbeOptions,
  url: URL,
  found: Found,
  at: (stage: ProbeStage) => void,
): Promise<void> {
  const { env, clock, signal } = options;
  const proxy = proxyFor(url, env);
  found.proxy = proxy?.host;
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const tls = url.protocol === "https:";
  at("bundle");
  // Whatever the scheme: a file that is of no use stops every call.
  const named = await namedCertificates(options);
  if (proxy === undefined) {
    at("name");
    found.addresses = await addressesOf(hostname, signal);
  }
  at("connect");
  const place = {
    hostname,
    port: Number(url.port || (tls ? 443 : 80)),
    proxy,
    signal,
  };
  const conn = await dialTrusting({ ...place, tls }, named, found, at);
  using _watch = closeOnAbort(conn, signal);
  try {
    at("answer");
    const asked = wall(clock);
    await writeAll(
      conn,
      encodeHead("GET / HTTP/1.1", {
        "Host": url.host,
        "Connection": "close",
        "User-Agent": "ssm",
      }),
    );
    const head = await readHead(conn);
    statusOf(head.startLine);
    const date = Date.parse(head.headers["date"] ?? "");
    if (!Number.isNaN(date)) {
      // A Date has whole seconds, so half of one is right on average.
      found.clockOffset = date + 500 - (asked + wall(clock)) / 2;
    }
  } finally {
    closeQuietly(conn);
  }
}

/** Trusts what is built in, then what was named, then the system's store, as calls and sessions do. */
async function dialTrusting(
  place: Omit<Parameters<typeof dial>[0], "caCerts">,
  named: readonly string[],
  found: Found,
  at: (stage: ProbeStage) => void,
): Promise<Deno.TcpConn | Deno.TlsConn> {
  let caCerts: readonly string[] = [];
  try {
    const conn = await dial({ ...place, caCerts });
    if (place.tls) found.trusted = "built in";
    return conn;
  } catch (error) {
    if (!place.tls || !isTlsError(error)) throw error;
    at("tls");
    const { peerCertificate } = await import("./peer_certificate.ts");
    found.certificate = await peerCertificate(place);
    if (!(error instanceof UnknownIssuerError)) throw error;
    for (const store of ["named", "system"] as const) {
      const more = store === "named" ? named : await systemCertificates();
      if (more.length === 0) continue;
      caCerts = [...caCerts, ...more];
      try {
        const conn = await dial({ ...place, caCerts });
        found.trusted = store;
        return conn;
      } catch (again) {
        if (!(again instanceof UnknownIssuerError)) throw again;
      }
    }
    throw error;
  }
}

function isTlsError(error: unknown): boolean {
  return error instanceof UnknownIssuerError ||
    error instanceof TransportError && /certificate|TLS/.test(error.message);
}

/** As connecting looks it up, by the system's resolver. */
async function addressesOf(
  hostname: string,
  signal: AbortSignal,
): Promise<string[]> {
  if (isLoopback(hostname)) return [hostname];
  const { lookup } = await import("node:dns/promises");
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    // A lookup takes no signal; one that hangs is left to itself.
    const found = await Promise.race([
      lookup(hostname, { all: true }),
      aborted,
    ]);
    return found.map(({ address }) => address);
  } catch (cause) {
    signal.throwIfAborted();
    throw new TransportError("the name was not found", { cause });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function wall(clock: Clock): number {
  return clock.wall?.() ?? clock.now();
}

/** A phrase, without what {@linkcode dial} says in front: the host is told besides. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^Cannot connect to [^ ]+: /, "")
    .replace(/^Cannot (read|use)/, "cannot $1")
    .replace(/^Cannot connect/, "cannot connect");
}
