/**
 * The byte streams of smux.json (tests/vectors/README.md), and frames to write others with.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  Command,
  headerBytes,
  writeHeader,
} from "../../../lib/protocol/smux/frame.ts";
import { fromHex, patterned, toHex, vectorsOf } from "../../testkit/vectors.ts";
import { joined } from "../../testkit/bytes.ts";

/** One frame of real traffic. */
export interface VectorFrame {
  readonly cmd: "SYN" | "FIN" | "PSH" | "NOP";
  readonly length: number;
  readonly streamId: number;
  readonly dataHex?: string;
}

/** One entry of smux.json. */
export interface SmuxVector {
  readonly name: string;
  readonly from?: "client" | "server" | "either";
  readonly frames?: readonly VectorFrame[] | null;
  readonly hex?: string;
  readonly hexFirst32?: string;
  readonly sha256?: string;
  readonly length?: number;
  readonly officialServer?: string;
}

/** All of them. */
export function smuxVectors(): Promise<SmuxVector[]> {
  return vectorsOf<SmuxVector>("smux.json", "vectors");
}

const commands = {
  SYN: Command.Syn,
  FIN: Command.Fin,
  PSH: Command.Push,
  NOP: Command.Nop,
};

/** A frame as any end would write it. */
export function frame(
  command: Command,
  stream: number,
  data: Uint8Array = new Uint8Array(),
): Uint8Array {
  const bytes = new Uint8Array(headerBytes + data.length);
  writeHeader(bytes, 0, command, data.length, stream);
  bytes.set(data, headerBytes);
  return bytes;
}

/** Lower-case hex of a SHA-256. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The data of a vector's frames, one after the other. */
export function dataOf({ frames }: SmuxVector): Uint8Array {
  const length = (frames ?? []).reduce((sum, one) => sum + one.length, 0);
  const [first] = frames ?? [];
  return frames?.length === 1 && first?.dataHex !== undefined
    ? fromHex(first.dataHex)
    : patterned(length);
}

/** The bytes of a vector, checked against all it says of them. */
export function bytesOf(vector: SmuxVector): Uint8Array {
  const bytes = vector.hex !== undefined
    ? fromHex(vector.hex)
    : vector.name === "odd-psh-65535"
    ? joined([frame(Command.Syn, 3), frame(Command.Push, 3, patterned(65_535))])
    : joined(madeOf(vector));
  assert.equal(bytes.length, vector.length ?? 0, vector.name);
  if (vector.sha256 !== undefined) {
    assert.equal(sha256(bytes), vector.sha256, vector.name);
  }
  if (vector.hexFirst32 !== undefined) {
    assert.equal(toHex(bytes.subarray(0, 32)), vector.hexFirst32, vector.name);
  }
  return bytes;
}

function madeOf(vector: SmuxVector): Uint8Array[] {
  const data = dataOf(vector);
  let at = 0;
  return (vector.frames ?? []).map(({ cmd, streamId, length }) =>
    frame(commands[cmd], streamId, data.subarray(at, at += length))
  );
}
