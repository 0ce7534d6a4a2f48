import assert from "node:assert/strict";
import fc from "fast-check";
import { type Reply, ReplyParser } from "../../lib/copy/reply_parser.ts";

const token = "@0123456789abcdef01234567";
const encoder = new TextEncoder();

/** What a parser makes of bytes that come in pieces of a size. */
function parse(bytes: Uint8Array, size = bytes.length) {
  const replies: Reply[] = [];
  const noise: string[] = [];
  const parser = new ReplyParser(token, {
    reply: (reply) => replies.push(reply),
    noise: (line) => noise.push(line),
  });
  for (let at = 0; at < bytes.length; at += size) {
    // What a piece lies in is used again.
    const piece = bytes.slice(at, at + size);
    parser.push(piece);
    piece.fill(0xaa);
  }
  return { replies, noise };
}

function joined(...parts: (string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((
      part,
    ) => [...(typeof part === "string" ? encoder.encode(part) : part)]),
  );
}

Deno.test("reply parser: done, an error, data, and lines that are none of them", () => {
  const { replies, noise } = parse(joined(
    `\n${token}+\n`,
    "sh: 1: stty: not found\n",
    `${token}!err sh: cannot create /x: Permission denied\n`,
    `${token}=\nsome @data\n${token}+with text\n`,
  ));
  assert.deepEqual(noise, ["sh: 1: stty: not found"]);
  assert.deepEqual(
    replies.map(({ ok, code, text, data }) => [
      ok,
      code,
      text,
      new TextDecoder().decode(data),
    ]),
    [
      [true, "", "", ""],
      [false, "err", "sh: cannot create /x: Permission denied", ""],
      [true, "", "with text", "some @data\n"],
    ],
  );
});

Deno.test("reply parser: any data, cut anywhere", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 50 }),
      (pieces, size) => {
        const { replies, noise } = parse(
          joined(
            ...pieces.flatMap((piece) => [
              `${token}=\n`,
              // The beginning of a token is none.
              piece,
              token.slice(0, 9),
              `${token}+\n`,
            ]),
          ),
          size,
        );
        assert.deepEqual(
          replies.map(({ data }) => data),
          pieces.map((piece) => joined(piece, token.slice(0, 9))),
        );
        assert.deepEqual(noise, []);
      },
    ),
  );
});

Deno.test("reply parser: the byte EF comes as NUL in text", () => {
  const { replies } = parse(joined(
    `${token}!err a `,
    Uint8Array.of(0, 0xbf, 0xbd),
    "\n",
  ));
  assert.equal(replies[0]?.text, "a \ufffd");
});

Deno.test("reply parser: data larger than a chunk", () => {
  const data = new Uint8Array(1_000_000).map((_, at) => at % 253);
  const { replies } = parse(joined(`${token}=\n`, data, `${token}+\n`), 1024);
  assert.deepEqual(replies[0]?.data, data);
});

Deno.test("reply parser: data without end is refused", () => {
  const parser = new ReplyParser(token, { reply() {}, noise() {} });
  parser.push(joined(`${token}=\n`));
  const piece = new Uint8Array(16 * 1024 * 1024);
  assert.throws(() => {
    for (let count = 0; count < 17; count++) parser.push(piece);
  }, /^RangeError: The node sends without end$/);
});
