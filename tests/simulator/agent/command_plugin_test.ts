import assert from "node:assert/strict";
import { Bench } from "./bench.ts";
import { realPace } from "../../../lib/simulator/agent/pace.ts";
import type { AgentOptions } from "../../../lib/simulator/agent/agent_options.ts";

const isUnix = Deno.build.os !== "windows";

/** A bench for one command; what comes is sorted by payload type. */
function bench(command: string, options: Partial<AgentOptions> = {}) {
  return new Bench({
    documentName: "AWS-StartNonInteractiveCommand",
    parameters: { command: [command] },
    ...options,
  });
}

/** Everything that came, by payload type; what came again counts once. */
function received(bench: Bench): Record<number, string> {
  const texts: Record<number, string> = {};
  const decoder = new TextDecoder();
  const seen = new Set<bigint>();
  for (const frame of bench.frames) {
    if (frame.messageType !== "output_stream_data") continue;
    if (seen.has(frame.sequenceNumber)) continue;
    seen.add(frame.sequenceNumber);
    texts[frame.payloadType] = (texts[frame.payloadType] ?? "") +
      decoder.decode(frame.payload);
  }
  return texts;
}

async function toTheEnd(bench: Bench): Promise<Record<number, string>> {
  let over = false;
  void bench.agent.done.then(() => over = true);
  await bench.until("the end", () => over);
  return received(bench);
}

Deno.test({
  name: "outputs come apart, the exit code after them",
  ignore: !isUnix,
  async fn() {
    await using b = bench("sh -c 'echo out; echo err >&2; exit 7'");
    const { 1: out, 11: err, 12: code } = await toTheEnd(b);
    assert.deepEqual([out, err, code], ["out\n", "err\n", "EXIT_CODE: 7"]);
    const types = b.frames.map((frame) => frame.payloadType);
    assert.ok(types.indexOf(12) > types.lastIndexOf(1));
    assert.ok(types.indexOf(12) > types.lastIndexOf(11));
    assert.equal(b.frames.at(-1)?.messageType, "agent_session_state");
  },
});

Deno.test({
  name: "no shell looks at the command, and there is no input",
  ignore: !isUnix,
  async fn() {
    await using b = bench("printf '%s|' $HOME * 'a b'");
    assert.equal((await toTheEnd(b))[1], "$HOME|*|a b|");
    await using input = bench("cat");
    assert.deepEqual((await toTheEnd(input))[12], "EXIT_CODE: 0");
  },
});

Deno.test({
  name:
    "without separateOutputStream both come mixed at the end, without a code",
  ignore: !isUnix,
  async fn() {
    await using b = bench("sh -c 'echo out; echo err >&2; exit 7'", {
      separateOutput: false,
    });
    const { 1: out, 11: err, 12: code } = await toTheEnd(b);
    assert.deepEqual([out, err, code], ["out\nerr\n", undefined, undefined]);
  },
});

Deno.test({
  name: "a command that cannot be started is told behind exit code 1",
  ignore: !isUnix,
  async fn() {
    await using b = bench("no-such-command-here a b", { pace: realPace });
    const { 11: err, 12: code } = await toTheEnd(b);
    assert.equal(code, "EXIT_CODE: 1");
    assert.equal(
      err,
      'exec: "no-such-command-here": executable file not found in $PATH',
    );
    assert.deepEqual(b.exits, []);
    await using empty = bench("   ");
    await toTheEnd(empty);
    assert.match(empty.failures[0] ?? "", /Commands cannot be empty/);
  },
});

Deno.test({
  name:
    "a signal's code is -1; after Ctrl-C in the input the agent tells its own",
  ignore: !isUnix,
  async fn() {
    await using killed = bench("sh -c 'kill -9 $$'");
    assert.equal((await toTheEnd(killed))[12], "EXIT_CODE: -1");
    await using b = bench("sh -c 'echo ready; exec sleep 600'");
    await b.see(/ready/);
    b.client?.send(Uint8Array.of(0x61, 0x03), b.clock.now());
    assert.equal((await toTheEnd(b))[12], "EXIT_CODE: 1");
  },
});

Deno.test({
  name: "after a signal nothing is acknowledged until the command has ended",
  ignore: !isUnix,
  async fn() {
    await using b = bench(
      `sh -c 'trap "echo got it" INT; echo ready; sleep 1; sleep 1; echo end'`,
    );
    await b.see(/ready/);
    b.client?.send(Uint8Array.of(0x03), b.clock.now());
    await b.see(/got it/);
    b.client?.send(Uint8Array.of(0x78), b.clock.now());
    await b.see(/end/);
    const texts = await toTheEnd(b);
    assert.equal(texts[12], "EXIT_CODE: 1");
  },
});

Deno.test({
  name: "a client that is away ends the reading of output after one more read",
  ignore: !isUnix,
  async fn() {
    await using b = bench(
      "sh -c 'echo one; sleep 1; echo two; echo three >&2; sleep 1; echo four; exit 3'",
    );
    await b.see(/one/);
    const { client } = b;
    b.client = undefined;
    b.publication("pause");
    let over = false;
    void b.agent.done.then(() => over = true);
    await b.until(
      "the agent's word",
      () => b.log.some((line) => /not in active status/.test(line)),
    );
    b.client = client;
    b.publication("start");
    await b.until("the end", () => over);
    const texts = received(b);
    assert.deepEqual([texts[1], texts[11]], ["one\ntwo\n", "three\n"]);
    assert.equal(
      texts[12],
      "EXIT_CODE: 3",
      "a gap, and the code says nothing of it",
    );
  },
});
