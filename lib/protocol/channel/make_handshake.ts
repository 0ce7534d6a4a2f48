/**
 * Which handshake a channel has: the client answers one, the agent may ask for one.
 *
 * @module
 */

import { clientVersion } from "../message/version.ts";
import type { ChannelState } from "./channel_state.ts";
import { nonceCounter, type NonceSource } from "./encryption.ts";
import { type Handshake, HandshakeResponder } from "./handshake_flow.ts";
import { HandshakeRequester } from "./handshake_request_flow.ts";
import type { DataChannelOptions } from "./options.ts";

/**
 * Makes the handshake of a channel.
 *
 * @param options The channel's.
 * @param state What it shares with its parts.
 * @param sendPlain Sends a payload that is never encrypted.
 * @param now Milliseconds.
 * @returns `undefined` for an agent that asks for none (handshake.md §1).
 */
export function makeHandshake(
  options: DataChannelOptions,
  state: ChannelState,
  sendPlain: (type: number, payload: Uint8Array) => void,
  now: number,
): Handshake | undefined {
  const { role, random, handshake } = options;
  const nonce: NonceSource = role === "agent"
    ? nonceCounter(random(12))
    : () => random(12);
  const host: ConstructorParameters<typeof HandshakeResponder>[0] = {
    nonce,
    sendPlain,
    emit: (event) => state.emit(event),
    encryptWith: (cipher) => {
      state.cipher = cipher;
    },
  };
  if (role === "client") {
    return new HandshakeResponder(host, options.clientVersion ?? clientVersion);
  }
  if (handshake === undefined) return undefined;
  return new HandshakeRequester(host, handshake, random, now);
}
