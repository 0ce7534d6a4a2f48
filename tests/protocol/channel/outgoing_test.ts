import assert from "node:assert/strict";
import {
  maximumMessages,
  Outgoing,
} from "../../../lib/protocol/channel/outgoing.ts";
import {
  initialWindow,
  maximumWindow,
} from "../../../lib/protocol/channel/send_window.ts";

/** A frame that tells its number. */
function frame(number: number, bytes = 100): Uint8Array {
  const content = new Uint8Array(bytes);
  new DataView(content.buffer).setUint32(0, number);
  return content;
}

function numberOf(content: Uint8Array): number {
  return new DataView(content.buffer).getUint32(0);
}

/** Adds so many messages. */
function add(outgoing: Outgoing, count: number, bytes = 100): void {
  for (let i = 0; i < count; i++) outgoing.add(frame(outgoing.next, bytes));
}

/** The numbers of all that goes out now. */
function drain(outgoing: Outgoing, now: number): number[] {
  const numbers: number[] = [];
  for (
    let next = outgoing.poll(now);
    next !== undefined;
    next = outgoing.poll(now)
  ) {
    numbers.push(numberOf(next));
  }
  return numbers;
}

/** The times at which something goes out by itself, until the limit; and what. */
function repeats(
  outgoing: Outgoing,
  from: number,
  limit: number,
): [number, number[]][] {
  const found: [number, number[]][] = [];
  for (let now = from; now <= limit;) {
    outgoing.handleTimeout(now);
    const numbers = drain(outgoing, now);
    if (numbers.length > 0) found.push([now, numbers]);
    const next = outgoing.nextTimeout(now);
    if (next === undefined) break;
    assert(
      next > now || numbers.length > 0,
      `it wants to be called at ${next} again and again`,
    );
    now = next;
  }
  return found;
}

Deno.test("head repair: a tick that is over does not come again", () => {
  const outgoing = new Outgoing("head", 0);
  add(outgoing, 2);
  assert.deepEqual(drain(outgoing, 0), [0, 1]);
  outgoing.handleTimeout(200);
  assert.deepEqual(drain(outgoing, 200), [0]);
  // The next one is as old as the first, but its turn is the next tick.
  outgoing.acknowledge(0, 200);
  assert.equal(outgoing.nextTimeout(200), 300);
  outgoing.handleTimeout(200);
  assert.deepEqual(drain(outgoing, 200), []);
  outgoing.handleTimeout(300);
  assert.deepEqual(drain(outgoing, 300), [1]);
});

Deno.test("head repair: the oldest message alone, once a tick, as the official ends do", () => {
  const outgoing = new Outgoing("head", 0);
  add(outgoing, 3);
  drain(outgoing, 50);
  assert.deepEqual(repeats(outgoing, 50, 1000), [
    [300, [0]],
    [500, [0]],
    [700, [0]],
    [900, [0]],
  ]);
  outgoing.acknowledge(0, 1000);
  assert.deepEqual(repeats(outgoing, 1000, 1450), [[1000, [1]], [1200, [1]], [
    1400,
    [1],
  ]]);
  assert.equal(outgoing.resends, 7);
});

Deno.test("eager: input that is refused for long is taken soon after it is accepted", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 1);
  drain(outgoing, 0);
  const times = repeats(outgoing, 0, 3000).map(([time]) => time);
  assert.deepEqual(
    times.filter((time) => time < 1000),
    Array.from({ length: 19 }, (_, i) => 50 * (i + 1)),
  );
  // The quick repeats are no sign of a lossy line: the back-off begins behind them.
  const later = times.filter((time) => time >= 1000);
  assert.deepEqual(later, [1150, 1550, 2350]);
});

Deno.test("eager: no quicker than the round trip, once that is known", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 1);
  drain(outgoing, 0);
  outgoing.acknowledge(0, 40); // in time for 50 ms
  add(outgoing, 1);
  drain(outgoing, 40);
  outgoing.acknowledge(1, 80);
  outgoing.expectRefusals(10_000);
  add(outgoing, 1);
  drain(outgoing, 10_000);
  assert.equal(outgoing.nextTimeout(10_000), 10_055);

  const far = new Outgoing("selective", 0);
  add(far, 6); // more than four are not repeated eagerly
  drain(far, 0);
  far.acknowledge(0, 150);
  far.expectRefusals(150);
  for (const number of [1, 2, 3, 4, 5]) far.acknowledge(number, 150);
  add(far, 1);
  drain(far, 150);
  assert(far.nextTimeout(150)! >= 150 + 150 + 10);
});

Deno.test("eager: a bulk upload is not sent twice", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 5);
  drain(outgoing, 0);
  assert.equal(outgoing.nextTimeout(0), 1000);
  outgoing.acknowledge(4, 0);
  assert.equal(outgoing.nextTimeout(1), 0); // looks for overtaken messages
  outgoing.handleTimeout(1);
  assert.equal(outgoing.nextTimeout(1), 10);
});

Deno.test("selective repair: all that is overdue, and the wait doubles up to the limit", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 2);
  drain(outgoing, 10_000); // long after the eager beginning
  const found = repeats(outgoing, 10_000, 40_000);
  for (const [, numbers] of found) assert.deepEqual(numbers, [0, 1]);
  const times = found.map(([time]) => time - 10_000);
  assert.deepEqual(times.slice(0, 7), [200, 600, 1400, 3000, 5000, 7000, 9000]);
});

Deno.test("selective repair: the back-off ends with a clean round trip", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 1);
  drain(outgoing, 10_000);
  repeats(outgoing, 10_000, 12_000);
  add(outgoing, 1);
  drain(outgoing, 12_000);
  outgoing.acknowledge(0, 12_001); // repeated: tells no round trip (Karn)
  assert.equal(outgoing.roundTrip, undefined);
  assert.equal(outgoing.nextTimeout(12_001), 12_001);
  outgoing.handleTimeout(12_001);
  assert.equal(outgoing.nextTimeout(12_001), 12_001 + 200 * 2 ** 2);
  outgoing.acknowledge(1, 12_100);
  assert.equal(outgoing.roundTrip, 100);
  add(outgoing, 1);
  drain(outgoing, 20_000);
  outgoing.handleTimeout(20_000);
  assert.equal(outgoing.nextTimeout(20_000), 20_000 + 300);
});

Deno.test("selective repair: overtaken by 16 and old enough is lost, fewer or younger is not", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 40);
  drain(outgoing, 10_000);
  for (let number = 1; number <= 16; number++) {
    outgoing.acknowledge(number, 10_040);
  }
  // 40 ms is the round trip now, so 10 ms are enough.
  assert.deepEqual(drain(outgoing, 10_040), [0]);
  assert.equal(outgoing.resends, 1);
  // It was sent again just now: only messages sent after it tell anything new.
  outgoing.acknowledge(17, 10_060);
  assert.deepEqual(drain(outgoing, 10_060), []);
  for (let number = 19; number <= 33; number++) {
    outgoing.acknowledge(number, 10_060);
  }
  assert.deepEqual(drain(outgoing, 10_060), []);
  outgoing.acknowledge(34, 10_060);
  assert.deepEqual(drain(outgoing, 10_060), [18]);
});

Deno.test("selective repair: reordering alone causes no repeat", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 20);
  drain(outgoing, 10_000);
  for (let number = 1; number < 20; number++) {
    outgoing.acknowledge(number, 10_004);
  }
  assert.deepEqual(drain(outgoing, 10_004), []);
  assert.equal(outgoing.nextTimeout(10_004), 10_010);
  outgoing.acknowledge(0, 10_006);
  assert.deepEqual(repeats(outgoing, 10_006, 20_000), []);
  assert.equal(outgoing.resends, 0);
});

Deno.test("window: bytes until it is full, wider with each acknowledgement, never past the limit", () => {
  const outgoing = new Outgoing("selective", 0);
  const size = 16 * 1024;
  const fill = () => {
    while (outgoing.writable) add(outgoing, 1, size);
    return outgoing.unacknowledged * size;
  };
  assert.equal(fill(), initialWindow);
  drain(outgoing, 1);
  let acknowledged = 0;
  for (let round = 0; round < 10; round++) {
    const end = outgoing.next;
    while (acknowledged < end) outgoing.acknowledge(acknowledged++, 1);
    assert.equal(
      fill(),
      Math.min(maximumWindow, initialWindow * 2 ** (round + 1)),
    );
    drain(outgoing, 1);
  }
});

Deno.test("window: no more than 10 000 messages, however small", () => {
  const outgoing = new Outgoing("selective", 0);
  while (outgoing.writable) add(outgoing, 1, 5);
  assert.equal(outgoing.unacknowledged, maximumMessages);
  drain(outgoing, 1);
  outgoing.acknowledge(5000, 1);
  assert.equal(outgoing.writable, true);
});

Deno.test("acknowledge: what is unknown, unsent or repeated changes nothing", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 2);
  for (const number of [0, -1, 2, 1e300, NaN, Infinity]) {
    outgoing.acknowledge(number, 1);
  }
  assert.equal(outgoing.unacknowledged, 2);
  assert.deepEqual(drain(outgoing, 1), [0, 1]);
  outgoing.acknowledge(1, 2);
  outgoing.acknowledge(1, 2);
  assert.equal(outgoing.unacknowledged, 1);
  assert.equal(outgoing.isOutstanding(0), true);
  assert.equal(outgoing.isOutstanding(1), false);
  assert.equal(outgoing.oldestSince, 1);
});

Deno.test("acknowledge: a message that waits to be sent again does not go out any more", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 2);
  drain(outgoing, 10_000);
  outgoing.handleTimeout(10_200);
  outgoing.acknowledge(0, 10_200);
  assert.deepEqual(drain(outgoing, 10_200), [1]);
});

Deno.test("reconnect: all that is unacknowledged, at once and in order; waits begin anew", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 5);
  assert.deepEqual(drain(outgoing, 10_000), [0, 1, 2, 3, 4]);
  repeats(outgoing, 10_000, 19_000);
  outgoing.acknowledge(2, 20_000);
  add(outgoing, 1);
  outgoing.sendAllAgain();
  assert.deepEqual(drain(outgoing, 20_000), [0, 1, 3, 4, 5]);
  outgoing.handleTimeout(20_000);
  assert.equal(outgoing.nextTimeout(20_000), 21_000);
  outgoing.sendAllAgain();
  outgoing.sendAllAgain();
  assert.deepEqual(drain(outgoing, 20_100), [0, 1, 3, 4, 5]);
  outgoing.acknowledge(5, 20_150);
  assert.equal(outgoing.roundTrip, undefined, "Karn: sent twice");
});

Deno.test("order: new messages go out in order, behind those that are repeated", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 3000);
  const first = drain(outgoing, 10_000);
  assert.deepEqual(first, Array.from({ length: 3000 }, (_, i) => i));
  outgoing.handleTimeout(11_000);
  add(outgoing, 10);
  const again = drain(outgoing, 11_000);
  assert.deepEqual(again, Array.from({ length: 3010 }, (_, i) => i));
});

Deno.test("eager: over as soon as the first in the row is taken, not for those behind it", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 2);
  drain(outgoing, 0);
  outgoing.acknowledge(1, 45); // held by the agent, which still refuses the first
  outgoing.handleTimeout(50);
  assert.deepEqual(drain(outgoing, 50), []);
  outgoing.handleTimeout(67.5); // the round trip and its variation
  assert.deepEqual(drain(outgoing, 67.5), [0]);
  outgoing.acknowledge(0, 70);
  add(outgoing, 1);
  drain(outgoing, 100);
  outgoing.handleTimeout(100);
  assert.equal(outgoing.nextTimeout(100), 100 + 3 * 45);
});

Deno.test("selective repair: nothing is late while the line still carries what came before", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 20);
  drain(outgoing, 10_000);
  // One in 900 ms: the last one waits 18 s, though the first sample allowed 2.7 s.
  for (let number = 0; number < 20; number++) {
    const now = 10_900 + 900 * number;
    outgoing.handleTimeout(now);
    assert.deepEqual(drain(outgoing, now), []);
    outgoing.acknowledge(number, now);
  }
  assert.equal(outgoing.resends, 0);
});

Deno.test("selective repair: an acknowledgement of a repeat shows that the line is busy", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 20);
  drain(outgoing, 10_000);
  outgoing.handleTimeout(11_000);
  assert.equal(drain(outgoing, 11_000).length, 20);
  for (let number = 0; number < 9; number++) {
    outgoing.acknowledge(number, 11_500);
  }
  // The repeats of those nine are still on their way, in front of the others'.
  for (let number = 0; number < 9; number++) {
    const now = 13_000 + 300 * number;
    outgoing.handleTimeout(now);
    assert.deepEqual(drain(outgoing, now), [], `at ${now}`);
    outgoing.acknowledge(number, now);
  }
  for (const number of [-1, 20, 999]) outgoing.acknowledge(number, 15_600); // never sent
  outgoing.handleTimeout(15_400 + 1999);
  assert.deepEqual(drain(outgoing, 17_399), []);
  outgoing.acknowledge(0, 17_399); // said again
  outgoing.handleTimeout(17_399 + 1999);
  assert.deepEqual(drain(outgoing, 19_398), []);
  outgoing.handleTimeout(17_399 + 2000);
  assert.equal(drain(outgoing, 19_399).length, 11);
});

Deno.test("selective repair: a repeat of what was overtaken is no back-off", () => {
  const outgoing = new Outgoing("selective", 0);
  add(outgoing, 1);
  drain(outgoing, 10_000);
  outgoing.acknowledge(0, 10_100); // RTO 300
  add(outgoing, 20);
  drain(outgoing, 20_000);
  for (let number = 2; number <= 20; number++) {
    outgoing.acknowledge(number, 20_100);
  }
  assert.deepEqual(drain(outgoing, 20_100), [1]);
  outgoing.handleTimeout(20_100);
  const wait = outgoing.nextTimeout(20_100)! - 20_100;
  assert(wait < 300, `${wait}`);
});
