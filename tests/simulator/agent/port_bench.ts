/**
 * An agent with a port session in virtual time, its client, and its destinations.
 */

import type { AgentOptions } from "../../../lib/simulator/agent/agent.ts";
import { Bench } from "./bench.ts";
import { FakeNetwork } from "./fake_network.ts";
import { MuxClient } from "./mux_client.ts";

/** What a {@linkcode PortBench} can be given. */
export interface PortBenchOptions extends Partial<AgentOptions> {
  readonly clientVersion?: string;
  readonly keepAlive?: boolean;
}

/** A port session after its handshake. */
export class PortBench extends Bench {
  readonly network: FakeNetwork;
  /** The client of a multiplexed session. */
  readonly mux: MuxClient;

  private constructor(options: PortBenchOptions, network: FakeNetwork) {
    const { clientVersion, keepAlive, ...agent } = options;
    super({
      documentName: "AWS-StartPortForwardingSession",
      parameters: { portNumber: ["5432"] },
      connect: network.connect,
      ...agent,
    }, clientVersion ?? true);
    this.network = network;
    this.mux = new MuxClient(
      (payload) => this.client!.send(payload, this.clock.now()),
      keepAlive,
      this.clock.now(),
    );
  }

  /** One whose payloads are the client's to look at: a basic session. */
  static async basic(
    options: PortBenchOptions = {},
    network = new FakeNetwork(),
  ): Promise<PortBench> {
    const bench = new PortBench(
      { documentName: "AWS-StartSSHSession", ...options },
      network,
    );
    await bench.until("started", () => bench.client!.started, 0);
    return bench;
  }

  /** One whose payloads are smux. */
  static async mux(
    options: PortBenchOptions = {},
    network = new FakeNetwork(),
  ): Promise<PortBench> {
    const bench = new PortBench(options, network);
    bench.onPayload = (payload) => bench.mux.smux.receive(payload);
    await bench.until("started", () => bench.client!.started, 0);
    return bench;
  }

  /** Payloads of Output that the agent has sent, each once. */
  payloads(): Uint8Array[] {
    const seen = new Set<number>();
    return this.output().filter((message) => {
      if (message.payloadType !== 1 || seen.has(message.sequence)) return false;
      seen.add(message.sequence);
      return true;
    }).map((message) => message.payload);
  }

  /** Flags that the client got. */
  flags(): number[] {
    return this.events.flatMap((e) => e.type === "flag" ? [e.flag] : []);
  }
}
