/**
 * The simulated AWS APIs behind one HTTP server on loopback (api.md §1).
 *
 * The order of checks is the order of trust: not from a web page, not too long, a call we have,
 * signed with this run's credentials; then the call itself.
 *
 * @module
 */

import { type ExpectedSigner, verifySignature } from "../sigv4_verify.ts";
import { type Denials, denied } from "./denials.ts";
import type { SimulatedEc2 } from "./ec2.ts";
import type { SimulatedEcs } from "./ecs.ts";
import type { SimulatedEc2InstanceConnect } from "./ec2_instance_connect.ts";
import {
  ApiError,
  type ApiProtocol,
  errorResponse,
  signatureError,
} from "./errors.ts";
import { refuseForeign } from "./guard.ts";
import { simulatePrincipalPolicy } from "./iam.ts";
import { isObject, type JsonObject } from "./json_input.ts";
import type { SimulatedKms } from "./kms.ts";
import type { RequestRate } from "./request_rate.ts";
import type { SimulatedSsm } from "./ssm.ts";
import {
  OAuthError,
  type SimulatedSso,
  type SsoCall,
  ssoCallOf,
} from "./sso.ts";
import { handleSts } from "./sts.ts";

/** The APIs that a region has of its own. */
export interface RegionApis {
  readonly ssm: SimulatedSsm;
  readonly ec2: SimulatedEc2;
  readonly ecs: SimulatedEcs;
}

/** What the server needs. */
export interface ApiServerOptions {
  /** By name; the region of a call is that of its signature. */
  readonly regions: ReadonlyMap<string, RegionApis>;
  readonly ec2InstanceConnect: SimulatedEc2InstanceConnect;
  readonly kms: SimulatedKms;
  /** What the caller is not allowed. */
  readonly deny: Denials;
  /** The service's time for the header Date, in milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly sso: SimulatedSso;
  /** How many calls are taken. */
  readonly rate: RequestRate;
  /** Whose signatures are accepted. */
  readonly signer: ExpectedSigner;
  /** One line per call: service, operation, outcome. */
  readonly log: (line: string) => void;
}

/** A running API server. */
export interface ApiServer {
  /** The port on 127.0.0.1. */
  readonly port: number;
  /** Lets calls under way finish for a moment, then drops all connections. Never rejects. */
  close(): Promise<void>;
}

/** The longest request body in bytes. The largest calls we know need a few KiB. */
export const bodyLimit = 1 << 20;

/** How long a closing server waits for calls under way, in milliseconds. */
const closeGrace = 500;

/** A call by name, before anything of it is believed. */
interface Route {
  readonly protocol: ApiProtocol;
  /** SigV4's name of the service. */
  readonly service: JsonService | "ec2" | "sts" | "iam";
  readonly operation: string;
}

/** The services that speak JSON. */
type JsonService = "ssm" | "kms" | "ecs" | "ec2-instance-connect";

const jsonPrefixes: Readonly<Record<string, JsonService>> = {
  AmazonSSM: "ssm",
  TrentService: "kms",
  AmazonEC2ContainerServiceV20141113: "ecs",
  AWSEC2InstanceConnectService: "ec2-instance-connect",
};

/**
 * Starts the server on a free port of 127.0.0.1.
 *
 * @param options The APIs, the credentials and the log.
 * @throws Deno.errors.PermissionDenied and the like where listening is not possible.
 */
export function startApiServer(options: ApiServerOptions): ApiServer {
  const drop = new AbortController();
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      signal: drop.signal,
      onListen: () => {},
    },
    async (request) => {
      const response = await answer(request, server.addr.port, options);
      response.headers.set("date", new Date(options.now()).toUTCString());
      return response;
    },
  );
  let closing: Promise<void> | undefined;
  return {
    port: server.addr.port,
    close() {
      closing ??= (async () => {
        const timer = setTimeout(() => drop.abort(), closeGrace);
        try {
          await server.shutdown();
          await server.finished;
        } catch {
          // A connection torn while closing is closed.
        } finally {
          clearTimeout(timer);
        }
      })();
      return closing;
    },
  };
}

async function answer(
  request: Request,
  port: number,
  options: ApiServerOptions,
): Promise<Response> {
  const requestId = crypto.randomUUID();
  const refusal = refuseForeign(request.headers, port);
  if (refusal !== undefined) {
    options.log(`api: refused a request: ${refusal.reason}`);
    const error = new ApiError(
      "AccessDeniedException",
      refusal.reason,
      refusal.status,
    );
    return errorResponse("json", error, requestId);
  }
  const { pathname, searchParams } = new URL(request.url);
  const ssoCall = ssoCallOf(request.method, pathname);
  if (ssoCall !== undefined) {
    return await answerSso(request, ssoCall, searchParams, requestId, options);
  }
  let route: Route | undefined;
  let name = "unknown call";
  try {
    if (request.method !== "POST") {
      throw new ApiError(
        "UnknownOperationException",
        "The simulator takes POST requests alone",
        405,
      );
    }
    const body = await readBody(request);
    const form = readForm(request.headers, body);
    route = findRoute(request.headers, form);
    name = `${route.service} ${route.operation}`;
    const region = authenticate(request, body, route, options.signer);
    if (options.regions.size > 1) name = `${region} ${name}`;
    options.rate.take(name);
    if (options.deny.denies(route)) throw denied(route);
    const apis = options.regions.get(region)!;
    const response = call(route, body, form, requestId, {
      ...options,
      ...apis,
    });
    options.log(`api: ${name}`);
    return response;
  } catch (cause) {
    const protocol = route?.protocol ?? "json";
    const error = cause instanceof ApiError
      ? cause
      : new ApiError("InternalServerError", "The simulator failed", 500);
    const detail = cause instanceof ApiError ? "" : `: ${cause}`;
    options.log(`api: ${name}: ${error.code}${detail}`);
    return errorResponse(protocol, error, requestId);
  }
}

/** Identity Center's calls: REST, and without a signature. */
async function answerSso(
  request: Request,
  operation: SsoCall,
  query: URLSearchParams,
  requestId: string,
  { sso, rate, log }: ApiServerOptions,
): Promise<Response> {
  const name = `sso ${operation}`;
  const headers = {
    "content-type": "application/json",
    "x-amzn-requestid": requestId,
  };
  try {
    const body = await readBody(request);
    rate.take(name);
    const input = operation === "Device"
      ? { userCode: query.get("user_code") ?? "" }
      : request.method === "GET"
      ? {}
      : parseJson(body);
    const bearer = request.headers.get("x-amz-sso_bearer_token") ?? undefined;
    const output = sso.handle(operation, input, bearer);
    log(`api: ${name}`);
    if (operation === "Device") {
      return new Response("Confirmed. This page can be closed.\n");
    }
    return new Response(JSON.stringify(output), { headers });
  } catch (cause) {
    const error = cause instanceof ApiError
      ? cause
      : new ApiError("InternalServerError", "The simulator failed", 500);
    log(`api: ${name}: ${error.code}`);
    if (!(error instanceof OAuthError)) {
      return errorResponse("json", error, requestId);
    }
    return new Response(
      JSON.stringify({
        error: error.error,
        error_description: error.message,
      }),
      {
        status: error.status,
        headers: { ...headers, "x-amzn-errortype": error.code },
      },
    );
  }
}

/** The body, given up as soon as it is longer than {@linkcode bodyLimit}. */
async function readBody(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > bodyLimit) {
      throw new ApiError(
        "RequestEntityTooLargeException",
        `The request's body is longer than ${bodyLimit} bytes`,
        413,
      );
    }
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

function readForm(headers: Headers, body: Uint8Array): URLSearchParams {
  const type = headers.get("content-type") ?? "";
  return type.startsWith("application/x-www-form-urlencoded")
    ? new URLSearchParams(new TextDecoder().decode(body))
    : new URLSearchParams();
}

function findRoute(headers: Headers, form: URLSearchParams): Route {
  const target = headers.get("x-amz-target");
  const [prefix = "", operation = ""] = target?.split(".") ?? [];
  const service = Object.hasOwn(jsonPrefixes, prefix)
    ? jsonPrefixes[prefix]
    : undefined;
  // The name goes to the log and the operation into an error: take nothing strange.
  if (service !== undefined && /^[A-Za-z]{1,100}$/.test(operation)) {
    return { protocol: "json", service, operation };
  }
  const action = form.get("Action") ?? "";
  if (/^[A-Za-z]{1,100}$/.test(action)) {
    const version = form.get("Version");
    if (version === "2016-11-15") {
      return { protocol: "ec2", service: "ec2", operation: action };
    }
    if (version === "2011-06-15") {
      return { protocol: "query", service: "sts", operation: action };
    }
    if (version === "2010-05-08") {
      return { protocol: "query", service: "iam", operation: action };
    }
  }
  throw new ApiError(
    "UnknownOperationException",
    "The simulator knows SSM, KMS, ECS, EC2, EC2 Instance Connect, IAM and STS calls alone",
    404,
  );
}

/** The region that the request is signed for. */
function authenticate(
  request: Request,
  body: Uint8Array,
  route: Route,
  signer: ExpectedSigner,
): string {
  const { method, url, headers } = request;
  const verdict = verifySignature(
    { method, target: url, headers, body },
    route.service,
    signer,
  );
  if (!verdict.ok) {
    throw signatureError(route.protocol, verdict.fault, verdict.message);
  }
  return verdict.region;
}

function call(
  route: Route,
  body: Uint8Array,
  form: URLSearchParams,
  requestId: string,
  options: ApiServerOptions & RegionApis,
): Response {
  const { service, operation } = route;
  if (route.protocol !== "json") {
    const xml = service === "ec2"
      ? options.ec2.handle(operation, form, requestId)
      : service === "iam"
      ? simulatePrincipalPolicy(operation, form, options.deny, requestId)
      : handleSts(operation, requestId);
    return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n${xml}`, {
      headers: {
        "content-type": "text/xml;charset=UTF-8",
        "x-amzn-requestid": requestId,
      },
    });
  }
  const input = parseJson(body);
  const api = service === "kms"
    ? options.kms
    : service === "ecs"
    ? options.ecs
    : service === "ec2-instance-connect"
    ? options.ec2InstanceConnect
    : options.ssm;
  const output = api.handle(operation, input);
  return new Response(JSON.stringify(output), {
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amzn-requestid": requestId,
    },
  });
}

function parseJson(body: Uint8Array): JsonObject {
  let value: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    value = text === "" ? {} : JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!isObject(value)) {
    throw new ApiError(
      "SerializationException",
      "The request's body is not a JSON object",
    );
  }
  return value;
}
