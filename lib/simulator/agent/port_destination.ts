/**
 * Where a port session leads: the agent's rules for hosts (sessions.md §4), and a network that ends
 * at this machine. Names are looked up in the simulator's own list, and nothing but loopback is
 * ever dialled.
 *
 * @module
 */

import { compareAsAgent } from "../../protocol/message/version.ts";
import type { Clock } from "../../session/transport.ts";
import { blackhole, type Hosts, isLoopback } from "../hosts.ts";
import { SessionFailure } from "./session_plugin.ts";
import type { PortConnection } from "./tcp_pump.ts";

/**
 * Connects to a loopback address.
 *
 * @throws {Deno.errors.ConnectionRefused} and the like.
 */
export type ConnectLoopback = (
  address: string,
  port: number,
  signal: AbortSignal,
) => Promise<PortConnection>;

/** The operating system's way to do so. */
export const connectLoopback: ConnectLoopback = async (
  hostname,
  port,
  signal,
) => {
  const conn = await Deno.connect({ hostname, port, signal });
  // As Go does: a keystroke must not wait for the one before to be acknowledged.
  conn.setNoDelay(true);
  return conn;
};

/** Agents before this one ignore `host` and connect to the node itself (agent release notes). */
export const remoteHostsFrom = "3.1.1188.0";

/**
 * How long Linux repeats a SYN that nobody answers, in milliseconds: six times, 1+2+4+…+64 s
 * (tcp_syn_retries).
 */
export const dialTimeout = 127_000;

/**
 * Addresses that the agent refuses (A `appconfig`, DeniedPortForwardingRemoteIPs), as URLs write
 * them. Those of the VPC's blocks are left out: the simulator has no VPC.
 */
const forbidden: readonly string[] = [
  "169.254.169.254",
  "169.254.169.253",
  "169.254.169.123",
  "169.254.169.250",
  "169.254.169.251",
  "fd00:ec2::254",
  "fd00:ec2::253",
  "fd00:ec2::123",
  "fd00:ec2::240",
];

/** What a destination is found with. */
export interface DestinationRequest {
  /** Properties of the document, parameters put in (handshake.md §3). */
  readonly properties: Readonly<Record<string, string>>;
  readonly agentVersion: string;
  /** Every name that the node knows. */
  readonly hosts: Hosts;
  readonly clock: Clock;
  readonly connect: ConnectLoopback;
}

/** A port that can be dialled again and again; its name was looked up once. */
export class PortDestination {
  readonly #request: DestinationRequest;
  readonly #addresses: readonly string[];

  private constructor(
    request: DestinationRequest,
    addresses: readonly string[],
  ) {
    this.#request = request;
    this.#addresses = addresses;
  }

  /**
   * Looks the destination of a session up.
   *
   * @throws {SessionFailure} With the agent's words for a host that is unknown or forbidden.
   */
  static find(request: DestinationRequest): PortDestination {
    const { properties, agentVersion, hosts } = request;
    const host = compareAsAgent(agentVersion, remoteHostsFrom) < 0
      ? ""
      : properties.host ?? "";
    const addresses = lookUp(host === "" ? "localhost" : host, hosts);
    for (const address of addresses) {
      if (forbidden.includes(address)) {
        throw new SessionFailure(
          `Forwarding to IP address ${host} is forbidden.`,
        );
      }
    }
    return new PortDestination(request, addresses);
  }

  /**
   * Connects to the first address that answers.
   *
   * @param signal Gives the attempt up.
   * @throws {Error} The first address's failure, in Go's words.
   */
  async dial(signal: AbortSignal): Promise<PortConnection> {
    let first: unknown;
    for (const address of this.#addresses) {
      try {
        return await this.#dialOne(address, signal);
      } catch (error) {
        first ??= error;
        if (signal.aborted) break;
      }
    }
    throw first;
  }

  async #dialOne(
    address: string,
    signal: AbortSignal,
  ): Promise<PortConnection> {
    const { properties, connect } = this.#request;
    const port = properties.portNumber ?? "";
    const name = `dial tcp ${
      address.includes(":") ? `[${address}]` : address
    }:${port}`;
    if (address === blackhole) {
      await this.#silence(signal);
      throw new Error(`${name}: connect: connection timed out`);
    }
    if (!isLoopback(address)) throw new Error(`${name}: i/o timeout`);
    try {
      return await connect(address, Number(port), signal);
    } catch (cause) {
      throw new Error(`${name}: connect: ${reason(cause)}`, { cause });
    }
  }

  /** Nobody answers: waits as an operating system does. */
  #silence(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const finish = () => {
        cancel();
        signal.removeEventListener("abort", finish);
        resolve();
      };
      const cancel = this.#request.clock.setTimer(dialTimeout, finish);
      signal.addEventListener("abort", finish);
    });
  }
}

/** The addresses of a name, without any network. */
function lookUp(host: string, hosts: Hosts): readonly string[] {
  const name = host.toLowerCase();
  const known = Object.hasOwn(hosts, name) ? hosts[name] : undefined;
  if (known !== undefined) return [known];
  if (name === "localhost") return ["127.0.0.1", "::1"];
  const address = asAddress(name);
  if (address === undefined) {
    throw new SessionFailure(`lookup ${host}: no such host`);
  }
  return [address];
}

/** An IP address in its shortest form; `undefined` for text that is none. */
function asAddress(text: string): string | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    return text.split(".").every((part) => Number(part) < 256)
      ? text
      : undefined;
  }
  if (!text.includes(":")) return undefined;
  const url = URL.parse(`http://[${text}]/`);
  return url?.hostname.slice(1, -1);
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionRefused) {
    return "connection refused";
  }
  return error instanceof Error ? error.message : String(error);
}
