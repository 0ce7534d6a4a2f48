import assert from "node:assert/strict";
import fc from "fast-check";
import {
  Command,
  headerBytes,
  maximumFrameData,
  SmuxProtocolError,
} from "../../../lib/protocol/smux/frame.ts";
import {
  keepAliveInterval,
  keepAliveTimeout,
  SmuxSession,
} from "../../../lib/protocol/smux/session.ts";
import type { SmuxOptions } from "../../../lib/protocol/smux/session.ts";
import type { SmuxStream } from "../../../lib/protocol/smux/stream.ts";
import { fromHex, patterned, toHex } from "../../testkit/vectors.ts";
import { bytesOf, dataOf, frame, sha256, smuxVectors } from "./vectors.ts";
import { joined } from "../../testkit/bytes.ts";

const text = (value: string) => new TextEncoder().encode(value);

/** What one end heard of a stream. */
interface Heard {
  readonly pieces: Uint8Array[];
  finished: number;
  drained: number;
}

/** A session and what it tells its user. */
class End {
  readonly session: SmuxSession;
  /** Streams that the peer opened. */
  readonly opened: SmuxStream[] = [];
  readonly #heard = new Map<SmuxStream, Heard>();

  constructor(
    role: SmuxOptions["role"],
    options: Partial<SmuxOptions> = {},
    now = 0,
  ) {
    const handler = {
      opened: (stream: SmuxStream) => void this.opened.push(stream),
      data: (stream: SmuxStream, bytes: Uint8Array) => {
        assert(bytes.length > 0, "no bytes");
        assert.equal(this.heard(stream).finished, 0, "bytes behind FIN");
        assert(!stream.finished, "bytes for a stream that we closed");
        this.heard(stream).pieces.push(bytes);
      },
      finished: (stream: SmuxStream) => void this.heard(stream).finished++,
      drained: (stream: SmuxStream) => {
        assert.equal(stream.queued, 0);
        this.heard(stream).drained++;
      },
    };
    const all = { role, handler, keepAlive: false, ...options };
    this.session = new SmuxSession(all, now);
  }

  heard(stream: SmuxStream): Heard {
    let heard = this.#heard.get(stream);
    if (heard === undefined) {
      heard = { pieces: [], finished: 0, drained: 0 };
      this.#heard.set(stream, heard);
    }
    return heard;
  }

  bytes(stream: SmuxStream): Uint8Array {
    return joined(this.heard(stream).pieces);
  }

  /** One payload. */
  payload(size: number): Uint8Array {
    const target = new Uint8Array(size);
    const length = this.session.poll(target);
    assert(length <= size, `${length} bytes in ${size}`);
    return target.subarray(0, length);
  }

  /** Payloads until there is no more; whoever says that there is something must give it. */
  payloads(size = 200_000): Uint8Array[] {
    const payloads: Uint8Array[] = [];
    while (this.session.pending) {
      const payload = this.payload(size);
      assert(payload.length > 0, "something is pending and does not come");
      payloads.push(payload);
    }
    assert.equal(this.payload(size).length, 0);
    return payloads;
  }

  /** All that is to be sent. */
  out(size?: number): Uint8Array {
    return joined(this.payloads(size));
  }
}

/** Every frame in bytes that must end with one: its command, stream and length. */
function framesIn(bytes: Uint8Array): string[] {
  const frames: string[] = [];
  const names = ["SYN", "FIN", "PSH", "NOP"];
  for (let at = 0; at < bytes.length;) {
    assert(bytes.length - at >= headerBytes, "half a header");
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, headerBytes);
    assert.equal(view.getUint8(0), 1);
    const name = names[view.getUint8(1)], length = view.getUint16(2, true);
    assert.equal(length > 0, name === "PSH", `${name} with length ${length}`);
    frames.push(
      `${name} ${view.getUint32(4, true)}${name === "PSH" ? ` ${length}` : ""}`,
    );
    at += headerBytes + length;
    assert(at <= bytes.length, "half a frame");
  }
  return frames;
}

/** A client and one stream of it that has been announced, with a peer's view of nothing yet. */
function clientWithStream(options: Partial<SmuxOptions> = {}) {
  const client = new End("client", options);
  const stream = client.session.open();
  assert.deepEqual(framesIn(client.out()), ["SYN 3"]);
  return { client, session: client.session, stream };
}

Deno.test("smux: both ends write what the official ends write", async () => {
  const client = new End("client", { longFrames: true });
  const server = new End("server", { longFrames: true });
  const streams: SmuxStream[] = [];
  const open = () => void streams.push(client.session.open());
  /** What is done before the bytes of a vector, beside sending its data. */
  const deeds: Record<string, () => void> = {
    "open-first-stream": open,
    "push-5-bytes": () => streams[0]!.send(text("hello")),
    "server-push-5-bytes": () => server.opened[0]!.send(text("world")),
    "open-second-stream": open,
    "push-1-byte": () => streams[1]!.send(Uint8Array.of(0)),
    "push-1024": () => streams[1]!.send(patterned(1024)),
    "push-32768": () => streams[1]!.send(patterned(32_768)),
    "push-32769": () => streams[1]!.send(patterned(32_769)),
    "push-70000": () => streams[1]!.send(patterned(70_000)),
    "push-0-bytes": () => streams[1]!.send(new Uint8Array()),
    "close-stream-3": () => streams[0]!.finish(),
    "server-push-after-client-fin": () => server.opened[0]!.send(text("late")),
    "server-close-stream-3": () => server.opened[0]!.finish(),
    "close-stream-5": () => streams[1]!.finish(),
    "server-open-stream": () => {
      server.opened[1]!.finish();
      server.session.open();
    },
    "client-session-close": () => {}, // there is nothing to call
    "keepalive-nop": () => client.session.nop(),
  };
  const sent: Uint8Array[] = [];
  for (const vector of await smuxVectors()) {
    if (vector.from === undefined) continue;
    const deed = deeds[vector.name];
    assert(deed !== undefined, `nothing is known of ${vector.name}`);
    deed();
    const [from, to] = vector.from === "server"
      ? [server, client]
      : [client, server];
    const bytes = from.out();
    assert.equal(sha256(bytes), sha256(bytesOf(vector)), vector.name);
    to.session.receive(bytes);
    if (streams[1] !== undefined && vector.name.startsWith("push-")) {
      sent.push(dataOf(vector));
    }
    delete deeds[vector.name];
    if (vector.name === "server-open-stream") {
      assert.equal(toHex(client.out()), "0101000002000000");
    }
  }
  assert.deepEqual(Object.keys(deeds), []);
  assert.deepEqual(server.bytes(server.opened[0]!), text("hello"));
  assert.deepEqual(server.bytes(server.opened[1]!), joined(sent));
  assert.deepEqual(client.bytes(streams[0]!), text("world"));
  assert.equal(client.session.streams, 0);
});

Deno.test("smux: a server does with odd input what the official one does", async (t) => {
  const vectors = (await smuxVectors()).filter((one) =>
    one.officialServer !== undefined
  );
  assert.equal(vectors.length, 15);
  for (const vector of vectors) {
    await t.step(vector.name, () => {
      const server = new End("server");
      let refused = false;
      try {
        for (const byte of bytesOf(vector)) {
          server.session.receive(Uint8Array.of(byte));
        }
      } catch (error) {
        assert(error instanceof SmuxProtocolError, String(error));
        refused = true;
      }
      const said = vector.officialServer!;
      if (said.startsWith("AcceptStream: invalid protocol")) {
        assert(refused);
        assert.deepEqual(server.opened, []);
        return;
      }
      const [, id, length, end, second] =
        /^stream (\d+) accepted; read (\d+) bytes then (EOF|timeout); (?:next AcceptStream: timeout|second stream (\d+) accepted);/
          .exec(said) ?? assert.fail(said);
      assert.equal(refused, false);
      assert.deepEqual(
        server.opened.map((one) => one.id),
        second === undefined ? [Number(id)] : [Number(id), Number(second)],
      );
      const stream = server.opened[0]!;
      assert.equal(server.bytes(stream).length, Number(length));
      assert.equal(server.heard(stream).finished, end === "EOF" ? 1 : 0);
    });
  }
});

Deno.test("smux: streams are 3, 5, 7 and so on, announced before their data", () => {
  const client = new End("client");
  const streams = [1, 2, 3, 4].map(() => client.session.open());
  assert.deepEqual(streams.map(({ id }) => id), [3, 5, 7, 9]);
  assert.equal(client.session.streams, 4);
  streams[1]!.send(text("hello"));
  streams[3]!.finish();
  assert.deepEqual(framesIn(client.out()), [
    "SYN 3",
    "SYN 5",
    "PSH 5 5",
    "SYN 7",
    "SYN 9",
    "FIN 9",
  ]);
});

Deno.test("smux: when every id was used there are no more streams", () => {
  const client = new End("client", { firstStream: 0xffff_fffd });
  assert.equal(client.session.canOpen, true);
  const streams = [client.session.open(), client.session.open()];
  assert.equal(client.session.canOpen, false);
  assert.throws(() => client.session.open(), {
    name: "RangeError",
    message: "Cannot open stream: every id was used",
  });
  assert.equal(toHex(client.out()), "01000000fdffffff01000000ffffffff");
  client.session.receive(frame(Command.Push, 0xffff_ffff, text("hello")));
  assert.deepEqual(client.bytes(streams[1]!), text("hello"));
});

Deno.test("smux: a client refuses the streams that a server opens", async (t) => {
  await t.step("with FIN, and reads over their data", () => {
    const { client, session } = clientWithStream();
    session.receive(joined([
      frame(Command.Syn, 2),
      frame(Command.Push, 2, text("hello")),
      frame(Command.Syn, 4),
      frame(Command.Fin, 4),
    ]));
    assert.equal(session.streams, 1);
    assert.deepEqual(client.opened, []);
    assert.deepEqual(framesIn(client.payload(8)), ["FIN 2"]);
    assert.equal(session.pending, true);
    assert.deepEqual(framesIn(client.out()), ["FIN 4"]);
  });
  await t.step("but not its own, announced again", () => {
    const { client, session, stream } = clientWithStream();
    session.receive(frame(Command.Syn, stream.id));
    assert.equal(client.out().length, 0);
    session.receive(frame(Command.Push, stream.id, text("hello")));
    assert.deepEqual(client.bytes(stream), text("hello"));
  });
  await t.step("of a flood only the first thousand", () => {
    const { client, session } = clientWithStream();
    for (let id = 2; id <= 20_000; id += 2) {
      session.receive(frame(Command.Syn, id));
    }
    const frames = framesIn(client.out(1024));
    assert.equal(frames.length, 1000);
    assert.equal(frames.at(-1), "FIN 2000");
    session.receive(frame(Command.Syn, 20_002));
    assert.deepEqual(framesIn(client.out()), ["FIN 20002"]);
  });
});

Deno.test("smux: data for unknown streams, and behind either FIN, is read over", async (t) => {
  await t.step("unknown", () => {
    const { client, session, stream } = clientWithStream();
    session.receive(frame(Command.Push, 99, text("lost")));
    session.receive(frame(Command.Fin, 99));
    session.receive(frame(Command.Push, stream.id, text("hello")));
    assert.deepEqual(client.bytes(stream), text("hello"));
    assert.equal(client.out().length, 0);
  });
  await t.step("behind ours, from the moment it went out", () => {
    const { client, session, stream } = clientWithStream();
    stream.finish();
    session.receive(frame(Command.Push, 3, text("early")));
    assert.deepEqual(framesIn(client.out()), ["FIN 3"]);
    session.receive(frame(Command.Push, 3, text("late")));
    assert.deepEqual(client.bytes(stream), text("early"));
    assert.equal(client.heard(stream).finished, 0);
    session.receive(frame(Command.Fin, 3));
    assert.equal(client.heard(stream).finished, 1);
  });
  await t.step("behind the peer's", () => {
    const { client, session, stream } = clientWithStream();
    session.receive(frame(Command.Push, 3, text("early")));
    session.receive(frame(Command.Fin, 3));
    session.receive(frame(Command.Push, 3, text("late")));
    session.receive(frame(Command.Fin, 3));
    assert.deepEqual(client.bytes(stream), text("early"));
    assert.equal(client.heard(stream).finished, 1);
  });
});

Deno.test("smux: data is given on as views of what was received", () => {
  const { client, session, stream } = clientWithStream();
  const bytes = frame(Command.Push, 3, text("hello"));
  session.receive(bytes);
  assert.equal(client.heard(stream).pieces[0]!.buffer, bytes.buffer);
});

Deno.test("smux: FIN both ways forgets the stream, in either order", async (t) => {
  await t.step("ours first", () => {
    const { client, session, stream } = clientWithStream();
    stream.finish();
    assert.deepEqual(framesIn(client.out()), ["FIN 3"]);
    assert.equal(session.streams, 1);
    session.receive(frame(Command.Fin, 3));
    assert.equal(session.streams, 0);
  });
  await t.step("the peer's first: ours still has data to send", () => {
    const { client, session, stream } = clientWithStream();
    session.receive(frame(Command.Fin, 3));
    assert.equal(client.heard(stream).finished, 1);
    assert.equal(stream.remoteFinished, true);
    stream.send(text("hello"));
    stream.finish();
    assert.equal(session.streams, 1);
    assert.deepEqual(framesIn(client.out()), ["PSH 3 5", "FIN 3"]);
    assert.equal(session.streams, 0);
    stream.send(text("late"));
    stream.abandon();
    assert.equal(client.out().length, 0);
  });
  await t.step("before it was announced", () => {
    const client = new End("client");
    client.session.open().finish();
    assert.deepEqual(framesIn(client.payload(16)), ["SYN 3", "FIN 3"]);
    assert.equal(client.session.pending, false);
  });
});

Deno.test("smux: a server can be opened an id again once both ends have closed it", () => {
  const server = new End("server");
  server.session.receive(fromHex("01000000030000000101000003000000"));
  server.opened[0]!.finish();
  assert.deepEqual(framesIn(server.out()), ["FIN 3"]);
  assert.equal(server.session.streams, 0);
  server.session.receive(frame(Command.Syn, 3));
  assert.equal(server.opened.length, 2);
});

Deno.test("smux: a server needs no ear for streams", () => {
  const session = new SmuxSession({
    role: "server",
    handler: { data: () => {}, finished: () => {} },
    keepAlive: false,
  }, 0);
  session.receive(frame(Command.Syn, 3));
  assert.equal(session.streams, 1);
});

Deno.test("smux: abandon drops what was queued", () => {
  const { client, stream } = clientWithStream();
  stream.send(patterned(5000));
  assert.deepEqual(framesIn(client.payload(1024)), ["PSH 3 1016"]);
  stream.abandon();
  assert.deepEqual(framesIn(client.out()), ["FIN 3"]);
});

Deno.test("smux: abandon completes a frame that was announced", () => {
  const { client, stream } = clientWithStream({ longFrames: true });
  const data = patterned(50_000);
  stream.send(data);
  const first = client.payload(1024);
  assert.equal(toHex(first.subarray(0, 8)), "0102008003000000");
  stream.abandon();
  assert.equal(stream.queued, maximumFrameData - 1016);
  const all = joined([first, client.out(1024)]);
  assert.deepEqual(framesIn(all), ["PSH 3 32768", "FIN 3"]);
  assert.deepEqual(
    all.subarray(8, 8 + maximumFrameData),
    data.subarray(0, maximumFrameData),
  );
});

Deno.test("smux: one upload does not starve the others", async (t) => {
  const others = (client: End) =>
    Array.from({ length: 10 }, () => {
      const stream = client.session.open();
      stream.send(patterned(100));
      return stream;
    });
  /** Payloads until nothing of the others is queued. */
  const needed = (client: End, streams: SmuxStream[]) => {
    for (let payloads = 0;; payloads++) {
      if (streams.every(({ queued }) => queued === 0)) return payloads;
      client.payload(1024);
    }
  };
  await t.step("that began before them", () => {
    const { client, stream } = clientWithStream();
    stream.send(new Uint8Array(1024 * 1024));
    assert(needed(client, others(client)) <= 5);
    assert(stream.queued > 1_000_000);
  });
  await t.step("in the midst of it", () => {
    const { client, stream } = clientWithStream();
    stream.send(new Uint8Array(1024 * 1024));
    for (let i = 0; i < 500; i++) client.payload(1024);
    assert(needed(client, others(client)) <= 5);
    assert(stream.queued > 500_000);
  });
  await t.step("in long frames, which have to be complete first", () => {
    const { client, stream } = clientWithStream({ longFrames: true });
    stream.send(new Uint8Array(1024 * 1024));
    // A second one where the end of a payload had room for a SYN but not for its data.
    assert(needed(client, others(client)) <= 5 + 2 * 33);
    assert(stream.queued > 900_000);
  });
  await t.step("and two of them get the same", () => {
    const client = new End("client");
    const streams = [client.session.open(), client.session.open()];
    for (const stream of streams) stream.send(new Uint8Array(100_000));
    for (let i = 0; i < 50; i++) client.payload(1024);
    const [a, b] = streams.map(({ queued }) => queued);
    assert(Math.abs(a! - b!) <= 1024, `${a} and ${b}`);
  });
});

Deno.test("smux: thousands of streams take turns", () => {
  const client = new End("client");
  const server = new End("server");
  const streams = Array.from({ length: 3000 }, () => client.session.open());
  for (const stream of streams) stream.send(patterned(300));
  for (const payload of client.payloads(1024)) server.session.receive(payload);
  assert.deepEqual(
    server.opened.map((one) => server.bytes(one).length),
    streams.map(() => 300),
  );
});

Deno.test("smux: a frame ends in its payload, unless long frames are wanted", async (t) => {
  const send = (client: End, stream: SmuxStream) => {
    stream.send(patterned(40_000));
    client.session.nop();
    return client.payloads(1024);
  };
  await t.step("short", () => {
    const { client, stream } = clientWithStream();
    const payloads = send(client, stream);
    assert.equal(payloads.length, 40);
    for (const payload of payloads) assert(framesIn(payload).length > 0);
    assert.equal(client.heard(stream).drained, 1);
  });
  await t.step("long", () => {
    const { client, stream } = clientWithStream({ longFrames: true });
    const payloads = send(client, stream);
    assert.equal(payloads[0]!.length, 1024);
    assert.deepEqual(framesIn(joined(payloads)), [
      "NOP 0",
      "PSH 3 32768",
      "PSH 3 7232",
    ]);
    assert.equal(client.heard(stream).drained, 1);
  });
  await t.step("short, but never longer than official ends send", () => {
    const { client, stream } = clientWithStream();
    stream.send(patterned(40_000));
    assert.deepEqual(framesIn(client.out()), ["PSH 3 32768", "PSH 3 7232"]);
  });
});

Deno.test("smux: behind a long frame the others come, and nothing stays pending", () => {
  const { client, session, stream } = clientWithStream({ longFrames: true });
  const other = session.open();
  stream.send(patterned(2000));
  other.send(text("hello"));
  client.payload(1024);
  client.payload(1024);
  assert.equal(stream.queued, 0);
  assert.equal(client.heard(stream).drained, 1);
  client.payload(1024);
  assert.equal(other.queued, 0);
  assert.equal(session.pending, false);
  stream.send(patterned(2000));
  stream.finish();
  assert.deepEqual(framesIn(client.out(1024)), ["PSH 3 2000", "FIN 3"]);
});

Deno.test("smux: the end of a payload is no place for a few bytes of data", () => {
  const { client, session, stream } = clientWithStream();
  stream.send(patterned(900));
  const other = session.open();
  other.send(patterned(500));
  assert.deepEqual(framesIn(client.payload(1024)), ["PSH 3 900", "SYN 5"]);
  assert.deepEqual(framesIn(client.payload(1024)), ["PSH 5 500"]);
});

Deno.test("smux: the smallest payloads do", () => {
  const client = new End("client");
  const server = new End("server");
  const stream = client.session.open();
  stream.send(patterned(100));
  stream.finish();
  const payloads = [client.payload(16), client.payload(16)];
  client.session.nop();
  payloads.push(...client.payloads(16));
  assert.deepEqual(payloads.slice(0, 4).map(framesIn), [
    ["SYN 3"],
    ["PSH 3 8"],
    ["NOP 0"],
    ["PSH 3 8"],
  ]);
  for (const payload of payloads) server.session.receive(payload);
  const [opened] = server.opened;
  assert.deepEqual(server.bytes(opened!), patterned(100));
  assert.equal(server.heard(opened!).finished, 1);
});

Deno.test("smux: more can be sent as soon as a stream has drained", () => {
  let left = 5;
  const session = new SmuxSession({
    role: "client",
    handler: {
      data: () => assert.fail("none came"),
      finished: () => assert.fail("it did not"),
      drained: (stream) =>
        left-- > 0 ? stream.send(text("more")) : stream.finish(),
    },
    keepAlive: false,
  }, 0);
  session.open().send(text("first"));
  const target = new Uint8Array(1024);
  assert.deepEqual(framesIn(target.subarray(0, session.poll(target))), [
    "SYN 3",
    "PSH 3 5",
    ...Array.from({ length: 5 }, () => "PSH 3 4"),
    "FIN 3",
  ]);
  assert.equal(session.pending, false);
});

Deno.test("smux: keepalive says NOP every 10 s", () => {
  const client = new End("client", { keepAlive: true }, 1000);
  const { session } = client;
  assert.equal(session.nextTimeout, 1000 + keepAliveInterval);
  session.handleTimeout(1000 + keepAliveInterval - 1);
  assert.equal(session.pending, false);
  session.handleTimeout(1000 + keepAliveInterval);
  assert.equal(session.pending, true);
  assert.equal(toHex(client.out()), "0103000000000000");
  assert.equal(session.nextTimeout, 1000 + 2 * keepAliveInterval);
  // A machine that slept makes up for one only.
  session.receive(frame(Command.Nop, 0));
  session.handleTimeout(1000 + 20 * keepAliveInterval);
  assert.deepEqual(framesIn(client.out()), ["NOP 0"]);
  assert.equal(session.nextTimeout, 1000 + 21 * keepAliveInterval);
});

Deno.test("smux: with keepalive a peer is silent after 30 s without a word", () => {
  const { session } = new End("client", { keepAlive: true });
  const run = (from: number, to: number) => {
    for (let now = from; now < to;) {
      now = session.nextTimeout ?? assert.fail("no timeout");
      session.handleTimeout(now);
    }
  };
  run(0, keepAliveTimeout - keepAliveInterval);
  session.receive(frame(Command.Nop, 0));
  run(keepAliveTimeout - keepAliveInterval, keepAliveTimeout);
  assert.equal(session.silent, false);
  run(keepAliveTimeout, 2 * keepAliveTimeout - 1);
  assert.equal(session.silent, true);
  assert.equal(session.nextTimeout, undefined);
});

Deno.test("smux: without keepalive there is neither NOP nor silence", () => {
  const client = new End("client");
  assert.equal(client.session.nextTimeout, undefined);
  client.session.handleTimeout(1e9);
  assert.equal(client.session.silent, false);
  assert.equal(client.session.pending, false);
  client.session.receive(frame(Command.Nop, 0));
  assert.equal(client.out().length, 0);
});

Deno.test("smux: what is no smux ends receiving for good", () => {
  const { session } = clientWithStream();
  const refused = { name: "SmuxProtocolError" };
  assert.throws(
    () => session.receive(text("HTTP/1.1 400 Bad Request")),
    refused,
  );
  assert.throws(() => session.receive(frame(Command.Nop, 0)), refused);
});

// ── properties ──────────────────────────────────────────────────────────────────────────────

const numRuns = Number(Deno.env.get("SSM_TEST_COUNT") ?? 200);

/** One direction: bytes under way, received in pieces that are cut anywhere. */
class Pipe {
  #bytes: Uint8Array = new Uint8Array();

  constructor(readonly from: End, readonly to: End) {}

  poll(size: number): void {
    const { pending } = this.from.session;
    const payload = this.from.payload(size);
    assert.equal(payload.length > 0, pending, "what pending says");
    this.#bytes = joined([this.#bytes, payload]);
  }

  deliver(most: number): void {
    const piece = this.#bytes.slice(0, most);
    this.#bytes = this.#bytes.slice(piece.length);
    this.to.session.receive(piece);
  }

  get idle(): boolean {
    return this.#bytes.length === 0 && !this.from.session.pending;
  }
}

/** Byte number `at` that an end sends on a stream. */
const byteOf = (end: number, id: number, at: number) =>
  (at + 7 * id + 100 * end) % 251;

/** What one end did with one stream. */
class Deeds {
  sent = 0;
  abandoned = false;
  /** Bytes that it had heard when its FIN went out. */
  heardAtEnd: number | undefined;
  /** Whether the peer's FIN came before that. */
  whole = false;

  constructor(
    readonly stream: SmuxStream,
    readonly end: End,
    readonly number: number,
  ) {}

  send(length: number): void {
    if (this.stream.finishing) return;
    const { sent } = this;
    this.stream.send(
      Uint8Array.from(
        { length },
        (_, i) => byteOf(this.number, this.stream.id, sent + i),
      ),
    );
    this.sent += length;
  }

  abandon(): void {
    const { queued } = this.stream;
    this.stream.abandon();
    this.sent -= queued - this.stream.queued;
    this.abandoned = true;
  }

  /** To be called whenever something may have gone out. */
  look(): void {
    if (this.heardAtEnd !== undefined || !this.stream.finished) return;
    this.heardAtEnd = this.end.bytes(this.stream).length;
    this.whole = this.stream.remoteFinished;
  }

  /** Once all has gone and come. */
  check(peer: Deeds | undefined): void {
    const { stream, end } = this;
    const heard = end.bytes(stream), { finished } = end.heard(stream);
    const peerNumber = 1 - this.number;
    assert.deepEqual(
      heard,
      heard.map((_, i) => byteOf(peerNumber, stream.id, i)),
    );
    assert.equal(heard.length, this.heardAtEnd);
    assert.equal(finished, 1);
    assert.equal(stream.queued, 0);
    assert.equal(stream.remoteFinished, true);
    assert(peer !== undefined, `stream ${stream.id} reached one end only`);
    if (this.whole) assert.equal(heard.length, peer.sent);
    else assert(heard.length <= peer.sent);
  }
}

type Step =
  | { do: "open" }
  | { do: "send"; end: number; stream: number; length: number }
  | { do: "finish" | "abandon"; end: number; stream: number }
  | { do: "nop"; end: number }
  | { do: "poll" | "deliver"; end: number; size: number };

const anEnd = fc.nat({ max: 1 });
const aStream = fc.nat({ max: 20 });
const aSize = fc.oneof(
  fc.integer({ min: 16, max: 40 }),
  fc.integer({ min: 16, max: 1024 }),
  fc.integer({ min: 16, max: 50_000 }),
);
const aStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("open" as const) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      end: anEnd,
      stream: aStream,
      length: fc.oneof(
        { weight: 8, arbitrary: fc.nat({ max: 300 }) },
        { weight: 3, arbitrary: fc.nat({ max: 5000 }) },
        { weight: 1, arbitrary: fc.nat({ max: 70_000 }) },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("finish" as const, "abandon" as const),
      end: anEnd,
      stream: aStream,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("nop" as const), end: anEnd }),
  },
  {
    weight: 15,
    arbitrary: fc.record({
      do: fc.constantFrom("poll" as const, "deliver" as const),
      end: anEnd,
      size: aSize,
    }),
  },
);

Deno.test("smux: every byte of every stream arrives once and in order, FIN behind it", () => {
  let whole = 0, cutShort = 0, abandoned = 0;
  fc.assert(
    fc.property(
      fc.array(aStep, { minLength: 5, maxLength: 150, size: "max" }),
      fc.tuple(fc.boolean(), fc.boolean()),
      fc.tuple(aSize, aSize),
      (steps, longFrames, sizes) => {
        const ends = [
          new End("client", { longFrames: longFrames[0] }),
          new End("server", { longFrames: longFrames[1] }),
        ] as const;
        const pipes = [
          new Pipe(ends[0], ends[1]),
          new Pipe(ends[1], ends[0]),
        ] as const;
        const deeds: [Deeds[], Deeds[]] = [[], []];
        const look = () => {
          for (const stream of ends[1].opened.slice(deeds[1].length)) {
            deeds[1].push(new Deeds(stream, ends[1], 1));
          }
          for (const one of deeds.flat()) one.look();
        };
        const act = (step: Step) => {
          if (step.do === "open") {
            const stream = ends[0].session.open();
            deeds[0].push(new Deeds(stream, ends[0], 0));
            return;
          }
          const end = step.end as 0 | 1;
          if (step.do === "nop") return ends[end].session.nop();
          if ("size" in step) return pipes[end][step.do](step.size);
          const one = deeds[end][step.stream % deeds[end].length];
          if (one === undefined) return;
          if (step.do === "send") one.send(step.length);
          else if (step.do === "finish") one.stream.finish();
          else one.abandon();
        };
        for (const step of steps) {
          act(step);
          look();
        }
        const settle = () => {
          while (pipes.some(({ idle }) => !idle)) {
            for (const [i, pipe] of pipes.entries()) {
              const { pending } = pipe.from.session;
              if (pending) pipe.poll(sizes[i]!);
              pipe.deliver(sizes[1 - i]!);
              look();
            }
          }
        };
        settle();
        // What nobody has closed has arrived as a whole.
        for (const end of [0, 1] as const) {
          for (const one of deeds[end]) {
            const peer = deeds[1 - end]!.find(({ stream }) =>
              stream.id === one.stream.id
            );
            if (peer === undefined || peer.stream.finished) continue;
            assert.equal(ends[1 - end]!.bytes(peer.stream).length, one.sent);
          }
        }
        for (const one of deeds.flat()) one.stream.finish();
        settle();
        for (const end of [0, 1] as const) {
          assert.equal(ends[end].session.streams, 0);
          assert.equal(deeds[end].length, deeds[0].length);
          for (const one of deeds[end]) {
            one.check(
              deeds[1 - end]!.find(({ stream }) => stream.id === one.stream.id),
            );
            if (one.whole) whole++;
            else cutShort++;
            if (one.abandoned) abandoned++;
          }
        }
      },
    ),
    { numRuns },
  );
  assert(whole > 0 && cutShort > 0 && abandoned > 0);
});

/** Bytes that are nearly smux: any mixture of frames, some of them wrong. */
const nearlySmux = fc.array(
  fc.record({
    version: fc.oneof(
      { weight: 200, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.nat({ max: 255 }) },
    ),
    command: fc.oneof(
      { weight: 100, arbitrary: fc.nat({ max: 4 }) },
      { weight: 1, arbitrary: fc.nat({ max: 255 }) },
    ),
    stream: fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 0xffff_ffff })),
    data: fc.uint8Array({ maxLength: 30 }),
  }),
  { maxLength: 60, size: "max" },
).map((frames) =>
  joined(frames.map(({ version, command, stream, data }) => {
    const bytes = frame(
      command,
      stream,
      command === Command.Push ? data : undefined,
    );
    bytes[0] = version;
    return command === Command.Update ? joined([bytes, patterned(8)]) : bytes;
  }))
);

Deno.test("smux: whatever is received, nothing is thrown but SmuxProtocolError", () => {
  let refused = 0, read = 0;
  fc.assert(
    fc.property(
      fc.constantFrom("client" as const, "server" as const),
      fc.array(
        fc.oneof(
          { weight: 1, arbitrary: fc.uint8Array({ maxLength: 50 }) },
          { weight: 20, arbitrary: nearlySmux },
        ),
        { maxLength: 6 },
      ),
      fc.integer({ min: 1, max: 100 }),
      (role, pushes, pieceLength) => {
        const end = new End(role);
        if (role === "client") end.session.open().send(patterned(1000));
        const bytes = joined(pushes);
        let error: unknown;
        for (let at = 0; at < bytes.length; at += pieceLength) {
          try {
            end.session.receive(bytes.subarray(at, at + pieceLength));
            assert.equal(error, undefined, "it goes on after an error");
          } catch (caught) {
            assert(caught instanceof SmuxProtocolError, String(caught));
            error ??= caught;
            assert.equal(caught, error);
          }
        }
        if (error === undefined) read++;
        else refused++;
        // The end is sound nevertheless: what it sends is smux, and it comes to an end.
        for (const stream of end.opened) {
          stream.send(patterned(20));
          stream.finish();
        }
        const sent = end.payloads(64);
        assert(sent.length <= 50 + bytes.length);
        for (const payload of sent) assert(framesIn(payload).length > 0);
        assert(end.session.streams <= 1 + end.opened.length);
      },
    ),
    { numRuns },
  );
  assert(refused > 0 && read > 0, `${refused} refused, ${read} read`);
});
