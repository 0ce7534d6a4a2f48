import assert from "node:assert/strict";
import fc from "fast-check";
import {
  FrameBuffer,
  maxControlPayload,
  type Opcode,
  opcodes,
  type Role,
} from "../../lib/io/web_socket_frame.ts";
import {
  FrameParser,
  validCloseCode,
  WebSocketProtocolError,
} from "../../lib/io/web_socket_parser.ts";

type Found =
  | { readonly type: "message"; readonly bytes: number[]; text: boolean }
  | { readonly type: "ping" | "pong"; readonly bytes: number[] }
  | { readonly type: "close"; readonly code: number; readonly reason: string };

function collect(role: Role, maxMessageSize = 1 << 20) {
  const found: Found[] = [];
  const views: Uint8Array[] = [];
  const parser = new FrameParser(role, maxMessageSize, {
    message: (bytes, text) => {
      views.push(bytes);
      found.push({ type: "message", bytes: [...bytes], text });
    },
    ping: (bytes) => found.push({ type: "ping", bytes: [...bytes] }),
    pong: (bytes) => found.push({ type: "pong", bytes: [...bytes] }),
    close: (code, reason) => found.push({ type: "close", code, reason }),
  });
  return { parser, found, views };
}

/** A message in the given fragments, with control frames between them. */
interface Sent {
  readonly text: boolean;
  readonly fragments: readonly Uint8Array[];
  readonly between: readonly { opcode: Opcode; payload: Uint8Array }[];
}

const control = fc.record({
  opcode: fc.constantFrom<Opcode>(opcodes.ping, opcodes.pong),
  payload: fc.uint8Array({ maxLength: maxControlPayload }),
});

const message: fc.Arbitrary<Sent> = fc.oneof(
  fc.record({
    text: fc.constant(false),
    fragments: fc.array(fc.uint8Array({ maxLength: 400 }), {
      minLength: 1,
      maxLength: 4,
    }),
    between: fc.array(control, { maxLength: 3 }),
  }),
  fc.record({
    text: fc.constant(true),
    // Cut anywhere, also in the middle of a character (RFC 6455 §5.6).
    fragments: fc.tuple(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.nat(60),
    )
      .map(([text, cut]) => {
        const bytes = new TextEncoder().encode(text.toWellFormed());
        return [bytes.slice(0, cut), bytes.slice(cut)];
      }),
    between: fc.array(control, { maxLength: 3 }),
  }),
);

function encode(messages: readonly Sent[], masked: boolean) {
  let key = 0x9e3779b9;
  const frames = new FrameBuffer(
    64,
    masked ? () => key = Math.imul(key, 0x01000193) ^ 0x5bd1e995 : undefined,
  );
  const expected: Found[] = [];
  for (const { text, fragments, between } of messages) {
    fragments.forEach((fragment, i) => {
      const opcode = i > 0
        ? opcodes.continuation
        : text
        ? opcodes.text
        : opcodes.binary;
      frames.append(opcode, fragment, i === fragments.length - 1);
      const inner = between[i];
      if (inner !== undefined && i < fragments.length - 1) {
        frames.append(inner.opcode, inner.payload);
        expected.push({
          type: inner.opcode === opcodes.ping ? "ping" : "pong",
          bytes: [...inner.payload],
        });
      }
    });
    expected.push({
      type: "message",
      bytes: fragments.flatMap((fragment) => [...fragment]),
      text,
    });
  }
  return { bytes: frames.frames.slice(), expected };
}

Deno.test("any split of the byte stream gives the same messages, masked and unmasked", () => {
  fc.assert(fc.property(
    fc.array(message, { maxLength: 6 }),
    fc.boolean(),
    fc.infiniteStream(fc.integer({ min: 1, max: 300 })),
    (messages, masked, sizes) => {
      const { bytes, expected } = encode(messages, masked);
      const { parser, found, views } = collect(masked ? "server" : "client");
      for (let at = 0; at < bytes.length;) {
        const size = sizes.next().value;
        parser.push(bytes.slice(at, at + size));
        at += size;
      }
      assert.deepEqual(found, expected);
      assert.equal(parser.midway, false);
      // What was handed out is not written to later.
      assert.deepEqual(
        views.map((view) => [...view]),
        expected.flatMap((one) => one.type === "message" ? [one.bytes] : []),
      );
    },
  ));
});

Deno.test("byte by byte and unaligned in a slab gives the same messages", () => {
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      fc.nat(7),
      (messages, masked, offset) => {
        const { bytes, expected } = encode(messages, masked);
        const single = collect(masked ? "server" : "client");
        for (const byte of bytes) single.parser.push(Uint8Array.of(byte));
        assert.deepEqual(single.found, expected);
        const slab = new Uint8Array(offset + bytes.length);
        slab.set(bytes, offset);
        const whole = collect(masked ? "server" : "client");
        whole.parser.push(slab.subarray(offset));
        assert.deepEqual(whole.found, expected);
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("a message in one piece is a view of the chunk, not a copy", () => {
  const frames = new FrameBuffer(16, undefined);
  frames.append(opcodes.binary, Uint8Array.of(1, 2, 3));
  const chunk = frames.frames.slice();
  const { parser, views } = collect("client");
  parser.push(chunk);
  assert.equal(views[0]!.buffer, chunk.buffer);
});

/** Feeds bytes whole and byte by byte; both must fail with the same code. */
function refusal(
  bytes: readonly number[],
  role: Role = "client",
  maxMessageSize = 1000,
): number | undefined {
  const codes = [[bytes], bytes.map((byte) => [byte])].map((chunks) => {
    const { parser } = collect(role, maxMessageSize);
    try {
      for (const chunk of chunks) parser.push(Uint8Array.from(chunk));
      return undefined;
    } catch (error) {
      assert.ok(error instanceof WebSocketProtocolError);
      // After the error nothing more is parsed.
      parser.push(Uint8Array.of(0x82, 0));
      return error.code;
    }
  });
  assert.equal(codes[0], codes[1]);
  return codes[0];
}

Deno.test("every malformed frame has its close code (RFC 6455 §5.2 to §5.5, §7.4)", () => {
  const cases: [string, number[], number][] = [
    ["RSV1", [0xc2, 0], 1002],
    ["RSV2", [0xa2, 0], 1002],
    ["RSV3", [0x92, 0], 1002],
    ["masked frame from a server", [0x82, 0x80, 0, 0, 0, 0], 1002],
    ["continuation without a beginning", [0x80, 0], 1002],
    ["text in the middle of a message", [0x02, 0, 0x81, 0], 1002],
    ["binary in the middle of a message", [0x01, 0, 0x02, 0], 1002],
    ["ping in fragments", [0x09, 0], 1002],
    ["close in fragments", [0x08, 0], 1002],
    ["ping of 126 bytes", [0x89, 126, 0, 126], 1002],
    ["close of 65536 bytes", [0x88, 127, 0, 0, 0, 0, 0, 1, 0, 0], 1002],
    ["close frame of one byte", [0x88, 1, 3], 1002],
    ["length 125 in 16 bits", [0x82, 126, 0, 125], 1002],
    ["length 65535 in 64 bits", [0x82, 127, 0, 0, 0, 0, 0, 0, 255, 255], 1002],
    [
      "length with the highest bit",
      [0x82, 127, 128, 0, 0, 0, 0, 1, 0, 0],
      1002,
    ],
    ["message over the limit", [0x82, 126, 3, 233], 1009],
    ["64-bit length over the limit", [0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0], 1009],
    ["text that is not UTF-8", [0x81, 2, 0xc3, 0x28], 1007],
    ["text with a surrogate", [0x81, 3, 0xed, 0xa0, 0x80], 1007],
    ["text cut in a character", [0x81, 1, 0xc3], 1007],
    ["close reason that is not UTF-8", [0x88, 3, 3, 232, 0xff], 1007],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535].map((
      code,
    ): [string, number[], number] => [
      `close code ${code}`,
      [0x88, 2, code >> 8, code & 255],
      1002,
    ]),
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((
      opcode,
    ): [string, number[], number] => [
      `opcode ${opcode}`,
      [0x80 | opcode, 0],
      1002,
    ]),
  ];
  for (const [what, bytes, code] of cases) {
    assert.equal(refusal(bytes), code, what);
  }
  assert.equal(refusal([0x82, 0], "server"), 1002, "unmasked from a client");
});

Deno.test("the size limit counts joined fragments, and the limit itself is allowed", () => {
  assert.equal(
    refusal([0x02, 3, 1, 2, 3, 0x80, 2, 4, 5], "client", 5),
    undefined,
  );
  assert.equal(
    refusal([0x02, 3, 1, 2, 3, 0x80, 3, 4, 5, 6], "client", 5),
    1009,
  );
});

Deno.test("a close frame ends the parsing", () => {
  const { parser, found } = collect("client");
  parser.push(Uint8Array.of(0x88, 4, 0x0f, 0xa1, 0x6f, 0x6b, 0xff, 0xff));
  parser.push(Uint8Array.of(0x82, 0));
  assert.deepEqual(found, [{ type: "close", code: 4001, reason: "ok" }]);
  const empty = collect("client");
  empty.parser.push(Uint8Array.of(0x88, 0));
  assert.deepEqual(empty.found, [{ type: "close", code: 1005, reason: "" }]);
});

Deno.test("validCloseCode knows the registered codes and the private ranges", () => {
  for (const code of [1000, 1003, 1007, 1011, 1014, 3000, 4999]) {
    assert.equal(validCloseCode(code), true, String(code));
  }
  for (const code of [999, 1004, 1006, 1015, 2000, 5000]) {
    assert.equal(validCloseCode(code), false, String(code));
  }
});

Deno.test("any bytes whatsoever are parsed or refused with a documented code", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom<Role>("client", "server"),
      (bytes, role) => {
        const code = refusal([...bytes], role, 100);
        assert.ok([undefined, 1002, 1007, 1009].includes(code));
      },
    ),
    { numRuns: 2000 },
  );
});
