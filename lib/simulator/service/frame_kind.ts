/**
 * What kind of message a frame holds, as far as a relay has to know: from two bytes of its type,
 * as every message of a session passes here.
 *
 * @module
 */

/** The offset of MessageType (data-channel.md §2). */
const typeAt = 4;

/** The kinds a relay tells apart. */
export type FrameKind =
  | "input"
  | "output"
  | "acknowledge"
  | "session state"
  | "other";

/** `input_stream_data`, `output_stream_data`, `acknowledge`, `agent_session_state`, or the rest. */
export function frameKind(frame: Uint8Array): FrameKind {
  switch (frame[typeAt]) {
    case 0x69: // i
      return "input";
    case 0x6f: // o
      return "output";
    case 0x61: // a
      return frame[typeAt + 1] === 0x63 ? "acknowledge" : "session state";
    default:
      return "other";
  }
}

/** True for what its sender repeats when it is lost: stream data, and the acknowledgement of it. */
export function mayBeLost(frame: Uint8Array): boolean {
  const first = frame[typeAt];
  return first === 0x69 || first === 0x6f ||
    (first === 0x61 && frame[typeAt + 1] === 0x63);
}
