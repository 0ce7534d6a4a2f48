/**
 * The data channel service: a WebSocket server on loopback, and one agent per session.
 *
 * @module
 */

import {
  acceptWebSocket,
  type UpgradeRequest,
} from "../../io/accept_web_socket.ts";
import { decodeOpenDataChannel } from "../../protocol/message/open_data_channel.ts";
import type { Transport } from "../../session/transport.ts";
import { Agent } from "../agent/agent.ts";
import { fastPace, realPace } from "../agent/pace.ts";
import { connectLoopback } from "../agent/port_destination.ts";
import { Denials, denied } from "../api/denials.ts";
import { refuseForeign } from "../api/guard.ts";
import type { SimulatedSession } from "../registry.ts";
import type {
  RunningService,
  ServiceDependencies,
  StartService,
} from "../simulator.ts";
import { ServiceSession } from "./service_session.ts";

/** Where sessions are found (data-channel.md §1.1). */
const pathPrefix = "/v1/data-channel/";

/**
 * The query of a StreamUrl as the real service has made it since 2025, with the raw "+" and "/"
 * that signing has to get right (data-channel.md §1.1, §1.2).
 */
const query = "?role=publish_subscribe&cell-number=AAEAAc6f+Z/N";

/** How long a client may take for OpenDataChannelInput, in milliseconds. Our choice. */
const openingLimit = 10_000;

/** The wait after a failed accept, in milliseconds. */
const acceptRetry = 20;

/** The largest message that is taken, in bytes: far above any client's (data-channel.md §6.3). */
const maxMessageSize = 1024 * 1024;

/**
 * Starts the service on a free port of 127.0.0.1. Sessions begin and end with the registry's.
 *
 * @throws {Deno.errors.PermissionDenied} and the like where listening is not possible.
 */
export const startService: StartService = (
  dependencies: ServiceDependencies,
): Promise<RunningService> => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return Promise.resolve(new Service(listener, dependencies));
};

class Service implements RunningService {
  readonly #dependencies: ServiceDependencies;
  readonly #listener: Deno.TcpListener;
  readonly #sessions = new Map<string, ServiceSession>();
  /** Connections, from the accept to the end of their transport. */
  readonly #connections = new Map<Deno.Conn, Promise<void>>();
  readonly #accepting: Promise<void>;
  readonly #stopListening: () => void;
  #closing: Promise<void> | undefined;

  constructor(listener: Deno.TcpListener, dependencies: ServiceDependencies) {
    this.#listener = listener;
    this.#dependencies = dependencies;
    this.#stopListening = dependencies.registry.onStart((session) =>
      this.#start(session)
    );
    this.#accepting = this.#accept();
  }

  url(sessionId: string): string {
    return `ws://127.0.0.1:${this.#listener.addr.port}${pathPrefix}${sessionId}${query}`;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#stopListening();
    this.#listener.close();
    await this.#accepting;
    this.#dependencies.registry.terminateAll("");
    await Promise.all([...this.#sessions.values()].map((s) => s.closed));
    for (const conn of this.#connections.keys()) drop(conn);
    await Promise.all(this.#connections.values());
  }

  #start(session: SimulatedSession): void {
    const { registry, clock, options, kms } = this.#dependencies;
    const { log, kmsKeyId, shell, separateOutput, faults, hosts, ports } =
      options;
    const { node, documentName, parameters, id } = session;
    const served = new ServiceSession({
      session,
      registry,
      clock,
      faults,
      log,
      startAgent: (link, onExit) =>
        new Agent({
          sessionId: id,
          targetId: node.id,
          container: node.container ?? false,
          agentVersion: node.agentVersion,
          documentName,
          parameters,
          kmsKeyId,
          decrypt: (blob, context, keyId) => kms.decrypt(blob, context, keyId),
          hosts,
          connect: (address, port, signal) =>
            connectLoopback(address, ports.get(port) ?? port, signal),
          shell,
          separateOutput,
          environment: Deno.env.toObject(),
          clock,
          pace: options.pace === "fast" ? fastPace : realPace,
          link,
          onExit,
          log,
        }),
    });
    this.#sessions.set(id, served);
    void served.closed.then(() => this.#sessions.delete(id));
  }

  async #accept(): Promise<void> {
    while (true) {
      let conn: Deno.TcpConn;
      try {
        conn = await this.#listener.accept();
      } catch (error) {
        if (this.#closing !== undefined) return;
        if (error instanceof Deno.errors.BadResource) return;
        // A connection that went away before it was taken, or no descriptor is free.
        await new Promise<void>((resolve) =>
          void this.#dependencies.clock.setTimer(acceptRetry, resolve)
        );
        continue;
      }
      conn.setNoDelay(true);
      const served = this.#serve(conn).finally(() =>
        this.#connections.delete(conn)
      );
      this.#connections.set(conn, served);
    }
  }

  /** One connection from its first byte to its end. Never rejects. */
  async #serve(conn: Deno.Conn): Promise<void> {
    const { clock } = this.#dependencies;
    let id = "";
    const transport = await acceptWebSocket(conn, (request) => {
      const answer = this.#decide(request);
      if (typeof answer !== "string") return answer;
      id = answer;
      return "accept";
    }, { clock, maxMessageSize });
    if (transport === undefined) return;
    try {
      await this.#open(id, transport, () => drop(conn));
    } finally {
      await transport.close(1000, "");
    }
  }

  /** The session's id, or the answer to a request that is not let in. */
  #decide({ path, headers }: UpgradeRequest): string | {
    status: number;
    body: string;
  } {
    const { options, verifyUpgrade, registry } = this.#dependencies;
    const denials = new Denials(options.deny);
    // A web page may open a WebSocket to any port on this machine; its browser says so.
    const foreign = refuseForeign(headers, this.#listener.addr.port);
    if (foreign !== undefined) {
      return { status: foreign.status, body: foreign.reason };
    }
    if (options.refuseUpgrade !== 0) {
      return {
        status: options.refuseUpgrade,
        body: "The simulator was told to refuse this",
      };
    }
    const unsigned = headers["authorization"] === undefined;
    if (!(unsigned && options.allowUnsignedUpgrade)) {
      const verdict = verifyUpgrade(path, new Headers(headers));
      if (!verdict.ok) {
        return {
          status: verdict.status,
          body: JSON.stringify({
            __type: verdict.code,
            message: verdict.message,
          }),
        };
      }
    }
    if (!unsigned && denials.deniesAction("ssmmessages:OpenDataChannel")) {
      const { code, message } = denied({
        service: "ssmmessages",
        operation: "OpenDataChannel",
      });
      return { status: 403, body: JSON.stringify({ __type: code, message }) };
    }
    const [target = ""] = path.split("?");
    const id = target.startsWith(pathPrefix)
      ? target.slice(pathPrefix.length)
      : "";
    if (id === "" || id.includes("/")) {
      return { status: 404, body: "There is nothing here" };
    }
    // Without a signature nobody learns which sessions there are: the token decides.
    if (!unsigned && registry.get(id)?.endDate !== undefined) {
      return { status: 410, body: "The session has ended" };
    }
    return id;
  }

  /** The first frame has to bring the session's token (data-channel.md §1.3). */
  async #open(
    id: string,
    transport: Transport,
    dropConnection: () => void,
  ): Promise<void> {
    const { clock, registry, options } = this.#dependencies;
    const cancel = clock.setTimer(
      openingLimit,
      () => void transport.close(1008, "No OpenDataChannelInput"),
    );
    const frames = await transport.read();
    cancel();
    const [first, ...more] = frames ?? [];
    if (first === undefined) return;
    let clientId: string;
    try {
      const input = decodeOpenDataChannel(first);
      if (!registry.takeToken(id, input.tokenValue)) {
        throw new Error("wrong token");
      }
      clientId = input.clientId;
    } catch {
      // Which of the two it was stays unsaid, and the token unlogged.
      options.log("service: refused a data channel without a valid token");
      return transport.close(1008, "Invalid token");
    }
    await this.#sessions.get(id)?.serve(
      { transport, clientId, drop: dropConnection },
      more,
    );
  }
}

/** Closes a connection at once; it may be closed already. */
function drop(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It was.
  }
}
