/**
 * The port sessions of one forward: how many there are, which of them gets a connection, and what
 * becomes of it all when one ends (docs/decisions/forward.md).
 *
 * - An agent sends about 1 MB/s in one session (pitfalls.md §2.6), so busy connections are spread
 *   over several.
 * - The end of a session takes only its own connections with it. New ones wait for the next
 *   session; one that timed out is followed only when somebody connects, as the account's policy
 *   about idle sessions is not ours to defeat.
 *
 * @module
 */

import type { LocalPeer } from "./carrier.ts";
import { ControlError } from "./control.ts";
import type { PortEnd, PortStats } from "./port_end.ts";
import { type PortSession, PortStartError } from "./port_session.ts";
import type { Unsettled } from "./carrier.ts";
import { backOff, loginDelay, sleep } from "./resume.ts";
import type { Clock } from "./transport.ts";

/** Sessions that are opened without being asked for, at most. */
export const automaticSessions = 4;
/** How often is looked whether connections are busy, in milliseconds. */
const busyInterval = 1000;
/** A connection that moved so much in that time is busy, in bytes: an eighth of what a session gives. */
const busyBytes: number = 128 * 1024;
/** After a further session could not be had, the next one is asked for so much later; milliseconds. */
const widenPause = 60_000;
/** A session that lived shorter than this is followed only after a wait, in milliseconds. */
const shortLife = 10_000;

/** Milliseconds between two looks whether everything has settled. */
const quietInterval = 10;
/** So many looks in a row have to find nothing new. */
const quietLooks = 3;
/** Milliseconds without any progress after which what has not settled is given up. */
const settleLimit = 3_000;
/** How long leaving waits for connections whose program has hung up, in milliseconds. */
const endedLimit = 60_000;
/**
 * How long it waits while others send, in milliseconds: that they have hung up shows only when the
 * last of what they sent was read.
 */
const othersLimit = 30_000;

/** What happens to the sessions of a forward. */
export type PoolNotice =
  /** There is a further session, as so many connections are busy. */
  | {
    readonly kind: "opened";
    readonly sessions: number;
    readonly busy: number;
  }
  /** A session ended; so many connections were reset, and this is what follows. */
  | {
    readonly kind: "ended";
    readonly end: PortEnd;
    readonly reset: number;
    readonly next: "now" | "on demand" | "others" | "never";
  }
  /** A new session took the ended one's place. */
  | { readonly kind: "restored"; readonly after: number }
  /** A new session could not be opened; the next try follows. */
  | { readonly kind: "retrying"; readonly error: Error }
  /** A new session waits for credentials. */
  | { readonly kind: "login"; readonly error: Error }
  /** A further session for busy connections cannot be had. */
  | { readonly kind: "no-more"; readonly error: unknown };

/** What a pool needs. */
export interface SessionPoolOptions {
  readonly clock: Clock;
  /** Opens one session. */
  readonly open: (signal: AbortSignal) => Promise<PortSession>;
  /** So many sessions, always; `undefined` opens them as they are needed. */
  readonly sessions: number | undefined;
  /** Tries in a row for a session that ended. */
  readonly tries: number;
  readonly notify: (notice: PoolNotice) => void;
  /** It cannot go on. */
  readonly onFailed: (error: unknown) => void;
}

/** The sessions of one forward. */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #stopped = new AbortController();
  readonly #sessions = new Map<PortSession, number>();
  /** Sessions whose end is not through. */
  readonly #opening = new Set<Promise<void>>();
  /** Local connections that wait for a session. */
  readonly #waiting: LocalPeer[] = [];
  #restoring = false;
  /** When a session was missed that is not there again. */
  #missedAt: number | undefined;
  #shortLives = 0;
  #cancelBusy: (() => void) | undefined;
  #widenAt = -Infinity;
  /** The figures of sessions that are over. */
  readonly #past = { total: 0, up: 0, down: 0, resends: 0, reconnects: 0 };

  constructor(options: SessionPoolOptions) {
    this.#options = options;
  }

  /**
   * Opens the first sessions.
   *
   * @param signal Gives up.
   * @throws Why the first of them cannot be opened.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { open, sessions = 1 } = this.#options;
    const failed = new AbortController();
    const either = AbortSignal.any([
      signal,
      failed.signal,
      this.#stopped.signal,
    ]);
    const opened = await Promise.allSettled(
      Array.from({ length: sessions }, async () => {
        try {
          await this.#add(await open(either));
        } catch (error) {
          // The others need not be waited for.
          failed.abort(error);
          throw error;
        }
      }),
    );
    const first = opened.find((each) => each.status === "rejected");
    if (first !== undefined) throw failed.signal.reason ?? first.reason;
  }

  /** Sessions that are there. */
  get size(): number {
    return this.#sessions.size;
  }
  /** Local connections that wait for a session. */
  get waiting(): number {
    return this.#waiting.length;
  }
  /** The ids of the sessions that are there. */
  get ids(): string[] {
    return [...this.#sessions.keys()].map(({ id }) => id);
  }

  /** The figures of all sessions together. */
  get stats(): PortStats {
    let { total, up, down, resends, reconnects } = this.#past;
    let open = this.#waiting.length, waiting = 0;
    let roundTrip: number | undefined;
    for (const session of this.#sessions.keys()) {
      const each = session.stats;
      open += each.open;
      total += each.total;
      up += each.up;
      down += each.down;
      resends += each.resends;
      reconnects += each.reconnects;
      waiting += each.waiting;
      if (each.roundTrip !== undefined) {
        roundTrip = Math.min(roundTrip ?? Infinity, each.roundTrip);
      }
    }
    return { open, total, up, down, resends, reconnects, waiting, roundTrip };
  }

  /** Takes a local connection over. */
  connect(peer: LocalPeer): void {
    if (this.#stopped.signal.aborted) return peer.conn.close();
    this.#waiting.push(peer);
    this.room();
    // What timed out comes back when somebody connects.
    if (this.#sessions.size < (this.#options.sessions ?? 1)) this.#restore();
    this.#watchBusy();
  }

  /** Gives those that wait to sessions with room. */
  room(): void {
    while (this.#waiting.length > 0) {
      const session = this.#least();
      if (session === undefined) return;
      session.connect(this.#waiting.shift()!);
    }
  }

  /** The session with the fewest connections: which of them will be busy is not known yet. */
  #least(): PortSession | undefined {
    let least: PortSession | undefined;
    for (const session of this.#sessions.keys()) {
      if (!session.canConnect) continue;
      if (least === undefined || session.open < least.open) least = session;
    }
    return least;
  }

  /**
   * Takes a session into use.
   *
   * @throws The reason why it comes too late; it has been ended.
   */
  async #add(session: PortSession): Promise<void> {
    const { signal } = this.#stopped;
    if (signal.aborted) {
      await session.close();
      throw signal.reason;
    }
    const since = this.#options.clock.now();
    this.#sessions.set(session, since);
    session.ended.then((end) => this.#ended(session, end, since));
    this.room();
  }

  #ended(session: PortSession, end: PortEnd, since: number): void {
    this.#sessions.delete(session);
    const { total, up, down, resends, reconnects } = session.stats;
    this.#past.total += total;
    this.#past.up += up;
    this.#past.down += down;
    this.#past.resends += resends;
    this.#past.reconnects += reconnects;
    if (end.kind === "left" || this.#stopped.signal.aborted) return;
    const { clock, notify, onFailed, sessions, tries } = this.#options;
    const now = clock.now();
    this.#shortLives = now - since < shortLife ? this.#shortLives + 1 : 0;
    const next = end.kind === "denied" || tries === 0
      ? "never"
      : this.#sessions.size >= (sessions ?? 1)
      ? "others"
      : end.kind === "idle" && this.#waiting.length === 0
      ? this.#sessions.size > 0 ? "others" : "on demand"
      : "now";
    notify({ kind: "ended", end, reset: session.resetConnections, next });
    if (next === "never") onFailed(new PortStartError(end));
    else if (next === "now") this.#restore();
  }

  /** Opens sessions until there are as many as there should be. */
  #restore(): void {
    if (this.#restoring || this.#stopped.signal.aborted) return;
    this.#restoring = true;
    this.#missedAt = this.#options.clock.now();
    const work = this.#open().catch((error) => {
      if (this.#stopped.signal.aborted) return;
      // Those that live are not to suffer for one that cannot be had: whoever connects asks again.
      if (this.#sessions.size > 0 && !isDenied(error)) return;
      this.#options.onFailed(error);
    }).finally(() => {
      this.#restoring = false;
      this.#opening.delete(work);
      if (this.#waiting.length > 0 && this.#sessions.size === 0) {
        this.#restore();
      }
    });
    this.#opening.add(work);
  }

  async #open(): Promise<void> {
    const { clock, sessions = 1, tries, notify } = this.#options;
    const { signal } = this.#stopped;
    const waits = { clock, signal };
    // Sessions that ended soon are reasons to wait, but no tries.
    let hurried = this.#shortLives;
    for (let failures = 0, told = "";;) {
      if (this.#sessions.size >= sessions) return;
      if (told === "login") await sleep(loginDelay, waits);
      else if (hurried + failures > 0) {
        await sleep(backOff(hurried + failures - 1, Math.random), waits);
      }
      try {
        await this.#add(await this.#options.open(signal));
        failures = 0;
        hurried = this.#shortLives;
        told = "";
        if (this.#missedAt !== undefined) {
          notify({ kind: "restored", after: clock.now() - this.#missedAt });
        }
        this.#missedAt = undefined;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof Error)) throw error;
        const login = error instanceof ControlError &&
          error.failure === "login";
        if (!login && (isFinal(error) || ++failures >= tries)) throw error;
        const kind = login ? "login" : "retrying";
        if (told !== kind) notify({ kind, error });
        told = kind;
      }
    }
  }

  // ── striping ──────────────────────────────────────────────────────────────────────────────

  #watchBusy(): void {
    const { clock, sessions } = this.#options;
    if (sessions !== undefined || this.#cancelBusy !== undefined) return;
    this.#cancelBusy = clock.setTimer(busyInterval, () => {
      this.#cancelBusy = undefined;
      // A basic session has one connection at a time, and the others wait (sessions.md §5): then it
      // is busy, whatever it moves.
      let busy = this.#waiting.length, open = busy;
      const wanted = busy > 0;
      for (const session of this.#sessions.keys()) {
        open += session.open;
        const moved = session.activity();
        busy += wanted && !session.canConnect
          ? session.open
          : moved.filter((bytes) => bytes >= busyBytes).length;
      }
      if (busy > this.#sessions.size) this.#widen(busy);
      if (open > 0) this.#watchBusy();
    });
  }

  /** One more session, for the connections to come; if there is none to be had, that is no harm. */
  #widen(busy: number): void {
    const { clock, open, notify } = this.#options;
    if (
      this.#sessions.size + this.#opening.size >= automaticSessions ||
      this.#opening.size > 0 || this.#stopped.signal.aborted ||
      clock.now() < this.#widenAt
    ) return;
    const work = open(this.#stopped.signal).then((session) =>
      this.#add(session)
    ).then(
      () => notify({ kind: "opened", sessions: this.#sessions.size, busy }),
      (error) => {
        if (this.#stopped.signal.aborted) return;
        this.#widenAt = isFinal(error) ? Infinity : clock.now() + widenPause;
        notify({ kind: "no-more", error });
      },
    ).finally(() => this.#opening.delete(work));
    this.#opening.add(work);
  }

  /**
   * Waits until what local programs said is through, those that have ended first of all. Nothing
   * tells that they have: their connections may still have to be taken and read, so it is over when
   * nothing has come for a while; or, where others go on sending, after some seconds. Never rejects.
   *
   * @param signal Gives up.
   */
  async settle(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const either = AbortSignal.any([signal, this.#stopped.signal]);
    const start = clock.now();
    let seen = -1, since = start;
    for (let quiet = 0; quiet < quietLooks;) {
      await sleep(quietInterval, { clock, signal: either }).catch(() => {});
      if (either.aborted) return;
      let left: Unsettled = this.#waiting.length > 0 ? "sending" : "nothing";
      let moved = this.stats.total + this.#waiting.length;
      for (const session of this.#sessions.keys()) {
        const each = session.unsettled();
        if (each === "ended" || left === "nothing") left = each;
        moved += session.sent;
      }
      const now = clock.now();
      quiet = left === "nothing" && moved === seen ? quiet + 1 : 0;
      if (moved !== seen) since = now;
      else if (now - since >= settleLimit) return;
      seen = moved;
      if (now - start >= (left === "ended" ? endedLimit : othersLimit)) return;
    }
  }

  /** Ends all sessions. Never rejects. */
  async close(): Promise<void> {
    this.#stopped.abort(new DOMException("The forward is over", "AbortError"));
    this.#cancelBusy?.();
    for (const { conn } of this.#waiting.splice(0)) conn.close();
    await Promise.all([
      ...this.#opening,
      ...[...this.#sessions.keys()].map((session) => session.close()),
    ]);
  }
}

/** We may not have a session. */
function isDenied(error: unknown): boolean {
  return error instanceof PortStartError
    ? error.end.kind === "denied"
    : error instanceof ControlError && error.failure === "denied";
}

/** What will not pass by trying again, however long. */
function isFinal(error: unknown): boolean {
  return isDenied(error) ||
    error instanceof ControlError && error.failure === "refused";
}
