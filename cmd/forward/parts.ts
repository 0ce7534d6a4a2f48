/**
 * The parts that forwards are written with: fields between colons, ports, hosts and addresses.
 *
 * @module
 */

import { visible } from "../../lib/text.ts";
import { UsageError } from "../errors.ts";

/** What is being read, for the sentence about what is wrong with it. */
export interface Typed {
  /** As in "Cannot use …": `-L 5432:db`. */
  readonly text: string;
  /** What a hint begins with: `ssm forward web-server`. */
  readonly command: string;
}

/**
 * The error about something that cannot be used.
 * @param typed What it is.
 * @param reason The end of the sentence.
 * @param example What to type instead, after the command; quoted where it has to be.
 */
export function refusal(
  typed: Typed,
  reason: string,
  example?: string,
): UsageError {
  return new UsageError(`Cannot use ${typed.text}: ${reason}`, [
    example === undefined
      ? "ssm forward --help"
      : `${typed.command} ${example}`,
  ]);
}

/**
 * Splits at the colons that are not inside brackets.
 * @param text `[::1]:5432:[2001:db8::1]:5432`
 * @returns At least one field, brackets and all.
 */
export function fieldsOf(text: string): string[] {
  return text.split(/:(?![^[\]]*\])/);
}

/**
 * A port of a forward's far end.
 * @param typed What it is a part of.
 * @param text The port.
 * @returns 1 to 65535.
 * @throws UsageError
 */
export function remotePort(typed: Typed, text: string): number {
  const port = portNumber(typed, text);
  if (port === 0) {
    throw refusal(typed, "nothing listens on port 0; it is from 1 to 65535");
  }
  return port;
}

/**
 * A port to listen on. 0 is refused: a free port has a spelling of its own in each form.
 * @param typed What it is a part of.
 * @param text The port.
 * @param free How to ask for a free port.
 * @returns 1 to 65535.
 * @throws UsageError
 */
export function localPort(
  typed: Typed,
  text: string,
  free: { readonly phrase: string; readonly example: string },
): number {
  const port = portNumber(typed, text);
  if (port === 0) {
    throw refusal(
      typed,
      `port 0 cannot be listened on; ${free.phrase} for a free port`,
      free.example,
    );
  }
  return port;
}

function portNumber(typed: Typed, text: string): number {
  if (text === "") throw refusal(typed, "a port is missing");
  // "080" may be meant as octal, or as a slip; neither is a port that anybody writes.
  if (!/^(0|[1-9]\d*)$/.test(text) || Number(text) > 65535) {
    throw refusal(typed, `${visible(text)} is no port from 1 to 65535`);
  }
  return Number(text);
}

/** Names that are the node itself, seen from there. */
const nodeItself = ["localhost", "127.0.0.1", "::1"];

/** What a name or an IPv4 address is made of; the documents of AWS take little more. */
const hostName = /^[A-Za-z0-9._-]{1,253}$/;

/**
 * The host of a forward's far end.
 * @param typed What it is a part of.
 * @param text A name or an address; IPv6 in brackets.
 * @returns Without brackets; `undefined` for the node itself.
 * @throws UsageError
 */
export function remoteHost(typed: Typed, text: string): string | undefined {
  if (text === "") throw refusal(typed, "its host is missing");
  if (visible(text) !== text || /\s/.test(text)) {
    throw refusal(typed, "a host has no spaces or control characters");
  }
  if (text.startsWith("-")) {
    throw refusal(typed, `the host ${text} begins with a dash`);
  }
  const bracketed = withoutBrackets(text);
  // Digits and dots alone are an address, and no name.
  const host = bracketed !== undefined
    ? ipv6(bracketed)
    : /^[\d.]*$/.test(text)
    ? ipv4(text)
    : hostName.test(text)
    ? text
    : undefined;
  if (host === undefined) {
    throw refusal(
      typed,
      `${text} is no host: a host is a name, an IPv4 address, or an IPv6 address in brackets`,
    );
  }
  return nodeItself.includes(host.toLowerCase()) ? undefined : host;
}

/**
 * A numeric address in its one canonical form.
 * @param text IPv4, or IPv6 with or without brackets.
 * @returns `undefined` for anything else.
 */
export function numericAddress(text: string): string | undefined {
  return ipv4(text) ?? ipv6(withoutBrackets(text) ?? text);
}

function withoutBrackets(text: string): string | undefined {
  return /^\[(.*)\]$/.exec(text)?.[1];
}

function ipv4(text: string): string | undefined {
  const parts = text.split(".");
  return parts.length === 4 &&
      parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && +part < 256)
    ? text
    : undefined;
}

function ipv6(text: string): string | undefined {
  const url = `http://[${text}]/`;
  return /^[0-9A-Fa-f:.]+$/.test(text) && URL.canParse(url)
    ? new URL(url).hostname.slice(1, -1)
    : undefined;
}
