/**
 * The agent's half of the handshake, as the official agent does it (handshake.md §2, §4, §7). The
 * simulator's agent uses it, and so the tests of the client's half.
 *
 * @module
 */

import {
  ActionStatus,
  decodeBase64,
  decodeChallenge,
  decodeHandshakeResponse,
  encodeChallenge,
  encodeHandshakeComplete,
  encodeHandshakeRequest,
  isSessionType,
  type RequestedClientAction,
} from "../message/handshake.ts";
import { asObject, member, textMember } from "../message/json.ts";
import { PayloadType } from "../message/payload.ts";
import {
  compareAsAgent,
  noOutputSeparationUpToClient,
} from "../message/version.ts";
import { SessionCipher } from "./encryption.ts";
import type {
  Handshake,
  HandshakeHost,
  ProvidedDataKey,
} from "./handshake_flow.ts";

/** The agent waits so long for each answer, in milliseconds (handshake.md §2). */
export const answerTimeLimit = 15_000;
/** Bytes of the challenge that proves the client's key (handshake.md §7.3). */
const challengeBytes = 64;

const prefix = "Encountered error while initiating handshake. ";
const timedOut = prefix +
  "Handshake timed out. Please ensure that you have the latest version of the session manager plugin.";
const updatePlugin =
  "Please update session manager plugin version (minimum required version 1.2.312.0) " +
  "for fully support of separate StdOut/StdErr output.\r\n";

/** What the agent asks for. */
export interface HandshakePlan {
  readonly agentVersion: string;
  /** SessionType first, then KMSEncryption if wanted. */
  readonly actions: readonly RequestedClientAction[];
  /** True where stdout and stderr are to be kept apart, which old clients cannot. */
  readonly separateOutput?: boolean;
}

/** The agent's half. Sends its request when made. */
export class HandshakeRequester implements Handshake {
  readonly begun = true;
  readonly #host: HandshakeHost;
  readonly #plan: HandshakePlan;
  readonly #startedAt: number;
  readonly #challenge: Uint8Array;
  #deadline: number | undefined;
  #waitingFor: "response" | "key" | "challenge" | "nothing" = "response";
  #cipher: SessionCipher | undefined;
  #customerMessage = "";
  #clientVersion = "";

  /** @param random Makes so many random bytes. */
  constructor(
    host: HandshakeHost,
    plan: HandshakePlan,
    random: (length: number) => Uint8Array,
    now: number,
  ) {
    this.#host = host;
    this.#plan = plan;
    this.#startedAt = now;
    this.#deadline = now + answerTimeLimit;
    this.#challenge = random(challengeBytes);
    host.sendPlain(PayloadType.HandshakeRequest, encodeHandshakeRequest(plan));
  }

  #complete = false;
  get complete(): boolean {
    return this.#complete;
  }
  get nextTimeout(): number | undefined {
    return this.#deadline;
  }

  receive(payloadType: number, payload: Uint8Array, now: number): void {
    if (
      payloadType === PayloadType.HandshakeResponse &&
      this.#waitingFor === "response"
    ) {
      this.#takeResponse(payload, now);
    } else if (
      payloadType === PayloadType.EncChallengeResponse &&
      this.#waitingFor === "challenge"
    ) {
      const answer = this.#cipher!.decrypt(decodeChallenge(payload));
      // A wrong answer is noticed only at the time limit (pitfalls.md §2.20).
      if (equal(answer, this.#challenge)) this.#finish(now);
    }
  }

  #takeResponse(payload: Uint8Array, now: number): void {
    const response = decodeHandshakeResponse(payload);
    this.#clientVersion = response.clientVersion;
    for (const action of response.actions) {
      if (action.status !== ActionStatus.Success) {
        return this.#fail(
          `${action.actionType} failed on client with status ${action.status} error: ${action.error}`,
        );
      }
    }
    if (
      this.#plan.separateOutput &&
      compareAsAgent(response.clientVersion, noOutputSeparationUpToClient) <= 0
    ) {
      this.#customerMessage += updatePlugin;
    }
    const encryption = response.actions.find((action) =>
      action.actionType === "KMSEncryption"
    );
    if (encryption === undefined || !this.#wants("KMSEncryption")) {
      return this.#finish(now);
    }
    const what = "KMS encryption result";
    const result = asObject(encryption.result ?? {}, what);
    const ciphertextBlob = decodeBase64(
      textMember(result, "KMSCipherTextKey", what),
      what,
    );
    this.#waitingFor = "key";
    this.#host.emit({
      type: "data-key-offered",
      ciphertextBlob,
      challengeAcknowledged:
        member(result, "ChallengeAcknowledgement") === true,
    });
  }

  #wants(actionType: string): boolean {
    return this.#plan.actions.some((action) =>
      action.actionType === actionType
    );
  }

  provideDataKey(key: ProvidedDataKey, now: number): void {
    if (this.#waitingFor !== "key") return;
    this.#cipher = SessionCipher.fromDataKey(
      "agent",
      key.plaintext,
      this.#host.nonce,
    );
    this.#host.encryptWith(this.#cipher);
    this.#waitingFor = "challenge";
    this.#deadline = now + answerTimeLimit;
    const challenge = encodeChallenge(this.#cipher.encrypt(this.#challenge));
    this.#host.sendPlain(PayloadType.EncChallengeRequest, challenge);
    this.#customerMessage += "This session is encrypted using AWS KMS.";
  }

  refuseDataKey(reason: string): void {
    if (this.#waitingFor === "key") {
      this.#fail(`Fetching data key failed: ${reason}`);
    }
  }

  handleTimeout(now: number): void {
    if (this.#deadline === undefined || now < this.#deadline) return;
    if (this.#waitingFor === "challenge") {
      this.#fail("Timed out waiting for encryption challenge.");
    } else {
      this.#deadline = undefined;
      this.#waitingFor = "nothing";
      this.#host.emit({
        type: "failed",
        reason: "handshake",
        message: timedOut,
      });
    }
  }

  #fail(message: string): void {
    this.#deadline = undefined;
    this.#waitingFor = "nothing";
    this.#host.emit({
      type: "failed",
      reason: "handshake",
      message: prefix + message,
    });
  }

  #finish(now: number): void {
    this.#deadline = undefined;
    this.#waitingFor = "nothing";
    this.#complete = true;
    this.#host.sendPlain(
      PayloadType.HandshakeComplete,
      encodeHandshakeComplete({
        timeToComplete: now - this.#startedAt,
        customerMessage: this.#customerMessage,
      }),
    );
    const action = this.#plan.actions.find((entry) =>
      entry.actionType === "SessionType"
    );
    const name = action === undefined
      ? ""
      : textMember(action.parameters, "SessionType", "plan");
    this.#host.emit({
      type: "started",
      sessionType: isSessionType(name) ? name : "Standard_Stream",
      properties: null,
      agentVersion: this.#plan.agentVersion,
      customerMessage: this.#customerMessage,
      encrypted: this.#cipher !== undefined,
      handshake: true,
      clientVersion: this.#clientVersion,
    });
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
