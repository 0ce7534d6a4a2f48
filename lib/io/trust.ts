/**
 * Which certificate authorities are trusted in addition to those that Deno brings along.
 *
 * @module
 */

import { TransportError } from "../session/transport.ts";
import type { Environment } from "./proxy.ts";

/** Where {@linkcode namedCertificates} looks. */
export interface TrustOptions {
  /** Looks up environment variables. */
  readonly env: Environment;
  /** The profile's `ca_bundle`, a path. */
  readonly caBundle?: string | undefined;
  /** Reads a file; `Deno.readTextFile` when absent. */
  readonly readTextFile?: (path: string) => Promise<string>;
}

const certificate =
  /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * The certificates of the file that the user named: AWS_CA_BUNDLE, else the profile's `ca_bundle`,
 * as the AWS CLI has it, else SSL_CERT_FILE, as the official plugin has it (Go's crypto/x509).
 *
 * @param options Where to look.
 * @returns One PEM text per certificate; none when no file is named.
 * @throws {TransportError} The named file cannot be read or holds no certificate; the message
 * names the file and who named it.
 */
export async function namedCertificates(
  options: TrustOptions,
): Promise<string[]> {
  const { env, caBundle } = options;
  const named: readonly (readonly [string, string | undefined])[] = [
    ["AWS_CA_BUNDLE", env("AWS_CA_BUNDLE")],
    ["the profile's ca_bundle", caBundle],
    ["SSL_CERT_FILE", env("SSL_CERT_FILE")],
  ];
  const [by, path] = named.find(([, path]) => path) ?? [];
  if (by === undefined || path === undefined) return [];
  const read = options.readTextFile ?? Deno.readTextFile;
  let text: string;
  try {
    text = await read(expandHome(path, env));
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound
      ? "there is no such file"
      : cause instanceof Error
      ? cause.message
      : String(cause);
    throw new TransportError(
      `Cannot read CA certificates from ${path} (${by}): ${why}`,
      { cause },
    );
  }
  const found = text.match(certificate);
  if (found === null) {
    throw new TransportError(
      `Cannot read CA certificates from ${path} (${by}): the file holds no PEM certificate`,
    );
  }
  return found;
}

/**
 * The certificates of the operating system's store. Deno 2.6 cannot read it from a program (there
 * DENO_TLS_CA_STORE=system does the same) and gives none. Loading takes tens of milliseconds, so
 * this is for when a certificate was not trusted without it.
 *
 * @returns One PEM text per certificate.
 */
export async function systemCertificates(): Promise<string[]> {
  try {
    const tls: { getCACertificates?: (type: "system") => string[] } =
      await import("node:tls");
    return tls.getCACertificates?.("system") ?? [];
  } catch {
    // A store that cannot be read is as good as an empty one: the connection's own error says
    // which certificate is not trusted.
    return [];
  }
}

function expandHome(path: string, env: Environment): string {
  const home = env("HOME") ?? env("USERPROFILE");
  return home !== undefined && /^~[/\\]/.test(path)
    ? home + path.slice(1)
    : path;
}
