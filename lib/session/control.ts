/**
 * What a session needs of the control plane: a few calls, already bound to one session, one
 * identity and one region. `lib/aws` implements it; tests use a fake.
 *
 * @module
 */

import type { Transport } from "./transport.ts";

/** What StartSession and ResumeSession give (api.md §2, §3). */
export interface SessionGrant {
  readonly sessionId: string;
  /** Secret; goes into the first text frame and nowhere else. */
  readonly tokenValue: string;
  readonly streamUrl: string;
}

/** What KMS GenerateDataKey gives (handshake.md §7.1). */
export interface DataKey {
  /** 64 bytes: the first half decrypts what the agent sends, the second encrypts what we send. */
  readonly plaintext: Uint8Array;
  /** The same key, encrypted for the agent. */
  readonly ciphertextBlob: Uint8Array;
  /** True when the challenge went into the encryption context. */
  readonly challengeAcknowledged: boolean;
}

/** The control plane of one session. */
export interface SessionControl {
  /**
   * Opens the WebSocket: a fresh signature with fresh credentials each time. Rejects as
   * `OpenTransport` does.
   */
  open(streamUrl: string, signal?: AbortSignal): Promise<Transport>;
  /**
   * ResumeSession with refreshed credentials. Resolves with `undefined` when the session has
   * timed out (no token). Rejects with {@linkcode ControlError}.
   */
  resume(signal?: AbortSignal): Promise<SessionGrant | undefined>;
  /** TerminateSession. Rejects with {@linkcode ControlError}. */
  terminate(signal?: AbortSignal): Promise<void>;
  /**
   * GenerateDataKey for this session. Rejects with {@linkcode ControlError}.
   * @param keyId The key as the agent named it.
   * @param challenge The agent's random challenge, base64 text as it came, if it sent one.
   */
  dataKey(
    keyId: string,
    challenge: string | undefined,
    signal?: AbortSignal,
  ): Promise<DataKey>;
}

/**
 * What a failed call means for whoever would go on:
 *
 * - `denied`: IAM says no;
 * - `login`: there are no credentials that work; the user can renew them;
 * - `gone`: what was asked for is not there any more, the session or its node;
 * - `refused`: the service will never take this;
 * - `passing`: it may work the next time.
 */
export type ControlFailure =
  | "denied"
  | "login"
  | "gone"
  | "refused"
  | "passing";

/** A control-plane call failed. */
export class ControlError extends Error {
  override name = "ControlError";
  /** What it means for whoever would go on. */
  readonly failure: ControlFailure;
  /**
   * @param message What failed, in a sentence.
   * @param failure What it means; or whether trying again cannot help (data-channel.md §8.3).
   */
  constructor(
    message: string,
    failure: ControlFailure | boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.failure = typeof failure === "string"
      ? failure
      : failure
      ? "refused"
      : "passing";
  }

  /** True when trying again cannot help by itself. */
  get final(): boolean {
    return this.failure !== "passing";
  }
}
