import assert from "node:assert/strict";
import {
  crowdedDelay,
  initialWindow,
  maximumWindow,
  minimumWindow,
  roomyDelay,
  SendWindow,
} from "../../../lib/protocol/channel/send_window.ts";

/** A window that is used up, as by a long upload. */
function fullWindow(): SendWindow {
  const window = new SendWindow();
  window.filled();
  return window;
}

Deno.test("send window: grows by what is acknowledged while round trips stay short", () => {
  const window = fullWindow();
  assert.equal(window.bytes, initialWindow);
  window.acknowledged(1000);
  assert.equal(window.bytes, initialWindow + 1000, "before any round trip");
  window.sample(100);
  window.filled();
  window.sample(200 + roomyDelay);
  window.acknowledged(1000);
  assert.equal(window.bytes, initialWindow + 2000);
  for (let i = 0; i < 100; i++) window.acknowledged(initialWindow);
  assert.equal(window.bytes, maximumWindow);
});

Deno.test("send window: one that is not used up does not grow, however long a talk is", () => {
  const window = new SendWindow();
  for (let i = 0; i < 100_000; i++) {
    window.sample(10);
    window.acknowledged(300);
  }
  assert.equal(window.bytes, initialWindow);
  window.filled();
  window.sample(10);
  window.acknowledged(300);
  assert.equal(window.bytes, initialWindow + 300, "it was full a moment ago");
  window.sample(10);
  window.acknowledged(300);
  assert.equal(window.bytes, initialWindow + 300);
});

Deno.test("send window: stays with a queue on the way, shrinks with a long one", () => {
  const window = fullWindow();
  window.sample(100);
  window.sample(201 + roomyDelay);
  window.filled();
  window.acknowledged(5000);
  assert.equal(window.bytes, initialWindow);
  window.sample(2 * (200 + crowdedDelay));
  assert.equal(window.bytes, initialWindow / 2);
  window.filled();
  window.acknowledged(5000);
  assert.equal(window.bytes, initialWindow / 2);
  window.sample(10_000);
  window.sample(10_000);
  assert.equal(window.bytes, minimumWindow);
  window.filled();
  window.sample(100);
  window.acknowledged(4000);
  assert.equal(window.bytes, minimumWindow + 1000, "the queue is gone");
});

Deno.test("send window: a way that has become longer is learned, and filled again", () => {
  const window = fullWindow();
  for (let i = 0; i < 10; i++) {
    window.sample(10);
    window.filled();
  }
  let rounds = 0;
  for (
    ;
    window.bytes < initialWindow && rounds < 1000 || rounds < 10;
    rounds++
  ) {
    window.filled();
    window.sample(110);
    window.acknowledged(window.bytes);
  }
  assert.ok(rounds < 100, `${rounds} round trips until it is used`);
});

Deno.test("send window: another connection has a round trip of its own", () => {
  const window = fullWindow();
  window.sample(1);
  window.sample(20_000);
  const before = window.bytes;
  window.reconnected();
  window.filled();
  window.sample(300);
  assert.equal(window.bytes, before);
  window.acknowledged(4000);
  assert.ok(window.bytes > before);
});

/** A way that carries so many bytes in a millisecond, after so many milliseconds. */
function queueOn(
  rate: number,
  latency: number,
): { queue: number; full: boolean } {
  const window = new SendWindow();
  let now = 0, free = 0, inFlight = 0, sampledAt = -1, busy = 0;
  const acks: { at: number; sent: number }[] = [];
  let queue = 0;
  while (now < 75_000) {
    while (inFlight + 1144 <= window.bytes) {
      free = Math.max(free, now) + 1144 / rate;
      acks.push({ at: free + latency, sent: now });
      inFlight += 1144;
    }
    window.filled();
    const { at, sent } = acks.shift()!;
    now = Math.max(now, at);
    inFlight -= 1144;
    if (sent >= sampledAt) {
      sampledAt = now;
      window.sample(now - sent);
    }
    window.acknowledged(1144);
    if (now > 45_000) {
      queue = Math.max(queue, free - now);
      busy += 1144 / rate;
    }
  }
  return { queue, full: busy > 0.98 * 30_000 };
}

Deno.test("send window: fills slow and fast ways, and leaves no long queue on them", () => {
  for (
    const [rate, latency] of [[1000, 1], [1000, 80], [20_000, 20], [
      100,
      30,
    ]] as const
  ) {
    const { queue, full } = queueOn(rate, latency);
    assert.ok(full, `${rate} bytes/ms, ${latency} ms: not full`);
    // The least window on a slow way is a queue by itself.
    const most = Math.max(
      2 * latency + 2 * crowdedDelay,
      2.2 * minimumWindow / rate,
    );
    assert.ok(queue <= most, `${rate} bytes/ms, ${latency} ms: ${queue} ms`);
  }
});
