import assert from "node:assert/strict";
import {
  openTerminal as openRealTerminal,
  type ProcessTerminal,
  type StandardStreams,
  withCarriageReturns,
} from "../../lib/io/terminal.ts";

/** Standard streams that a test plays the other end of. */
class FakeStreams {
  readonly reads: PromiseWithResolvers<string | null>[] = [];
  readonly rawCalls: boolean[] = [];
  readonly written: string[] = [];
  readonly errors: string[] = [];
  /** Bytes taken per write. */
  most = Infinity;
  writeFailures: Error[] = [];
  interactive = true;

  readonly streams: StandardStreams = {
    stdin: {
      read: async (buffer) => {
        const next = Promise.withResolvers<string | null>();
        this.reads.push(next);
        const text = await next.promise;
        if (text === null) return null;
        return new TextEncoder().encodeInto(text, buffer).written;
      },
      isTerminal: () => this.interactive,
      setRaw: (raw) => void this.rawCalls.push(raw),
    },
    stdout: {
      write: (bytes) => this.#write(this.written, bytes),
      isTerminal: () => this.interactive,
    },
    stderr: {
      write: (bytes) => this.#write(this.errors, bytes),
      writeSync: (bytes) => {
        this.errors.push(new TextDecoder().decode(bytes));
        return bytes.length;
      },
      isTerminal: () => this.interactive,
    },
  };

  #write(into: string[], bytes: Uint8Array): Promise<number> {
    const failure = this.writeFailures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    const taken = bytes.subarray(0, Math.min(bytes.length, this.most));
    into.push(new TextDecoder().decode(taken));
    return Promise.resolve(taken.length);
  }
}

/** On streams alone: `stty` would find the terminal that the tests run in. */
function openTerminal(streams: StandardStreams): ProcessTerminal {
  return openRealTerminal(streams, () => {});
}

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("reads give what was typed, then the end", async () => {
  const fake = new FakeStreams();
  const terminal = openTerminal(fake.streams);
  const first = terminal.read();
  fake.reads[0]?.resolve("ls\r");
  assert.equal(text(await first), "ls\r");
  const second = terminal.read();
  fake.reads[1]?.resolve(null);
  assert.equal(await second, undefined);
  assert.equal(await terminal.read(), undefined);
  assert.equal(fake.reads.length, 2);
});

Deno.test("a read that is given up leaves its bytes to the next", async () => {
  const fake = new FakeStreams();
  const terminal = openTerminal(fake.streams);
  const controller = new AbortController();
  const given = terminal.read(controller.signal);
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(given, reason);
  await assert.rejects(terminal.read(controller.signal), reason);
  // The bytes come while nobody reads.
  fake.reads[0]?.resolve("x");
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(text(await terminal.read()), "x");
  assert.equal(fake.reads.length, 1);
});

Deno.test("a chunk goes to one of two readers, the next to the other", async () => {
  const fake = new FakeStreams();
  const terminal = openTerminal(fake.streams);
  const both = [terminal.read(), terminal.read()];
  fake.reads[0]?.resolve("a");
  const first = text(await Promise.race(both));
  while (fake.reads.length < 2) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  fake.reads[1]?.resolve("b");
  const all = (await Promise.all(both)).map(text);
  assert.equal(first, "a");
  assert.deepEqual(all.sort(), ["a", "b"]);
});

Deno.test("a failed read rejects, and nothing is left unhandled", async () => {
  const fake = new FakeStreams();
  const terminal = openTerminal(fake.streams);
  const failed = terminal.read();
  fake.reads[0]?.reject(new Error("EIO"));
  await assert.rejects(failed, /EIO/);
  const controller = new AbortController();
  const given = terminal.read(controller.signal);
  controller.abort(new Error("enough"));
  await assert.rejects(given, /enough/);
  fake.reads[1]?.reject(new Error("EIO"));
  await new Promise((resolve) => setTimeout(resolve));
});

Deno.test("writes are complete, in order, and tell of a closed pipe", async () => {
  const fake = new FakeStreams();
  fake.most = 3;
  const terminal = openTerminal(fake.streams);
  await Promise.all([
    terminal.write(bytes("abcdefgh")),
    terminal.write(bytes("123")),
    terminal.writeError(bytes("err")),
  ]);
  assert.equal(fake.written.join(""), "abcdefgh123");
  assert.deepEqual(fake.errors, ["err"]);
  fake.writeFailures = [new Deno.errors.BrokenPipe("closed")];
  await assert.rejects(
    terminal.write(bytes("x")),
    (error: unknown) => error instanceof Deno.errors.BrokenPipe,
  );
  await terminal.write(bytes("y"));
  assert.equal(fake.written.at(-1), "y");
});

Deno.test("a stream in non-blocking mode is tried again", async () => {
  const fake = new FakeStreams();
  fake.writeFailures = [
    new Deno.errors.WouldBlock(),
    new Deno.errors.WouldBlock(),
  ];
  const terminal = openTerminal(fake.streams);
  await terminal.write(bytes("x"));
  assert.deepEqual(fake.written, ["x"]);
});

Deno.test("raw mode is left when the last holder lets go, once", () => {
  const fake = new FakeStreams();
  const terminal = openTerminal(fake.streams);
  {
    using outer = terminal.raw();
    {
      using _inner = terminal.raw();
    }
    assert.deepEqual(fake.rawCalls, [true]);
    outer[Symbol.dispose]();
    assert.deepEqual(fake.rawCalls, [true, false]);
  }
  assert.deepEqual(fake.rawCalls, [true, false]);
});

Deno.test("raw mode stops output processing each time", () => {
  const fake = new FakeStreams();
  let stops = 0;
  const terminal = openRealTerminal(fake.streams, () => stops++);
  for (let i = 0; i < 2; i++) {
    using _raw = terminal.raw();
  }
  assert.equal(stops, 2);
});

Deno.test("restore leaves raw mode for good, and never throws", () => {
  const fake = new FakeStreams();
  const terminal = openTerminal(fake.streams);
  const held = terminal.raw();
  terminal.restore();
  terminal.restore();
  using _again = terminal.raw();
  held[Symbol.dispose]();
  assert.deepEqual(fake.rawCalls, [true, false]);
  const gone = new FakeStreams();
  const broken = openTerminal({
    ...gone.streams,
    stdin: {
      ...gone.streams.stdin,
      setRaw(raw) {
        if (!raw) throw new Deno.errors.BadResource("ENXIO");
      },
    },
  });
  broken.raw();
  broken.restore();
});

Deno.test("without a terminal there is no raw mode", () => {
  const fake = new FakeStreams();
  fake.interactive = false;
  const terminal = openTerminal(fake.streams);
  assert.equal(terminal.interactive, false);
  {
    using _raw = terminal.raw();
  }
  assert.deepEqual(fake.rawCalls, []);
});

Deno.test("lines on standard error end with CR LF while raw", async () => {
  const fake = new FakeStreams();
  const terminal = openTerminal(fake.streams);
  await terminal.writeError(bytes("a\n"));
  {
    using _raw = terminal.raw();
    await terminal.writeError(bytes("b\nc\r\n"));
    await terminal.write(bytes("payload\n"));
  }
  await terminal.writeError(bytes("d\n"));
  assert.deepEqual(fake.errors, ["a\n", "b\r\nc\r\n", "d\n"]);
  assert.deepEqual(fake.written, ["payload\n"]);
});

Deno.test("withCarriageReturns keeps what has one", () => {
  for (
    const [from, to] of [["", ""], ["\n", "\r\n"], ["\r\n", "\r\n"], [
      "a\n\nb",
      "a\r\n\r\nb",
    ]] as const
  ) assert.equal(text(withCarriageReturns(bytes(from))), to);
});

Deno.test("what is put back is read first, whatever comes meanwhile", async () => {
  const fake = new FakeStreams();
  const terminal = openTerminal(fake.streams);
  const first = terminal.read();
  fake.reads[0]?.resolve("a\rbc");
  assert.equal(text(await first), "a\rbc");
  terminal.unread(bytes("bc"));
  terminal.unread(bytes(""));
  assert.equal(text(await terminal.read()), "bc");
  assert.equal(fake.reads.length, 1);

  // A read that was given up has its bytes behind those that were put back.
  const controller = new AbortController();
  const given = terminal.read(controller.signal);
  controller.abort(new Error("given up"));
  await assert.rejects(given, /given up/);
  terminal.unread(bytes("d"));
  fake.reads[1]?.resolve("e");
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(text(await terminal.read()), "de");
  terminal.unread(bytes("f"));
  terminal.unread(bytes("g"));
  assert.equal(text(await terminal.read()), "gf");
});

Deno.test("a process that ends at once says farewell to the screen, once", () => {
  const fake = new FakeStreams();
  const terminal = openTerminal(fake.streams);
  terminal.raw(bytes("left"))[Symbol.dispose]();
  terminal.restore();
  assert.deepEqual(fake.errors, []);

  const other = new FakeStreams();
  const ended = openTerminal(other.streams);
  ended.raw(bytes("left"));
  ended.restore();
  ended.restore();
  assert.deepEqual(other.errors, ["left"]);
  assert.deepEqual(other.rawCalls, [true, false]);
});
