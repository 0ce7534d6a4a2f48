/**
 * One session as the data channel service sees it: an agent, at most one client, and the faulty
 * way between them.
 *
 * The client's messages go to the agent and the agent's to the client as they are. What comes for
 * a client that is not there is dropped: whoever sent it repeats it. The other end is told by
 * pause_publication and start_publication (data-channel.md §3).
 *
 * @module
 */

import type { Clock, Transport } from "../../session/transport.ts";
import type { AgentLink } from "../agent/agent_channel.ts";
import type { Agent, AgentExit } from "../agent/agent.ts";
import type { Faults } from "../options.ts";
import type { SessionRegistry, SimulatedSession } from "../registry.ts";
import { FaultPipe } from "./fault_pipe.ts";
import { ForcedCloses } from "./forced_closes.ts";
import { frameKind } from "./frame_kind.ts";
import { encodeClosed, encodePublication } from "./service_messages.ts";

/** A client whose token was taken. */
export interface Client {
  readonly transport: Transport;
  /** ClientId of OpenDataChannelInput. */
  readonly clientId: string;
  /** Drops the connection without a close frame. */
  readonly drop: () => void;
}

/** What a {@linkcode ServiceSession} is made with. */
export interface ServiceSessionOptions {
  readonly session: SimulatedSession;
  readonly registry: SessionRegistry;
  readonly clock: Clock;
  readonly faults: Faults;
  /** Starts the session's agent. */
  readonly startAgent: (
    link: AgentLink,
    onExit: (exit: AgentExit) => void,
  ) => Agent;
  readonly log: (line: string) => void;
}

/**
 * How long a session waits for its first client, and one that has ended for a client to tell, in
 * milliseconds: as long as a token can be used. The service's own time is unknown (pitfalls.md §3.7).
 */
export const absenceLimit = 60_000;

/** Bytes on their way to a client at which its agent is asked to wait. */
const congestion = 1024 * 1024;

/** How long a client has to go after channel_closed, in milliseconds. */
const farewell = 1000;

/** One session. */
export class ServiceSession {
  /** Resolves when the session has ended, its client is gone and no process is left. */
  readonly closed: Promise<void>;
  readonly #options: ServiceSessionOptions;
  readonly #id: string;
  readonly #agent: Agent;
  readonly #up: FaultPipe;
  readonly #down: FaultPipe;
  readonly #closes: ForcedCloses;
  #client: Client | undefined;
  #arrivals: (() => void)[] = [];
  #ended: string | undefined;
  #clientGone: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;

  /** Starts the agent, and waits for a client. */
  constructor(options: ServiceSessionOptions) {
    this.#options = options;
    const { session, registry, clock, faults } = options;
    this.#id = session.id;
    const pipe = { latency: faults.latency, clock };
    this.#up = new FaultPipe({
      ...pipe,
      faults: faults.up,
      seed: faults.seed,
      deliver: (frames) => this.#agent.receive(frames),
    });
    this.#down = new FaultPipe({
      ...pipe,
      faults: faults.down,
      seed: faults.seed + 1,
      deliver: (frames) => this.#toClient(frames),
    });
    this.#closes = new ForcedCloses(faults, clock, {
      close: () => this.#forceClose(),
      publish: (type) => this.#publish(type),
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    registry.onTerminate(this.#id, (output) => {
      void this.#end(output).then(resolve);
    });
    this.#agent = options.startAgent(
      this.#link(),
      (exit) => this.#exited(exit),
    );
    // The agent holds back what nobody would get: otherwise its first output is lost to its slow
    // repair when a client comes late.
    this.#agent.receive([encodePublication("pause", clock.now())]);
    this.#cancelTimer = clock.setTimer(absenceLimit, () => {
      options.log(`service: no client came for ${this.#id}`);
      registry.terminate(this.#id, "");
    });
  }

  /**
   * Serves a client until its transport ends. It replaces the one before (data-channel.md §8.1: a
   * reconnect).
   *
   * @param frames What came right behind OpenDataChannelInput.
   */
  async serve(client: Client, frames: readonly Uint8Array[]): Promise<void> {
    const { registry, clock, log } = this.#options;
    const { transport } = client;
    if (this.#ended !== undefined) return transport.close(1000, "");
    const before = this.#client;
    this.#client = client;
    void before?.transport.close(1000, "");
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    registry.setConnected(this.#id, true);
    registry.touch(this.#id);
    log(`service: a client is connected to ${this.#id}`);
    const start = encodePublication("start", clock.now());
    this.#down.push([start]);
    this.#agent.receive([start]);
    this.#closes.connected();
    for (const arrived of this.#arrivals.splice(0)) arrived();

    for (
      let batch: readonly Uint8Array[] | undefined = frames;
      batch !== undefined && this.#client === client;
      batch = await transport.read()
    ) {
      this.#fromClient(batch);
    }
    await transport.close(1000, "");
    if (this.#client === client) this.#detach();
  }

  #detach(): void {
    const { registry, clock, log } = this.#options;
    this.#client = undefined;
    this.#closes.disconnected();
    registry.setConnected(this.#id, false);
    log(`service: the client of ${this.#id} is gone`);
    this.#agent.receive([encodePublication("pause", clock.now())]);
  }

  #link(): AgentLink {
    const session = () => this;
    return {
      send: (frame) => this.#fromAgent(frame),
      get congested() {
        const transport = session().#client?.transport;
        return transport !== undefined && transport.buffered > congestion;
      },
      drained: () => this.#client?.transport.drained() ?? Promise.resolve(),
    };
  }

  #fromClient(frames: readonly Uint8Array[]): void {
    if (frames.length === 0) return;
    this.#up.push(frames);
    for (const frame of frames) {
      if (frameKind(frame) !== "input") continue;
      // Keyboard input and resizes put the idle time-out off (sessions.md §8).
      this.#options.registry.touch(this.#id);
      break;
    }
    if (this.#closes.countsBytes) this.#closes.count(sizeOf(frames));
  }

  #fromAgent(frame: Uint8Array): void {
    if (frameKind(frame) === "session state") {
      // Only Terminating is ever reported here; Connected would be news to nobody.
      void this.#finish("", "Terminated");
    } else if (this.#client !== undefined) {
      this.#down.push([frame]);
    }
  }

  #toClient(frames: readonly Uint8Array[]): void {
    const client = this.#client;
    if (client === undefined) return;
    for (const frame of frames) client.transport.send(frame);
    if (this.#closes.countsBytes) this.#closes.count(sizeOf(frames));
  }

  #publish(type: "start" | "pause"): void {
    const frame = encodePublication(type, this.#options.clock.now());
    this.#down.push([frame]);
    this.#agent.receive([frame]);
  }

  #forceClose(): void {
    const client = this.#client;
    if (client === undefined || this.#ended !== undefined) return;
    this.#options.log(`service: closing the socket of ${this.#id}`);
    if (this.#options.faults.closeManner === "reset") client.drop();
    // The service's hourly one (sessions.md §8, "WebSocket lifetime").
    else void client.transport.close(1000, "Bye");
  }

  /** The agent's worker is gone without having said so. */
  #exited({ output, failed, asked }: AgentExit): void {
    const status = failed ? "Failed" : "Terminated";
    if (asked) this.#options.registry.terminate(this.#id, output, status);
    else void this.#finish(output, status);
  }

  /** The agent says that the session is over: a client that is reconnecting is to hear it too. */
  async #finish(
    output: string,
    status: "Terminated" | "Failed",
  ): Promise<void> {
    if (this.#client === undefined && this.#ended === undefined) {
      await new Promise<void>((resolve) => {
        const cancel = this.#options.clock.setTimer(absenceLimit, resolve);
        this.#arrivals.push(() => {
          cancel();
          resolve();
        });
      });
    }
    this.#options.registry.terminate(this.#id, output, status);
  }

  /** The registry says that the session is over, whoever ended it. */
  async #end(output: string): Promise<void> {
    const { clock, log } = this.#options;
    this.#ended = output;
    log(`service: ${this.#id} ended`);
    this.#cancelTimer?.();
    this.#closes.disconnected();
    for (const arrived of this.#arrivals.splice(0)) arrived();
    const agentDone = this.#agent.terminate();
    const client = this.#client;
    if (client !== undefined) {
      this.#down.push([
        encodeClosed(this.#id, client.clientId, output, clock.now()),
      ]);
      this.#clientGone = this.#sayFarewell(client);
    }
    await Promise.all([agentDone, this.#clientGone]);
    this.#up.close();
    this.#down.close();
  }

  /** The client leaves when it has read channel_closed; a slow one is closed after a while. */
  async #sayFarewell(client: Client): Promise<void> {
    const { clock, faults } = this.#options;
    let cancel = () => {};
    await Promise.race([
      client.transport.closed,
      new Promise<void>((resolve) => {
        cancel = clock.setTimer(farewell + faults.latency, resolve);
      }),
    ]);
    cancel();
    await client.transport.close(1000, "");
  }
}

function sizeOf(frames: readonly Uint8Array[]): number {
  let size = 0;
  for (const frame of frames) size += frame.length;
  return size;
}
