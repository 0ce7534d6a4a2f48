import assert from "node:assert/strict";
import fc from "fast-check";
import {
  Command,
  type FrameHandler,
  FrameParser,
  headerBytes,
  SmuxProtocolError,
  writeHeader,
} from "../../../lib/protocol/smux/frame.ts";
import { fromHex, patterned, toHex } from "../../testkit/vectors.ts";
import {
  bytesOf,
  dataOf,
  frame,
  type SmuxVector,
  smuxVectors,
} from "./vectors.ts";
import { joined } from "../../testkit/bytes.ts";

const controls = ["SYN", "FIN", "PSH", "NOP", "UPD"];

/** Notes what a parser finds; pieces of data that follow one another are one. */
class Notes implements FrameHandler {
  readonly #notes: { text: string; pieces: Uint8Array[] }[] = [];

  control(command: Command, stream: number): void {
    this.#notes.push({ text: `${controls[command]} ${stream}`, pieces: [] });
  }

  data(stream: number, piece: Uint8Array): void {
    assert(piece.length > 0, "an empty piece");
    const text = `PSH ${stream} `;
    const last = this.#notes.at(-1);
    if (last?.text === text) last.pieces.push(piece);
    else this.#notes.push({ text, pieces: [piece] });
  }

  get lines(): string[] {
    return this.#notes.map(({ text, pieces }) => text + toHex(joined(pieces)));
  }
}

/** What is found in bytes, pushed in pieces; the last line is the error, if there is one. */
function found(pieces: readonly Uint8Array[]): string[] {
  const notes = new Notes();
  const parser = new FrameParser(notes);
  try {
    for (const piece of pieces) parser.push(piece);
  } catch (error) {
    assert(error instanceof SmuxProtocolError, String(error));
    return [...notes.lines, error.message];
  }
  return notes.lines;
}

function single(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}

/** Cuts bytes at places given as shares of their length. */
function cut(bytes: Uint8Array, shares: readonly number[]): Uint8Array[] {
  const places = shares.map((share) => Math.floor(share * bytes.length));
  const borders = [0, ...places.sort((a, b) => a - b), bytes.length];
  return borders.slice(1).map((end, i) => bytes.subarray(borders[i], end));
}

/** The lines that a vector of real traffic must give. */
function expected(vector: SmuxVector): string[] {
  const lines = (vector.frames ?? []).filter(({ cmd }) => cmd !== "PSH").map(
    ({ cmd, streamId }) => `${cmd} ${streamId}`,
  );
  const data = (vector.frames ?? []).find(({ cmd }) => cmd === "PSH");
  if (data === undefined) return lines;
  // None of them has both, or data of two streams.
  assert.equal(lines.length, 0, vector.name);
  return [`PSH ${data.streamId} ${toHex(dataOf(vector))}`];
}

async function hexOf(name: string): Promise<Uint8Array> {
  const vector = (await smuxVectors()).find((one) => one.name === name);
  assert(vector !== undefined, `no vector ${name}`);
  return bytesOf(vector);
}

Deno.test("smux: the headers of the specification", () => {
  assert.equal(toHex(frame(Command.Syn, 3)), "0100000003000000");
  assert.equal(toHex(frame(Command.Fin, 3)), "0101000003000000");
  assert.equal(toHex(frame(Command.Nop, 0)), "0103000000000000");
  assert.equal(
    toHex(frame(Command.Push, 3, new TextEncoder().encode("hello"))),
    "010205000300000068656c6c6f",
  );
});

Deno.test("smux: a header is little-endian, eight bytes, and touches no other byte", () => {
  const target = new Uint8Array(12).fill(0xee);
  writeHeader(target, 2, Command.Push, 0xfedc, 0x89ab_cdef);
  assert.equal(toHex(target), "eeee0102dcfeefcdab89eeee");
  writeHeader(target, 2, Command.Push, 0xffff, 0xffff_ffff);
  assert.equal(toHex(target), "eeee0102ffffffffffffeeee");
});

Deno.test("smux: every header comes back", () => {
  fc.assert(fc.property(
    fc.constantFrom(Command.Syn, Command.Fin, Command.Nop, Command.Push),
    fc.nat({ max: 0xffff_ffff }),
    fc.uint8Array({ minLength: 1, maxLength: 40 }),
    (command, stream, data) => {
      const push = command === Command.Push;
      assert.deepEqual(
        found([frame(command, stream, push ? data : undefined)]),
        [
          push
            ? `PSH ${stream} ${toHex(data)}`
            : `${controls[command]} ${stream}`,
        ],
      );
    },
  ));
});

Deno.test("smux: the frames of real traffic are found, cut wherever one likes", async (t) => {
  const vectors = (await smuxVectors()).filter(({ from }) =>
    from !== undefined
  );
  assert.equal(vectors.length, 17);
  for (const vector of vectors) {
    await t.step(vector.name, () => {
      const bytes = bytesOf(vector), lines = expected(vector);
      assert.deepEqual(found([bytes]), lines);
      assert.deepEqual(found(single(bytes)), lines);
      fc.assert(
        fc.property(
          fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
          (shares) => assert.deepEqual(found(cut(bytes, shares)), lines),
        ),
        { numRuns: 20 },
      );
    });
  }
});

Deno.test("smux: odd input is read the same, cut wherever one likes", async (t) => {
  const vectors = (await smuxVectors()).filter(({ name }) =>
    name.startsWith("odd-")
  );
  assert.equal(vectors.length, 15);
  for (const vector of vectors) {
    await t.step(vector.name, () => {
      const bytes = bytesOf(vector), lines = found([bytes]);
      assert(lines.length > 0);
      assert.deepEqual(found(single(bytes)), lines);
      fc.assert(
        fc.property(
          fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
          (shares) => assert.deepEqual(found(cut(bytes, shares)), lines),
        ),
        { numRuns: 20 },
      );
    });
  }
});

Deno.test("smux: a wrong version or an unknown command ends reading for good", async (t) => {
  for (
    const [name, message] of [
      ["odd-version-2", /version 2 instead of 1/],
      ["odd-version-0", /version 0 instead of 1/],
      ["odd-cmd-5", /unknown command 5/],
    ] as const
  ) {
    const bytes = await hexOf(name);
    await t.step(name, () => {
      for (const pieces of [[bytes], single(bytes)]) {
        const notes = new Notes();
        const parser = new FrameParser(notes);
        parser.push(frame(Command.Syn, 3));
        const refused = { name: "SmuxProtocolError", message };
        assert.throws(() => pieces.forEach((one) => parser.push(one)), refused);
        assert.throws(() => parser.push(frame(Command.Syn, 5)), refused);
        assert.throws(() => parser.push(new Uint8Array()), refused);
        assert.deepEqual(notes.lines, ["SYN 3"]);
      }
    });
  }
  await t.step("what came before in the same push is given on", () => {
    assert.deepEqual(
      found([
        joined([frame(Command.Push, 3, patterned(2)), fromHex("09".repeat(8))]),
      ]),
      ["PSH 3 0001", "Cannot read tunnel: a frame has version 9 instead of 1"],
    );
  });
  await t.step("every command above that of updates is unknown", () => {
    for (let command = 5; command < 256; command++) {
      assert.deepEqual(found([frame(command, 3)]), [
        `Cannot read tunnel: a frame has the unknown command ${command}`,
      ]);
    }
  });
});

Deno.test("smux: an update is read over with the eight bytes behind it", async () => {
  assert.deepEqual(found([await hexOf("odd-cmd-upd-v1")]), [
    "SYN 3",
    "PSH 3 6f6b",
  ]);
  // Its length field says nothing.
  const update = fromHex("01040200030000000001020304050607");
  assert.deepEqual(
    found(single(joined([update, frame(Command.Push, 5, patterned(3))]))),
    ["PSH 5 000102"],
  );
});

Deno.test("smux: the length of a SYN is ignored, and what follows is a header", async () => {
  assert.deepEqual(found([await hexOf("odd-syn-with-length")]), [
    "SYN 3",
    "PSH 3 6f6b",
  ]);
});

Deno.test("smux: a frame of 65535 bytes is read, more than official ends send", async () => {
  assert.deepEqual(found([await hexOf("odd-psh-65535")]), [
    "SYN 3",
    `PSH 3 ${toHex(patterned(65_535))}`,
  ]);
});

Deno.test("smux: a frame of data without any says nothing", async () => {
  assert.deepEqual(found([await hexOf("odd-psh-length-0")]), [
    "SYN 3",
    "PSH 3 6f6b",
  ]);
  assert.deepEqual(found([frame(Command.Push, 3)]), []);
});

Deno.test("smux: data comes at once and is no copy", () => {
  const pieces: Uint8Array[] = [];
  const parser = new FrameParser({
    control: () => assert.fail("there is none"),
    data: (_stream, piece) => pieces.push(piece),
  });
  const bytes = frame(Command.Push, 3, patterned(20));
  parser.push(bytes.subarray(0, headerBytes + 3));
  assert.deepEqual(pieces, [patterned(3)]);
  assert.equal(pieces[0]!.buffer, bytes.buffer);
  const rest = bytes.subarray(headerBytes + 3);
  parser.push(rest);
  assert.equal(pieces[1], rest);
});

Deno.test("smux: a parser knows whether it is between two frames", () => {
  const parser = new FrameParser(new Notes());
  assert.equal(parser.between, true);
  const bytes = joined([
    frame(Command.Syn, 3),
    frame(Command.Push, 3, patterned(2)),
    frame(Command.Push, 3),
    frame(Command.Fin, 3),
  ]);
  const ends: number[] = [];
  for (const [i, piece] of single(bytes).entries()) {
    parser.push(piece);
    if (parser.between) ends.push(i + 1);
  }
  assert.deepEqual(ends, [8, 18, 26, 34]);
});
