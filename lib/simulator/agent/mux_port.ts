/**
 * The multiplexed port session, as the agent's `port_mux.go` runs it (sessions.md §6): an smux
 * server whose streams are connections to the destination.
 *
 * A byte of the client: the channel's payload → smux → mux_connection.ts → tcp_pump.ts. It counts
 * as consumed when the destination's socket has it, so 4 MiB that wait stop everything, smux's NOPs
 * and the other streams included (pitfalls.md §2.18).
 *
 * A byte of the destination: tcp_pump.ts, while its stream has nothing queued → smux →
 * output_pump.ts → the channel.
 *
 * @module
 */

import {
  encodeFlag,
  Flag,
  PayloadType,
} from "../../protocol/message/payload.ts";
import {
  compareAsAgent,
  keepAliveDisabledAfter,
  keepAliveUpToClient,
} from "../../protocol/message/version.ts";
import { SmuxProtocolError } from "../../protocol/smux/frame.ts";
import { SmuxSession } from "../../protocol/smux/session.ts";
import type { SmuxStream } from "../../protocol/smux/stream.ts";
import { MuxConnection } from "./mux_connection.ts";
import { OutputPump } from "./output_pump.ts";
import type { PortDestination } from "./port_destination.ts";
import {
  type PluginContext,
  type PluginEnd,
  SessionFailure,
} from "./session_plugin.ts";

/** Unread bytes at which smux reads no more: S `DefaultConfig`, MaxReceiveBuffer (sessions.md §6.2). */
export const maximumReceiveBuffer: number = 4 * 1024 * 1024;

/**
 * Whether the agent's smux keeps itself alive (sessions.md §6.4). Agents of long ago do so always;
 * newer ones ask for the client's version.
 */
export function keepsAlive(
  agentVersion: string,
  clientVersion: string,
): boolean {
  return compareAsAgent(agentVersion, keepAliveDisabledAfter) <= 0 ||
    compareAsAgent(clientVersion, keepAliveUpToClient) <= 0;
}

/** One multiplexed port session. */
export class MuxPort {
  readonly #context: PluginContext;
  readonly #destination: PortDestination;
  readonly #smux: SmuxSession;
  readonly #pump: OutputPump;
  readonly #connections = new Map<SmuxStream, MuxConnection>();
  readonly #ended = Promise.withResolvers<PluginEnd>();
  /** Ends the dials under way. */
  readonly #dials = new AbortController();
  /** The accept loop: each dial waits for the one before. */
  #accepting: Promise<void> = Promise.resolve();
  #over = false;
  #broken = false;
  /** Bytes of the payload at hand that a connection has kept. */
  #kept = 0;
  #receiving = false;
  #cancelKeepAlive: (() => void) | undefined;

  /** Serves from {@linkcode MuxPort.run} on. */
  constructor(context: PluginContext, destination: PortDestination) {
    const { channel, clock, pace, agentVersion, clientVersion } = context;
    this.#context = context;
    this.#destination = destination;
    this.#smux = new SmuxSession({
      role: "server",
      keepAlive: keepsAlive(agentVersion, clientVersion),
      longFrames: true,
      handler: {
        opened: (stream) => this.#accept(stream),
        data: (stream, bytes) => this.#data(stream, bytes),
        finished: (stream) => this.#finished(stream),
        drained: (stream) => this.#connections.get(stream)?.drained(),
      },
    }, clock.now());
    this.#pump = new OutputPump({
      channel,
      clock,
      pace,
      fill: (target) => this.#smux.poll(target),
    });
  }

  /**
   * Serves streams until the client or the service ends the session.
   *
   * @throws {SessionFailure} Without a text, when the client fell silent though both keep alive.
   */
  async run(): Promise<PluginEnd> {
    const { signal, serve } = this.#context;
    const abort = () => this.#ended.resolve("ended");
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    try {
      this.#keepAlive();
      serve({
        payload: (bytes) => this.#payload(bytes),
        size() {
          // No terminal, no size.
        },
        flag: (flag) => {
          // The other flag is for basic sessions (sessions.md §4).
          if (flag === Flag.TerminateSession) this.#ended.resolve("asked");
        },
      }, maximumReceiveBuffer);
      return await this.#ended.promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#close();
    }
  }

  #close(): void {
    this.#over = true;
    this.#cancelKeepAlive?.();
    this.#pump.close();
    this.#dials.abort();
    this.#context.cleanup(this.#accepting);
    for (const connection of [...this.#connections.values()]) {
      connection.close();
      this.#context.cleanup(connection.done);
    }
  }

  // ── in ────────────────────────────────────────────────────────────────────────────────────

  #payload(bytes: Uint8Array): void {
    // A receiver that has lost its place reads no more, and what it does not read fills its buffer
    // (sessions.md §6.2).
    if (this.#broken) return;
    this.#kept = 0;
    this.#receiving = true;
    try {
      this.#smux.receive(bytes);
    } catch (error) {
      if (!(error instanceof SmuxProtocolError)) throw error;
      this.#broken = true;
      this.#context.log(`agent: ${error.message}; nothing more is read`);
    }
    this.#receiving = false;
    const done = bytes.length - this.#kept;
    if (done > 0) this.#context.channel.consumed(done);
  }

  #data(stream: SmuxStream, bytes: Uint8Array): void {
    const connection = this.#connections.get(stream);
    if (connection === undefined) return;
    this.#kept += bytes.length;
    connection.take(bytes);
  }

  #released(bytes: number): void {
    if (this.#receiving) this.#kept -= bytes;
    else this.#context.channel.consumed(bytes);
  }

  #finished(stream: SmuxStream): void {
    this.#connections.get(stream)?.inputEnded();
  }

  // ── streams ───────────────────────────────────────────────────────────────────────────────

  #accept(stream: SmuxStream): void {
    const connection = new MuxConnection(stream, {
      ready: () => this.#pump.kick(),
      released: (bytes) => this.#released(bytes),
      over: () => this.#connections.delete(stream),
    });
    this.#connections.set(stream, connection);
    const before = this.#accepting;
    const dial = this.#context.pace.serialDials
      ? before.then(() => this.#dial(connection))
      : this.#dial(connection);
    this.#accepting = Promise.all([before, dial]).then(() => {});
  }

  /** Never rejects. */
  async #dial(connection: MuxConnection): Promise<void> {
    if (this.#over) return;
    const { channel, log } = this.#context;
    try {
      const conn = await this.#destination.dial(this.#dials.signal);
      connection.connected(conn);
    } catch (error) {
      if (this.#over) return;
      const message = error instanceof Error ? error.message : String(error);
      log(`agent: stream ${connection.stream.id}: ${message}`);
      // The flag has no stream id: the client has to guess (pitfalls.md §2.15).
      channel.send(encodeFlag(Flag.ConnectToPortError), PayloadType.Flag);
      connection.close();
    }
  }

  // ── time ──────────────────────────────────────────────────────────────────────────────────

  #keepAlive(): void {
    const { nextTimeout } = this.#smux;
    if (nextTimeout === undefined) return;
    const { clock } = this.#context;
    const delay = Math.max(0, nextTimeout - clock.now());
    this.#cancelKeepAlive = clock.setTimer(delay, () => {
      this.#smux.handleTimeout(clock.now());
      if (this.#smux.silent) {
        // smux closes its connection, both pumps fail, and nobody sets an Output.
        this.#ended.reject(new SessionFailure(""));
        return;
      }
      this.#pump.kick();
      this.#keepAlive();
    });
  }
}
