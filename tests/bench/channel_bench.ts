import { DataChannel } from "../../lib/protocol/channel/data_channel.ts";
import {
  decodeAcknowledgedNumber,
  encodeAcknowledge,
} from "../../lib/protocol/message/acknowledge.ts";
import { publication, seededRandom } from "../testkit/link.ts";

const now = 1_700_000_000_000;

/** Real ends draw their ids from the operating system; here they cost next to nothing. */
function random(): (length: number) => Uint8Array {
  const drawn = seededRandom(1)(16);
  return (length) => new Uint8Array(length).fill(drawn[0]!);
}

/** A client whose session has begun, and its agent. */
function pair(): { client: DataChannel; agent: DataChannel } {
  const options = { random: random(), acknowledgeDelay: 0 };
  const client = new DataChannel({ ...options, role: "client" }, now);
  const agent = new DataChannel({ ...options, role: "agent" }, now);
  client.receive(publication("start_publication"), now);
  agent.send(new Uint8Array([36]), now);
  deliver(agent, client);
  deliver(client, agent);
  return { client, agent };
}

/** Everything that one end has to send, as a driver moves it; and the other's events. */
function deliver(from: DataChannel, to: DataChannel): void {
  for (
    let frame = from.pollTransmit(now);
    frame !== undefined;
    frame = from.pollTransmit(now)
  ) to.receive(frame, now);
  for (
    let event = to.pollEvent();
    event !== undefined;
    event = to.pollEvent()
  ) {
    if (event.type === "payload") to.consumed(event.payload.length, now);
  }
}

for (const size of [1024, 16 * 1024]) {
  const payload = Uint8Array.from({ length: size }, (_, i) => i % 251);
  const { client, agent } = pair();
  Deno.bench({
    name: `a message of ${size} B from end to end, with its acknowledgement`,
    group: "channel",
    fn: () => {
      client.send(payload, now);
      deliver(client, agent);
      deliver(agent, client);
      if (client.unacknowledged > 0) throw new Error("it was not acknowledged");
    },
  });
  const bulk = pair();
  Deno.bench({
    name: `64 messages of ${size} B in flight together`,
    group: "channel, in bulk",
    fn: () => {
      for (let i = 0; i < 64; i++) bulk.client.send(payload, now);
      deliver(bulk.client, bulk.agent);
      deliver(bulk.agent, bulk.client);
      if (bulk.client.unacknowledged > 0) {
        throw new Error("it was not acknowledged");
      }
    },
  });
}

const acknowledge = {
  messageType: "output_stream_data",
  messageId: "dd01e56b-ff48-483e-a508-b5f073f31b16",
  sequenceNumber: 123_456,
};
const acknowledgement = encodeAcknowledge(acknowledge);

Deno.bench({
  name: "encode an acknowledgement's payload",
  group: "acknowledgement",
  fn: () => {
    encodeAcknowledge(acknowledge);
  },
});

Deno.bench({
  name: "decode an acknowledgement's payload",
  group: "acknowledgement",
  fn: () => {
    decodeAcknowledgedNumber(acknowledgement);
  },
});
