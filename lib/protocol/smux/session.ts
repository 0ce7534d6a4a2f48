/**
 * An smux session, version 1, either end: many streams in the one byte stream that a port session
 * carries (sessions.md §6). Bytes in, bytes out, time in.
 *
 * A byte that goes out: 1. `stream.send` queues it; 2. the stream joins the ring of those that have
 * something to send; 3. `poll` fills one payload, a frame from each stream in turn, so that an
 * upload does not starve the others; 4. the caller hands the payload to the data channel.
 *
 * A byte that comes in: `receive` → frame.ts → the stream with that id → the handler, which keeps
 * it or not: there is no window in version 1, so nothing here waits and nothing is kept.
 *
 * @module
 */

import {
  Command,
  FrameParser,
  headerBytes,
  maximumFrameData,
  writeHeader,
} from "./frame.ts";
import { SmuxStream } from "./stream.ts";

/** The first id of a client's streams; the next ones are two apart (S `OpenStream`). */
export const firstClientStream = 3;
/** The first id of a server's streams, which no agent opens (S `OpenStream`). */
const firstServerStream = 2;
/** Above this there is no further id: start a new session (sessions.md §6.2). */
const lastStream = 0xffff_ffff;
/** Milliseconds between NOPs (S `DefaultConfig`). */
export const keepAliveInterval = 10_000;
/** An official end that keeps alive closes after a tick of so many milliseconds without a frame. */
export const keepAliveTimeout = 30_000;
/** A frame in the rest of a payload that is shorter than this is not worth its header. */
const smallestPiece = 128;
/** So many streams that the peer opened wait to be refused; a flood of more is ignored. */
const refusalLimit = 1000;

/** What a session tells its user, within {@linkcode SmuxSession.receive} and `poll`. */
export interface SmuxHandler {
  /** Server only: the client opened a stream. */
  opened?(stream: SmuxStream): void;
  /** Bytes of a stream, at least one: a view of what was received, which stays as it is. */
  data(stream: SmuxStream, bytes: Uint8Array): void;
  /** The peer closed the stream: nothing more comes. */
  finished(stream: SmuxStream): void;
  /** All that was queued on the stream has gone out. */
  drained?(stream: SmuxStream): void;
}

/** What a session is made with. */
export interface SmuxOptions {
  readonly role: "client" | "server";
  readonly handler: SmuxHandler;
  /** Says NOP every 10 s; only where the other end wants it too (sessions.md §6.4). */
  readonly keepAlive: boolean;
  /**
   * Lets frames of up to 32 768 bytes run over the borders of payloads, as official ends do; else
   * frames end where their payload ends.
   */
  readonly longFrames?: boolean;
  /** The id of the first stream that is opened here; left out, that of the role. */
  readonly firstStream?: number;
}

/** One end of an smux session. */
export class SmuxSession {
  readonly #options: SmuxOptions;
  readonly #parser: FrameParser;
  readonly #streams = new Map<number, SmuxStream>();
  /** The ring: streams with something to send, in turn. */
  #ring: SmuxStream[] = [];
  #ringAt = 0;
  /** The stream whose frame has begun and is not complete. */
  #long: SmuxStream | undefined;
  readonly #refused: number[] = [];
  #nops = 0;
  #next: number;
  #nextNop: number | undefined;
  #heard = false;
  #heardTick: number;
  /** True when the other end said nothing for a whole tick although both keep alive. */
  silent = false;

  /** @param now Milliseconds; so everywhere below. */
  constructor(options: SmuxOptions, now: number) {
    this.#options = options;
    this.#next = options.firstStream ??
      (options.role === "client" ? firstClientStream : firstServerStream);
    this.#heardTick = now + keepAliveTimeout;
    if (options.keepAlive) this.#nextNop = now + keepAliveInterval;
    this.#parser = new FrameParser({
      control: (command, id) => this.#control(command, id),
      data: (id, piece) => {
        const stream = this.#streams.get(id);
        // Data for a stream that is not there, or that we closed, is read over (sessions.md §6.2).
        if (stream === undefined || stream.finished || stream.remoteFinished) {
          return;
        }
        this.#options.handler.data(stream, piece);
      },
    });
  }

  /** Streams that at least one end has not closed. */
  get streams(): number {
    return this.#streams.size;
  }
  /** True while {@linkcode poll} has something. */
  get pending(): boolean {
    return this.#long !== undefined || this.#nops > 0 ||
      this.#refused.length > 0 || this.#ringAt < this.#ring.length;
  }
  /** False when every id was used: only a new session can open streams. */
  get canOpen(): boolean {
    return this.#next <= lastStream;
  }

  /**
   * Opens a stream. There is no answer: data may follow at once, and FIN is all that a failure shows.
   *
   * @throws {RangeError} When every id was used; see {@linkcode canOpen}.
   */
  open(): SmuxStream {
    if (!this.canOpen) {
      throw new RangeError("Cannot open stream: every id was used");
    }
    const id = this.#next;
    this.#next += 2;
    const stream = new SmuxStream(id, this.#host, true);
    this.#streams.set(id, stream);
    return stream;
  }

  /** Says NOP once, which does nothing at the other end but come out at its top. */
  nop(): void {
    this.#nops++;
  }

  // ── in ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes the next bytes of the peer.
   *
   * @throws {SmuxProtocolError} If they are no smux of version 1; the session is of no use then.
   */
  receive(bytes: Uint8Array): void {
    this.#heard = true;
    this.#parser.push(bytes);
  }

  #control(command: Command, id: number): void {
    if (command === Command.Nop) return;
    const stream = this.#streams.get(id);
    if (command === Command.Syn) {
      if (stream === undefined) this.#arrived(id);
      return;
    }
    if (stream === undefined || stream.remoteFinished) return;
    stream.remoteFinished = true;
    // Ids are not used again, so one that both ends have closed can be forgotten.
    if (stream.finished) this.#streams.delete(id);
    this.#options.handler.finished(stream);
  }

  #arrived(id: number): void {
    if (this.#options.role === "client") {
      // No agent opens streams (sessions.md §6.2).
      if (this.#refused.length < refusalLimit) this.#refused.push(id);
      return;
    }
    const stream = new SmuxStream(id, this.#host, false);
    this.#streams.set(id, stream);
    this.#options.handler.opened?.(stream);
  }

  // ── out ───────────────────────────────────────────────────────────────────────────────────

  readonly #host = {
    ready: (stream: SmuxStream) => {
      if (stream.scheduled || !stream.pending) return;
      stream.scheduled = true;
      this.#ring.push(stream);
    },
  };

  /**
   * Fills one payload with what is to be sent.
   *
   * @param target At least 16 bytes.
   * @returns How many bytes of it were filled; 0 when there is nothing to send.
   */
  poll(target: Uint8Array): number {
    let at = 0;
    if (this.#long !== undefined) {
      const stream = this.#long;
      at = this.#continue(target, at);
      if (this.#long === undefined) this.#requeue(stream);
    }
    while (this.#nops > 0 && target.length - at >= headerBytes) {
      writeHeader(target, at, Command.Nop, 0, 0);
      at += headerBytes;
      this.#nops--;
    }
    while (this.#refused.length > 0 && target.length - at >= headerBytes) {
      writeHeader(target, at, Command.Fin, 0, this.#refused.shift()!);
      at += headerBytes;
    }
    while (
      this.#long === undefined && this.#ringAt < this.#ring.length &&
      target.length - at >= headerBytes
    ) {
      const stream = this.#ring[this.#ringAt]!;
      const end = this.#fill(stream, target, at);
      if (end === at) break;
      at = end;
      this.#ringAt++;
      // While its frame is not complete, nobody has a turn; then it stands behind the others.
      if (this.#long === undefined) this.#requeue(stream);
      this.#compact();
    }
    return at;
  }

  #requeue(stream: SmuxStream): void {
    stream.scheduled = stream.pending;
    if (stream.pending) this.#ring.push(stream);
  }

  #compact(): void {
    if (this.#ringAt === this.#ring.length) {
      this.#ring = [];
      this.#ringAt = 0;
    } else if (this.#ringAt > 1024) {
      this.#ring = this.#ring.slice(this.#ringAt);
      this.#ringAt = 0;
    }
  }

  /** One stream's turn: SYN, one frame of data, FIN, as far as there is room. */
  #fill(stream: SmuxStream, target: Uint8Array, from: number): number {
    let at = from;
    if (stream.announce) {
      writeHeader(target, at, Command.Syn, 0, stream.id);
      stream.announce = false;
      at += headerBytes;
    }
    const room = target.length - at - headerBytes;
    const { queued } = stream;
    if (queued > 0) {
      if (room < Math.min(queued, smallestPiece) && from > 0) return at;
      if (room <= 0) return at;
      const limit = this.#options.longFrames ? maximumFrameData : room;
      const length = Math.min(queued, limit, maximumFrameData);
      writeHeader(target, at, Command.Push, length, stream.id);
      at += headerBytes;
      stream.committed = length;
      this.#long = stream;
      return this.#continue(target, at);
    }
    if (stream.finDue && room >= 0) {
      writeHeader(target, at, Command.Fin, 0, stream.id);
      at += headerBytes;
      this.#finished(stream);
    }
    return at;
  }

  /** The data of the frame that has begun. */
  #continue(target: Uint8Array, at: number): number {
    const stream = this.#long!;
    const length = Math.min(stream.committed, target.length - at);
    stream.take(target, at, length);
    stream.committed -= length;
    if (stream.committed === 0) this.#long = undefined;
    if (stream.queued === 0) this.#options.handler.drained?.(stream);
    return at + length;
  }

  #finished(stream: SmuxStream): void {
    stream.finished = true;
    if (stream.remoteFinished) this.#streams.delete(stream.id);
  }

  // ── time ──────────────────────────────────────────────────────────────────────────────────

  /** When {@linkcode handleTimeout} has something to do; `undefined` without keepalive. */
  get nextTimeout(): number | undefined {
    if (this.#nextNop === undefined || this.silent) return undefined;
    return Math.min(this.#nextNop, this.#heardTick);
  }

  /** Call it at {@linkcode nextTimeout}; earlier does no harm. */
  handleTimeout(now: number): void {
    if (this.#nextNop === undefined) return;
    if (now >= this.#nextNop) {
      // After a machine's sleep one is as good as the many that were missed.
      this.#nextNop = now + keepAliveInterval;
      this.nop();
    }
    if (now >= this.#heardTick) {
      this.silent = !this.#heard;
      this.#heard = false;
      this.#heardTick = now + keepAliveTimeout;
    }
  }
}
