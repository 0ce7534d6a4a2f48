import assert from "node:assert/strict";
import { encodeAcknowledge } from "../../../lib/protocol/message/acknowledge.ts";
import {
  type ClientMessage,
  encodeClientMessage,
} from "../../../lib/protocol/message/client_message.ts";
import {
  decodeHandshakeRequest,
  encodeHandshakeResponse,
} from "../../../lib/protocol/message/handshake.ts";
import { decodeSessionState } from "../../../lib/protocol/message/session_state.ts";
import { fastPace, realPace } from "../../../lib/simulator/agent/pace.ts";
import { Bench, bytes, key, random } from "./bench.ts";

const interactive = (command: string) => ({
  documentName: "AWS-StartInteractiveCommand",
  parameters: { command: [command] },
});

Deno.test("a shell without KMS: no handshake, SYN on number 0, Terminating at the end", async () => {
  await using bench = new Bench({});
  await bench.see(/[#$] $/);
  bench.type("echo $((6*7)) ${AWS_SECRET_ACCESS_KEY-none}; exit 3\r");
  await bench.until("the end", () => bench.terminating);
  assert.match(bench.text, /42 none\r\n/);
  const output = bench.output();
  assert.ok(output.every((message) => message.payloadType === 1));
  assert.equal(output[0]!.sequence, 0);
  assert.equal(output[0]!.flags, 1n);
  assert.ok(output.slice(1).every((message) => message.flags === 0n));
  const state = bench.frames.at(-1)!;
  assert.deepEqual(decodeSessionState(state.payload), {
    state: "Terminating",
    sessionId: "s-1",
  });
  assert.equal(state.flags, 3n);
  assert.deepEqual(bench.failures, []);
  await bench.agent.done;
});

Deno.test("an interactive command is run by sh on a terminal", async () => {
  await using bench = new Bench(
    interactive("test -t 0 && echo tty $0; exit 9"),
  );
  await bench.until("the end", () => bench.terminating);
  assert.equal(bench.text, "tty sh\r\n");
});

Deno.test("in a container a command is split into words and run without a shell", async () => {
  await using bench = new Bench({
    container: true,
    ...interactive(`printf '%s|' "$HOME" it\\'s ';' # not this`),
  });
  await bench.until("the end", () => bench.terminating);
  assert.equal(bench.text, "$HOME|it's|;|");
});

Deno.test("in a container a shell is sh, and a command without an end is refused", async () => {
  await using shell = new Bench({ container: true, shell: ["/bin/false"] });
  await shell.see(/[#$] $/);
  shell.type("echo $0 $((6*7)); exit\r");
  await shell.until("the end", () => shell.terminating);
  assert.match(shell.text, /^sh 42\r\n/m);
  await using open = new Bench({ container: true, ...interactive("sh 'a") });
  await open.until("the failure", () => open.exits.length > 0);
  assert.match(
    open.exits[0]?.output ?? "",
    /Unable to start command: Failed to parse commands input: EOF found when/,
  );
});

Deno.test("the size arrives before the input that was sent after it", async () => {
  await using bench = new Bench(interactive("read line; stty size"));
  bench.client!.resize({ cols: 101, rows: 37 }, bench.clock.now());
  bench.pump();
  assert.equal(
    bench.frames.length,
    0,
    "refused: the terminal is not there yet",
  );
  // Waits for the acknowledgement, that is for the agent to have become ready.
  await bench.until("ready", () => bench.client!.isAcknowledged(0));
  bench.client!.resize({ cols: 102, rows: 38 }, bench.clock.now());
  const input = encodeClientMessage({
    messageType: "input_stream_data",
    createdDate: 1,
    sequenceNumber: 2,
    flags: 0,
    messageId: random(16),
    payloadType: 1,
    payload: bytes("x\r"),
  });
  bench.pump();
  bench.agent.receive([input]);
  await bench.until("the end", () => bench.terminating);
  assert.match(bench.text, /38 102\r\n$/);
});

Deno.test("real pace: 1 s before the first read, reads of 1024 bytes, one per ms", async () => {
  await using bench = new Bench({
    pace: realPace,
    ...interactive("stty -opost; head -c 40000 /dev/zero"),
  });
  bench.client!.resize({ cols: 80, rows: 24 }, bench.clock.now());
  await bench.until("ready", () => bench.client!.isAcknowledged(0), 1);
  // The acknowledgement came with a resend, so up to 100 ms after the start.
  await bench.clock.advance(850);
  assert.equal(bench.output().length, 0);
  const first = bench.clock.now();
  await bench.until("the end", () => bench.terminating, 1);
  const output = bench.output().filter((m, i, all) =>
    all.findIndex((other) => other.sequence === m.sequence) === i
  );
  assert.ok(output.every((message) => message.payload.length <= 1027));
  assert.equal(
    output.reduce((sum, message) => sum + message.payload.length, 0),
    40000,
  );
  assert.ok(bench.clock.now() - first >= output.length - 6);
});

Deno.test("a payload never ends inside a character", async () => {
  await using bench = new Bench(
    interactive("stty -opost; yes '€uro' | head -c 14000"),
  );
  await bench.until("the end", () => bench.terminating);
  for (const { payload } of bench.output()) {
    new TextDecoder("utf-8", { fatal: true }).decode(payload);
  }
  assert.equal(bytes(bench.text).length, 14000);
});

Deno.test("real pace: the end waits 2 s for acknowledgements, then Terminating comes anyway", async () => {
  await using bench = new Bench({
    pace: realPace,
    ...interactive("echo done"),
  }, false);
  await bench.until("output", () => bench.output().length > 0, 100);
  await bench.until("the end", () => bench.log.length > 0, 1);
  const from = bench.clock.now();
  await bench.clock.advance(1500);
  assert.equal(bench.terminating, false);
  await bench.until("Terminating", () => bench.terminating, 10);
  assert.ok(bench.clock.now() - from <= 2100);
  const resent = bench.output();
  assert.ok(resent.length > 10);
  assert.ok(resent.every((message) => message.sequence === 0));
});

Deno.test("fast pace: the end waits for as long as acknowledgements come", async () => {
  await using bench = new Bench(interactive("echo done"), false);
  await bench.until("output", () => bench.output().length > 0, 1);
  await bench.clock.advance(5000);
  assert.equal(bench.terminating, false);
  bench.agent.receive([acknowledge(bench.output()[0]!)]);
  await bench.until("Terminating", () => bench.terminating, 1);
});

/** What a client answers. */
function acknowledge(message: ClientMessage): Uint8Array {
  return encodeClientMessage({
    messageType: "acknowledge",
    createdDate: 1,
    sequenceNumber: 0,
    flags: 3,
    messageId: random(16),
    payloadType: 0,
    payload: encodeAcknowledge({
      messageType: message.messageType,
      messageId: message.messageIdText,
      sequenceNumber: message.sequence,
    }),
  });
}

Deno.test("head repair: only the oldest message comes again, ten times a second", async () => {
  await using bench = new Bench({
    pace: { ...fastPace, repair: "head" },
    ...interactive("stty -opost; head -c 10000 /dev/zero; sleep 100"),
  }, false);
  const total = () =>
    bench.output().reduce((sum, m) => sum + m.payload.length, 0);
  await bench.until("output", () => total() >= 10000, 0);
  const before = bench.frames.length;
  await bench.clock.advance(10_000);
  const resent = bench.frames.slice(before);
  assert.ok(resent.length <= 100 && resent.length > 5);
  assert.ok(resent.every((message) => message.sequence === 0));
});

Deno.test("paused: nothing is read and nothing comes again", async () => {
  await using bench = new Bench(
    interactive("echo first; read line; echo second; sleep 100"),
    false,
  );
  await bench.until("output", () => bench.output().length > 0, 1);
  bench.publication("pause");
  const before = bench.frames.length;
  await bench.clock.advance(60_000);
  assert.equal(bench.frames.length, before);
  bench.publication("start");
  await bench.clock.advance(5000);
  assert.ok(bench.frames.length > before, "the first output again");
});

Deno.test("terminate kills the program and says nothing", async () => {
  const bench = new Bench(
    interactive("trap '' HUP; echo pid $$ .; while :; do sleep 1; done"),
  );
  await bench.see(/pid \d+ \./);
  const pid = Number(/pid (\d+)/.exec(bench.text)![1]);
  const frames = bench.frames.length;
  await bench.agent.terminate();
  assert.throws(() => Deno.kill(pid, "SIGCONT"));
  assert.equal(bench.frames.length, frames);
  assert.deepEqual(bench.failures, []);
  assert.equal(bench.clock.pending, 0);
});

Deno.test("terminate during the first second does not wait for it", async () => {
  const bench = new Bench({ pace: realPace, ...interactive("sleep 100") });
  bench.client!.resize({ cols: 80, rows: 24 }, bench.clock.now());
  await bench.until("ready", () => bench.client!.isAcknowledged(0), 1);
  await bench.agent.terminate();
  assert.equal(bench.clock.pending, 0);
});

for (
  const [name, options, text] of [
    [
      "a program that is not there",
      { shell: ["/no/such/shell"] },
      'Unable to start command: exec: "/no/such/shell": executable file not found',
    ],
    [
      "a document that no agent knows",
      { documentName: "Custom" },
      "Unable to start session: the simulator's agent cannot run document Custom yet",
    ],
  ] as const
) {
  Deno.test(`failure to start, said after 2 s: ${name}`, async () => {
    await using bench = new Bench({ pace: realPace, ...options });
    // A process says that there is no such program, in real time.
    for (let i = 0; i < 10 && bench.clock.pending === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await bench.clock.advance(1990);
    assert.deepEqual(bench.failures, []);
    await bench.until("the failure", () => bench.failures.length > 0, 10);
    assert.deepEqual(bench.failures, [`\n----------ERROR-------\n${text}`]);
    assert.equal(bench.terminating, false);
  });
}

Deno.test("KMS: handshake, challenge, encrypted both ways", async () => {
  await using bench = new Bench({
    kmsKeyId: "alias/sessions",
    ...interactive("read line; echo got $line"),
  });
  bench.client!.resize({ cols: 80, rows: 24 }, bench.clock.now());
  await bench.until(
    "the key",
    () => bench.events.some((event) => event.type === "data-key-needed"),
  );
  const request = decodeHandshakeRequest(bench.output()[0]!.payload);
  assert.equal(request.agentVersion, "3.3.987.0");
  assert.deepEqual(request.actions[0], {
    actionType: "SessionType",
    parameters: { SessionType: "InteractiveCommands", Properties: null },
  });
  const challenge = String(request.actions[1]!.parameters.Challenge);
  assert.equal(atob(challenge).length, 16);
  assert.deepEqual(request.actions[1], {
    actionType: "KMSEncryption",
    parameters: { KMSKeyId: "alias/sessions", Challenge: challenge },
  });
  bench.client!.provideDataKey({
    plaintext: key,
    ciphertextBlob: bytes("blob"),
    challengeAcknowledged: true,
  }, bench.clock.now());
  await bench.until("started", () => bench.client!.started);
  assert.deepEqual(bench.decrypted, [[btoa("blob"), {
    "aws:ssm:SessionId": "s-1",
    "aws:ssm:TargetId": "i-0123456789abcdef0",
    "aws:ssm:RandomChallenge": challenge,
  }, "alias/sessions"]]);
  bench.type("secret\r");
  await bench.until("the end", () => bench.terminating);
  assert.match(bench.text, /got secret\r\n/);
  const wire = bench.output().map((m) => new TextDecoder().decode(m.payload));
  assert.ok(wire.every((text) => !text.includes("secret")));
  const started = bench.events.find((event) => event.type === "started");
  assert.equal(
    started?.customerMessage,
    "This session is encrypted using AWS KMS.",
  );
});

Deno.test("KMS: a key that cannot be decrypted ends the session with the reason", async () => {
  await using bench = new Bench({
    kmsKeyId: "k",
    decrypt: () => Promise.reject(new Error("AccessDeniedException")),
  });
  await bench.until(
    "the key",
    () => bench.events.some((event) => event.type === "data-key-needed"),
  );
  bench.client!.provideDataKey(
    { plaintext: key, ciphertextBlob: bytes("blob") },
    bench.clock.now(),
  );
  await bench.until("the failure", () => bench.failures.length > 0);
  assert.deepEqual(bench.failures, [
    "\n----------ERROR-------\nEncountered error while initiating handshake. " +
    "Fetching data key failed: AccessDeniedException",
  ]);
});

Deno.test("KMS: an action that failed on the client, and a client that never answers", async () => {
  {
    await using bench = new Bench({ kmsKeyId: "k" }, false);
    await bench.until("the request", () => bench.output().length > 0, 1);
    bench.agent.receive([encodeClientMessage({
      messageType: "input_stream_data",
      createdDate: 1,
      sequenceNumber: 0,
      flags: 0,
      messageId: random(16),
      payloadType: 6,
      payload: encodeHandshakeResponse({
        clientVersion: "1.2.896.0",
        actions: [{
          actionType: "KMSEncryption",
          status: 2,
          result: null,
          error: "no",
        }],
      }),
    })]);
    await bench.until("the failure", () => bench.failures.length > 0, 1);
    assert.match(
      bench.failures[0]!,
      /KMSEncryption failed on client with status 2 error: no$/,
    );
  }
  await using bench = new Bench({ kmsKeyId: "k" }, false);
  await bench.clock.advance(14_900);
  assert.deepEqual(bench.failures, []);
  await bench.clock.advance(200);
  assert.match(bench.failures[0]!, /Handshake timed out\. Please ensure/);
});
