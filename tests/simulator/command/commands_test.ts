import assert from "node:assert/strict";
import { SimulatedCommands } from "../../../lib/simulator/command/commands.ts";
import { systemRandom } from "../../../lib/simulator/credentials.ts";
import { parseNodes } from "../../../lib/simulator/fleet.ts";
import { ManualClock } from "../../testkit/manual_clock.ts";

function commands() {
  const clock = new ManualClock();
  return {
    clock,
    all: new SimulatedCommands({
      clock,
      random: systemRandom,
      pace: "real",
      scripts: "imitated",
    }),
  };
}

const request = {
  document: "AWS-RunShellScript",
  nodes: parseNodes(["name=a", "name=b,inactive"]),
  lines: ["sleep 10"],
  workingDirectory: "",
  executionTimeout: 5,
  deliveryTimeout: 30,
  maxConcurrency: 1,
  maxErrors: 0,
  echo: {},
} as const;

Deno.test("a command takes its time: to be seen, to be delivered, to run", async () => {
  const { clock, all } = commands();
  const command = all.send(request);
  const states = () =>
    [...command.invocations.values()].map(({ state }) => state);
  assert.equal(all.seen(command), false);
  await clock.advance(400);
  assert.equal(all.seen(command), true);
  assert.deepEqual(states(), ["InProgress", "Pending"]);
  await clock.advance(5_000);
  assert.deepEqual(states(), ["ExecutionTimedOut", "Pending"]);
  assert.equal(command.errors, 1);
  assert.equal(command.over, false);
  await clock.advance(25_000);
  assert.deepEqual(states(), ["ExecutionTimedOut", "DeliveryTimedOut"]);
  assert.equal(command.errors, 1, "a late delivery is no error");
  assert.equal(command.over, true);
});

Deno.test("closing leaves no timer behind", async () => {
  const { clock, all } = commands();
  const command = all.send(request);
  await clock.advance(1_000);
  await all.close();
  assert.equal(command.over, true);
  assert.equal(clock.pending, 0);
  assert.throws(() => all.send(request), /closing/);
});
