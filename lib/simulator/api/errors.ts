/**
 * Errors as AWS puts them on the wire, one shape per protocol (api.md §1).
 *
 * @module
 */

import { jsonCodes, type SignatureFault } from "../sigv4_verify.ts";
import { escapeXml } from "./xml.ts";

/** The wire protocols of the simulated APIs. */
export type ApiProtocol = "json" | "ec2" | "query";

/** An API call refused; the server turns it into the protocol's error answer. */
export class ApiError extends Error {
  override name = "ApiError";
  /**
   * @param code AWS's error code, as `TargetNotConnected`.
   * @param message AWS's words where they are known.
   * @param status The HTTP status.
   */
  constructor(readonly code: string, message: string, readonly status = 400) {
    super(message);
  }
}

/**
 * Answers an error in a protocol's shape.
 *
 * @param protocol The API's protocol.
 * @param error Code, message and status.
 * @param requestId What `x-amzn-requestid` says.
 */
export function errorResponse(
  protocol: ApiProtocol,
  error: ApiError,
  requestId: string,
): Response {
  const { code, message, status } = error;
  const headers = new Headers({ "x-amzn-requestid": requestId });
  if (protocol === "json") {
    headers.set("content-type", "application/x-amz-json-1.1");
    headers.set("x-amzn-errortype", code);
    return new Response(JSON.stringify({ __type: code, message }), {
      status,
      headers,
    });
  }
  headers.set("content-type", "text/xml;charset=UTF-8");
  const text = `<Code>${escapeXml(code)}</Code>` +
    `<Message>${escapeXml(message)}</Message>`;
  const body = protocol === "ec2"
    ? `<Response><Errors><Error>${text}</Error></Errors>` +
      `<RequestID>${requestId}</RequestID></Response>`
    : `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` +
      `<Error><Type>Sender</Type>${text}</Error>` +
      `<RequestId>${requestId}</RequestId></ErrorResponse>`;
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`, {
    status,
    headers,
  });
}

const ec2Codes: Readonly<Record<SignatureFault, [string, number]>> = {
  "missing": ["AuthFailure", 401],
  "incomplete": ["AuthFailure", 401],
  "unknown-credentials": ["AuthFailure", 401],
  "expired": ["RequestExpired", 400],
  "mismatch": ["SignatureDoesNotMatch", 403],
};

const queryCodes: Readonly<Record<SignatureFault, [string, number]>> = {
  "missing": ["MissingAuthenticationToken", 403],
  "incomplete": ["IncompleteSignature", 400],
  "unknown-credentials": ["InvalidClientTokenId", 403],
  "expired": ["SignatureDoesNotMatch", 403],
  "mismatch": ["SignatureDoesNotMatch", 403],
};

/**
 * The error a protocol has for a signature that was not accepted (api.md §10).
 *
 * @param protocol The API's protocol.
 * @param fault What is wrong with the signature.
 * @param message The check's sentence.
 */
export function signatureError(
  protocol: ApiProtocol,
  fault: SignatureFault,
  message: string,
): ApiError {
  if (protocol === "json") return new ApiError(jsonCodes[fault], message);
  const [code, status] = (protocol === "ec2" ? ec2Codes : queryCodes)[fault];
  return new ApiError(code, message, status);
}
