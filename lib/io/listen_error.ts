/**
 * Why nothing can be listened on, in sentences.
 *
 * @module
 */

import type { LocalAddress } from "../session/transport.ts";
import { visible } from "../text.ts";

/** A place on this machine cannot be listened on. */
export class ListenError extends Error {
  override name = "ListenError";
  /**
   * @param address The place.
   * @param reason The end of the sentence.
   */
  constructor(
    readonly address: LocalAddress,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot listen on ${formatAddress(address)}: ${reason}`, options);
  }
}

/** Another program, or a forward of ours, listens on the port. */
export class PortInUseError extends ListenError {
  override name = "PortInUseError";
  /**
   * @param hostname The numeric address.
   * @param port The port.
   */
  constructor(
    readonly hostname: string,
    readonly port: number,
    options?: ErrorOptions,
  ) {
    super({ kind: "tcp", hostname, port }, "it is in use", options);
  }
}

/**
 * A place as it is written: `127.0.0.1:8080`, `[::1]:8080`, or a path.
 * @param address The place.
 */
export function formatAddress(address: LocalAddress): string {
  if (address.kind === "unix") return visible(address.path);
  const { hostname, port } = address;
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** The last of the ports that Unix systems keep for administrators. */
const lastPrivilegedPort = 1023;

/**
 * What the system said when it was asked to listen on a port.
 * @param hostname The numeric address.
 * @param port The port.
 * @param cause What `Deno.listen` threw.
 */
export function tcpListenError(
  hostname: string,
  port: number,
  cause: unknown,
): ListenError {
  if (cause instanceof Deno.errors.AddrInUse) {
    return new PortInUseError(hostname, port, { cause });
  }
  return new ListenError(
    { kind: "tcp", hostname, port },
    cause instanceof Deno.errors.AddrNotAvailable
      ? `this machine has no address ${hostname}`
      : !(cause instanceof Deno.errors.PermissionDenied)
      ? saidBy(cause)
      : port > 0 && port <= lastPrivilegedPort && Deno.build.os !== "windows"
      ? "ports below 1024 need administrator's rights; choose one from 1024 on"
      : "the system does not permit it; choose another port",
    { cause },
  );
}

/**
 * The message of an error of the platform, as the end of a sentence.
 * @param error What was thrown.
 */
export function saidBy(error: unknown): string {
  return visible(error instanceof Error ? error.message : String(error));
}
