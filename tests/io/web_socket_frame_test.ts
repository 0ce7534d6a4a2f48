import assert from "node:assert/strict";
import fc from "fast-check";
import {
  closePayload,
  FrameBuffer,
  headerLength,
  mask,
  opcodes,
  wordsOf,
  writeHeader,
} from "../../lib/io/web_socket_frame.ts";

Deno.test("mask XORs byte i with key byte i mod 4, wherever the payload lies", () => {
  fc.assert(fc.property(
    fc.uint8Array({ minLength: 1, maxLength: 70 }),
    fc.nat(69),
    fc.nat(69),
    fc.integer(),
    (bytes, a, b, key) => {
      const start = Math.min(a, b, bytes.length);
      const end = Math.min(Math.max(a, b), bytes.length);
      const expected = bytes.slice();
      for (let i = start; i < end; i++) {
        expected[i]! ^= (key >>> (8 * ((i - start) % 4))) & 0xff;
      }
      const actual = bytes.slice();
      mask(actual, wordsOf(actual.buffer), start, end, key);
      assert.deepEqual(actual, expected);
    },
  ));
});

Deno.test("writeHeader uses the shortest length and big-endian order (RFC 6455 §5.2)", () => {
  const header = (length: number, key?: number) => {
    const target = new Uint8Array(14);
    const end = writeHeader(target, 0, opcodes.binary, true, length, key);
    assert.equal(end, headerLength(length, key !== undefined));
    return [...target.subarray(0, end)];
  };
  assert.deepEqual(header(0), [0x82, 0]);
  assert.deepEqual(header(125), [0x82, 125]);
  assert.deepEqual(header(126), [0x82, 126, 0, 126]);
  assert.deepEqual(header(65535), [0x82, 126, 255, 255]);
  assert.deepEqual(header(65536), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
  assert.deepEqual(
    header(0x1_2345_6789),
    [0x82, 127, 0, 0, 0, 1, 0x23, 0x45, 0x67, 0x89],
  );
  assert.deepEqual(header(5, 0x443322ff), [0x82, 0x85, 0xff, 0x22, 0x33, 0x44]);
});

Deno.test("FrameBuffer writes the RFC's example of a masked text (RFC 6455 §5.7)", () => {
  const frames = new FrameBuffer(0, () => 0x3d21fa37);
  frames.append(opcodes.text, new TextEncoder().encode("Hello"));
  assert.deepEqual(
    [...frames.frames],
    [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
  );
  assert.equal(frames.length, frames.frameLength(5));
});

Deno.test("FrameBuffer takes a fresh masking key for each frame", () => {
  let asked = 0;
  const frames = new FrameBuffer(8, () => ++asked);
  for (let i = 0; i < 10; i++) frames.append(opcodes.ping, new Uint8Array(1));
  assert.equal(asked, 10);
  assert.equal(frames.length, 70);
});

Deno.test("FrameBuffer never writes to the payload it is given", () => {
  const payload = Uint8Array.from({ length: 100 }, (_, i) => i);
  const frames = new FrameBuffer(16, () => -1);
  frames.append(opcodes.binary, payload);
  assert.deepEqual(payload, Uint8Array.from({ length: 100 }, (_, i) => i));
  frames.clear();
  assert.equal(frames.frames.length, 0);
  assert.ok(frames.capacity >= 100);
});

Deno.test("closePayload cuts a long reason at a character and omits a missing code", () => {
  assert.equal(closePayload(undefined, "x").length, 0);
  assert.equal(closePayload(1005, "x").length, 0);
  assert.deepEqual([...closePayload(1000, "ab")], [3, 232, 97, 98]);
  const long = closePayload(4001, "é".repeat(100));
  assert.equal(long.length, 2 + 122); // 61 characters of two bytes
  assert.equal(
    new TextDecoder("utf-8", { fatal: true }).decode(long.subarray(2)),
    "é".repeat(61),
  );
});
