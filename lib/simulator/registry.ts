/**
 * The sessions of a simulated Session Manager: who they belong to, their tokens, their end.
 *
 * The API starts, resumes and terminates sessions; the data channel service takes their tokens and
 * hears of their end. Neither knows the other. Time and randomness come in through arguments.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../session/transport.ts";
import { encodeBase64 } from "../protocol/message/handshake.ts";
import type { RandomBytes } from "./credentials.ts";

/** DescribeSessions' words for a session's state (api.md §4). */
export type SessionStatus =
  | "Connected"
  | "Connecting"
  | "Disconnected"
  | "Terminated"
  | "Failed";

/** Where a session runs: a node, or a container of an ECS task, which is as good as one. */
export interface SessionNode {
  /** What StartSession calls it: `i-…`, `mi-…` or `ecs:…`. */
  readonly id: string;
  /** Four numeric parts. */
  readonly agentVersion: string;
  /** True for a container, whose agent runs commands without a shell (sessions.md §2.5). */
  readonly container?: boolean;
}

/** What StartSession asks for (api.md §2), after its checks. */
export interface SessionRequest {
  readonly node: SessionNode;
  /** The document's name; `SSM-SessionManagerRunShell` where the caller gave none. */
  readonly documentName: string;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly reason: string | undefined;
  /** The caller's ARN. */
  readonly owner: string;
  /** What its id begins with; the caller's name where nothing is said. */
  readonly name?: string;
}

/** One session, living or ended. The registry alone changes it. */
export interface SimulatedSession extends SessionRequest {
  /** Caller's name, `-`, 26 characters `[a-z0-9]` (api.md §2). */
  readonly id: string;
  readonly status: SessionStatus;
  /** Milliseconds since the Unix epoch. */
  readonly startDate: number;
  /** Milliseconds since the Unix epoch; `undefined` while the session lives. */
  readonly endDate: number | undefined;
  /** When the user last did something, in milliseconds since the Unix epoch. */
  readonly lastActivity: number;
  /** What channel_closed said at the end; `undefined` while the session lives. */
  readonly output: string | undefined;
}

/** What a registry needs. */
export interface RegistryOptions {
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Ends a session after so many seconds without input; 0 = never (sessions.md §8). */
  readonly idleTimeout: number;
  /** Ends a session so many seconds after its start; default 0 = never (sessions.md §8). */
  readonly maxDuration?: number;
  /** The caller's name at the front of session ids. Default `simulator`. */
  readonly callerName?: string;
}

/**
 * How long a token can be used after it was granted, in milliseconds. The service's own length is
 * not documented, only that it is short (sessions.md §8); a minute is our choice.
 */
export const tokenLifetime = 60_000;

/** How many ended sessions DescribeSessions with State History remembers. Our choice. */
export const historyLimit = 1000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Entry {
  readonly session: Mutable<SimulatedSession>;
  /** SHA-256 of the newest unused token: the token itself is not kept. */
  token: { digest: Uint8Array; expires: number } | undefined;
  readonly onTerminate: Set<(output: string) => void>;
  cancelIdle: (() => void) | undefined;
  cancelDuration: (() => void) | undefined;
}

/** The sessions of one run. */
export class SessionRegistry {
  readonly #options: RegistryOptions;
  readonly #active = new Map<string, Entry>();
  readonly #ended = new Map<string, SimulatedSession>();
  readonly #onStart = new Set<(session: SimulatedSession) => void>();

  /** @param options Time, randomness and the idle time-out. */
  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /**
   * Begins a session and tells the start listeners. It has no token yet.
   *
   * @param request What StartSession asked for, already checked.
   * @throws What a start listener throws; the session has ended then.
   */
  start(request: SessionRequest): SimulatedSession {
    const now = this.#options.clock.now();
    const name = request.name ?? this.#options.callerName ?? "simulator";
    const session: Mutable<SimulatedSession> = {
      node: request.node,
      documentName: request.documentName,
      parameters: request.parameters,
      reason: request.reason,
      owner: request.owner,
      id: `${name}-${randomName(this.#options.random)}`,
      status: "Connecting",
      startDate: now,
      endDate: undefined,
      lastActivity: now,
      output: undefined,
    };
    const entry: Entry = {
      session,
      token: undefined,
      onTerminate: new Set(),
      cancelIdle: undefined,
      cancelDuration: undefined,
    };
    this.#active.set(session.id, entry);
    this.#watchIdle(entry);
    this.#limitDuration(entry);
    try {
      for (const listener of [...this.#onStart]) listener(session);
    } catch (cause) {
      // Nobody serves it and the caller never learns of it: it is not left behind.
      this.terminate(session.id, "", "Failed");
      throw cause;
    }
    return session;
  }

  /**
   * The session of that id, living or remembered; `undefined` for an unknown one.
   *
   * @param id A session id.
   */
  get(id: string): SimulatedSession | undefined {
    return this.#active.get(id)?.session ?? this.#ended.get(id);
  }

  /** Sessions that have not ended, oldest first. */
  active(): readonly SimulatedSession[] {
    return [...this.#active.values()].map((entry) => entry.session);
  }

  /** Ended sessions, the one that ended first first; at most {@linkcode historyLimit}. */
  history(): readonly SimulatedSession[] {
    return [...this.#ended.values()];
  }

  /**
   * Makes the session's next token, good for one use within {@linkcode tokenLifetime}; every
   * earlier one is void. `undefined` when the session has ended or never was.
   *
   * @param id A session id.
   */
  grantToken(id: string): string | undefined {
    const entry = this.#active.get(id);
    if (entry === undefined) return undefined;
    const token = encodeBase64(this.#options.random(48));
    entry.token = {
      digest: digest(token),
      expires: this.#options.clock.now() + tokenLifetime,
    };
    return token;
  }

  /**
   * Uses up a token: true once for the newest unused token of that living session, and false for
   * everything else. Compares in constant time.
   *
   * @param id The session the data channel was opened for.
   * @param token `TokenValue` of OpenDataChannelInput (data-channel.md §1.3).
   */
  takeToken(id: string, token: string): boolean {
    const entry = this.#active.get(id);
    const kept = entry?.token;
    const given = digest(token);
    // Hashes have one length, so the comparison tells nothing about the token.
    const same = timingSafeEqual(given, kept?.digest ?? new Uint8Array(32));
    if (!same || entry === undefined || kept === undefined) return false;
    entry.token = undefined;
    return this.#options.clock.now() <= kept.expires;
  }

  /**
   * Notes that the user did something: input, resize, resume (sessions.md §8). Puts the idle
   * time-out off.
   *
   * @param id A session id; an ended or unknown one does nothing.
   */
  touch(id: string): void {
    const entry = this.#active.get(id);
    if (entry !== undefined) {
      entry.session.lastActivity = this.#options.clock.now();
    }
  }

  /**
   * Notes whether a client is on the data channel: Connected or Disconnected in DescribeSessions.
   *
   * @param id A session id; an ended or unknown one does nothing.
   * @param connected True after the token was taken, false when the socket is gone.
   */
  setConnected(id: string, connected: boolean): void {
    const entry = this.#active.get(id);
    if (entry !== undefined) {
      entry.session.status = connected ? "Connected" : "Disconnected";
    }
  }

  /**
   * Calls `listener` with every session that begins.
   *
   * @returns A function that takes the listener off.
   */
  onStart(listener: (session: SimulatedSession) => void): () => void {
    this.#onStart.add(listener);
    return () => void this.#onStart.delete(listener);
  }

  /**
   * Calls `listener` once with the text for channel_closed when the session ends, whoever ends it.
   * For a session that has ended or never was it is never called.
   *
   * @returns A function that takes the listener off.
   */
  onTerminate(id: string, listener: (output: string) => void): () => void {
    const listeners = this.#active.get(id)?.onTerminate;
    listeners?.add(listener);
    return () => void listeners?.delete(listener);
  }

  /**
   * Ends a session: its token is void, it moves to the history, its listeners are told.
   *
   * @param id A session id.
   * @param output `Output` of the channel_closed that the client gets; empty = a normal end
   *   (data-channel.md §7).
   * @param status How DescribeSessions lists it from now on.
   * @returns False when there was no such living session.
   */
  terminate(
    id: string,
    output: string,
    status: "Terminated" | "Failed" = "Terminated",
  ): boolean {
    const entry = this.#active.get(id);
    if (entry === undefined) return false;
    this.#active.delete(id);
    entry.token = undefined;
    entry.cancelIdle?.();
    entry.cancelDuration?.();
    entry.session.status = status;
    entry.session.endDate = this.#options.clock.now();
    entry.session.output = output;
    this.#ended.set(id, entry.session);
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= historyLimit) break;
      this.#ended.delete(oldest);
    }
    const listeners = [...entry.onTerminate];
    entry.onTerminate.clear();
    for (const listener of listeners) listener(output);
    return true;
  }

  /**
   * Ends every living session.
   *
   * @param output As for {@linkcode SessionRegistry.terminate}.
   */
  terminateAll(output: string): void {
    for (const id of [...this.#active.keys()]) this.terminate(id, output);
  }

  /** One timer per session, armed again for what is left when there was activity meanwhile. */
  #watchIdle(entry: Entry): void {
    const limit = this.#options.idleTimeout * 1000;
    if (limit <= 0) return;
    const { clock } = this.#options;
    const left = entry.session.lastActivity + limit - clock.now();
    if (left <= 0) {
      const { id } = entry.session;
      this.terminate(id, idleOutput(id));
      return;
    }
    entry.cancelIdle = clock.setTimer(left, () => this.#watchIdle(entry));
  }

  #limitDuration(entry: Entry): void {
    const { clock, maxDuration = 0 } = this.#options;
    if (maxDuration <= 0) return;
    const { id } = entry.session;
    entry.cancelDuration = clock.setTimer(
      maxDuration * 1000,
      () => void this.terminate(id, durationOutput(id)),
    );
  }
}

/**
 * The channel_closed text of an idle time-out. The service's own wording is unverified
 * (sessions.md §8); this is the sentence the official client prints (data-channel.md §8.1).
 *
 * @param id The session that timed out.
 */
export function idleOutput(id: string): string {
  return `Session: ${id} timed out.`;
}

/**
 * The channel_closed text of a session that reached its maximum duration. The service's own wording
 * is unverified (sessions.md §8).
 *
 * @param id The session that lasted so long.
 */
export function durationOutput(id: string): string {
  return `Session: ${id} has reached its maximum duration.`;
}

/**
 * The channel_closed text after TerminateSession. Whether the service sends one is unverified
 * (sessions.md §8); with a text a client can tell it from a shell that ended.
 *
 * @param id The session that somebody terminated.
 */
export function terminatedOutput(id: string): string {
  return `Session: ${id} was terminated.`;
}

/** 26 characters of `[a-z0-9]`; bytes that would favour a character are drawn again. */
function randomName(random: RandomBytes): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  let name = "";
  while (name.length < 26) {
    for (const byte of random(32)) {
      if (byte < 252 && name.length < 26) name += alphabet[byte % 36];
    }
  }
  return name;
}

function digest(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
