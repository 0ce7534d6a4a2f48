import assert from "node:assert/strict";
import {
  clockGranularity,
  initialRoundTrip,
  initialTimeout,
  officialEstimator,
  officialMaximum,
  ourEstimator,
  RoundTripEstimator,
} from "../../../lib/protocol/channel/retransmission.ts";
import { vectorsOf } from "../../testkit/vectors.ts";

interface Series {
  readonly Name: string;
  readonly Steps: readonly {
    readonly RTTMillis: number;
    readonly SRTTMillis: number;
    readonly RTTVarMillis: number;
    readonly RTOMillis: number;
  }[];
}

/** Go's durations are whole nanoseconds. */
function close(actual: number, expected: number, what: string): void {
  assert(
    Math.abs(actual - expected) < 1e-5,
    `${what}: ${actual} instead of ${expected}`,
  );
}

Deno.test("rtt.json: the official estimator, step by step", async (t) => {
  for (const series of await vectorsOf<Series>("rtt.json", "cases")) {
    await t.step(series.Name, () => {
      assert(series.Steps.length > 0);
      const estimator = new RoundTripEstimator(officialEstimator);
      for (const [i, step] of series.Steps.entries()) {
        estimator.sample(step.RTTMillis);
        close(estimator.smoothed, step.SRTTMillis, `SRTT of step ${i}`);
        close(estimator.variation, step.RTTVarMillis, `RTTVAR of step ${i}`);
        close(estimator.timeout, step.RTOMillis, `RTO of step ${i}`);
      }
    });
  }
});

Deno.test("estimator: before the first sample", () => {
  for (const options of [officialEstimator, ourEstimator]) {
    const estimator = new RoundTripEstimator(options);
    assert.equal(estimator.smoothed, initialRoundTrip);
    assert.equal(estimator.variation, 0);
    assert.equal(estimator.timeout, options.initial);
    assert.equal(estimator.sampled, false);
  }
  assert.equal(officialEstimator.initial, initialTimeout);
});

Deno.test("our estimator: the first sample counts as it is (RFC 6298 §2.2)", () => {
  const estimator = new RoundTripEstimator(ourEstimator);
  estimator.sample(20);
  assert.equal(estimator.sampled, true);
  assert.equal(estimator.smoothed, 20);
  assert.equal(estimator.variation, 10);
  assert.equal(estimator.timeout, 60);
  estimator.sample(20);
  assert.equal(estimator.variation, 7.5);
  assert.equal(estimator.timeout, 50);
});

Deno.test("estimator: never less than the granularity above the round trip, never above its limit", () => {
  const steady = new RoundTripEstimator(ourEstimator);
  for (let i = 0; i < 100; i++) steady.sample(40);
  close(steady.timeout, 40 + clockGranularity, "RTO");
  const slow = new RoundTripEstimator(officialEstimator);
  for (let i = 0; i < 100; i++) slow.sample(5000);
  assert.equal(slow.timeout, officialMaximum);
  // A megabyte at 200 kB/s takes 5 s (data-channel.md §6.2): ours may wait for it.
  const ours = new RoundTripEstimator(ourEstimator);
  for (let i = 0; i < 100; i++) ours.sample(5000);
  assert(ours.timeout > 5000 && ours.timeout < 5100);
});
