import assert from "node:assert/strict";
import fc from "fast-check";
import {
  FrameArena,
  freshMemory,
  passingMemory,
} from "../../../lib/protocol/message/frame_memory.ts";

Deno.test("frame memory: fresh memory is never handed out twice", () => {
  const frames = Array.from({ length: 200 }, (_, i) => {
    const frame = freshMemory.allocate(1 + i * 37);
    frame.fill(i);
    return frame;
  });
  for (const [i, frame] of frames.entries()) {
    assert.equal(frame.length, 1 + i * 37);
    assert.ok(frame.every((byte) => byte === i % 256));
  }
});

Deno.test("frame memory: the view covers the frame", () => {
  for (const memory of [freshMemory, new FrameArena()]) {
    for (const length of [10, 5000, 40_000]) {
      const frame = memory.allocate(length);
      memory.viewOf(frame).setUint32(frame.byteOffset, 0x01020304);
      assert.deepEqual([...frame.subarray(0, 4)], [1, 2, 3, 4]);
    }
  }
});

Deno.test("frame memory: what is in use is never written by another frame", () => {
  fc.assert(fc.property(
    fc.array(
      fc.record({
        length: fc.oneof(
          fc.integer({ min: 1, max: 300 }),
          fc.integer({ min: 1, max: 40_000 }),
          fc.constant(300_000),
        ),
        release: fc.nat({ max: 30 }),
      }),
      { maxLength: 200 },
    ),
    (steps) => {
      const arena = new FrameArena();
      const live: { frame: Uint8Array; mark: number }[] = [];
      let mark = 0;
      for (const { length, release } of steps) {
        const frame = arena.allocate(length);
        assert.equal(frame.length, length);
        mark = (mark + 1) % 256;
        frame.fill(mark);
        live.push({ frame, mark });
        if (release < live.length) {
          const [gone] = live.splice(release, 1);
          assert.ok(gone!.frame.every((byte) => byte === gone!.mark));
          arena.release(gone!.frame);
        }
      }
      for (const { frame, mark } of live) {
        assert.ok(frame.every((byte) => byte === mark));
      }
    },
  ));
});

Deno.test("frame memory: a long upload uses the same memory again, and a quiet end needs little", () => {
  const arena = new FrameArena();
  const inFlight: Uint8Array[] = [];
  let most = 0;
  for (let i = 0; i < 100_000; i++) {
    inFlight.push(arena.allocate(1144));
    if (inFlight.length > 1000) arena.release(inFlight.shift()!);
    most = Math.max(most, arena.size);
  }
  assert.ok(most < 3 * 1001 * 1144, `${most} bytes for 1.1 MB in flight`);
  for (const frame of inFlight) arena.release(frame);
  arena.release(arena.allocate(100));
  assert.ok(arena.size <= 512 * 1024, `${arena.size} bytes for nothing`);
});

Deno.test("frame memory: a passing frame is there until the next, a large one for ever", () => {
  const memory = passingMemory(100);
  const first = memory.allocate(50);
  memory.viewOf(first).setUint32(first.byteOffset, 0x01020304);
  assert.deepEqual([...first.subarray(0, 4)], [1, 2, 3, 4]);
  const second = memory.allocate(100);
  assert.equal(second.length, 100);
  assert.equal(second.buffer, first.buffer);
  const large = memory.allocate(101);
  memory.viewOf(large).setUint32(0, 0x05060708);
  assert.notEqual(large.buffer, first.buffer);
  memory.allocate(100).fill(9);
  assert.deepEqual([...large.subarray(0, 4)], [5, 6, 7, 8]);
});
