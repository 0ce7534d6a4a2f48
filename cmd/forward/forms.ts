/**
 * The forms a forward is typed in: `--remote`, `-L` as with ssh, and ports as with kubectl.
 *
 * @module
 */

import { shellQuote } from "../../lib/text.ts";
import type { UsageError } from "../errors.ts";
import {
  type BindRule,
  type LocalSpec,
  ownHosts,
  unixSocket,
} from "./local.ts";
import {
  fieldsOf,
  localPort,
  refusal,
  remoteHost,
  remotePort,
  type Typed,
} from "./parts.ts";

/** One forward: from a place on this machine to a port. */
export interface ForwardSpec {
  /** A host behind the node; `undefined` for the node itself. */
  readonly remoteHost: string | undefined;
  /** 1 to 65535. */
  readonly remotePort: number;
  readonly local: LocalSpec;
}

/** The form of `-L`. */
const sshForm = "it is [bind:]port:host:hostport";

/**
 * True for `9000`, `8080:80` and `:443`, which no target is without a prefix.
 * @param text An argument.
 */
export function looksLikePorts(text: string): boolean {
  return /^(?:\d+|\d*:\d+)$/.test(text);
}

/** The far one of the two ends. */
export type FarEnd = Pick<ForwardSpec, "remoteHost" | "remotePort">;

function farEnd(typed: Typed, host: string, port: string): FarEnd {
  return {
    remoteHost: remoteHost(typed, host),
    remotePort: remotePort(typed, port),
  };
}

/**
 * Reads `--remote`: `80`, `db.internal:5432` or `[2001:db8::1]:5432`.
 * @param typed What it is.
 * @param text Its value.
 * @throws UsageError
 */
export function parseRemote(typed: Typed, text: string): FarEnd {
  const fields = fieldsOf(text);
  const [first = "", second] = fields;
  if (fields.length === 2 && second !== undefined) {
    return farEnd(typed, first, second);
  }
  if (fields.length > 2) {
    throw refusal(
      typed,
      "it is a port or host:port; an IPv6 address has brackets",
      "--remote '[2001:db8::1]:5432'",
    );
  }
  if (first !== "" && !/^[\d-]/.test(first)) {
    remoteHost(typed, first);
    throw refusal(
      typed,
      "its port is missing",
      `--remote ${shellQuote(`${first}:5432`)}`,
    );
  }
  return { remoteHost: undefined, remotePort: remotePort(typed, first) };
}

/**
 * Reads `-L`: `[bind:]port:host:hostport`, or `path:host:hostport`.
 * @param typed What it is.
 * @param text Its value.
 * @param rule What `--bind` says.
 * @throws UsageError
 */
export function parseSsh(
  typed: Typed,
  text: string,
  rule: BindRule,
): ForwardSpec {
  const socket = /^(?:unix:(.*?)|([^:]*\/.*)):(\[[^[\]]*\]|[^:[\]]*):([^:]*)$/s
    .exec(text);
  if (socket !== null) {
    const [, prefixed, bare, host = "", port = ""] = socket;
    return {
      ...farEnd(typed, host, port),
      local: unixSocket(typed, prefixed ?? bare ?? ""),
    };
  }
  const fields = fieldsOf(text);
  const [port, host, hostPort] = fields.slice(-3);
  if (
    fields.length > 4 || port === undefined || host === undefined ||
    hostPort === undefined
  ) throw wrongSsh(typed, fields);
  const far = farEnd(typed, host, hostPort);
  const farText = shellQuote(`${host}:${hostPort}`);
  const near = localPort(typed, port, {
    phrase: "use --remote without --local",
    example: `--remote ${farText}`,
  });
  const [bind] = fields.length === 4 ? fields : [];
  const hosts = bind === undefined
    ? rule
    : ownHosts(typed, bind, rule, `-L ${shellQuote(text)}`);
  const { hosts: required, optionalHosts } = hosts;
  return {
    ...far,
    local: { kind: "tcp", port: near, hosts: required, optionalHosts },
  };
}

function wrongSsh(typed: Typed, fields: readonly string[]): UsageError {
  const [port = "", host = ""] = fields;
  if (fields.length > 4) {
    return refusal(
      typed,
      `${sshForm}; an IPv6 address has brackets`,
      "-L '[::1]:5432:[2001:db8::1]:5432'",
    );
  }
  if (host.includes("/")) {
    return refusal(typed, "a socket on the node cannot be forwarded to");
  }
  const given = /^[1-9]\d{0,4}$/.test(port) ? port : "8080";
  const example = /^\d+$/.test(host)
    ? `${given}:localhost:${host}`
    : `${given}:${host === "" ? "db.internal" : host}:${given}`;
  return refusal(typed, sshForm, `-L ${shellQuote(example)}`);
}

/**
 * Reads an argument: `8080:80`, `:443` with a free local port, or `9000` for both.
 * @param typed What it is.
 * @param text The argument.
 * @param rule What `--bind` says.
 * @throws UsageError
 */
export function parsePorts(
  typed: Typed,
  text: string,
  rule: BindRule,
): ForwardSpec {
  if (!looksLikePorts(text)) {
    const fields = fieldsOf(text);
    throw refusal(
      typed,
      "it is local:remote, :remote or a port; only the first argument is a target",
      fields.length > 2
        ? `-L ${shellQuote(text)}`
        : fields.length === 2 && /^\d+$/.test(fields[1] ?? "")
        ? `--remote ${shellQuote(text)}`
        : "8080:80",
    );
  }
  const [near = "", far = near] = text.split(":");
  const remote = { remoteHost: undefined, remotePort: remotePort(typed, far) };
  if (near === "") return { ...remote, local: portAt(rule) };
  const port = localPort(typed, near, {
    phrase: "leave it away",
    example: `:${far}`,
  });
  return { ...remote, local: portAt(rule, port) };
}

/**
 * A place to listen at the addresses that `--bind` says.
 * @param rule What it says.
 * @param port The port; by default any that is free.
 */
export function portAt(rule: BindRule, port = 0): LocalSpec {
  const { hosts, optionalHosts } = rule;
  return { kind: "tcp", port, hosts, optionalHosts };
}
