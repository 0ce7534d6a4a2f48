import assert from "node:assert/strict";
import {
  decodeExitCode,
  decodeFlag,
  encodeFlag,
  Flag,
  MessageFlags,
  MessageType,
  PayloadError,
  PayloadType,
} from "../../../lib/protocol/message/payload.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("payload: names and numbers of data-channel.md §3 and §5", () => {
  assert.deepEqual(Object.values(MessageType), [
    "input_stream_data",
    "output_stream_data",
    "acknowledge",
    "channel_closed",
    "start_publication",
    "pause_publication",
    "agent_session_state",
  ]);
  assert.deepEqual(Object.values(PayloadType), [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
  ]);
  assert.deepEqual(MessageFlags, { None: 0, Syn: 1, Fin: 2, SynFin: 3 });
});

Deno.test("payload: the parser tells our types apart by their second letter", () => {
  const letters = Object.values(MessageType).map((name) => name[1]);
  assert.equal(new Set(letters).size, letters.length);
});

Deno.test("flag: four big-endian bytes (pitfalls.md §5)", () => {
  assert.deepEqual([...encodeFlag(Flag.TerminateSession)], [0, 0, 0, 2]);
  assert.deepEqual([...encodeFlag(0xfffefdfc)], [0xff, 0xfe, 0xfd, 0xfc]);
  for (const flag of [...Object.values(Flag), 0, 0xffff_ffff]) {
    assert.equal(decodeFlag(encodeFlag(flag)), flag);
  }
  const inside = new Uint8Array([9, 0, 0, 0, 3, 9]).subarray(1, 5);
  assert.equal(decodeFlag(inside), Flag.ConnectToPortError);
  for (const length of [0, 1, 3, 5, 8]) {
    assert.throws(() => decodeFlag(new Uint8Array(length)), PayloadError);
  }
});

Deno.test("exit code: the agent's text, or unknown (sessions.md §3)", () => {
  for (
    const [text, code] of [
      ["EXIT_CODE: 0", 0],
      ["EXIT_CODE: 3", 3],
      ["EXIT_CODE: -1", -1],
      ["EXIT_CODE: 4294967295", 4294967295],
      ["EXIT_CODE: ", undefined],
      ["EXIT_CODE:3", undefined],
      ["exit_code: 3", undefined],
      ["EXIT_CODE: 3\n", undefined],
      ["EXIT_CODE: 3 ", undefined],
      ["EXIT_CODE: 12345678901", undefined],
      ["EXIT_CODE: 1.5", undefined],
      ["", undefined],
    ] as const
  ) assert.equal(decodeExitCode(bytes(text)), code, JSON.stringify(text));
  assert.equal(decodeExitCode(new Uint8Array([0xff])), undefined);
});
