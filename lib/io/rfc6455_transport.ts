/**
 * A transport that speaks RFC 6455 itself over a byte connection: with no delay, pings, a lost
 * connection noticed and back-pressure in both directions, none of which the platform's WebSocket
 * offers (docs/decisions/transport.md).
 *
 * @module
 */

import { ArrivedMessages } from "./arrived_messages.ts";
import type { Clock, Transport, TransportClose } from "../session/transport.ts";
import { defaultPingInterval, KeepAlive } from "./keep_alive.ts";
import { OutgoingFrames } from "./outgoing_frames.ts";
import {
  type ReceiveMemory,
  ReceivePair,
  ReceiveSlab,
} from "./receive_slab.ts";
import { opcodes, type Role } from "./web_socket_frame.ts";
import { FrameParser, WebSocketProtocolError } from "./web_socket_parser.ts";

/** What the transport needs of a connection after the upgrade. */
export type ByteConn = Pick<Deno.Conn, "read" | "write" | "close">;

/** How an {@linkcode Rfc6455Transport} behaves. */
export interface Rfc6455Options {
  /** Our end: a client masks what it sends, a server wants what it gets masked. */
  readonly role: Role;
  /** Measures pings and time-outs. */
  readonly clock: Clock;
  /** Bytes that came right behind the upgrade; they belong to the transport from now on. */
  readonly initial?: Uint8Array;
  /** An unpredictable 32-bit number per frame (RFC 6455 §10.3); `crypto.getRandomValues` when absent. */
  readonly maskKey?: () => number;
  /** Milliseconds between pings, 30 000 when absent; 0 = none, and a silent loss is not noticed. */
  readonly pingInterval?: number;
  /** The largest message taken, in bytes; 16 MiB when absent. */
  readonly maxMessageSize?: number;
  /**
   * True where messages are not used after the next call of `read`: their memory is then used
   * again. Else they stay valid for ever.
   */
  readonly reuseMemory?: boolean;
  /** Milliseconds to wait for the peer's close frame after ours; 1000 when absent. */
  readonly closeTimeout?: number;
  /** Milliseconds that `close` gives to what was taken before it; 5000 when absent. */
  readonly flushTimeout?: number;
}

/** RFC 6455 over a connection that has been upgraded. */
export class Rfc6455Transport implements Transport {
  readonly closed: Promise<TransportClose>;
  readonly #resolveClosed: (close: TransportClose) => void;
  readonly #conn: ByteConn;
  readonly #clock: Clock;
  readonly #closeTimeout: number;
  readonly #flushTimeout: number;
  readonly #out: OutgoingFrames;
  readonly #parser: FrameParser;
  readonly #slab: ReceiveMemory;
  readonly #keepAlive: KeepAlive;

  readonly #arrived = new ArrivedMessages();
  /** True once the bytes that are parsed have completed a message. */
  #found = false;
  /** Wakes the read loop while it waits for somebody to take the messages. */
  #taken: (() => void) | undefined;

  /** Set once a close frame of ours is on its way: how the transport ends if all goes well. */
  #closing: TransportClose | undefined;
  #peerClosed = false;
  #ended = false;
  #cancelTimer: (() => void) | undefined;

  /**
   * Takes over the connection: reads from it, writes to it, and closes it at the end.
   *
   * @param conn A connection after the upgrade.
   * @param options How to behave.
   */
  constructor(conn: ByteConn, options: Rfc6455Options) {
    const { promise, resolve } = Promise.withResolvers<TransportClose>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.#conn = conn;
    this.#clock = options.clock;
    this.#slab = options.reuseMemory ? new ReceivePair() : new ReceiveSlab();
    this.#closeTimeout = options.closeTimeout ?? 1000;
    this.#flushTimeout = options.flushTimeout ?? 5000;
    this.#out = new OutgoingFrames(
      conn,
      options.role === "client"
        ? options.maskKey ?? randomMaskKeys()
        : undefined,
      (cause) => this.#writeFailed(cause),
    );
    this.#keepAlive = new KeepAlive({
      clock: options.clock,
      interval: options.pingInterval ?? defaultPingInterval,
      ping: (payload) => this.#out.ping(payload),
      listening: () => this.#taken === undefined,
      lost: (seconds) =>
        this.#end(lost(`Nothing arrived for ${seconds} s, nor did a pong`)),
    });
    this.#parser = new FrameParser(
      options.role,
      options.maxMessageSize ?? 16 * 1024 * 1024,
      {
        message: (bytes) => {
          this.#found = true;
          this.#arrived.push(bytes);
        },
        // The answer may have to wait, and the view's memory is used again.
        ping: (payload) => this.#out.pong(payload.slice()),
        pong: (payload) => this.#keepAlive.pong(payload),
        close: (code, reason) => this.#peerClose(code, reason),
      },
    );
    this.#readAll(options.initial);
  }

  /** Milliseconds between the last answered ping and its pong; `undefined` before the first. */
  get roundTrip(): number | undefined {
    return this.#keepAlive.roundTrip;
  }

  /** Bytes of frames taken that the operating system has not taken yet. */
  get buffered(): number {
    return this.#out.buffered;
  }

  /** Takes one binary message; see {@linkcode Transport.send}. */
  send(message: Uint8Array): void {
    this.#out.message(opcodes.binary, message);
  }

  /** Takes one text message; see {@linkcode Transport.sendText}. */
  sendText(message: string): void {
    this.#out.message(opcodes.text, new TextEncoder().encode(message));
  }

  /** Resolves when `buffered` is at most 64 KiB; see {@linkcode Transport.drained}. */
  drained(): Promise<void> {
    return this.#out.drained();
  }

  /**
   * The messages that arrived; see {@linkcode Transport.read}. While nobody calls it, one buffer
   * of at most 64 KiB is read ahead, and beyond that only the rest of a message that has begun.
   *
   * @throws {TypeError} Another call is still waiting.
   */
  read(): Promise<readonly Uint8Array[] | undefined> {
    const messages = this.#arrived.read();
    this.#wake();
    return messages;
  }

  /**
   * Ends the transport; see {@linkcode Transport.close}. What has not been read by now is lost.
   *
   * @param code The close code, 1000 when absent.
   * @param reason The close reason, cut to 123 bytes of UTF-8.
   */
  async close(code = 1000, reason = ""): Promise<void> {
    this.#arrived.discard();
    this.#wake();
    this.#beginClose({ code, reason, clean: true });
    await this.closed;
  }

  /** It can ping. */
  readonly canAsk = true;

  /** Pings, and ends as lost if nothing arrives; see {@linkcode Transport.check}. */
  check(limit: number): void {
    if (!this.#ended && this.#closing === undefined) {
      this.#keepAlive.check(limit);
    }
  }

  /**
   * Drops the connection without a close frame; what was taken and not sent is lost.
   *
   * @param reason Why, for whoever awaits {@linkcode closed}.
   */
  drop(reason: string): void {
    this.#end(lost(reason));
  }

  async #readAll(initial: Uint8Array | undefined): Promise<void> {
    try {
      if (initial !== undefined && initial.length > 0) this.#parse(initial);
      while (!this.#ended && !this.#peerClosed) {
        if (this.#arrived.waiting && this.#closing === undefined) {
          await new Promise<void>((resolve) => this.#taken = resolve);
          continue;
        }
        const count = await this.#conn.read(this.#slab.room());
        if (this.#ended) return;
        if (count === null) {
          this.#end(
            this.#closing ??
              lost("The peer ended the connection without a close frame"),
          );
          return;
        }
        this.#keepAlive.heard();
        this.#found = false;
        this.#parse(this.#slab.take(count));
        // Messages that were handed out before are valid until the next call of `read`.
        if (!this.#found) this.#slab.giveBack();
      }
    } catch (cause) {
      this.#end(this.#closing ?? lost(`Cannot read: ${describe(cause)}`));
    }
  }

  #parse(bytes: Uint8Array): void {
    try {
      this.#parser.push(bytes);
    } catch (error) {
      if (!(error instanceof WebSocketProtocolError)) throw error;
      // Fail the connection (RFC 6455 §7.1.7), but read on and forget: closing a socket that has
      // unread bytes resets it, and the peer might never see the close frame.
      this.#beginClose({
        code: error.code,
        reason: error.message,
        clean: true,
      });
    }
    this.#arrived.deliver();
  }

  #wake(): void {
    this.#taken?.();
    this.#taken = undefined;
  }

  /** Sends our close frame after everything else, then gives the peer a while to answer. */
  async #beginClose(close: TransportClose): Promise<void> {
    if (this.#closing !== undefined || this.#peerClosed || this.#ended) return;
    this.#closing = close;
    this.#out.close(close.code, close.reason);
    this.#wake();
    this.#setTimer(
      this.#flushTimeout,
      lost("The peer did not take in time what was sent before the close"),
    );
    await this.#out.flushed();
    if (!this.#ended && !this.#peerClosed) {
      this.#setTimer(this.#closeTimeout, close);
    }
  }

  async #peerClose(code: number, reason: string): Promise<void> {
    this.#peerClosed = true;
    const close: TransportClose = { code, reason, clean: true };
    this.#setTimer(this.#closeTimeout, close);
    // The answer repeats the code (RFC 6455 §5.5.1); after a close of ours it is the answer.
    this.#out.close(code, "");
    await this.#out.flushed();
    this.#end(close);
  }

  /** The peer may have said why before it went: what it sent last is read before giving up. */
  #writeFailed(cause: unknown): void {
    const end = lost(`Cannot write: ${describe(cause)}`);
    if (this.#closing !== undefined) this.#end(end);
    else this.#setTimer(this.#closeTimeout, end);
  }

  #setTimer(delay: number, end: TransportClose): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.setTimer(delay, () => this.#end(end));
  }

  #end(close: TransportClose): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#keepAlive.stop();
    this.#cancelTimer?.();
    this.#out.stop();
    try {
      this.#conn.close();
    } catch {
      // It is closed already: that is what we want.
    }
    this.#wake();
    this.#arrived.end();
    this.#resolveClosed(close);
  }
}

/** Masking keys from the platform's strong randomness, fetched many at a time. */
export function randomMaskKeys(): () => number {
  const keys = new Uint32Array(256);
  let next = keys.length;
  return () => {
    if (next === keys.length) {
      crypto.getRandomValues(keys);
      next = 0;
    }
    return keys[next++]!;
  };
}

function lost(reason: string): TransportClose {
  return { code: 1006, reason, clean: false };
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
