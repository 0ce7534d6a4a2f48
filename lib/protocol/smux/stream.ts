/**
 * One stream of an smux session: what waits to go out on it, and which ends have closed it.
 *
 * @module
 */

/** What a stream needs of its session. */
export interface StreamHost {
  /** The stream has something to send. */
  ready(stream: SmuxStream): void;
}

/** A stream, as the session and its user see it. */
export class SmuxStream {
  readonly #host: StreamHost;
  #chunks: Uint8Array[] = [];
  #at = 0;
  #queued = 0;
  #finishing = false;
  /** The session's: SYN is still to be sent. */
  announce: boolean;
  /** The session's: it is in the ring of those that have something to send. */
  scheduled = false;
  /** The session's: bytes of the queue that a header has announced; they go out in any case. */
  committed = 0;
  /** The session's: FIN went out. */
  finished = false;
  /** The peer's FIN came: nothing more comes. */
  remoteFinished = false;

  /**
   * @param id Never used twice in a session.
   * @param announce True where SYN is to go out first.
   */
  constructor(readonly id: number, host: StreamHost, announce: boolean) {
    this.#host = host;
    this.announce = announce;
    if (announce) host.ready(this);
  }

  /** Bytes that have not gone out. */
  get queued(): number {
    return this.#queued;
  }
  /** True once {@linkcode finish} or {@linkcode abandon} was called. */
  get finishing(): boolean {
    return this.#finishing;
  }
  /** True while FIN is the next thing to send. */
  get finDue(): boolean {
    return this.#finishing && this.#queued === 0 && !this.finished;
  }
  /** True while there is something to send. */
  get pending(): boolean {
    return !this.finished &&
      (this.announce || this.#queued > 0 || this.#finishing);
  }

  /**
   * Queues bytes, which must not change until `queued` is 0. Nothing is refused: whoever reads a
   * source stops while `queued` is not 0. Ignored after {@linkcode finish}.
   */
  send(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#finishing) return;
    this.#chunks.push(bytes);
    this.#queued += bytes.length;
    this.#host.ready(this);
  }

  /**
   * Closes the stream behind what is queued. In version 1 that closes both directions: an agent
   * then drops its connection, and what it would still have said (sessions.md §6.3).
   */
  finish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#host.ready(this);
  }

  /** Closes the stream at once; what is queued and not announced yet is dropped. */
  abandon(): void {
    const kept = new Uint8Array(this.committed);
    this.take(kept, 0, kept.length);
    this.#chunks = kept.length > 0 ? [kept] : [];
    this.#at = 0;
    this.#queued = kept.length;
    this.finish();
  }

  /** The session's: moves up to `length` queued bytes into `target`, which has the room. */
  take(target: Uint8Array, at: number, length: number): void {
    for (let left = length; left > 0;) {
      const chunk = this.#chunks[0]!;
      const end = Math.min(chunk.length, this.#at + left);
      target.set(chunk.subarray(this.#at, end), at);
      at += end - this.#at;
      left -= end - this.#at;
      this.#queued -= end - this.#at;
      if (end === chunk.length) {
        this.#chunks.shift();
        this.#at = 0;
      } else this.#at = end;
    }
  }
}
