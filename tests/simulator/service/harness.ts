/**
 * A running data channel service without the API, and a client for it: a client-role channel over
 * a transport.
 */

import { signUpgrade } from "../../../lib/aws/sign_upgrade.ts";
import { systemClock } from "../../../lib/io/clock.ts";
import { openTransport } from "../../../lib/io/web_socket.ts";
import { DataChannel } from "../../../lib/protocol/channel/data_channel.ts";
import type { ChannelEvent } from "../../../lib/protocol/channel/events.ts";
import { encodeOpenDataChannel } from "../../../lib/protocol/message/open_data_channel.ts";
import type { Clock, Transport } from "../../../lib/session/transport.ts";
import { SimulatedKms } from "../../../lib/simulator/api/kms.ts";
import { makeCredentials } from "../../../lib/simulator/credentials.ts";
import {
  defaultOptions,
  type Faults,
  type SimulatorOptions,
} from "../../../lib/simulator/options.ts";
import { SessionRegistry } from "../../../lib/simulator/registry.ts";
import { startService } from "../../../lib/simulator/service/service.ts";
import { makeUpgradeVerifier } from "../../../lib/simulator/sigv4_verify.ts";
import type { RunningService } from "../../../lib/simulator/simulator.ts";

const random = (length: number) =>
  crypto.getRandomValues(new Uint8Array(length));

/** Faults, with those not named absent. */
export function faults(some: Partial<Faults>): Faults {
  return { ...defaultOptions.faults, ...some };
}

/** A service with its registry. */
export class Harness implements AsyncDisposable {
  readonly credentials = makeCredentials();
  readonly registry: SessionRegistry;
  readonly kms: SimulatedKms;
  readonly log: string[] = [];
  readonly options: SimulatorOptions;
  service!: RunningService;

  private constructor(
    options: Partial<SimulatorOptions>,
    readonly clock: Clock,
  ) {
    this.options = {
      ...defaultOptions,
      pace: "fast",
      shell: ["/bin/sh"],
      log: (line) => this.log.push(line),
      ...options,
    };
    this.registry = new SessionRegistry({
      clock,
      random,
      idleTimeout: this.options.idleTimeout,
      maxDuration: this.options.maxDuration,
    });
    this.kms = new SimulatedKms(this.options.kmsKeyId, this.options.region);
  }

  /** @param clock The service's; clients live in real time. */
  static async start(
    options: Partial<SimulatorOptions> = {},
    clock: Clock = systemClock,
  ) {
    const harness = new Harness(options, clock);
    harness.service = await startService({
      registry: harness.registry,
      verifyUpgrade: makeUpgradeVerifier({
        credentials: harness.credentials,
        regions: [harness.options.region],
        now: () => systemClock.now(),
      }),
      kms: harness.kms,
      options: harness.options,
      clock,
    });
    return harness;
  }

  /** StartSession. */
  session(
    documentName = "SSM-SessionManagerRunShell",
    parameters: Record<string, string[]> = {},
  ): string {
    return this.registry.start({
      node: defaultOptions.nodes[0]!,
      documentName,
      parameters,
      reason: undefined,
      owner: "arn",
    }).id;
  }

  /** The signed upgrade of a session's data channel, or an unsigned one. */
  async open(
    id: string,
    { signed = true, headers = {}, url = this.service.url(id) }: {
      signed?: boolean;
      headers?: Record<string, string>;
      url?: string;
    } = {},
  ): Promise<Transport> {
    const signature = signed
      ? await signUpgrade(
        url,
        this.credentials,
        this.options.region,
        new Date(),
      )
      : {};
    const open = openTransport({
      kind: "native",
      clock: systemClock,
      env: () => undefined,
    });
    return await open({ url, headers: { ...signature, ...headers } });
  }

  /** StartSession or ResumeSession, the upgrade, and OpenDataChannelInput. */
  async connect(id: string): Promise<Transport> {
    const transport = await this.open(id);
    transport.sendText(openInput(this.registry.grantToken(id) ?? "none"));
    return transport;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.service.close();
  }
}

/** OpenDataChannelInput with a token. */
export function openInput(tokenValue: string): string {
  return encodeOpenDataChannel({
    requestId: crypto.randomUUID(),
    tokenValue,
    clientId: "9eb2aa6d-0000-4000-8000-000000000000",
    clientVersion: "1.2.896.0",
  });
}

/** A client that keeps its channel over reconnects and collects what it gets. */
export class Client {
  readonly channel = new DataChannel(
    { role: "client", random },
    systemClock.now(),
  );
  readonly events: ChannelEvent[] = [];
  readonly output: Uint8Array[] = [];
  text = "";
  /** Takes the payloads instead of `output` and `text`, if set. */
  onPayload: ((payload: Uint8Array) => void) | undefined;
  connections = 0;
  transport: Transport | undefined;
  #cancel: () => void = () => {};
  #waiting: (() => void)[] = [];
  #gone = false;
  readonly #decoder = new TextDecoder();
  readonly #harness: Harness;

  private constructor(harness: Harness, readonly id: string) {
    this.#harness = harness;
  }

  /**
   * Connects to a session; reconnects by itself whenever the connection is lost before
   * channel_closed.
   */
  static async connect(harness: Harness, id: string): Promise<Client> {
    const client = new Client(harness, id);
    await client.#open();
    return client;
  }

  async #open(): Promise<void> {
    const transport = await this.#harness.connect(this.id);
    this.transport = transport;
    if (this.connections++ > 0) this.channel.reconnected(systemClock.now());
    this.flush();
    void this.#read(transport);
  }

  async #read(transport: Transport): Promise<void> {
    while (true) {
      const frames = await transport.read();
      if (frames === undefined) break;
      const now = systemClock.now();
      for (const frame of frames) this.channel.receive(frame, now);
      this.flush();
    }
    this.transport = undefined;
    this.channel.disconnected(systemClock.now());
    this.#cancel();
    await transport.close();
    this.#wake();
    if (!this.channel.over && this.#harness.registry.active().length > 0) {
      await this.#open();
    } else {
      this.#gone = true;
      this.#wake();
    }
  }

  /** Types text. */
  type(text: string): void {
    this.channel.send(new TextEncoder().encode(text), systemClock.now());
    this.flush();
  }

  flush(): void {
    const now = systemClock.now();
    for (
      let event = this.channel.pollEvent();
      event !== undefined;
      event = this.channel.pollEvent()
    ) {
      this.events.push(event);
      if (event.type === "payload") {
        this.#take(event.payload);
        this.channel.consumed(event.payload.length, now);
      } else if (event.type === "data-key-needed") {
        this.#giveKey(event.keyId, event.challenge);
      }
    }
    for (
      let frame = this.channel.pollTransmit(now);
      frame !== undefined;
      frame = this.channel.pollTransmit(now)
    ) this.transport?.send(frame);
    if (this.channel.over) void this.transport?.close();
    this.#cancel();
    const next = this.channel.nextTimeout;
    if (next !== undefined && this.transport !== undefined) {
      this.#cancel = systemClock.setTimer(Math.max(0, next - now), () => {
        this.channel.handleTimeout(systemClock.now());
        this.flush();
      });
    }
    this.#wake();
  }

  #take(payload: Uint8Array): void {
    if (this.onPayload !== undefined) return this.onPayload(payload);
    // A payload is a view of memory that the transport uses again.
    this.output.push(payload.slice());
    this.text += this.#decoder.decode(payload, { stream: true });
  }

  #giveKey(keyId: string, challenge: string | undefined): void {
    const context: Record<string, string> = {
      "aws:ssm:SessionId": this.id,
      "aws:ssm:TargetId": defaultOptions.nodes[0]!.id,
    };
    if (challenge !== undefined) {
      context["aws:ssm:RandomChallenge"] = challenge;
    }
    const key = this.#harness.kms.generate(keyId, 64, context);
    this.channel.provideDataKey({
      plaintext: key.plaintext,
      ciphertextBlob: key.ciphertextBlob,
      challengeAcknowledged: challenge !== undefined,
    }, systemClock.now());
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /**
   * Waits until the condition holds; fails when the connection ended for good without, and rather
   * than hang, after a minute.
   */
  async until(what: string, condition: () => boolean): Promise<void> {
    let late = false;
    const cancel = systemClock.setTimer(60_000, () => {
      late = true;
      this.#wake();
    });
    using _timer = { [Symbol.dispose]: cancel };
    while (!condition()) {
      if (late) {
        throw new Error(
          `a minute passed without: ${what}; ${JSON.stringify(this.text)}`,
        );
      }
      if (this.channel.over || this.#gone) {
        throw new Error(
          `the session ended before: ${what}; ${JSON.stringify(this.text)}`,
        );
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Waits until the text so far matches. */
  async see(pattern: RegExp): Promise<void> {
    await this.until(String(pattern), () => pattern.test(this.text));
  }

  /** Waits for channel_closed and gives its Output. */
  async closed(): Promise<string> {
    await this.until("closed", () => this.channel.over);
    await this.transport?.closed;
    const last = this.events.at(-1);
    if (last?.type !== "closed") throw new Error(`ended by ${last?.type}`);
    return last.output;
  }
}
