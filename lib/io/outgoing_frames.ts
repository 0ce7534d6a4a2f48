/**
 * The sending half of a WebSocket: gathers frames into few writes, keeps count of what the
 * operating system has not taken, and lets control frames overtake waiting messages.
 *
 * @module
 */

import {
  closePayload,
  FrameBuffer,
  type Opcode,
  opcodes,
} from "./web_socket_frame.ts";

/** How large a batch may grow before the next one begins, in bytes; about one socket buffer. */
const maxBatch = 128 * 1024;
const firstBatch = 4 * 1024;
/** What a session lets wait fits into these: after its first megabyte, nothing is allocated. */
const maxSpares = 4;

/** `drained` waits until no more than this many bytes wait. */
export const lowWaterMark = 64 * 1024;

/** Writes frames to a connection, many at a time. */
export class OutgoingFrames {
  readonly #conn: Pick<Deno.Conn, "write">;
  readonly #maskKey: (() => number) | undefined;
  readonly #failed: (cause: unknown) => void;

  /** Batches that wait; frames are added to the last. The one being written is not among them. */
  readonly #batches: FrameBuffer[] = [];
  readonly #spares: FrameBuffer[] = [];
  #buffered = 0;
  #ping: Uint8Array | undefined;
  #pong: Uint8Array | undefined;
  #closing = false;
  #writing = false;
  #stopped = false;
  #drainedWaiters: (() => void)[] = [];
  #flushedWaiters: (() => void)[] = [];

  /**
   * Begins with nothing to send.
   *
   * @param conn Where to write; closing it is somebody else's task.
   * @param maskKey Gives a masking key for each frame; `undefined` for a server.
   * @param failed Called once when a write fails; nothing is written after that.
   */
  constructor(
    conn: Pick<Deno.Conn, "write">,
    maskKey: (() => number) | undefined,
    failed: (cause: unknown) => void,
  ) {
    this.#conn = conn;
    this.#maskKey = maskKey;
    this.#failed = failed;
  }

  /** Bytes of frames that the operating system has not taken. */
  get buffered(): number {
    return this.#buffered;
  }

  /**
   * Takes one whole message, copied before this returns. It goes out after this turn, together with
   * what else was taken. Ignored after {@linkcode close} or {@linkcode stop}.
   *
   * @param opcode Text or binary.
   * @param payload The message.
   */
  message(
    opcode: typeof opcodes.text | typeof opcodes.binary,
    payload: Uint8Array,
  ): void {
    if (this.#closing || this.#stopped) return;
    this.#append(opcode, payload);
  }

  /**
   * Sends a ping ahead of the messages that wait. One that has not gone out yet is replaced.
   *
   * @param payload At most 125 bytes; must not change any more.
   */
  ping(payload: Uint8Array): void {
    if (this.#closing || this.#stopped) return;
    this.#ping = payload;
    this.#schedule();
  }

  /**
   * Sends a pong ahead of the messages that wait. Only the last of several goes out, so that a
   * flood of pings takes no memory (RFC 6455 §5.5.3 allows it).
   *
   * @param payload The ping's payload; must not change any more.
   */
  pong(payload: Uint8Array): void {
    if (this.#closing || this.#stopped) return;
    this.#pong = payload;
    this.#schedule();
  }

  /**
   * Sends a close frame after everything that was taken; takes nothing more. Only the first counts.
   *
   * @param code The close code; `undefined` or 1005 = none.
   * @param reason The close reason.
   */
  close(code: number | undefined, reason: string): void {
    if (this.#closing || this.#stopped) return;
    this.#append(opcodes.close, closePayload(code, reason));
    this.#closing = true;
  }

  /**
   * Resolves after a write, once no more than {@linkcode lowWaterMark} bytes wait; at once when
   * nothing waits or writing has stopped. As it waits for a write, a caller may ask in a loop with
   * whatever limit of its own.
   */
  drained(): Promise<void> {
    if (this.#buffered === 0 || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => this.#drainedWaiters.push(resolve));
  }

  /** Resolves when everything was written, or writing has stopped. */
  flushed(): Promise<void> {
    if (!this.#writing || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => this.#flushedWaiters.push(resolve));
  }

  /** Forgets what waits and resolves whoever waits. A write in flight is not waited for. */
  stop(): void {
    this.#stopped = true;
    this.#batches.length = 0;
    this.#buffered = 0;
    release(this.#drainedWaiters);
    release(this.#flushedWaiters);
  }

  #append(opcode: Opcode, payload: Uint8Array): void {
    let batch = this.#batches.at(-1);
    if (
      batch === undefined || batch.length > 0 &&
        batch.length + batch.frameLength(payload.length) > maxBatch
    ) {
      // A batch that begins because another one is full will be full, too.
      batch = this.#spares.pop() ?? new FrameBuffer(
        batch === undefined ? firstBatch : maxBatch,
        this.#maskKey,
      );
      this.#batches.push(batch);
    }
    const before = batch.length;
    batch.append(opcode, payload);
    this.#buffered += batch.length - before;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#writing) return;
    this.#writing = true;
    // After the current turn, so that all it sends goes out in one write.
    queueMicrotask(() => this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    try {
      while (!this.#stopped) {
        const batch = this.#takeControl() ?? this.#batches.shift();
        if (batch === undefined) break;
        await this.#write(batch);
      }
      this.#writing = false;
      release(this.#flushedWaiters);
    } catch (cause) {
      if (this.#stopped) return;
      this.stop();
      this.#failed(cause);
    }
  }

  async #write(batch: FrameBuffer): Promise<void> {
    const { frames } = batch;
    for (let at = 0; at < frames.length;) {
      const written = await this.#conn.write(
        at === 0 ? frames : frames.subarray(at),
      );
      if (this.#stopped) return;
      at += written;
      this.#buffered -= written;
      if (this.#buffered <= lowWaterMark) release(this.#drainedWaiters);
    }
    batch.clear();
    if (this.#spares.length < maxSpares && batch.capacity <= maxBatch) {
      this.#spares.push(batch);
    }
  }

  #takeControl(): FrameBuffer | undefined {
    if (this.#ping === undefined && this.#pong === undefined) return undefined;
    const batch = new FrameBuffer(64, this.#maskKey);
    if (this.#pong !== undefined) batch.append(opcodes.pong, this.#pong);
    if (this.#ping !== undefined) batch.append(opcodes.ping, this.#ping);
    this.#ping = this.#pong = undefined;
    this.#buffered += batch.length;
    return batch;
  }
}

function release(waiters: (() => void)[]): void {
  for (const resolve of waiters.splice(0)) resolve();
}
