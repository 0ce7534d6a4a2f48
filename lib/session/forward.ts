/**
 * A forward: places on this machine where programs connect, and the sessions that carry their
 * connections to one destination. The listeners never close while it runs.
 *
 * @module
 */

import { smallestPayload } from "../protocol/channel/payload_size.ts";
import type { Backlog } from "./backlog.ts";
import type { SessionControl, SessionGrant } from "./control.ts";
import type { MakeDriver } from "./driver.ts";
import type { PortNotice, PortStats } from "./port_end.ts";
import { PortSession } from "./port_session.ts";
import { type PoolNotice, SessionPool } from "./session_pool.ts";
import type { Clock, LocalConnection, LocalListener } from "./transport.ts";

/** How long a connection stays half open unless told otherwise, in milliseconds (sessions.md §6.3). */
export const defaultGrace = 30_000;

/** A session that StartSession gave: from here on it must be ended. */
export interface GrantedSession {
  readonly grant: SessionGrant;
  readonly control: SessionControl;
  /** Makes its driver where it was opened before; a new one when absent. */
  readonly drive?: MakeDriver;
}

/** What happens in a forward, for the user. */
export type ForwardNotice = PortNotice | PoolNotice;

/** What {@linkcode Forward} needs. */
export interface ForwardOptions {
  readonly listeners: readonly LocalListener[];
  /**
   * Starts a session to the destination.
   *
   * @throws {ControlError} When there is none to be had.
   */
  readonly startSession: (signal: AbortSignal) => Promise<GrantedSession>;
  /** True where the destination is another host than the node. */
  readonly remoteHost: boolean;
  /** Sessions to open; `undefined` opens up to four as they are needed. */
  readonly sessions: number | undefined;
  /** Bytes in each payload; `undefined` lets them grow. */
  readonly payloadSize: number | undefined;
  /** Milliseconds that a connection stays half open; {@linkcode defaultGrace} where undefined. */
  readonly grace: number | undefined;
  /** Tries after a loss, Infinity for ever. */
  readonly retry: number;
  /** False where a session that ended is followed by none: its end is the forward's. */
  readonly follow?: boolean;
  readonly backlog: Backlog;
  readonly clock: Clock;
  readonly notify: (notice: ForwardNotice) => void;
  /** It cannot go on; it is still to be closed. */
  readonly onFailed: (error: unknown) => void;
}

/** One forward. */
export class Forward {
  readonly #options: ForwardOptions;
  readonly #pool: SessionPool;
  #payloadSize: number | undefined;
  #accepting: Promise<unknown> = Promise.resolve();
  #connections = 0;

  constructor(options: ForwardOptions) {
    this.#options = options;
    this.#payloadSize = options.payloadSize;
    const { clock, sessions, retry, notify, onFailed, follow } = options;
    this.#pool = new SessionPool({
      clock,
      sessions,
      tries: follow === false ? 0 : retry,
      notify,
      onFailed,
      open: (signal) => this.#open(signal),
    });
  }

  /** The figures. */
  get stats(): PortStats {
    return this.#pool.stats;
  }
  /** The ids of its sessions. */
  get sessionIds(): readonly string[] {
    return this.#pool.ids;
  }

  /**
   * Opens the first session, then takes connections until {@linkcode close}. What local programs
   * send before waits for that.
   *
   * @param signal Gives up.
   * @throws {PortStartError | TransportError | ControlError} Why it cannot begin.
   */
  async start(signal: AbortSignal): Promise<void> {
    await this.#pool.start(signal);
    this.#accepting = Promise.all(
      this.#options.listeners.map((listener) => this.#accept(listener)),
    );
  }

  async #accept(listener: LocalListener): Promise<void> {
    for (;;) {
      const conn = await listener.accept();
      if (conn === undefined) return;
      this.#pool.connect({ conn, name: this.#nameOf(conn) });
    }
  }

  #nameOf(conn: LocalConnection): string {
    this.#connections++;
    const remote = "remoteAddr" in conn ? conn.remoteAddr : undefined;
    if (
      typeof remote === "object" && remote !== null && "port" in remote &&
      "hostname" in remote
    ) return `${remote.hostname}:${remote.port}`;
    return `#${this.#connections}`;
  }

  async #open(signal: AbortSignal): Promise<PortSession> {
    const { startSession, retry, notify } = this.#options;
    const { grant, control, drive } = await startSession(signal);
    const session = await PortSession.open({
      grant,
      control,
      clock: this.#options.clock,
      backlog: this.#options.backlog,
      remoteHost: this.#options.remoteHost,
      payloadSize: this.#payloadSize,
      grace: this.#options.grace ?? defaultGrace,
      patience: { limit: Infinity, tries: retry },
      notify,
      onRoom: () => this.#pool.room(),
      othersWait: () => this.#pool.waiting > 0,
      drive,
    }, signal);
    session.ended.then(() => {
      // What one session's way did not take, the next one's will hardly take.
      if (session.payloadsFellBack) this.#payloadSize = smallestPayload;
    });
    return session;
  }

  /**
   * Ends it: no more connections, then the sessions. Never rejects.
   *
   * @param settle Where what programs sent before they hung up is still to arrive; the signal ends
   * the waiting for that.
   */
  async close(settle?: AbortSignal): Promise<void> {
    // A program that connected and ended at once may still wait to be accepted.
    if (settle !== undefined) await this.#pool.settle(settle);
    for (const listener of this.#options.listeners) listener.close();
    await this.#accepting;
    await this.#pool.close();
  }
}
