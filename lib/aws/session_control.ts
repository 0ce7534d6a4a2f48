/**
 * The control plane of one session: what `lib/session` needs of AWS, bound to one session, one
 * identity and one region (data-channel.md §1.2, §8; handshake.md §7.1).
 *
 * @module
 */

import {
  ControlError,
  type DataKey,
  type SessionControl,
  type SessionGrant,
} from "../session/control.ts";
import {
  type OpenTransport,
  type Transport,
  TransportError,
  UpgradeRefusedError,
} from "../session/transport.ts";
import { orAborted } from "./call_signal.ts";
import type { AwsClients } from "./client.ts";
import { controlFailure } from "./control_failure.ts";
import { AwsCallError, toAwsCallError } from "./errors.ts";
import { KmsCalls } from "./kms.ts";
import { isPresigned, signUpgrade } from "./sign_upgrade.ts";
import { SsmCalls } from "./ssm.ts";
import { checkStreamUrl } from "./stream_url.ts";

/** What {@linkcode createSessionControl} needs besides the clients. */
export interface SessionControlOptions {
  readonly sessionId: string;
  /** The target string given to StartSession; part of the encryption context. */
  readonly target: string;
  /** Opens WebSockets. */
  readonly openTransport: OpenTransport;
  /** Hosts the user allows besides AWS's, as `streamHosts` gives them. */
  readonly streamHosts: readonly string[];
  /** Takes a sentence for the log, about what went on differently than planned. */
  readonly notice: (message: string) => void;
  /** Whether upgrades are signed; `required` when absent. */
  readonly signature?: Signature | undefined;
}

/**
 * Whether an upgrade is signed (data-channel.md §1.2):
 *
 * - `required`: always;
 * - `if possible`: where there are credentials. Whoever started the session may have them for
 *   himself; the token still opens it;
 * - `none`: never.
 */
export type Signature = "required" | "if possible" | "none";

/**
 * Binds a session's control calls.
 *
 * @param clients Identity and region; must be those of StartSession.
 * @param options The session.
 */
export function createSessionControl(
  clients: AwsClients,
  options: SessionControlOptions,
): SessionControl {
  return new AwsSessionControl(clients, options);
}

class AwsSessionControl implements SessionControl {
  readonly #clients: AwsClients;
  readonly #options: SessionControlOptions;
  readonly #ssm: SsmCalls;
  readonly #kms: KmsCalls;
  #streamUrl: string | undefined;

  constructor(clients: AwsClients, options: SessionControlOptions) {
    this.#clients = clients;
    this.#options = options;
    this.#ssm = new SsmCalls(clients);
    this.#kms = new KmsCalls(clients);
  }

  async open(streamUrl: string, signal?: AbortSignal): Promise<Transport> {
    checkStreamUrl(streamUrl, this.#options.streamHosts);
    this.#streamUrl = streamUrl;
    const request = {
      url: streamUrl,
      ...(signal === undefined ? {} : { signal }),
    };
    const { openTransport, notice } = this.#options;
    if (isPresigned(streamUrl)) {
      return await openTransport({ ...request, headers: {} });
    }
    const headers = await this.#headers(streamUrl, signal);
    try {
      return await openTransport({ ...request, headers });
    } catch (error) {
      if (!(error instanceof UpgradeRefusedError) || error.status !== 403) {
        throw error;
      }
      // Services and proxies that do not know signed upgrades, and identities that lack the
      // permission, still take the token alone; while that is unsettled it is tried once
      // (data-channel.md §1.2).
      let transport: Transport;
      try {
        transport = await openTransport({ ...request, headers: {} });
      } catch {
        signal?.throwIfAborted();
        throw error;
      }
      notice(
        "The signed upgrade was refused with status 403, which may mean that " +
          "ssmmessages:OpenDataChannel is not allowed; connected without a signature",
      );
      return transport;
    }
  }

  async resume(signal?: AbortSignal): Promise<SessionGrant | undefined> {
    if (this.#streamUrl !== undefined && isPresigned(this.#streamUrl)) {
      throw new ControlError(
        "Cannot resume session: its stream URL is presigned and works once",
        true,
      );
    }
    const { sessionId, streamHosts } = this.#options;
    const grant = await this.#control(async () => {
      await this.#clients.call(
        "ssm:ResumeSession",
        () => this.#clients.credentials.refresh(),
        signal,
      );
      return await this.#ssm.resumeSession(sessionId, signal);
    });
    if (grant === undefined) return undefined;
    // An answer without a URL means the old one (data-channel.md §8.3 step 2).
    const streamUrl = grant.streamUrl || this.#streamUrl || "";
    try {
      checkStreamUrl(streamUrl, streamHosts);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new ControlError(
        text.replace("Cannot open data channel", "Cannot resume session"),
        true,
        { cause },
      );
    }
    return { ...grant, streamUrl };
  }

  async terminate(signal?: AbortSignal): Promise<void> {
    const { sessionId } = this.#options;
    await this.#control(
      () => this.#ssm.terminateSession(sessionId, signal),
      "hint in text",
    );
  }

  async dataKey(
    keyId: string,
    challenge: string | undefined,
    signal?: AbortSignal,
  ): Promise<DataKey> {
    const context = {
      "aws:ssm:SessionId": this.#options.sessionId,
      "aws:ssm:TargetId": this.#options.target,
    };
    return await this.#control(async () => {
      if (challenge !== undefined && challenge !== "") {
        try {
          const key = await this.#kms.generateDataKey(keyId, {
            ...context,
            "aws:ssm:RandomChallenge": challenge,
          }, signal);
          return { ...key, challengeAcknowledged: true };
        } catch (error) {
          // A key policy may list the context keys it knows (handshake.md §7.1).
          if (
            !(error instanceof AwsCallError) || error.kind !== "access-denied"
          ) throw error;
        }
      }
      const key = await this.#kms.generateDataKey(keyId, context, signal);
      return { ...key, challengeAcknowledged: false };
    }, "hint in text");
  }

  /** The signature, as far as it is wanted and can be had. */
  async #headers(
    streamUrl: string,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, string>> {
    const { signature = "required", notice } = this.#options;
    if (signature === "none") return {};
    try {
      return await this.#sign(streamUrl, signal);
    } catch (error) {
      if (signature === "required" || !(error instanceof TransportError)) {
        throw error;
      }
      notice(`${error.message}; connected without a signature`);
      return {};
    }
  }

  async #sign(
    streamUrl: string,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, string>> {
    try {
      return await signUpgrade(
        streamUrl,
        await orAborted(this.#clients.credentials.get(), signal),
        await this.#clients.region(),
        await this.#clients.now(),
      );
    } catch (cause) {
      signal?.throwIfAborted();
      const error = toAwsCallError(cause, "credentials");
      throw new TransportError(
        `Cannot sign WebSocket upgrade: ${error.reason}`,
        { cause: error },
      );
    }
  }

  /** One call, its failure in the seam's words; `inText` where only the message travels on. */
  async #control<Result>(
    run: () => Promise<Result>,
    inText: "hint in text" | undefined = undefined,
  ): Promise<Result> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof AwsCallError)) throw error;
      const hint = inText === undefined ? "" : hintText(error);
      throw new ControlError(
        `${error.message}${hint}`,
        controlFailure(error),
        { cause: error },
      );
    }
  }
}

function hintText(error: AwsCallError): string {
  const first = error.hints[0];
  return error.kind === "expired-credentials" && first !== undefined
    ? ` (renew it with: ${first})`
    : "";
}
