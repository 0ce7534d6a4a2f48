/**
 * What went wrong in a call to AWS, as data: a kind to decide by, a sentence to show, commands to
 * suggest. The codes are those of api.md §10, matched as it says: without regard to case, with or
 * without `Exception`.
 *
 * @module
 */

import { visible } from "../text.ts";
import { type HintContext, hintsFor } from "./hints.ts";

/** What a failed call comes down to. */
export type AwsErrorKind =
  /** IAM says no. */
  | "access-denied"
  /** There were credentials, or a login, but their time is over. */
  | "expired-credentials"
  /** AWS does not know the credentials, or they do not fit their secret. */
  | "invalid-credentials"
  /** No source gave credentials. */
  | "no-credentials"
  /** No source gave a region. */
  | "no-region"
  /** The profile asked for is in no file. */
  | "unknown-profile"
  /** The node's agent is not connected to Session Manager. */
  | "not-connected"
  /** The session, node, task, key or document does not exist. */
  | "not-found"
  /** Too many calls. */
  | "throttled"
  /** No answer came: name, connection, proxy, TLS, a time-out. */
  | "network"
  /** The signature's time is too far from the service's. */
  | "clock"
  /** The service refuses what was asked for, or a setting makes no sense. */
  | "invalid"
  /** Anything else the service says, its own troubles among them. */
  | "service";

/** Everything an {@linkcode AwsCallError} says. */
export interface AwsCallFailure {
  /** The IAM action of the call (`ssm:StartSession`), or what was wanted: `credentials`, `region`, … */
  readonly action: string;
  /** AWS's code, or ours in the same style; never empty. */
  readonly code: string;
  readonly kind: AwsErrorKind;
  /** The cause, a phrase without a full stop; control characters already visible. */
  readonly reason: string;
  /** AWS's id of the request, for its support. */
  readonly requestId?: string | undefined;
  /** True where trying again soon may well help: network, throttling, trouble of the service. */
  readonly retryable?: boolean;
  /** Commands that can be pasted into a shell. */
  readonly hints?: readonly string[];
}

/** A call to AWS failed, or could not be made for want of credentials or settings. */
export class AwsCallError extends Error {
  override name = "AwsCallError";
  /** The IAM action of the call (`ssm:StartSession`), or what was wanted: `credentials`, `region`, … */
  readonly action: string;
  /** AWS's code, or ours in the same style. */
  readonly code: string;
  /** What it comes down to. */
  readonly kind: AwsErrorKind;
  /** The message without its "Cannot …: ". */
  readonly reason: string;
  /** AWS's id of the request. */
  readonly requestId: string | undefined;
  /** Trying again soon may well help. */
  readonly retryable: boolean;
  /** Trying again cannot help, unless the user does something (data-channel.md §8.3). */
  readonly final: boolean;
  /** Commands that can be pasted into a shell. */
  readonly hints: readonly string[];

  /**
   * @param failure What is known.
   * @param options `cause`: the SDK's own error.
   */
  constructor(failure: AwsCallFailure, options?: ErrorOptions) {
    super(`Cannot ${task(failure.action)}: ${failure.reason}`, options);
    this.action = failure.action;
    this.code = failure.code;
    this.kind = failure.kind;
    this.reason = failure.reason;
    this.requestId = failure.requestId;
    this.retryable = failure.retryable ?? false;
    this.final = FINAL.has(failure.kind);
    this.hints = failure.hints ?? [];
  }
}

/** data-channel.md §8.3 step 3; everything else is tried again. */
const FINAL: ReadonlySet<AwsErrorKind> = new Set([
  "access-denied",
  "expired-credentials",
  "invalid-credentials",
  "no-credentials",
  "no-region",
  "unknown-profile",
  "not-connected",
  "not-found",
  "invalid",
]);

const TASKS: Readonly<Record<string, string>> = {
  "credentials": "load credentials",
  "profile": "find profile",
  "login": "sign in",
  "logout": "sign out",
  "sso-oidc:RegisterClient": "sign in",
  "sso-oidc:StartDeviceAuthorization": "sign in",
  "sso-oidc:CreateToken": "sign in",
  "region": "choose region",
  "settings": "use AWS settings",
  "ssm:StartSession": "start session",
  "ssm:ResumeSession": "resume session",
  "ssm:TerminateSession": "terminate session",
  "ssm:DescribeInstanceInformation": "look up nodes",
  "ssm:GetConnectionStatus": "get connection status",
  "ssm:DescribeSessions": "list sessions",
  "ssm:SendCommand": "send command",
  "ssm:GetCommandInvocation": "get the command's output",
  "ssm:ListCommandInvocations": "list the command's nodes",
  "ssm:ListCommands": "look up command",
  "ssm:CancelCommand": "cancel command",
  "ec2:DescribeInstances": "look up instances",
  "ec2:DescribeRegions": "list regions",
  "ec2-instance-connect:SendSSHPublicKey": "send SSH key",
  "kms:GenerateDataKey": "generate data key",
  "ecs:ExecuteCommand": "execute command in task",
  "ecs:DescribeTasks": "look up task",
  "ecs:DescribeTaskDefinition": "look up task definition",
  "ecs:ListTasks": "look up tasks",
  "ecs:ListServices": "look up services",
  "ecs:ListClusters": "look up clusters",
  "sts:GetCallerIdentity": "get caller identity",
  "ssm:GetDocument": "read document",
  "iam:SimulatePrincipalPolicy": "simulate policies",
  "iam:GetRole": "look up role",
};

function task(action: string): string {
  return TASKS[action] ?? `call ${action}`;
}

/**
 * AWS's codes (api.md §10 and the modelled errors of §2–§8), lower case, without `exception` or
 * `error` at the end.
 */
const KINDS: Readonly<Record<string, AwsErrorKind>> = {
  accessdenied: "access-denied",
  unauthorized: "access-denied",
  unauthorizedoperation: "access-denied",
  notauthorized: "access-denied",
  forbidden: "access-denied",
  optinrequired: "access-denied",
  auth: "access-denied",
  expiredtoken: "expired-credentials",
  tokenrefreshrequired: "expired-credentials",
  unrecognizedclient: "invalid-credentials",
  invalidclienttokenid: "invalid-credentials",
  invalidaccesskeyid: "invalid-credentials",
  invalidsignature: "invalid-credentials",
  signaturedoesnotmatch: "invalid-credentials",
  incompletesignature: "invalid-credentials",
  missingauthenticationtoken: "invalid-credentials",
  authfailure: "invalid-credentials",
  requestexpired: "clock",
  requesttimetooskewed: "clock",
  requestinthefuture: "clock",
  targetnotconnected: "not-connected",
  doesnotexist: "not-found",
  notfound: "not-found",
  resourcenotfound: "not-found",
  invalidinstanceid: "not-found",
  ec2instancenotfound: "not-found",
  "invalidinstanceid.notfound": "not-found",
  "invalidinstanceid.malformed": "not-found",
  clusternotfound: "not-found",
  servicenotfound: "not-found",
  nosuchentity: "not-found",
  invocationdoesnotexist: "not-found",
  invalidcommandid: "not-found",
  invaliddocument: "invalid",
  unsupportedplatformtype: "invalid",
  maxdocumentsizeexceeded: "invalid",
  duplicateinstanceid: "invalid",
  invalidargs: "invalid",
  ec2instancestateinvalid: "invalid",
  ec2instancetypeinvalid: "invalid",
  validation: "invalid",
  invalidparameter: "invalid",
  invalidparameters: "invalid",
  invalidparametervalue: "invalid",
  invalidparametercombination: "invalid",
  missingparameter: "invalid",
  invalidfilterkey: "invalid",
  invalidinstanceinformationfiltervalue: "invalid",
  invalidnexttoken: "invalid",
  client: "invalid",
  disabled: "invalid",
  invalidkeyusage: "invalid",
  invalidgranttoken: "invalid",
  kmsinvalidstate: "invalid",
  throttling: "throttled",
  throttled: "throttled",
  requestthrottled: "throttled",
  requestlimitexceeded: "throttled",
  rateexceeded: "throttled",
  toomanyrequests: "throttled",
  slowdown: "throttled",
};

/**
 * The kind of an AWS error code.
 *
 * @param code The code in any spelling: `#` prefix, `:` tail, `Exception` or not, any case.
 * @param status The HTTP status, 0 where unknown.
 * @param message AWS's sentence; it tells an expired signature from a wrong one.
 */
export function classify(
  code: string,
  status = 0,
  message = "",
): AwsErrorKind {
  const bare = code.replace(/^.*#/, "").replace(/:.*$/, "").toLowerCase()
    .replace(/(exception|error)+$/, "");
  const kind = KINDS[bare];
  if (
    kind === "invalid-credentials" &&
    /signature (expired|not yet current)/i.test(message)
  ) return "clock";
  // What STS and SSO say of an over-aged token comes under more than one code.
  if (
    (kind === "invalid-credentials" || kind === "access-denied") &&
    /token (included in the request )?(is|has) expired/i.test(message)
  ) return "expired-credentials";
  if (kind !== undefined) return kind;
  if (status === 429 || /^rate exceeded/i.test(message)) return "throttled";
  return "service";
}

/** What the SDK hangs on its errors; all of it optional, as foreign errors come here too. */
interface SdkError {
  readonly name?: unknown;
  readonly Code?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly $metadata?: {
    readonly httpStatusCode?: number;
    readonly requestId?: string;
  };
}

/** No answer came to an HTTP request; thrown by our request handler. */
export class NetworkError extends Error {
  override name = "NetworkError";
  /** Tells the SDK's retry strategy to try again. */
  readonly $retryable: { readonly throttling: boolean } = {
    throttling: false,
  };
  /**
   * @param host Host and port that did not answer.
   * @param reason The cause, a phrase.
   */
  constructor(
    readonly host: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot reach ${host}: ${reason}`, options);
  }

  /** True when it is the server's certificate that is not trusted. */
  get untrusted(): boolean {
    return this.reason.includes("certificate");
  }
}

/** Our {@linkcode NetworkError}'s text inside an error that swallowed the object. */
const NETWORK_TEXT = /NetworkError: Cannot reach (\S+): ([^\n]*)/;

/**
 * Turns whatever a call threw into an {@linkcode AwsCallError}; one that is one already comes back
 * as it is.
 *
 * @param error What was thrown.
 * @param action The IAM action of the call, or `credentials`.
 * @param context Profile and source of the credentials, for the hints.
 */
export function toAwsCallError(
  error: unknown,
  action: string,
  context: HintContext = {},
): AwsCallError {
  const found = inChain(error, (link) => link instanceof AwsCallError);
  if (found instanceof AwsCallError) return found;
  const network = networkFailure(error);
  if (network !== undefined) {
    return new AwsCallError({
      action,
      code: "NetworkError",
      kind: "network",
      reason: network,
      retryable: true,
      hints: hintsFor("network", { ...context, text: network }),
    }, { cause: error });
  }
  const sdk: SdkError = typeof error === "object" && error !== null
    ? error
    : {};
  // An object's own toString may be anything; without a message its code has to do.
  const message = typeof sdk.message === "string"
    ? sdk.message
    : typeof error === "object"
    ? ""
    : String(error);
  const code =
    [sdk.name, sdk.Code, sdk.code].find((each): each is string =>
      typeof each === "string" && each !== "" && each !== "Error"
    ) ?? "UnknownError";
  const status = sdk.$metadata?.httpStatusCode ?? 0;
  const kind = classify(code, status, message);
  return new AwsCallError({
    action,
    code,
    kind,
    reason: reasonOf(kind, action, code, status, message),
    requestId: sdk.$metadata?.requestId,
    retryable: kind === "throttled" || kind === "clock" || status >= 500,
    hints: hintsFor(kind, { ...context, text: message }),
  }, { cause: error });
}

/** The sentence's second half: AWS's own words, and what they lack. */
function reasonOf(
  kind: AwsErrorKind,
  action: string,
  code: string,
  status: number,
  message: string,
): string {
  const text = visible(message.trim().replace(/\.$/, ""));
  const said = text === "" || text === code || text === "UnknownError"
    ? `${visible(code)}${status === 0 ? "" : ` (HTTP status ${status})`}`
    : text;
  switch (kind) {
    case "access-denied":
      return action.includes(":")
        ? `access to ${action} is denied: ${said}`
        : `access is denied: ${said}`;
    case "expired-credentials":
      return `the credentials have expired: ${said}`;
    case "invalid-credentials":
      return `AWS does not accept the credentials: ${visible(code)}: ${said}`;
    case "clock":
      return `this computer's clock differs from the service's: ${said}`;
    case "throttled":
      return `AWS asks for fewer calls: ${said}`;
    case "invalid":
    case "not-found":
    case "service":
      return said.startsWith(code) ? said : `${visible(code)}: ${said}`;
    default:
      return said;
  }
}

/** The cause of a request without an answer, if that is what `error` is about. */
function networkFailure(error: unknown): string | undefined {
  const found = inChain(error, (link) => link instanceof NetworkError);
  if (found instanceof NetworkError) {
    return `cannot reach ${found.host}: ${found.reason}`;
  }
  // CredentialsProviderError keeps its inner error as text only (resolveSSOCredentials.js).
  const text = NETWORK_TEXT.exec(error instanceof Error ? error.message : "");
  return text === null
    ? undefined
    : `cannot reach ${visible(text[1]!)}: ${visible(text[2]!)}`;
}

/** The first of `error` and its causes that fits. */
function inChain(
  error: unknown,
  fits: (link: unknown) => boolean,
): unknown {
  let link = error;
  for (let depth = 0; depth < 10 && link !== undefined; depth++) {
    if (fits(link)) return link;
    link = link instanceof Error ? link.cause : undefined;
  }
  return undefined;
}
