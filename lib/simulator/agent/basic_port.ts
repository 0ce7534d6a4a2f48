/**
 * The basic port session, as the agent's `port_basic.go` runs it (sessions.md §5 and §7): one
 * connection at a time, whose bytes are the payloads.
 *
 * With `type` LocalPortForwarding a connection that ends, by either side, is dialled again for the
 * next input, and nobody tells the client. Without (SSH), its end is the session's.
 *
 * @module
 */

import { Flag } from "../../protocol/message/payload.ts";
import {
  agentIsAfter,
  terminateFlagAfter,
} from "../../protocol/message/version.ts";
import { OutputPump } from "./output_pump.ts";
import type { PortDestination } from "./port_destination.ts";
import {
  type PluginContext,
  type PluginEnd,
  SessionFailure,
} from "./session_plugin.ts";
import { type PortConnection, TcpPump } from "./tcp_pump.ts";

/**
 * Bytes of input that may wait for the destination's socket. The official agent writes to it before
 * it reads on, so this only has to be enough to write in large pieces. Our choice.
 */
const inputLimit = 256 * 1024;

/** One basic port session. */
export class BasicPort {
  readonly #context: PluginContext;
  readonly #destination: PortDestination;
  /** True for LocalPortForwarding: a connection is followed by the next. */
  readonly #redials: boolean;
  readonly #pump: OutputPump;
  readonly #ended = Promise.withResolvers<PluginEnd>();
  #tcp: TcpPump | undefined;
  #redialling = false;
  /** Input for the connection that is being dialled. */
  #early: Uint8Array[] = [];
  /** What was read and not sent yet, and whom to tell when it is. */
  #output: { bytes: Uint8Array; sent: () => void } | undefined;
  #over = false;

  /** @param redials Whether the end of a connection is not the session's. */
  constructor(
    context: PluginContext,
    destination: PortDestination,
    redials: boolean,
  ) {
    this.#context = context;
    this.#destination = destination;
    this.#redials = redials;
    this.#pump = new OutputPump({
      channel: context.channel,
      clock: context.clock,
      pace: context.pace,
      fill: (target) => this.#fill(target),
    });
  }

  /**
   * Serves until client, destination or service end the session.
   *
   * @throws {SessionFailure} When the destination cannot be reached, or, without a text, when it
   *   fails later.
   */
  async run(): Promise<PluginEnd> {
    const { signal, serve } = this.#context;
    const abort = () => this.#ended.resolve("ended");
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    try {
      // Input is refused until the destination is there.
      if (!await this.#dialFirst()) return "ended";
      serve({
        payload: (bytes) => this.#payload(bytes),
        size() {
          // No terminal, no size.
        },
        flag: (flag) => this.#flag(flag),
      }, inputLimit);
      return await this.#ended.promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#over = true;
      this.#pump.close();
      this.#tcp?.close();
    }
  }

  /** False when the session was terminated meanwhile. */
  async #dialFirst(): Promise<boolean> {
    const { signal } = this.#context;
    try {
      this.#connected(await this.#destination.dial(signal));
    } catch (error) {
      if (signal.aborted) return false;
      throw new SessionFailure(
        `Unable to connect to specified port: ${textOf(error)}`,
      );
    }
    return true;
  }

  #connected(conn: PortConnection): void {
    const tcp: TcpPump = new TcpPump(conn, {
      data: (bytes) => this.#read(tcp, bytes),
      written: (bytes) => this.#context.channel.consumed(bytes),
      closed: (error) => this.#closed(tcp, error),
    });
    this.#tcp = tcp;
    this.#context.cleanup(tcp.done);
  }

  // ── in ────────────────────────────────────────────────────────────────────────────────────

  #payload(bytes: Uint8Array): void {
    if (this.#tcp !== undefined) return this.#tcp.write(bytes);
    if (!this.#redials) return this.#context.channel.consumed(bytes.length);
    this.#early.push(bytes);
    if (this.#redialling) return;
    this.#redialling = true;
    this.#context.cleanup(this.#redial());
  }

  /** Never rejects. */
  async #redial(): Promise<void> {
    const { signal, log } = this.#context;
    try {
      const conn = await this.#destination.dial(signal);
      if (this.#over) return conn.close();
      this.#connected(conn);
      for (const bytes of this.#early) this.#tcp?.write(bytes);
      this.#early = [];
    } catch (error) {
      if (!this.#over) log(`agent: cannot redial: ${textOf(error)}`);
      // The agent logs why, and sets no Output.
      this.#ended.reject(new SessionFailure(""));
    } finally {
      this.#redialling = false;
    }
  }

  #flag(flag: number): void {
    if (flag === Flag.DisconnectToPort) {
      const tcp = this.#tcp;
      this.#leave();
      // What was taken for the destination is its operating system's already.
      tcp?.finish();
      if (!this.#redials) this.#ended.reject(new SessionFailure(""));
    } else if (
      flag === Flag.TerminateSession &&
      agentIsAfter(this.#context.agentVersion, terminateFlagAfter)
    ) {
      this.#ended.resolve("asked");
    }
  }

  // ── out ───────────────────────────────────────────────────────────────────────────────────

  #read(tcp: TcpPump, bytes: Uint8Array): Promise<void> | undefined {
    if (tcp !== this.#tcp) return undefined;
    return new Promise((sent) => {
      this.#output = { bytes, sent };
      this.#pump.kick();
    });
  }

  #fill(target: Uint8Array): number {
    const output = this.#output;
    if (output === undefined) return 0;
    const length = Math.min(output.bytes.length, target.length);
    target.set(output.bytes.subarray(0, length));
    output.bytes = output.bytes.subarray(length);
    if (output.bytes.length === 0) {
      this.#output = undefined;
      output.sent();
    }
    return length;
  }

  #closed(tcp: TcpPump, error: Error | undefined): void {
    if (tcp !== this.#tcp) return;
    this.#leave();
    if (this.#over || this.#redials) return;
    if (error === undefined) this.#ended.resolve("ended");
    else this.#ended.reject(new SessionFailure(""));
  }

  /** The connection is no longer the session's; what it said last is lost. */
  #leave(): void {
    this.#tcp = undefined;
    this.#output?.sent();
    this.#output = undefined;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
