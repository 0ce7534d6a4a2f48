/**
 * The interfaces through which sessions touch the world. `lib/io` and the test kit implement
 * them; nothing in this folder knows an implementation.
 *
 * @module
 */

/** How a transport's life ended. */
export interface TransportClose {
  /** The peer's close code (RFC 6455 §7.4), 1006 where the connection was lost without one. */
  readonly code: number;
  /** The peer's close reason, or our own sentence for a lost connection. */
  readonly reason: string;
  /** True when a close frame came from the peer or from us; false for a lost connection. */
  readonly clean: boolean;
}

/**
 * One WebSocket's life: messages in, messages out, and one end. A reconnect makes a new one.
 *
 * Only whole messages cross. Text and binary messages are handed out alike, as the data channel's
 * parser takes both (data-channel.md §1.5).
 */
export interface Transport {
  /**
   * Takes one binary message. The bytes are copied before the call returns, and go out with
   * whatever else was taken in the same turn. After the end it does nothing: a message that could
   * not be sent is "not yet sent", and the channel sends it again (pitfalls.md §6.2).
   */
  send(message: Uint8Array): void;
  /** Takes one text message, as {@linkcode send} does. */
  sendText(message: string): void;
  /** Bytes taken that the operating system has not taken yet. */
  readonly buffered: number;
  /** Resolves when `buffered` is small again, or the transport has ended. Never rejects. */
  drained(): Promise<void>;
  /**
   * The messages that arrived, at least one; `undefined` after the end. While nobody calls it,
   * nothing more than a bounded amount is read from the network. The arrays are valid until the
   * next call: who keeps a message copies it.
   */
  read(): Promise<readonly Uint8Array[] | undefined>;
  /**
   * Doubts that the other end is there, as after a machine's sleep: a transport that hears nothing
   * within so many milliseconds ends as lost. One that cannot ask ends at once.
   */
  check(limit: number): void;
  /** True where {@linkcode check} asks the other end. */
  readonly canAsk: boolean;
  /** Resolves once, at the end of the transport, whoever ended it. Never rejects. */
  readonly closed: Promise<TransportClose>;
  /**
   * Ends the transport: what was taken goes out first, then a close frame; after a short wait for
   * the peer's the connection is dropped. Never rejects.
   */
  close(code?: number, reason?: string): Promise<void>;
}

/** What is needed to open a transport. */
export interface TransportRequest {
  /** The stream URL, used verbatim (data-channel.md §1.1). */
  readonly url: string;
  /** Headers of the upgrade, the signature among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Gives up the attempt; has no effect once the transport is open. */
  readonly signal?: AbortSignal;
}

/** Opens a transport. Rejects with {@linkcode UpgradeRefusedError} or {@linkcode TransportError}. */
export type OpenTransport = (request: TransportRequest) => Promise<Transport>;

/** The network could not carry a connection: name not found, refused, TLS, a proxy, a time-out. */
export class TransportError extends Error {
  override name = "TransportError";
}

/** The server answered the upgrade with something other than 101 (api.md §10). */
export class UpgradeRefusedError extends TransportError {
  override name = "UpgradeRefusedError";
  /**
   * @param status The HTTP status, or 0 where the platform does not tell.
   * @param headers The response's headers, names in lower case.
   * @param body The beginning of the response's body.
   */
  constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, string>>,
    readonly body: string,
    options?: ErrorOptions,
  ) {
    super(
      status === 0
        ? "Cannot open WebSocket: the server refused the upgrade"
        : `Cannot open WebSocket: the server answered the upgrade with status ${status}`,
      options,
    );
  }
}

/** Time, as sessions see it; in tests it is virtual. */
export interface Clock {
  /**
   * Milliseconds since the Unix epoch, with a fraction, that never go back: fit both for
   * measuring and for CreatedDate (data-channel.md §2).
   */
  now(): number;
  /**
   * What the wall clock says, in milliseconds since the Unix epoch: unlike {@linkcode now} it goes
   * on while the machine sleeps, and whoever sets it can turn it. Absent: no sleep is noticed.
   */
  wall?(): number;
  /** Calls `run` once after `delay` milliseconds unless the returned function is called first. */
  setTimer(delay: number, run: () => void): () => void;
}

/** A terminal's size in characters. */
export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** The terminal, or whatever stands in for it on the three standard streams. */
export interface Terminal {
  /** True when standard input is a terminal, so raw mode and key sequences make sense. */
  readonly interactive: boolean;
  /**
   * The size of the terminal on standard output, else input, else the controlling one;
   * `undefined` where there is none (sessions.md §2.1).
   */
  size(): TerminalSize | undefined;
  /**
   * Puts the terminal into raw mode until the returned object is disposed. Idempotent disposal.
   * @param farewell What the screen needs on standard error where the process ends before that.
   */
  raw(farewell?: Uint8Array): Disposable;
  /**
   * The next bytes typed or piped in; `undefined` at end of input. Aborting rejects the call with
   * the signal's reason and loses no byte: the next call gets them.
   */
  read(signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** Puts bytes back that were read and not used: the next {@linkcode read} gets them first. */
  unread(bytes: Uint8Array): void;
  /** Writes payload to standard output. Rejects with `Deno.errors.BrokenPipe` when nobody reads. */
  write(bytes: Uint8Array): Promise<void>;
  /** Writes to standard error: everything that is not payload. */
  writeError(bytes: Uint8Array): Promise<void>;
  /** Calls `changed` whenever the size may have changed, until disposed. */
  onResize(changed: () => void): Disposable;
  /** Stops this process as Ctrl-Z would, outside raw mode; resolves when it goes on. */
  suspend(): Promise<void>;
}

/** Where a forward listens on this machine. */
export type LocalAddress =
  | { readonly kind: "tcp"; readonly hostname: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/**
 * One connection that a local program made to us; a slice of `Deno.Conn`, whose `read`, `write`
 * and `closeWrite` half-close properly.
 */
export type LocalConnection = Pick<
  Deno.Conn,
  "read" | "write" | "closeWrite" | "close"
>;

/** A place where local programs connect to. */
export interface LocalListener {
  /** Where it listens; never port 0. */
  readonly address: LocalAddress;
  /** The next connection, with no delay set; `undefined` after {@linkcode close}. Never rejects. */
  accept(): Promise<LocalConnection | undefined>;
  /** Takes no more connections; those that were accepted go on. Idempotent. */
  close(): void;
}
