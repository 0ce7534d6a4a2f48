/**
 * The client's end of a multiplexed port session, over a channel that a test drives.
 */

import { SmuxSession } from "../../../lib/protocol/smux/session.ts";
import type { SmuxStream } from "../../../lib/protocol/smux/stream.ts";

/** What a stream brought. */
export interface Received {
  text: string;
  bytes: number;
  finished: boolean;
}

/** An smux client; `send` takes payloads of up to 1024 bytes. */
export class MuxClient {
  readonly smux: SmuxSession;
  readonly #received = new Map<SmuxStream, Received>();
  readonly #send: (payload: Uint8Array) => void;
  readonly #scratch = new Uint8Array(1024);

  constructor(send: (payload: Uint8Array) => void, keepAlive = false, now = 0) {
    this.#send = send;
    this.smux = new SmuxSession({
      role: "client",
      keepAlive,
      handler: {
        data: (stream, bytes) => {
          const received = this.received(stream);
          received.bytes += bytes.length;
          if (received.bytes < 100_000) {
            received.text += new TextDecoder().decode(bytes);
          }
        },
        finished: (stream) => {
          this.received(stream).finished = true;
        },
      },
    }, now);
  }

  /** What the stream brought so far. */
  received(stream: SmuxStream): Received {
    let received = this.#received.get(stream);
    if (received === undefined) {
      received = { text: "", bytes: 0, finished: false };
      this.#received.set(stream, received);
    }
    return received;
  }

  /** Opens a stream and sends. */
  open(first: string | Uint8Array = ""): SmuxStream {
    const stream = this.smux.open();
    this.write(stream, first);
    return stream;
  }

  /** Sends on a stream. */
  write(stream: SmuxStream, bytes: string | Uint8Array): void {
    stream.send(
      typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes,
    );
    this.flush();
  }

  /** Closes a stream. */
  finish(stream: SmuxStream): void {
    stream.finish();
    this.flush();
  }

  /** Sends what waits. */
  flush(): void {
    for (;;) {
      const length = this.smux.poll(this.#scratch);
      if (length === 0) return;
      this.#send(this.#scratch.slice(0, length));
    }
  }
}
