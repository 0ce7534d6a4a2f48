import assert from "node:assert/strict";
import { decodeClientMessage } from "../../../lib/protocol/message/client_message.ts";
import {
  MessageType,
  PayloadType,
} from "../../../lib/protocol/message/payload.ts";
import {
  Conversation,
  type ConversationOptions,
  plan,
} from "../../testkit/conversation.ts";
import { linkStart, type Outage, seededNumbers } from "../../testkit/link.ts";
import { toHex } from "../../testkit/vectors.ts";

/** A conversation drawn from a seed: the faults, the programs, the ends. */
function drawn(seed: number): ConversationOptions & { encrypted: boolean } {
  const chance = seededNumbers(seed ^ 0x5eed);
  const sometimes = (probability: number, most: number) =>
    chance() < probability ? chance() * most : 0;
  const whole = (most: number) => 1 + Math.floor(chance() * most);
  const handshake = chance() < 0.6;
  const repair = chance() < 0.5 ? "head" : "selective";
  // Kilobytes a second. The official repair sends up to 1.6 kB in each 100 ms, whatever becomes of
  // it, and so fills a slower line for good; a handshake has 15 s, repeats of its answer included.
  const slowest = repair === "head" ? 25 : handshake ? 10 : 1;
  const faults = () => ({
    loss: sometimes(0.7, 0.3),
    repeat: sometimes(0.5, 0.3),
    reorder: sometimes(0.5, 0.5),
    reorderBy: chance() * 100,
    latency: sometimes(0.8, 200),
    ...(chance() < 0.2 ? { rate: slowest + chance() * 100 } : {}),
  });
  const outages: Outage[] = [];
  if (chance() < 0.4) {
    for (let at = linkStart + chance() * 3000, n = whole(4); n > 0; n--) {
      const duration = chance() < 0.5 ? chance() * 500 : chance() * 600_000;
      const ends = (["left", "right", "both"] as const)[whole(3) - 1]!;
      outages.push({ at, duration, ends });
      at += duration + chance() * 20_000;
    }
  }
  const program = () => ({
    ...amount(),
    slowness: sometimes(0.3, 300),
    keyDelay: sometimes(0.5, 5000),
    rest: sometimes(0.3, 100),
  });
  const amount = () => {
    const chunk = chance() < 0.5 ? whole(20) : whole(1500);
    const messages = chance() < 0.05 ? whole(600) : whole(60);
    return { chunk, total: Math.ceil(chunk * messages / 2) };
  };
  const encrypted = handshake && chance() < 0.5;
  const channel = () => ({
    receiveCapacity: chance() < 0.4 ? whole(2000) : 1024 * 1024,
    acknowledgeDelay: chance() < 0.2 ? 0 : 2,
  });
  return {
    seed,
    encrypted,
    client: program(),
    agent: program(),
    clientChannel: channel(),
    agentChannel: {
      ...channel(),
      repair,
      ...(handshake ? { handshake: plan(encrypted) } : {}),
    },
    ...(chance() < 0.4 ? { refuseFor: chance() * 4000 } : {}),
    link: { leftToRight: faults(), rightToLeft: faults(), outages },
  };
}

/** Nonces of what an end encrypted: one for each message, however often it is sent. */
class Nonces {
  readonly #numbers = new Map<string, number>();

  note(from: string, frame: Uint8Array): void {
    const message = decodeClientMessage(frame);
    if (
      message.messageType === MessageType.Acknowledge ||
      message.payloadType !== PayloadType.Output
    ) return;
    const nonce = `${from} ${toHex(message.payload.subarray(0, 12))}`;
    const number = this.#numbers.get(nonce);
    assert(
      number === undefined || number === message.sequence,
      `nonce ${nonce} was used twice`,
    );
    this.#numbers.set(nonce, message.sequence);
  }

  get count(): number {
    return this.#numbers.size;
  }
}

/** A day: whoever is not done by then is stuck. */
const patience = 24 * 3600_000;

/** Runs one; false where the agent gave up the handshake, as it may when an outage fell into it. */
function converse(seed: number): boolean {
  const options = drawn(seed);
  const nonces = new Nonces();
  const observe = options.encrypted
    ? (from: string, frame: Uint8Array) => nonces.note(from, frame)
    : undefined;
  const conversation = new Conversation({
    ...options,
    link: { ...options.link, ...(observe === undefined ? {} : { observe }) },
  });
  const done = () =>
    conversation.finished || conversation.client.end.over ||
    conversation.agent.end.over;
  conversation.link.run(done, linkStart + patience);
  const failed = conversation.agent.events.at(-1);
  if (
    !conversation.finished && options.agentChannel?.handshake &&
    failed?.type === "failed"
  ) {
    assert(
      options.link?.outages?.some(({ at }) => at < linkStart + 30_000),
      conversation.state,
    );
    assert.match(failed.message, /timed out|Timed out/);
    return false;
  }
  assert(conversation.finished, conversation.state);
  if (options.encrypted) assert(nonces.count > 0);
  return true;
}

Deno.test("conversations: every byte arrives once and in order, whatever the link does", () => {
  const first = Number(Deno.env.get("SSM_TEST_SEED") ?? 1);
  const count = Number(
    Deno.env.get("SSM_TEST_COUNT") ??
      (Deno.env.has("SSM_TEST_SEED") ? 1 : 2000),
  );
  let finished = 0;
  for (let seed = first; seed < first + count; seed++) {
    try {
      if (converse(seed)) finished++;
    } catch (cause) {
      throw new Error(
        `Conversation failed: run it alone with SSM_TEST_SEED=${seed}`,
        { cause },
      );
    }
  }
});

Deno.test("a slow line with a long round trip carries each message about once", () => {
  for (
    const [rate, latency, most] of [[200, 150, 1.02], [50, 150, 1.02], [
      20,
      20,
      1.02,
    ], [50, 600, 2.1]] as const
  ) {
    const conversation = new Conversation({
      seed: 1,
      client: { total: 1_500_000, chunk: 2047 },
      agent: { total: 1, chunk: 1 },
      link: { leftToRight: { latency, rate }, rightToLeft: { latency } },
    });
    const { link, client } = conversation;
    assert(
      link.run(() => conversation.finished || link.sent.left > 10_000),
      conversation.state,
    );
    const messages = link.sent.left - client.end.resends;
    assert(
      link.sent.left <= most * messages,
      `${rate} kB/s, ${latency} ms: ${client.end.resends} of ${messages} twice`,
    );
  }
});

Deno.test("a clean line, whatever its length, sees no repeat but for the first message's", () => {
  for (const encrypted of [undefined, false, true]) {
    for (const latency of [0, 1, 20, 40, 75, 150, 400]) {
      const conversation = new Conversation({
        seed: 1,
        client: { total: 3000, chunk: 40, rest: 200 },
        agent: { total: 60_000, chunk: 2000, rest: 150 },
        agentChannel: encrypted === undefined
          ? {}
          : { handshake: plan(encrypted) },
        link: { leftToRight: { latency }, rightToLeft: { latency } },
      });
      const { link, client, agent } = conversation;
      link.pass(3000);
      const early = [client.end.resends, agent.end.resends];
      // Until its answer is back, the first message of each of up to three quick periods.
      const most = latency < 25 ? 0 : 3 * 4 * Math.ceil(2 * latency / 50);
      assert(
        early.every((count) => count <= most),
        `${latency} ms: ${early} early repeats`,
      );
      assert(link.run(() => conversation.finished, linkStart + patience));
      assert.deepEqual(
        [client.end.resends, agent.end.resends],
        early,
        `${latency} ms`,
      );
    }
  }
});
