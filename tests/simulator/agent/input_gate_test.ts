import assert from "node:assert/strict";
import { encodeClientMessage } from "../../../lib/protocol/message/client_message.ts";
import { InputGate } from "../../../lib/simulator/agent/input_gate.ts";
import { random } from "./bench.ts";

function frame(messageType: string, length: number): Uint8Array {
  return encodeClientMessage({
    messageType,
    createdDate: 1,
    sequenceNumber: 0,
    flags: 0,
    messageId: random(16),
    payloadType: 1,
    payload: new Uint8Array(length),
  });
}

Deno.test("gate: frames come out in order while the program has room", () => {
  const gate = new InputGate();
  const [a, b, c] = [1, 2, 3].map((n) => [new Uint8Array(n)]);
  gate.delivered(1e9);
  gate.hold(a!);
  assert.equal(gate.next(), a, "no limit yet");
  assert.equal(gate.next(), undefined);
  gate.consumed(1e9);
  gate.limitTo(100);
  gate.delivered(100);
  gate.hold(b!);
  assert.equal(gate.full, true);
  assert.equal(gate.next(), undefined);
  gate.putBack(a!);
  gate.hold(c!);
  gate.consumed(1);
  assert.deepEqual([gate.next(), gate.next(), gate.next(), gate.next()], [
    a,
    b,
    c,
    undefined,
  ]);
});

Deno.test("gate: too much input is dropped, everything else is kept", () => {
  const gate = new InputGate();
  gate.limitTo(1);
  gate.delivered(1);
  const input = frame("input_stream_data", 1024);
  for (let i = 0; i < 20_000; i++) gate.hold([input]);
  const others = ["acknowledge", "pause_publication", "start_publication"]
    .map((type) => frame(type, 1));
  gate.hold([input, ...others, input]);
  gate.consumed(1);
  let bytes = 0;
  let last: readonly Uint8Array[] = [];
  for (let next = gate.next(); next !== undefined; next = gate.next()) {
    for (const one of next) bytes += one.length;
    last = next;
  }
  assert.ok(bytes >= 12 * 1024 * 1024 && bytes < 13 * 1024 * 1024, `${bytes}`);
  assert.deepEqual(last, others);
  gate.hold([input]);
  gate.clear();
  assert.equal(gate.next(), undefined);
});
