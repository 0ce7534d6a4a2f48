/**
 * The second transport: Deno's built-in WebSocket. It has no pings, so a silent loss is not
 * noticed; it sends with Nagle's delay; of a refused upgrade it tells the status at most.
 *
 * @module
 */

import { ArrivedMessages } from "./arrived_messages.ts";
import {
  type Clock,
  type Transport,
  type TransportClose,
  TransportError,
  UpgradeRefusedError,
} from "../session/transport.ts";

/** How to open a {@linkcode BuiltinTransport}. */
export interface BuiltinOptions {
  /** The stream URL, a `ws:` or `wss:` one. */
  readonly url: string;
  /** Headers of the upgrade; a `Host` among them is left out. */
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates to trust in addition to Deno's own, one PEM text each. */
  readonly caCerts: readonly string[];
  /** The proxy to go through: `http:`, `https:` or `socks5:`. */
  readonly proxy?: URL | undefined;
  /** Measures time-outs. */
  readonly clock: Clock;
  /** Gives up the attempt; has no effect once the transport is open. */
  readonly signal: AbortSignal;
}

/** `drained` waits until no more than this many bytes wait. */
const lowWaterMark = 64 * 1024;

/** Milliseconds between two looks at `bufferedAmount`: the platform has no event for it. */
const pollInterval = 4;

/** Milliseconds to wait for the peer's close frame after ours. */
const closeTimeout = 1000;

/**
 * Opens a connection with the platform's WebSocket.
 *
 * @param options Where to, and how.
 * @throws {UpgradeRefusedError} The server answered with something other than 101. The headers and
 * the body are not known, and the status is 0 where the platform does not tell.
 * @throws {TransportError} No connection; the message has the platform's words.
 */
export async function openBuiltin(
  options: BuiltinOptions,
): Promise<BuiltinTransport> {
  const { url, caCerts, proxy, clock, signal } = options;
  signal.throwIfAborted();
  const client = caCerts.length > 0 || proxy !== undefined
    ? Deno.createHttpClient({
      caCerts: [...caCerts],
      ...(proxy === undefined ? {} : { proxy: proxyOptions(proxy) }),
    })
    : undefined;
  // The platform makes its own Host, which is the one that was signed (data-channel.md §1.2).
  const headers = Object.fromEntries(
    Object.entries(options.headers).filter(([name]) =>
      name.toLowerCase() !== "host"
    ),
  );
  try {
    const socket = new WebSocket(
      url,
      client === undefined ? { headers } : { headers, client },
    );
    socket.binaryType = "arraybuffer";
    return await opened(
      socket,
      signal,
      () => new BuiltinTransport(socket, clock, () => client?.close()),
    );
  } catch (error) {
    client?.close();
    signal.throwIfAborted();
    if (error instanceof TransportError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new TransportError(`Cannot open WebSocket: ${why}`, { cause: error });
  }
}

function proxyOptions(proxy: URL): Deno.Proxy {
  const { username, password } = proxy;
  const bare = new URL(proxy);
  bare.username = bare.password = "";
  const url = bare.href;
  return username === "" && password === "" ? { url } : {
    url,
    basicAuth: {
      username: decodeURIComponent(username),
      password: decodeURIComponent(password),
    },
  };
}

async function opened(
  socket: WebSocket,
  signal: AbortSignal,
  make: () => BuiltinTransport,
): Promise<BuiltinTransport> {
  const { promise, resolve, reject } = Promise.withResolvers<
    BuiltinTransport
  >();
  const abort = () => socket.close();
  signal.addEventListener("abort", abort);
  // At once, in the event itself: the first messages may come before a promise is through.
  socket.onopen = () => {
    socket.onopen = null;
    resolve(make());
  };
  let message = "the connection was closed";
  socket.onerror = (event) => {
    if (event instanceof ErrorEvent) message = event.message;
  };
  // The close event comes last; after it the platform has let go of everything.
  socket.onclose = () => reject(openError(message));
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function openError(message: string): TransportError {
  const text = message.replace(/^NetworkError: /, "");
  const status = /status code:? (\d{3})/i.exec(text);
  if (status !== null) {
    return new UpgradeRefusedError(Number(status[1]), {}, "", {
      cause: new Error(text),
    });
  }
  return new TransportError(`Cannot open WebSocket: ${text}`, {
    cause: new Error(text),
  });
}

/**
 * A {@linkcode Transport} over an open platform WebSocket.
 *
 * The platform reads from the network whether anybody takes the messages or not: unlike the other
 * transport, this one's queue of received messages has no bound of its own. The protocol's does
 * bound it: what is not taken is not acknowledged, and the agent stops sending.
 */
export class BuiltinTransport implements Transport {
  readonly closed: Promise<TransportClose>;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #resolveClosed: (close: TransportClose) => void;
  readonly #release: () => void;
  readonly #arrived = new ArrivedMessages();
  #ended = false;
  /** Set by `close`: how the transport ends unless the peer says otherwise. */
  #closing: TransportClose | undefined;
  #error = "";
  #cancelTimer: (() => void) | undefined;
  #cancelPoll: (() => void) | undefined;
  #drainedWaiters: (() => void)[] = [];

  /**
   * Takes over an open socket.
   *
   * @param socket Open, with `binaryType` "arraybuffer".
   * @param clock Measures time-outs.
   * @param release Called once at the end.
   */
  constructor(socket: WebSocket, clock: Clock, release: () => void) {
    const { promise, resolve } = Promise.withResolvers<TransportClose>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.#socket = socket;
    this.#clock = clock;
    this.#release = release;
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onerror = (event) => {
      if (event instanceof ErrorEvent) this.#error = event.message;
    };
    socket.onclose = (event) => {
      const close = closeOf(event, this.#error);
      this.#end(close.clean ? close : this.#closing ?? close);
    };
  }

  /** Bytes taken that the platform has not sent yet. */
  get buffered(): number {
    return this.#ended ? 0 : this.#socket.bufferedAmount;
  }

  /** Takes one binary message; see {@linkcode Transport.send}. */
  send(message: Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    // The platform copies the view's bytes before it returns.
    this.#socket.send(message as Uint8Array<ArrayBuffer>);
  }

  /** Takes one text message; see {@linkcode Transport.sendText}. */
  sendText(message: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  /** Resolves when `buffered` is at most 64 KiB; see {@linkcode Transport.drained}. */
  drained(): Promise<void> {
    if (this.buffered === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drainedWaiters.push(resolve);
      if (this.#cancelPoll === undefined) this.#poll(0);
    });
  }

  /**
   * The messages that arrived; see {@linkcode Transport.read}.
   *
   * @throws {TypeError} Another call is still waiting.
   */
  read(): Promise<readonly Uint8Array[] | undefined> {
    return this.#arrived.read();
  }

  /** The platform cannot ping. */
  readonly canAsk = false;

  /** The platform cannot ping, so this ends the transport; see {@linkcode Transport.check}. */
  check(_limit: number): void {
    if (this.#ended || this.#closing !== undefined) return;
    this.#socket.close();
    this.#end({
      code: 1006,
      reason: "The machine has slept, and this transport cannot ask whether " +
        "the connection outlived that",
      clean: false,
    });
  }

  /**
   * Ends the transport; see {@linkcode Transport.close}. What has not been read by now is lost.
   *
   * @param code 1000 or from 3000 to 4999; the platform allows no other, and sends none instead.
   * @param reason The close reason, at most 123 bytes of UTF-8.
   */
  async close(code = 1000, reason = ""): Promise<void> {
    this.#arrived.discard();
    if (this.#closing === undefined && !this.#ended) {
      const end = this.#closing = { code, reason, clean: true };
      if (code === 1000 || code >= 3000) this.#socket.close(code, reason);
      else this.#socket.close();
      this.#cancelTimer = this.#clock.setTimer(
        closeTimeout,
        () => this.#end(end),
      );
    }
    await this.closed;
  }

  #receive(data: unknown): void {
    if (this.#ended) return;
    this.#arrived.push(
      typeof data === "string"
        ? new TextEncoder().encode(data)
        : new Uint8Array(data as ArrayBuffer),
    );
    this.#arrived.deliver();
  }

  #poll(delay: number): void {
    this.#cancelPoll = this.#clock.setTimer(delay, () => {
      this.#cancelPoll = undefined;
      if (this.buffered > lowWaterMark) return this.#poll(pollInterval);
      for (const resolve of this.#drainedWaiters.splice(0)) resolve();
    });
  }

  #end(close: TransportClose): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelTimer?.();
    this.#cancelPoll?.();
    this.#cancelPoll = undefined;
    for (const resolve of this.#drainedWaiters.splice(0)) resolve();
    this.#release();
    this.#arrived.end();
    this.#resolveClosed(close);
  }
}

/** The platform reports an abnormal end with code 0 (docs/decisions/transport.md). */
function closeOf(event: CloseEvent, error: string): TransportClose {
  const lost = event.code === 0 || event.code === 1006;
  if (!lost) {
    return { code: event.code, reason: event.reason, clean: true };
  }
  return {
    code: 1006,
    reason: event.reason || error ||
      "The peer ended the connection without a close frame",
    clean: false,
  };
}
