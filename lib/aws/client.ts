/**
 * The SDK's clients, each loaded when first needed: `--help` and `--version` load none.
 *
 * @module
 */

import type { EC2Client } from "@aws-sdk/client-ec2";
import type { EC2InstanceConnectClient } from "@aws-sdk/client-ec2-instance-connect";
import type { ECSClient } from "@aws-sdk/client-ecs";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { KMSClient } from "@aws-sdk/client-kms";
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { STSClient } from "@aws-sdk/client-sts";
import type { FetchHttpHandler } from "@smithy/fetch-http-handler";
import { type Credentials, CredentialSource } from "./credentials.ts";
import { TransportError } from "../session/transport.ts";
import { visible } from "../text.ts";
import { loggedCall } from "./call_log.ts";
import { orAborted } from "./call_signal.ts";
import { endpointOf, endpointSettings } from "./endpoint.ts";
import { AwsCallError, toAwsCallError } from "./errors.ts";
import {
  type AwsRequestHandler,
  createRequestHandler,
  readCaBundle,
} from "./request_handler.ts";
import {
  type AwsSettings,
  hintContext,
  requireRegion,
  type ResolvedSettings,
  resolveSettings,
} from "./settings.ts";

/** What a client that signs nothing of worth is made from. */
export interface AnonymousConfiguration {
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  };
  readonly profile: string;
  readonly endpoint?: string;
  readonly useFipsEndpoint?: boolean;
  readonly useDualstackEndpoint?: boolean;
}

/** One identity in one region: its clients, credentials and connections. */
export class AwsClients {
  /** What the user asked for. */
  readonly settings: AwsSettings;
  /** The identity's credentials; clients and the upgrade's signature share them. */
  readonly credentials: CredentialSource;
  #resolved: Promise<ResolvedSettings> | undefined;
  #handler: Promise<AwsRequestHandler> | undefined;
  #ssm: Promise<SSMClient> | undefined;
  #ssmOnce: Promise<SSMClient> | undefined;
  #ec2: Promise<EC2Client> | undefined;
  #ec2InstanceConnect: Promise<EC2InstanceConnectClient> | undefined;
  #kms: Promise<KMSClient> | undefined;
  #ecs: Promise<ECSClient> | undefined;
  #sts: Promise<STSClient> | undefined;
  #iam: Promise<IAMClient> | undefined;
  #ssmEndpoint: string | undefined;
  readonly #origin: AwsClients | undefined;
  /** For the log, which waits for nothing. */
  #regionNow: string | undefined;
  #closed = false;

  /**
   * @param settings What the user asked for; nothing is read or loaded yet.
   * @param origin The same identity in another region: its credentials and connections are used,
   * and it closes them.
   */
  constructor(settings: AwsSettings, origin?: AwsClients) {
    this.settings = settings;
    this.#origin = origin;
    this.credentials = origin?.credentials ?? new CredentialSource(
      settings,
      async () => (await this.#requestHandler()).handler,
    );
  }

  /**
   * Profile, region and bundle, settled once.
   *
   * @throws AwsCallError of kind `unknown-profile` or `invalid`.
   */
  resolved(): Promise<ResolvedSettings> {
    return this.#resolved ??= this.#origin === undefined
      ? resolveSettings(this.settings)
      : this.#origin.resolved().then((resolved) => ({
        ...resolved,
        region: this.settings.region ?? resolved.region,
      }));
  }

  /**
   * The region of the calls and of the upgrade's signature.
   *
   * @throws AwsCallError of kind `no-region`, or as {@linkcode resolved} does.
   */
  async region(): Promise<string> {
    return requireRegion(await this.resolved());
  }

  /**
   * The time of signatures: this computer's, corrected by what the SDK learned from the services'
   * answers. The upgrade uses it, so that a wrong clock does not fail there after StartSession
   * succeeded.
   */
  async now(): Promise<Date> {
    const offset = this.#ssm === undefined
      ? 0
      : (await this.#ssm).config.systemClockOffset;
    return new Date(Date.now() + offset);
  }

  /**
   * Where the last SSM call went, `https://ssm.eu-west-1.amazonaws.com`; `undefined` before one.
   * Which of flag, environment, profile and the endpoint rules decided it only the SDK knows.
   */
  get ssmEndpoint(): string | undefined {
    return this.#ssmEndpoint;
  }

  /** The SSM client. */
  ssm(): Promise<SSMClient> {
    return this.#ssm ??= (async () => {
      const { SSMClient } = await import("@aws-sdk/client-ssm");
      const { endpointUrl, ssmEndpointUrl } = this.settings;
      const client = new SSMClient(
        await this.#configuration(endpointUrl ?? ssmEndpointUrl),
      );
      client.middlewareStack.add(
        (next) => (args) => {
          this.#ssmEndpoint = endpointOf(args.request) ?? this.#ssmEndpoint;
          return next(args);
        },
        { step: "finalizeRequest", name: "noteEndpoint" },
      );
      return client;
    })();
  }

  /**
   * An SSM client that tries each call once: for calls that must not be made twice by themselves,
   * and for those whose refusals somebody else counts.
   */
  ssmOnce(): Promise<SSMClient> {
    return this.#ssmOnce ??= (async () => {
      const { SSMClient } = await import("@aws-sdk/client-ssm");
      return new SSMClient({
        ...await this.#configuration(),
        maxAttempts: 1,
      });
    })();
  }

  /** The EC2 client: large, so only for what SSM cannot answer. */
  ec2(): Promise<EC2Client> {
    return this.#ec2 ??= (async () => {
      const { EC2Client } = await import("@aws-sdk/client-ec2");
      return new EC2Client(await this.#configuration());
    })();
  }

  /** The EC2 Instance Connect client. */
  ec2InstanceConnect(): Promise<EC2InstanceConnectClient> {
    return this.#ec2InstanceConnect ??= (async () => {
      const { EC2InstanceConnectClient } = await import(
        "@aws-sdk/client-ec2-instance-connect"
      );
      return new EC2InstanceConnectClient(await this.#configuration());
    })();
  }

  /** The KMS client. */
  kms(): Promise<KMSClient> {
    return this.#kms ??= (async () => {
      const { KMSClient } = await import("@aws-sdk/client-kms");
      return new KMSClient(await this.#configuration());
    })();
  }

  /** The ECS client. */
  ecs(): Promise<ECSClient> {
    return this.#ecs ??= (async () => {
      const { ECSClient } = await import("@aws-sdk/client-ecs");
      return new ECSClient(await this.#configuration());
    })();
  }

  /** The STS client. */
  sts(): Promise<STSClient> {
    return this.#sts ??= (async () => {
      const { STSClient } = await import("@aws-sdk/client-sts");
      return new STSClient(await this.#configuration());
    })();
  }

  /** The IAM client: for `ssm doctor` alone. */
  iam(): Promise<IAMClient> {
    return this.#iam ??= (async () => {
      const { IAMClient } = await import("@aws-sdk/client-iam");
      return new IAMClient(await this.#configuration());
    })();
  }

  /** What the SDK's clients are made from, without this identity's credentials. */
  async anonymousConfiguration(): Promise<AnonymousConfiguration> {
    const [region, { profile }] = await Promise.all([
      this.region(),
      this.resolved(),
    ]);
    return {
      region,
      credentials: { accessKeyId: "none", secretAccessKey: "none" },
      profile,
      ...endpointSettings(this.settings.endpointUrl),
    };
  }

  /**
   * Makes one call, and says what went wrong in our words. When the service does not accept the
   * credentials and their source has others by now, the call is made once more with those
   * (api.md §10).
   *
   * @param action The IAM action, `ssm:StartSession`.
   * @param run The call itself.
   * @param signal The caller's, whose reason is thrown as it is.
   * @throws AwsCallError, or the signal's reason.
   */
  async call<Result>(
    action: string,
    run: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    signal?.throwIfAborted();
    const attempt = () =>
      orAborted(
        loggedCall(this.settings.log, action, () => this.#regionNow, run),
        signal,
      );
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      const failure = await this.explain(error, action);
      if (!(await this.#mended(failure))) throw failure;
    }
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      throw await this.explain(error, action);
    }
  }

  /**
   * What went wrong in a call, in our words.
   * @param error What the SDK threw.
   * @param action The IAM action of the call.
   */
  async explain(error: unknown, action: string): Promise<AwsCallError> {
    const context = await this.resolved().then(
      hintContext,
      () => ({ profile: this.settings.profile }),
    );
    return toAwsCallError(error, action, context);
  }

  /** Whether a call that failed so now has other credentials to try. */
  async #mended(failure: AwsCallError): Promise<boolean> {
    const refused = this.credentials.current;
    if (
      failure.action === "credentials" || refused === undefined ||
      (failure.kind !== "expired-credentials" &&
        failure.kind !== "invalid-credentials")
    ) return false;
    let fresh: Credentials;
    try {
      fresh = await this.credentials.refresh({ force: true });
    } catch (error) {
      // Why an expired login cannot be renewed says more than that it has expired.
      if (failure.kind === "expired-credentials") throw error;
      return false;
    }
    return fresh.accessKeyId !== refused.accessKeyId ||
      fresh.secretAccessKey !== refused.secretAccessKey ||
      fresh.sessionToken !== refused.sessionToken;
  }

  /**
   * What a client is made from whose calls are not signed. The endpoint is the region's or one of
   * the environment; that of the command line is for calls of an identity.
   * @param region The service's.
   */
  async unsignedConfiguration(region: string): Promise<{
    readonly region: string;
    readonly requestHandler: FetchHttpHandler;
    readonly customUserAgent: string;
  }> {
    const { handler } = await this.#requestHandler();
    const { version } = this.settings;
    return {
      region,
      requestHandler: handler,
      customUserAgent: `ssm/${version ?? "0"}`,
    };
  }

  /** Ends calls under way and closes connections; calls after it fail. Idempotent. */
  close(): void {
    this.#closed = true;
    // A handler that could not be made has nothing to close.
    this.#handler?.then((handler) => handler.close(), () => {});
  }

  #requestHandler(): Promise<AwsRequestHandler> {
    if (this.#origin !== undefined) return this.#origin.#requestHandler();
    return this.#handler ??= (async () => {
      const { trust } = this.settings;
      const handler = await createRequestHandler({
        caCerts: await this.#certificates(),
        ...(trust === undefined ? {} : { systemCerts: trust.system }),
      });
      if (this.#closed) handler.close();
      return handler;
    })();
  }

  async #certificates(): Promise<readonly string[]> {
    const { caBundle } = await this.resolved();
    const { trust } = this.settings;
    if (trust !== undefined) {
      try {
        return await trust.named(caBundle);
      } catch (cause) {
        if (!(cause instanceof TransportError)) throw cause;
        throw new AwsCallError({
          action: "settings",
          code: "InvalidCaBundle",
          kind: "invalid",
          reason: visible(cause.message.replace(/^Cannot/, "cannot")),
        }, { cause });
      }
    }
    return caBundle === undefined ? [] : [await readCaBundle(caBundle)];
  }

  /** What all clients are made from. Retry mode and attempts are the SDK's: standard, three. */
  async #configuration(endpointUrl = this.settings.endpointUrl) {
    const [region, resolved, { handler }] = await Promise.all([
      this.region(),
      this.resolved(),
      this.#requestHandler(),
    ]);
    this.#regionNow = region;
    const { version } = this.settings;
    // The SDK would remember credentials without an expiration for ever; the mark says that we
    // remember them ourselves (resolveAwsSdkSigV4Config.js).
    const credentials = Object.assign(() => this.credentials.get(), {
      memoized: true,
    });
    return {
      region,
      credentials,
      requestHandler: handler,
      profile: resolved.profile,
      customUserAgent: `ssm/${version ?? "0"}`,
      ...endpointSettings(endpointUrl),
    };
  }
}
