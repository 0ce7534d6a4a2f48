/**
 * Opening and reopening the connection of a session: when to try again, and when not
 * (data-channel.md §8).
 *
 * @module
 */

import {
  ControlError,
  type ControlFailure,
  type SessionControl,
  type SessionGrant,
} from "./control.ts";
import {
  type Clock,
  type Transport,
  TransportError,
  UpgradeRefusedError,
} from "./transport.ts";

/** The first wait between two tries in milliseconds, doubled each time (data-channel.md §8.3). */
export const firstDelay = 200;
/** The longest wait in milliseconds (data-channel.md §8.3). */
export const longestDelay = 10_000;
/** The first connection is tried for this long, in milliseconds: its token is short-lived. */
export const firstConnectLimit = 10_000;
/**
 * A lost connection is tried again for this long, in milliseconds: the idle time-out that sessions
 * have by default, after which there is nothing to come back to (sessions.md §8).
 */
export const reconnectLimit: number = 20 * 60_000;

/** Milliseconds between two looks whether the user has renewed the credentials. */
export const loginDelay = 5_000;

/** How long a lost connection is worth another try. */
export interface Patience {
  /** Milliseconds since the last connection that was of use. */
  readonly limit: number;
  /** Tries for one loss. */
  readonly tries: number;
  /**
   * Told, once for each loss, that there are no credentials that work: then it goes on when there
   * are. Absent: that is the end.
   */
  readonly onLogin?: (error: ControlError) => void;
}

/** A shell's: nobody types into it for hours, and its session is gone by then. */
export const shellPatience: Patience = {
  limit: reconnectLimit,
  tries: Infinity,
};

/** A connection, with the token that opens the data channel over it. */
export interface Connection {
  readonly transport: Transport;
  readonly tokenValue: string;
  /** Where to reconnect, should ResumeSession name no other place. */
  readonly streamUrl: string;
}

/** There will be no connection any more. */
export class ConnectionLostError extends Error {
  override name = "ConnectionLostError";
  /** @param timedOut True when the session itself is gone by its time-out. */
  constructor(
    message: string,
    readonly timedOut: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** What the control plane's refusal means, if that was the end of it. */
  get failure(): ControlFailure | undefined {
    return this.cause instanceof ControlError ? this.cause.failure : undefined;
  }
}

/** What both kinds of opening need. */
export interface ConnectOptions {
  readonly control: SessionControl;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** 0 ≤ x < 1, for the jitter. */
  readonly random: () => number;
  /** For reconnecting; {@linkcode shellPatience} when absent. */
  readonly patience?: Patience;
}

/** A connection that was lost, perhaps not the first one in a row. */
export interface LostConnection {
  readonly streamUrl: string;
  /** When the last connection was lost that was of use, in milliseconds on the clock. */
  readonly since: number;
  /** How many were lost since, this one included, before they were of any use. */
  readonly fruitless: number;
  /** Why the last one was lost. */
  readonly reason: string;
}

/**
 * Opens the first connection with StartSession's grant. What may pass by itself is tried again for
 * {@linkcode firstConnectLimit}.
 *
 * @throws {TransportError | ControlError} What the last try ended with.
 */
export async function connect(
  grant: SessionGrant,
  options: ConnectOptions,
): Promise<Connection> {
  const { streamUrl, tokenValue } = grant;
  const deadline = options.clock.now() + firstConnectLimit;
  for (let tries = 0;; tries++) {
    try {
      const transport = await options.control.open(
        streamUrl,
        options.signal,
      );
      return { transport, tokenValue, streamUrl };
    } catch (error) {
      options.signal.throwIfAborted();
      const delay = backOff(tries, options.random);
      if (!mayPass(error) || options.clock.now() + delay > deadline) {
        throw error;
      }
      await sleep(delay, options);
    }
  }
}

/**
 * Refusals other than the server's own trouble do not change by asking again, nor do the errors of
 * a kind of their own: a host that is not allowed, a certificate that is not trusted.
 */
function mayPass(error: unknown): boolean {
  if (error instanceof UpgradeRefusedError) {
    return error.status >= 500 || error.status === 429;
  }
  return error instanceof TransportError &&
    error.constructor === TransportError;
}

/**
 * Opens a new connection to a session that lost its old one: ResumeSession with fresh credentials,
 * then the upgrade, until it works or cannot work any more. The first try is made at once, unless
 * the connection that was lost had been of no use.
 *
 * @throws {ConnectionLostError} When there is nothing to come back to, or no way to it.
 */
export async function reconnect(
  lost: LostConnection,
  options: ConnectOptions,
): Promise<Connection> {
  const { clock, signal, random, patience = shellPatience } = options;
  const deadline = lost.since + patience.limit;
  if (lost.fruitless > 0 && clock.now() > deadline) {
    throw new ConnectionLostError(
      `Cannot resume session: ${lost.fruitless} connections in a row were lost before anything ` +
        `came over them: ${lost.reason}`,
      false,
    );
  }
  if (lost.fruitless >= patience.tries) {
    throw new ConnectionLostError(
      `The connection was lost: ${lost.reason}`,
      false,
    );
  }
  let forbidden = 0, tries = lost.fruitless;
  let loggedOut = false, told = false;
  for (let attempt = lost.fruitless;; attempt++) {
    if (loggedOut) await sleep(loginDelay, options);
    else if (attempt > 0) await sleep(backOff(attempt - 1, random), options);
    signal.throwIfAborted();
    try {
      return await resume(lost.streamUrl, options);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ConnectionLostError) throw error;
      if (!(error instanceof ControlError || error instanceof TransportError)) {
        throw error;
      }
      // One 403 may be a clock or a credential on the turn; the next is meant.
      if (error instanceof UpgradeRefusedError && error.status === 403) {
        forbidden++;
      }
      if (
        error instanceof ControlError && error.failure === "login" &&
        patience.onLogin !== undefined
      ) {
        if (!told) patience.onLogin(error);
        told = loggedOut = true;
        continue;
      }
      loggedOut = false;
      const final = (error instanceof ControlError && error.final) ||
        forbidden > 1 || ++tries >= patience.tries;
      if (final || clock.now() > deadline) {
        throw new ConnectionLostError(error.message, false, { cause: error });
      }
    }
  }
}

/** One try. A token opens one connection, so each try asks for a new one. */
async function resume(
  streamUrl: string,
  options: ConnectOptions,
): Promise<Connection> {
  const grant = await options.control.resume(options.signal);
  if (grant === undefined) {
    throw new ConnectionLostError("The session has timed out", true);
  }
  options.signal.throwIfAborted();
  const url = grant.streamUrl || streamUrl;
  const transport = await options.control.open(url, options.signal);
  return { transport, tokenValue: grant.tokenValue, streamUrl: url };
}

/**
 * How long to wait before the next try, in milliseconds. Half of it is jitter, so that many clients
 * do not come back in step.
 *
 * @param tries Those that have failed, less one.
 * @param random 0 ≤ x < 1.
 */
export function backOff(tries: number, random: () => number): number {
  return Math.min(longestDelay, firstDelay * 2 ** Math.min(tries, 10)) *
    (0.5 + random() / 2);
}

/**
 * Waits, or rejects with the signal's reason.
 *
 * @param delay Milliseconds.
 */
export function sleep(
  delay: number,
  { clock, signal }: Pick<ConnectOptions, "clock" | "signal">,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const aborted = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.setTimer(delay, () => {
      signal.removeEventListener("abort", aborted);
      resolve();
    });
    signal.addEventListener("abort", aborted, { once: true });
  });
}
