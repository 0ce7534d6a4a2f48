/**
 * The client's half of the handshake: answers what the agent asks (handshake.md §2–§7).
 *
 * @module
 */

import {
  ActionStatus,
  decodeChallenge,
  decodeHandshakeComplete,
  decodeHandshakeRequest,
  encodeBase64,
  encodeChallenge,
  encodeHandshakeResponse,
  type HandshakeRequest,
  isSessionType,
  type ProcessedClientAction,
  type RequestedClientAction,
  type SessionType,
} from "../message/handshake.ts";
import { asObject, member, textMember } from "../message/json.ts";
import { PayloadError, PayloadType } from "../message/payload.ts";
import { type NonceSource, SessionCipher } from "./encryption.ts";
import type { ChannelEvent } from "./events.ts";

/** Our KMS call must be answered by then, in milliseconds: the agent waits 15 s (handshake.md §2). */
export const dataKeyTimeLimit = 12_000;

/** Agents ask once, for two things at most; an answer is kept until it is acknowledged. */
const requestLimit = 16, actionLimit = 32;

/** What a handshake needs of its channel. */
export interface HandshakeHost {
  /** Sends a payload as it is, never encrypted. */
  sendPlain(payloadType: number, payload: Uint8Array): void;
  emit(event: ChannelEvent): void;
  /** From now on payloads are encrypted and decrypted with this. */
  encryptWith(cipher: SessionCipher): void;
  readonly nonce: NonceSource;
}

/** A data key as the control plane gave it. */
export interface ProvidedDataKey {
  /** 64 bytes. */
  readonly plaintext: Uint8Array;
  /** Client only: the same key, encrypted for the agent. */
  readonly ciphertextBlob?: Uint8Array;
  /** Client only: the challenge went into the encryption context. */
  readonly challengeAcknowledged?: boolean;
}

/** Either side's half of the handshake. */
export interface Handshake {
  /** True once HandshakeComplete was sent or received. */
  readonly complete: boolean;
  /** True from the first message of a handshake on. */
  readonly begun: boolean;
  /**
   * Takes a payload of a handshake type.
   *
   * @throws {PayloadError} If its shape is wrong.
   * @throws {DecryptionError} If the challenge cannot be decrypted.
   */
  receive(payloadType: number, payload: Uint8Array, now: number): void;
  /**
   * The control plane's answer to the event that asked for the key.
   *
   * @throws {RangeError} If the key is not 64 bytes long; it can still be refused.
   */
  provideDataKey(key: ProvidedDataKey, now: number): void;
  /** The control plane could not answer. */
  refuseDataKey(reason: string, now: number): void;
  /** When {@linkcode handleTimeout} has something to do. */
  readonly nextTimeout: number | undefined;
  handleTimeout(now: number): void;
}

/** The agent's wish for encryption, while the key is fetched. */
interface PendingKey {
  readonly position: number;
  readonly deadline: number;
}

/** The client's half. */
export class HandshakeResponder implements Handshake {
  readonly #host: HandshakeHost;
  readonly #clientVersion: string;
  #begun = false;
  #requests = 0;
  #complete = false;
  #sessionType: SessionType | undefined;
  #properties: Readonly<Record<string, unknown>> | null = null;
  #agentVersion: string | undefined;
  #cipher: SessionCipher | undefined;
  #answers: ProcessedClientAction[] = [];
  #pending: PendingKey | undefined;

  /** @param clientVersion Four numeric parts (handshake.md §6.2). */
  constructor(host: HandshakeHost, clientVersion: string) {
    this.#host = host;
    this.#clientVersion = clientVersion;
  }

  get complete(): boolean {
    return this.#complete;
  }
  get begun(): boolean {
    return this.#begun;
  }
  get nextTimeout(): number | undefined {
    return this.#pending?.deadline;
  }

  receive(payloadType: number, payload: Uint8Array, now: number): void {
    if (payloadType === PayloadType.HandshakeRequest) {
      this.#answer(decodeHandshakeRequest(payload), now);
    } else if (payloadType === PayloadType.EncChallengeRequest) {
      this.#answerChallenge(decodeChallenge(payload));
    } else if (payloadType === PayloadType.HandshakeComplete) {
      this.#finish(decodeHandshakeComplete(payload).customerMessage);
    }
  }

  #answer(request: HandshakeRequest, now: number): void {
    const count = request.actions.length;
    if (count > actionLimit) {
      throw new PayloadError(
        `Cannot answer handshake request: it asks for ${count} actions`,
      );
    }
    this.#begun = true;
    if (++this.#requests > requestLimit) return;
    if (!this.#complete) this.#agentVersion = request.agentVersion;
    this.#pending = undefined;
    this.#answers = request.actions.map((action, position) =>
      this.#process(action, position, now)
    );
    // The answer waits for the key, as all actions are answered together.
    if (this.#pending === undefined) this.#respond();
  }

  #process(
    action: RequestedClientAction,
    position: number,
    now: number,
  ): ProcessedClientAction {
    try {
      if (action.actionType === "SessionType") {
        return this.#takeSessionType(action);
      }
      if (action.actionType === "KMSEncryption") {
        return this.#askForKey(action, position, now);
      }
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      return failed(action.actionType, error.message);
    }
    // The official client mixes status and result up here; the agent wants 3 (pitfalls.md §1.18).
    return {
      actionType: action.actionType,
      status: ActionStatus.Unsupported,
      result: null,
      error: `Unsupported action ${action.actionType}`,
    };
  }

  #takeSessionType(action: RequestedClientAction): ProcessedClientAction {
    const what = "session type";
    const name = textMember(action.parameters, "SessionType", what);
    if (!isSessionType(name)) {
      return failed("SessionType", `Unknown session type ${name}`);
    }
    const value = member(action.parameters, "Properties") ?? null;
    const properties = value === null ? null : asObject(value, what);
    // A second request is answered, but changes nothing once the session runs (handshake.md §2).
    if (!this.#complete) {
      this.#sessionType = name;
      this.#properties = properties;
    }
    return succeeded("SessionType", null);
  }

  #askForKey(
    action: RequestedClientAction,
    position: number,
    now: number,
  ): ProcessedClientAction {
    if (this.#complete) return failed("KMSEncryption", "The session has begun");
    if (this.#pending !== undefined) {
      return failed("KMSEncryption", "It was asked for twice");
    }
    const keyId = textMember(action.parameters, "KMSKeyId", "KMS key");
    const challenge = textMember(action.parameters, "Challenge", "KMS key");
    this.#pending = { position, deadline: now + dataKeyTimeLimit };
    this.#host.emit({
      type: "data-key-needed",
      keyId,
      challenge: challenge || undefined,
    });
    return succeeded("KMSEncryption", null);
  }

  provideDataKey(key: ProvidedDataKey): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#cipher = SessionCipher.fromDataKey(
      "client",
      key.plaintext,
      this.#host.nonce,
    );
    this.#pending = undefined; // only now: a key of the wrong length can still be refused
    this.#answers[pending.position] = succeeded("KMSEncryption", {
      KMSCipherTextKey: encodeBase64(key.ciphertextBlob ?? new Uint8Array()),
      KMSCipherTextHash: null,
      ...(key.challengeAcknowledged ? { ChallengeAcknowledgement: true } : {}),
    });
    this.#respond();
    // The response is plain, everything behind it is not (handshake.md §7.1).
    this.#host.encryptWith(this.#cipher);
  }

  refuseDataKey(reason: string): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    this.#answers[pending.position] = failed("KMSEncryption", reason);
    this.#respond();
  }

  handleTimeout(now: number): void {
    if (this.#pending !== undefined && now >= this.#pending.deadline) {
      this.refuseDataKey(
        `KMS did not answer within ${dataKeyTimeLimit / 1000} s`,
      );
    }
  }

  #respond(): void {
    const response = {
      clientVersion: this.#clientVersion,
      actions: this.#answers,
    };
    this.#host.sendPlain(
      PayloadType.HandshakeResponse,
      encodeHandshakeResponse(response),
    );
  }

  #answerChallenge(challenge: Uint8Array): void {
    if (this.#cipher === undefined) {
      throw new PayloadError(
        "Cannot answer encryption challenge: no key was agreed on",
      );
    }
    const answer = this.#cipher.encrypt(this.#cipher.decrypt(challenge));
    this.#host.sendPlain(
      PayloadType.EncChallengeResponse,
      encodeChallenge(answer),
    );
  }

  #finish(customerMessage: string): void {
    if (this.#complete) return;
    if (this.#sessionType === undefined) {
      this.#host.emit({
        type: "failed",
        reason: "handshake",
        message:
          "Cannot start session: the agent named no session type that this client knows",
      });
      return;
    }
    this.#complete = true;
    this.#host.emit({
      type: "started",
      sessionType: this.#sessionType,
      properties: this.#properties,
      agentVersion: this.#agentVersion,
      customerMessage,
      encrypted: this.#cipher !== undefined,
      handshake: true,
    });
  }
}

function succeeded(actionType: string, result: unknown): ProcessedClientAction {
  return { actionType, status: ActionStatus.Success, result, error: "" };
}

function failed(actionType: string, reason: string): ProcessedClientAction {
  return {
    actionType,
    status: ActionStatus.Failed,
    result: null,
    error: `Failed to process action ${actionType}: ${reason}`,
  };
}
