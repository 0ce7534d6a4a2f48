/**
 * One session's agent: handshake, program, end; as the official agent's `sessionplugin.go` does it
 * (handshake.md §1 and §2, sessions.md §2.6, data-channel.md §9).
 *
 * 1. The channel is made; with KMS the handshake request goes out and its answers are awaited.
 * 2. The plugin of the document runs the program until it ends.
 * 3. The agent waits for acknowledgements, reports Terminating, and waits once more. Of a port
 *    session it reports nothing: the service sees its worker exit (pitfalls.md §2.22).
 *
 * What fails on the way is reported as the text of channel_closed.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import type { ChannelEvent } from "../../protocol/channel/events.ts";
import { errorTitle } from "../../protocol/message/channel_closed.ts";
import { encodeClientMessage } from "../../protocol/message/client_message.ts";
import { encodeBase64 } from "../../protocol/message/handshake.ts";
import { MessageFlags, MessageType } from "../../protocol/message/payload.ts";
import { encodeSessionState } from "../../protocol/message/session_state.ts";
import { documentProperties } from "../api/documents.ts";
import { AgentChannel } from "./agent_channel.ts";
import type { AgentOptions } from "./agent_options.ts";
import { planHandshake } from "./handshake_plan.ts";
import {
  type PluginContext,
  type PluginEnd,
  type PluginInput,
  SessionFailure,
  type SessionPlugin,
  StartError,
} from "./session_plugin.ts";
import { findPlugin } from "./session_plugins.ts";

export type {
  AgentExit,
  AgentOptions,
  DecryptDataKey,
} from "./agent_options.ts";

/**
 * How long the agent of a port waits at its end for a client that is away and has not acknowledged
 * everything, in milliseconds: longer than a client takes to come back, and no more. Our choice;
 * the official agent waits for 2 s, client or no client.
 */
export const portAbsence = 10_000;

/** A running agent of one session. */
export class Agent {
  /** Resolves when the session is over and no process is left. Never rejects. */
  readonly done: Promise<void>;
  readonly #options: AgentOptions;
  readonly #plugin: SessionPlugin | undefined;
  readonly #challenge: string;
  /** The session was terminated: not a word more. */
  readonly #abort = new AbortController();
  /** The program is to end: with the session, or because the channel failed under it. */
  readonly #program = new AbortController();
  readonly #channel: AgentChannel;
  readonly #cleanups: Promise<void>[] = [];
  #input: PluginInput | undefined;
  /** Flags that came before there was somebody to take them. */
  #flags: number[] = [];
  #clientVersion = "";
  #failure: string | undefined;

  /** Begins at once, client or no client. */
  constructor(options: AgentOptions) {
    this.#options = options;
    this.#plugin = findPlugin(options.documentName);
    this.#challenge = encodeBase64(new Uint8Array(randomBytes(16)));
    this.#channel = new AgentChannel({
      link: options.link,
      clock: options.clock,
      pace: options.pace,
      handshake: this.#plugin &&
        planHandshake(options, this.#plugin, this.#challenge),
      onEvent: (event) => this.#take(event),
    });
    this.done = this.#run();
  }

  /** Takes the frames that came in together from the service. */
  receive(frames: readonly Uint8Array[]): void {
    this.#channel.receive(frames);
  }

  /** Ends the program and the session without a word to the client. Resolves when nothing is left. */
  terminate(): Promise<void> {
    this.#abort.abort();
    this.#program.abort();
    this.#channel.end();
    return this.done;
  }

  async #run(): Promise<void> {
    const { log, sessionId } = this.#options;
    try {
      const end = await this.#runPlugin();
      if (this.#abort.signal.aborted) return;
      log(`agent: the program of ${sessionId} ended`);
      // A client that asked for the end may be gone with the next message.
      if (end === "ended") await this.#settled();
      if (this.#abort.signal.aborted) return;
      if (this.#plugin?.reportsEnd) {
        this.#report("Terminating");
        await this.#channel.settled();
      } else {
        const asked = end === "asked";
        this.#options.onExit({ output: "", failed: false, asked });
      }
    } catch (error) {
      await this.#fail(error);
    } finally {
      this.#channel.end();
      await Promise.allSettled(this.#cleanups);
    }
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#abort.signal.aborted) return;
    const { log, sessionId, pace, onExit } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    log(`agent: ${sessionId} failed: ${message}`);
    if (error instanceof StartError) await this.#sleep(pace.startFailure);
    if (error instanceof SessionFailure) await this.#settled();
    if (this.#abort.signal.aborted) return;
    const output = error instanceof SessionFailure
      ? message
      : `\n${errorTitle}\n${message}`;
    onExit({ output, failed: true, asked: false });
  }

  /** A client that left a port as its far end did may have said so too late to be heard. */
  #settled(): Promise<void> {
    return this.#channel.settled(
      this.#plugin?.reportsEnd === false ? portAbsence : undefined,
    );
  }

  async #runPlugin(): Promise<PluginEnd> {
    const plugin = this.#plugin;
    if (plugin === undefined) {
      throw new StartError(
        `Unable to start session: the simulator's agent cannot run document ${this.#options.documentName} yet`,
      );
    }
    if (!this.#channel.started && !await this.#channel.writable()) {
      throw new Error(this.#failure ?? "The data channel was closed");
    }
    const end = await plugin.run(this.#context());
    if (this.#failure !== undefined) throw new Error(this.#failure);
    return end;
  }

  #context(): PluginContext {
    const { documentName, parameters, ...options } = this.#options;
    return {
      channel: this.#channel,
      serve: (input, limit) => {
        this.#input = input;
        this.#channel.accept(limit);
        for (const flag of this.#flags.splice(0)) input.flag(flag);
      },
      parameters,
      properties: documentProperties(documentName, parameters) ?? {},
      container: options.container,
      agentVersion: options.agentVersion,
      clientVersion: this.#clientVersion,
      hosts: options.hosts,
      connect: options.connect,
      shell: options.shell,
      separateOutput: options.separateOutput,
      environment: options.environment,
      pace: options.pace,
      clock: options.clock,
      log: options.log,
      sleep: (delay) => this.#sleep(delay),
      cleanup: (work) => void this.#cleanups.push(work),
      signal: this.#program.signal,
    };
  }

  #take(event: ChannelEvent): void {
    switch (event.type) {
      case "started":
        this.#clientVersion = event.clientVersion ?? "";
        break;
      case "payload":
        this.#input?.payload(event.payload, event.payloadType);
        break;
      case "size":
        this.#input?.size(event.size);
        break;
      case "flag":
        if (this.#input !== undefined) this.#input.flag(event.flag);
        else this.#flags.push(event.flag);
        break;
      case "data-key-offered":
        void this.#decrypt(event.ciphertextBlob, event.challengeAcknowledged);
        break;
      case "failed":
        this.#failure = event.message;
        this.#program.abort();
        break;
      default:
        break;
    }
  }

  async #decrypt(blob: Uint8Array, challenged: boolean): Promise<void> {
    const { decrypt, sessionId, targetId, kmsKeyId } = this.#options;
    const context: Record<string, string> = {
      "aws:ssm:SessionId": sessionId,
      "aws:ssm:TargetId": targetId,
    };
    if (challenged) context["aws:ssm:RandomChallenge"] = this.#challenge;
    try {
      this.#channel.provideDataKey(
        await decrypt(blob, context, kmsKeyId ?? ""),
      );
    } catch (error) {
      const message = error instanceof Error ? error.message : "";
      this.#channel.refuseDataKey(message === "" ? "KMS refused" : message);
    }
  }

  /** Tells the service about the session (data-channel.md §3, agent_session_state). */
  #report(state: string): void {
    const { sessionId, link, clock } = this.#options;
    link.send(encodeClientMessage({
      messageType: MessageType.AgentSessionState,
      createdDate: clock.now(),
      sequenceNumber: 0,
      flags: MessageFlags.SynFin,
      messageId: new Uint8Array(randomBytes(16)),
      payloadType: 0,
      payload: encodeSessionState({ state, sessionId }),
    }));
  }

  #sleep(delay: number): Promise<void> {
    const { signal } = this.#program;
    if (delay <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        cancel();
        signal.removeEventListener("abort", finish);
        resolve();
      };
      const cancel = this.#options.clock.setTimer(delay, finish);
      signal.addEventListener("abort", finish);
    });
  }
}
