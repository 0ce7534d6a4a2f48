import assert from "node:assert/strict";
import { DataChannel } from "../../../lib/protocol/channel/data_channel.ts";
import type { ChannelEvent } from "../../../lib/protocol/channel/events.ts";
import {
  type ClientMessage,
  decodeClientMessage,
} from "../../../lib/protocol/message/client_message.ts";
import { encodeOpenDataChannel } from "../../../lib/protocol/message/open_data_channel.ts";
import { Flag } from "../../../lib/protocol/message/payload.ts";
import { clientVersion } from "../../../lib/protocol/message/version.ts";
import { linkStart, seededRandom } from "../../testkit/link.ts";
import {
  fromHex,
  toHex,
  vectorFile,
  vectorsOf,
} from "../../testkit/vectors.ts";

interface Step {
  readonly dir: string;
  readonly messageType: string;
  readonly payloadType: number;
  readonly seq: number;
  readonly flags: number;
  readonly payload: string;
  readonly hex?: string;
}

interface Case {
  readonly name: string;
  readonly note: string;
  readonly steps: readonly Step[];
  readonly clientStateAfter: string;
}

/** What an end sent or delivered, as far as a transcript can tell. */
interface Said {
  readonly what: string;
  readonly payload: unknown;
}

/** Where ours is to differ from the official client, and which note says so. */
const onPurpose: Readonly<Record<string, string>> = {
  "unknown-session-type":
    "handshake.md §5: a session without a type does not begin",
  "unknown-action": "pitfalls.md §1.18: status 3 instead of 0, no result",
  "kms-handshake": "pitfalls.md §1.19: the challenge is acknowledged",
  "duplicate": "pitfalls.md §1.2: a repeat is acknowledged again",
  "client-sends": "pitfalls.md §1.1: a lone LF stays one",
};

const ciphertextBlob = new TextEncoder().encode("ciphertext-blob-from-kms");

/** Answers what a session would answer; `failing` as the control plane of that case. */
function answer(
  channel: DataChannel,
  event: ChannelEvent,
  steps: readonly Step[],
  now: number,
): void {
  if (event.type !== "data-key-needed") return;
  const failure = steps.map((step) => step.payload)
    .find((payload) => payload.includes('"ActionStatus":2'));
  if (failure === undefined) {
    assert.equal(event.keyId, "arn:aws:kms:us-east-1:111122223333:key/1");
    assert.equal(event.challenge, "AAECAwQFBgcICQoLDA0ODw==");
    channel.provideDataKey({
      plaintext: new Uint8Array(64).map((_, i) => i),
      ciphertextBlob,
      challengeAcknowledged: true,
    }, now);
  } else channel.refuseDataKey(JSON.parse(failure).Errors[0], now);
}

function fromTranscript(step: Step): Said {
  const { messageType, payloadType, seq, flags } = step;
  const what = step.dir === "(delivered to session)"
    ? `delivered type ${payloadType}`
    : `${messageType} type ${payloadType} number ${seq} flags ${flags}`;
  return { what, payload: readPayload(step.payload) };
}

function fromMessage(message: ClientMessage): Said {
  const { messageType, payloadType, sequence, flags } = message;
  return {
    what:
      `${messageType} type ${payloadType} number ${sequence} flags ${flags}`,
    payload: readPayload(new TextDecoder().decode(message.payload)),
  };
}

/** JSON parsed; our version for theirs; `Errors` left out: nobody reads it (handshake.md §4). */
function readPayload(text: string): unknown {
  if (!text.startsWith("{")) return text;
  const value = JSON.parse(text);
  if ("ClientVersion" in value) {
    assert.match(value.ClientVersion, /^1\.2\.(0|896)\.0$/);
    value.ClientVersion = clientVersion;
    delete value.Errors;
  }
  return value;
}

/** What ours does instead, where that is on purpose. */
function expectedOf({ name, steps }: Case): Said[] {
  const said: Said[] = steps
    .filter(({ dir }) =>
      dir === "client to agent" || dir.startsWith("(delivered")
    )
    .map(fromTranscript);
  const response = said.find(({ what }) => what.includes("type 6"))
    ?.payload as {
      ProcessedClientActions: { ActionStatus: number; ActionResult: unknown }[];
    };
  if (name === "unknown-session-type") said.pop();
  if (name === "unknown-action") {
    Object.assign(response.ProcessedClientActions[1]!, {
      ActionStatus: 3,
      ActionResult: null,
    });
  }
  if (name === "kms-handshake") {
    Object.assign(response.ProcessedClientActions[1]!.ActionResult!, {
      ChallengeAcknowledgement: true,
    });
  }
  if (name === "duplicate") said.splice(2, 0, said[1]!);
  return said;
}

/** Plays the agent's frames to a client; what it says and delivers, in order. */
function play(
  { steps }: Case,
): { channel: DataChannel; said: Said[]; events: ChannelEvent[] } {
  let now = linkStart;
  const channel = new DataChannel(
    { role: "client", random: seededRandom(1) },
    now,
  );
  const said: Said[] = [], events: ChannelEvent[] = [];
  for (const step of steps) {
    if (step.dir !== "agent to client") continue;
    now += 20;
    channel.receive(fromHex(step.hex!), now);
    const delivered: Said[] = [];
    for (
      let event = channel.pollEvent();
      event !== undefined;
      event = channel.pollEvent()
    ) {
      events.push(event);
      answer(channel, event, steps, now);
      if (event.type !== "payload") continue;
      const payload = new TextDecoder().decode(event.payload);
      delivered.push({ what: `delivered type ${event.payloadType}`, payload });
    }
    said.push(...delivered);
    for (
      let frame = channel.pollTransmit(now);
      frame !== undefined;
      frame = channel.pollTransmit(now)
    ) {
      said.push(fromMessage(decodeClientMessage(frame)));
    }
  }
  return { channel, said, events };
}

Deno.test("client-transcripts.json: the same answers as the official client", async (t) => {
  const unused = new Set(Object.keys(onPurpose));
  for (const one of await vectorsOf<Case>("client-transcripts.json", "cases")) {
    const because = onPurpose[one.name];
    unused.delete(one.name);
    if (one.name === "client-sends") continue; // a test of its own below
    await t.step(
      `${one.name}${because === undefined ? "" : ` (${because})`}`,
      () => {
        const { channel, said, events } = play(one);
        assert.deepEqual(said, expectedOf(one));
        const unacked = /unacked=(\d+)/.exec(one.clientStateAfter)?.[1];
        assert.equal(`${channel.unacknowledged}`, unacked);
        const closes = one.steps.some(({ dir }) =>
          dir === "(client stops the session)"
        );
        const failing = one.name === "unknown-session-type";
        assert.equal(channel.over, closes || failing);
        if (closes) {
          const payload = JSON.parse(
            one.steps.findLast(({ hex }) => hex !== undefined)!.payload,
          );
          assert.deepEqual(events.at(-1), {
            type: "closed",
            sessionId: payload.SessionId,
            output: payload.Output,
          });
        }
        if (failing) assert.equal(events.at(-1)?.type, "failed");
        const first = one.steps[0]!;
        const agentVersion = /agentVersion="([^"]*)"/.exec(one.clientStateAfter)
          ?.[1];
        const started = events.find((event) => event.type === "started");
        if (started !== undefined && first.payloadType === 5) {
          const { RequestedClientActions: [action] } = JSON.parse(
            first.payload,
          );
          // The official client calls every command a shell (pitfalls.md §1.17); ours keeps the name.
          assert.equal(
            started.sessionType,
            action.ActionParameters.SessionType,
          );
          assert.deepEqual(
            started.properties,
            action.ActionParameters.Properties,
          );
          assert.equal(started.agentVersion, agentVersion);
          assert.equal(started.handshake, true);
          const complete = one.steps.find(({ payloadType }) =>
            payloadType === 7
          );
          assert.equal(
            started.customerMessage,
            JSON.parse(complete!.payload).CustomerMessage,
          );
        }
        if (first.payloadType === 1) {
          assert.equal(started?.sessionType, "Standard_Stream");
          assert.equal(started?.agentVersion, undefined);
          assert.equal(started?.handshake, false);
        }
      },
    );
  }
  assert.deepEqual([...unused], [], "differences that no case shows");
});

Deno.test(`client-transcripts.json: client-sends (${onPurpose["client-sends"]})`, async () => {
  const cases = await vectorsOf<Case>("client-transcripts.json", "cases");
  const { steps } = cases.find(({ name }) => name === "client-sends")!;
  const open = JSON.parse(steps[0]!.payload);
  const { clientVersionConstant } = await vectorFile<
    { clientVersionConstant: string }
  >("client-transcripts.json");
  assert.equal(open.ClientVersion, clientVersionConstant);
  const ours = JSON.parse(encodeOpenDataChannel({
    requestId: open.RequestId,
    tokenValue: open.TokenValue,
    clientId: open.ClientId,
    clientVersion: open.ClientVersion,
  }));
  assert.deepEqual(Object.entries(ours), Object.entries(open));

  const shell = cases.find(({ name }) => name === "no-handshake-old-agent")!;
  const { channel } = play(shell);
  const now = linkStart + 10;
  channel.send(new Uint8Array([0x0a]), now);
  channel.send(new Uint8Array([0x61, 0x0a]), now);
  assert.equal(channel.flag(Flag.TerminateSession, now), 2);
  for (const [i, payload] of ["0a", "610a", "00000002"].entries()) {
    const step = steps[i + 1]!;
    const message = decodeClientMessage(channel.pollTransmit(now)!);
    assert.equal(message.messageType, step.messageType);
    assert.equal(message.payloadType, step.payloadType);
    assert.equal(message.sequence, step.seq);
    assert.equal(message.flags, BigInt(step.flags));
    assert.equal(toHex(message.payload), payload);
    if (i > 0) {
      assert.equal(
        JSON.parse(step.payload.replaceAll("\\x", "\\u00")),
        String.fromCharCode(...message.payload),
      );
    } else assert.equal(step.payload, '"\\r"');
  }
  assert.equal(channel.pollTransmit(now), undefined);
});
