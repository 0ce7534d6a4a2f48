/**
 * Requests that no AWS client would send, to a simulator of a test.
 */

import assert from "node:assert/strict";
import type { SimulatorCredentials } from "../../lib/simulator/credentials.ts";
import type { TestSimulator } from "./api_clients.ts";
import {
  type RequestToSign,
  type SignedTestRequest,
  signRequest,
} from "./signed_request.ts";

/** A StartSession's body for a node that is there. */
export const startSession = JSON.stringify({ Target: "i-0123456789abcdef0" });

/** The credentials of the simulator's run. */
export function credentialsOf(t: TestSimulator): SimulatorCredentials {
  const { environment } = t.simulator;
  return {
    accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
    sessionToken: environment["AWS_SESSION_TOKEN"] ?? "",
  };
}

/** A StartSession as the simulator's own user signs it, with changes. */
export function signedStart(
  t: TestSimulator,
  changes: Partial<RequestToSign> = {},
) {
  return signRequest({
    service: "ssm",
    region: "us-east-1",
    credentials: credentialsOf(t),
    time: Date.now(),
    host: new URL(t.simulator.endpoint).host,
    body: startSession,
    ...changes,
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "AmazonSSM.StartSession",
      ...changes.headers,
    },
  });
}

/** Sends a request with `fetch`, with more headers than were signed. */
export async function post(
  t: TestSimulator,
  request: SignedTestRequest,
  extra: Record<string, string> = {},
) {
  const headers = new Headers(request.headers);
  headers.delete("host");
  for (const [name, value] of Object.entries(extra)) headers.set(name, value);
  const response = await fetch(t.simulator.endpoint + request.target, {
    method: "POST",
    headers,
    body: new Uint8Array(request.body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    code: response.headers.get("x-amzn-errortype") ?? "",
  };
}

/** Sends bytes as they are and reads the answer to the end of the connection. */
export async function raw(t: TestSimulator, request: string): Promise<string> {
  const port = Number(new URL(t.simulator.endpoint).port);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(request));
  let answer = "";
  const buffer = new Uint8Array(16384);
  for (;;) {
    const n = await connection.read(buffer);
    if (n === null) return answer;
    answer += new TextDecoder().decode(buffer.subarray(0, n));
  }
}

/** Fails if any session was begun. */
export function assertNoSession(t: TestSimulator): void {
  assert.deepEqual(t.simulator.activeSessions(), []);
  assert.deepEqual(t.service.registry.history(), []);
}
