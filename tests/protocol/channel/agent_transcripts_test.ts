import assert from "node:assert/strict";
import { DataChannel } from "../../../lib/protocol/channel/data_channel.ts";
import { SessionCipher } from "../../../lib/protocol/channel/encryption.ts";
import type { ChannelEvent } from "../../../lib/protocol/channel/events.ts";
import { encodeChannelClosed } from "../../../lib/protocol/message/channel_closed.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  encodeClientMessage,
} from "../../../lib/protocol/message/client_message.ts";
import {
  decodeChallenge,
  decodeHandshakeRequest,
  encodeChallenge,
} from "../../../lib/protocol/message/handshake.ts";
import { uuidBytes } from "../../../lib/protocol/message/message_id.ts";
import { encodeSize } from "../../../lib/protocol/message/size.ts";
import { linkStart, seededRandom } from "../../testkit/link.ts";
import { fromHex, toHex, vectorsOf } from "../../testkit/vectors.ts";

interface Step {
  readonly dir: string;
  readonly messageType?: string;
  readonly payloadType?: number;
  readonly seq: number;
  readonly flags: number;
  readonly payload: string;
  readonly payloadHex?: string;
}

interface Case {
  readonly name: string;
  readonly note?: string;
  readonly steps: readonly Step[];
  readonly agentStateAfter: string;
}

/** Where our agent is to differ from the official one. */
const onPurpose: Readonly<Record<string, string>> = {
  "kms-wrong-challenge":
    "pitfalls.md §2.24: the wrong answer is acknowledged, or it would jam the stream",
  "action-status-failed":
    "its end goes out at once, the acknowledgement does not",
  "action-status-unsupported":
    "its end goes out at once, the acknowledgement does not",
  "action-status-zero":
    "its end goes out at once, the acknowledgement does not",
};

const dataKey = Uint8Array.from({ length: 64 }, (_, i) => i);
const errorPrefix = "Encountered error while initiating handshake. ";
const clientsId = "01020304-0506-4708-890a-0b0c0d0e0f10";

/** The agent of one case, driven by the transcript. */
class Player {
  readonly channel: DataChannel;
  readonly events: ChannelEvent[] = [];
  now = linkStart;
  #waiting: ClientMessage[] = [];
  #delivered: Step[] = [];
  #challenge: Uint8Array | undefined;

  constructor(readonly one: Case) {
    const request = one.steps.find(({ payloadType }) => payloadType === 5);
    this.channel = new DataChannel({
      role: "agent",
      random: seededRandom(1),
      repair: "head",
      accepting: !one.steps.some(({ dir }) => dir.includes("not ready")),
      ...(request === undefined ? {} : {
        handshake: {
          ...decodeHandshakeRequest(new TextEncoder().encode(request.payload)),
          separateOutput: one.name.includes("separate-output"),
        },
      }),
    }, this.now);
    this.settle();
  }

  /** Takes what the agent sends and reports. */
  settle(): void {
    for (
      let event = this.channel.pollEvent();
      event !== undefined;
      event = this.channel.pollEvent()
    ) {
      this.events.push(event);
      if (event.type === "payload") {
        this.#delivered.push({
          dir: "",
          payloadType: event.payloadType,
          seq: 0,
          flags: 0,
          payload: "",
          payloadHex: toHex(event.payload),
        });
      } else if (event.type === "size") {
        this.#delivered.push({
          dir: "",
          payloadType: 3,
          seq: 0,
          flags: 0,
          payload: "",
          payloadHex: toHex(encodeSize(event.size)),
        });
      } else if (event.type === "data-key-offered") {
        assert.equal(new TextDecoder().decode(event.ciphertextBlob), "blob");
        assert.equal(
          event.challengeAcknowledged,
          this.one.name === "kms-handshake-with-challenge-ack",
        );
        this.channel.provideDataKey({ plaintext: dataKey }, this.now);
      }
    }
    for (
      let frame = this.channel.pollTransmit(this.now);
      frame !== undefined;
      frame = this.channel.pollTransmit(this.now)
    ) {
      this.#waiting.push(decodeClientMessage(frame));
    }
  }

  play(step: Step, next: Step | undefined): void {
    if (step.messageType === "agent_session_state") return; // the agent's, not the channel's
    if (step.dir === "client to agent") {
      this.now += 20;
      // The session becomes ready when a message is not followed by "not ready".
      if (step.payloadType === 3 && !next?.dir.includes("not ready")) {
        this.channel.setAccepting(true, this.now);
      }
      this.channel.receive(this.#clientFrame(step), this.now);
      this.settle();
    } else if (step.dir === "agent to client") {
      if (this.channel.over && step.messageType === "acknowledge") return;
      this.#compare(step);
    } else if (step.dir === "(delivered to session)") {
      const delivered = this.#delivered.shift();
      assert.deepEqual([delivered?.payloadType, delivered?.payloadHex], [
        step.payloadType,
        step.payloadHex,
      ]);
    } else if (step.dir.startsWith("(PerformHandshake error")) {
      assert.deepEqual(this.events.at(-1), {
        type: "failed",
        reason: "handshake",
        message: errorPrefix + step.payload,
      });
    } else if (step.dir.startsWith("(PerformHandshake still waiting")) {
      assert.equal(this.channel.over, false);
    } else {
      assert.match(
        step.dir,
        /^\((challenge plaintext|agent error|session handler not ready)\)$/,
      );
    }
  }

  #clientFrame(step: Step): Uint8Array {
    let payload = step.payloadHex
      ? fromHex(step.payloadHex)
      : new TextEncoder().encode(step.payload);
    if (step.payloadType === 9) {
      // The agent's challenge is random, so the transcript's answer is to another one.
      const client = SessionCipher.fromDataKey(
        "client",
        dataKey,
        () => new Uint8Array(12),
      );
      const plaintext = client.decrypt(this.#challenge!);
      assert.equal(plaintext.length, 64);
      if (this.one.name === "kms-wrong-challenge") plaintext[0]! ^= 1;
      payload = encodeChallenge(client.encrypt(plaintext)) as Uint8Array<
        ArrayBuffer
      >;
    }
    return encodeClientMessage({
      messageType: step.messageType!,
      createdDate: this.now,
      sequenceNumber: step.seq,
      flags: step.flags,
      messageId: uuidBytes(clientsId),
      payloadType: step.payloadType!,
      payload,
    });
  }

  #compare(step: Step): void {
    const message = this.#waiting.shift();
    assert(
      message !== undefined,
      `nothing was sent for ${step.messageType} ${step.payloadType}`,
    );
    assert.deepEqual(
      [
        message.messageType,
        message.payloadType,
        message.sequence,
        message.flags,
      ],
      [step.messageType, step.payloadType, step.seq, BigInt(step.flags)],
    );
    const ours = JSON.parse(new TextDecoder().decode(message.payload));
    const theirs = JSON.parse(step.payload);
    if (step.payloadType === 7) {
      assert(Number.isInteger(ours.HandshakeTimeToComplete));
      delete ours.HandshakeTimeToComplete;
      delete theirs.HandshakeTimeToComplete;
    }
    if (step.payloadType === 8) {
      this.#challenge = decodeChallenge(message.payload);
      assert.equal(ours.Challenge.length, theirs.Challenge.length);
      delete ours.Challenge;
      delete theirs.Challenge;
    }
    assert.deepEqual(ours, theirs);
  }

  /** Nothing was said beyond the transcript. */
  end(): void {
    assert.deepEqual(
      this.#waiting.map(({ messageType }) => messageType),
      this.one.name === "kms-wrong-challenge" ? ["acknowledge"] : [],
    );
    assert.deepEqual(this.#delivered, []);
  }
}

Deno.test("agent-transcripts.json: our agent behaves as the official one", async (t) => {
  const unused = new Set(Object.keys(onPurpose));
  for (const one of await vectorsOf<Case>("agent-transcripts.json", "cases")) {
    const because = onPurpose[one.name];
    unused.delete(one.name);
    await t.step(
      `${one.name}${because === undefined ? "" : ` (${because})`}`,
      () => {
        const player = new Player(one);
        for (const [i, step] of one.steps.entries()) {
          player.play(step, one.steps[i + 1]);
        }
        player.end();
        const { channel } = player;
        const state = one.agentStateAfter;
        assert.equal(
          `${channel.unacknowledged}`,
          /unacked=(\d+)/.exec(state)?.[1],
        );
        assert.equal(`${channel.paused}`, /paused=(\w+)/.exec(state)?.[1]);
        assert.equal(`${channel.over}`, /cancelled=(\w+)/.exec(state)?.[1]);
        const started = player.events.find((event) => event.type === "started");
        assert.equal(
          `${started !== undefined}`,
          /handshakeComplete=(\w+)/.exec(state)?.[1],
        );
        if (started !== undefined) {
          assert.equal(
            `${started.encrypted}`,
            /encrypted=(\w+)/.exec(state)?.[1],
          );
        }
      },
    );
  }
  assert.deepEqual([...unused], [], "differences that no case shows");
});

Deno.test("agent-transcripts.json: what waits is given up after 15 s (pitfalls.md §2.20)", async () => {
  const cases = await vectorsOf<Case>("agent-transcripts.json", "cases");
  const texts: Readonly<Record<string, string>> = {
    "no-handshake-response":
      "Handshake timed out. Please ensure that you have the latest version of the session manager plugin.",
    "kms-wrong-challenge": "Timed out waiting for encryption challenge.",
  };
  for (const [name, text] of Object.entries(texts)) {
    const one = cases.find((one) => one.name === name);
    assert(one !== undefined, name);
    const player = new Player(one);
    for (const [i, step] of one.steps.entries()) {
      player.play(step, one.steps[i + 1]);
    }
    // The challenge went out when the response came, 20 ms after the beginning.
    const deadline = linkStart + 15_000 +
      (name === "kms-wrong-challenge" ? 20 : 0);
    player.channel.handleTimeout(deadline - 1);
    player.settle();
    assert.equal(player.channel.over, false);
    player.channel.handleTimeout(deadline);
    player.settle();
    assert.deepEqual(player.events.at(-1), {
      type: "failed",
      reason: "handshake",
      message: errorPrefix + text,
    });
  }
});

Deno.test("agent: channel_closed from the service ends it too", () => {
  const agent = new DataChannel(
    { role: "agent", random: seededRandom(1) },
    linkStart,
  );
  agent.receive(
    encodeClientMessage({
      messageType: "channel_closed",
      createdDate: linkStart,
      sequenceNumber: 0,
      flags: 0,
      messageId: uuidBytes(clientsId),
      payloadType: 0,
      payload: encodeChannelClosed({
        messageId: "m",
        createdDate: "",
        destinationId: "d",
        sessionId: "s",
        output: "",
      }),
      serviceHeader: true,
    }),
    linkStart,
  );
  assert.deepEqual(agent.pollEvent(), {
    type: "closed",
    sessionId: "s",
    output: "",
  });
  assert.equal(agent.over, true);
});
