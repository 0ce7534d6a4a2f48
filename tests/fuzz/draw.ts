/**
 * Random and mutated bytes and JSON, the same for the same seed.
 *
 * @module
 */

import { seededNumbers } from "../testkit/link.ts";

/** Draws. */
export class Draw {
  readonly chance: () => number;

  constructor(seed: number) {
    this.chance = seededNumbers(seed);
  }

  below(limit: number): number {
    return Math.floor(this.chance() * limit);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.chance() * 256;
    return bytes;
  }
}

/** UTF-8. */
export const text = (value: string) => new TextEncoder().encode(value);
const names = [
  "AgentVersion",
  "RequestedClientActions",
  "ActionType",
  "ActionParameters",
  "SessionType",
  "Properties",
  "KMSKeyId",
  "Challenge",
  "ClientVersion",
  "ProcessedClientActions",
  "ActionStatus",
  "ActionResult",
  "Error",
  "HandshakeTimeToComplete",
  "CustomerMessage",
  "AcknowledgedMessageSequenceNumber",
  "SessionId",
  "Output",
  "cols",
  "rows",
  "TokenValue",
  "__proto__",
  "constructor",
  "toString",
  "length",
  "",
  "agentversion",
  "SESSIONTYPE",
  "\u0000",
];

/** JSON text of any shape: names that mean something, duplicates, depths, numbers beyond all bounds. */
export function anyJson(draw: Draw, depth = 0): string {
  const kind = draw.below(depth > 4 ? 6 : 9);
  switch (kind) {
    case 0:
      return draw.of(["null", "true", "false"]);
    case 1:
      return draw.of([
        "0",
        "-0",
        "1",
        "2",
        "3",
        "-1",
        "1.5",
        "1e999",
        "-1e999",
        "1e-999",
        "9007199254740993",
        "4294967296",
        "1".repeat(400),
      ]);
    case 2:
    case 3:
      return JSON.stringify(
        draw.of([
          "",
          "SessionType",
          "KMSEncryption",
          "Port",
          "Standard_Stream",
          "Dance",
          "AAAA",
          "_",
          "\ud800",
          "é\u0000\n\u001b[31m",
          "x".repeat(300),
        ]),
      );
    case 4:
      return draw.of([
        "",
        "[",
        "{",
        "nul",
        '"',
        "'a'",
        "NaN",
        "0x1",
        "[1,]",
        "{1:2}",
      ]);
    case 5:
      return "[".repeat(50) + "]".repeat(50);
    case 6:
      return `[${
        Array.from({ length: draw.below(4) }, () => anyJson(draw, depth + 1))
          .join()
      }]`;
    default: {
      const members = Array.from(
        { length: draw.below(6) },
        () => `${JSON.stringify(draw.of(names))}:${anyJson(draw, depth + 1)}`,
      );
      return `{${members.join()}}`;
    }
  }
}

/** Changes some bytes, or cuts, or repeats. */
export function mutated(draw: Draw, original: Uint8Array): Uint8Array {
  const bytes = original.slice();
  const changes = 1 + draw.below(4);
  for (let i = 0; i < changes && bytes.length > 0; i++) {
    const at = draw.below(bytes.length);
    bytes[at] = draw.of([
      bytes[at]! ^ (1 << draw.below(8)),
      0,
      255,
      draw.below(256),
    ]);
  }
  switch (draw.below(8)) {
    case 0:
      return bytes.subarray(0, draw.below(bytes.length + 1));
    case 1: {
      const longer = new Uint8Array(bytes.length + draw.below(40));
      longer.set(bytes);
      return longer;
    }
    default:
      return bytes;
  }
}

/** One value of good JSON replaced, one member doubled, renamed or left out. */
export function mutatedJson(draw: Draw, payload: Uint8Array): string {
  const tokens = new TextDecoder().decode(payload).split(
    /("[^"]*"|[0-9]+|[{}[\],:])/,
  ).filter((token) => token !== "");
  const at = draw.below(tokens.length);
  const other = draw.of(tokens);
  tokens.splice(
    at,
    draw.below(2),
    ...draw.of([[anyJson(draw)], [other], [], [
      draw.of(["1e999", "null", "{}", "[]", '""']),
    ]]),
  );
  return tokens.join("");
}
