/**
 * The SSM calls (api.md §2–§4) with small typed results.
 *
 * @module
 */

import type { SessionGrant } from "../session/control.ts";
import { abortable } from "./call_signal.ts";
import type { AwsClients } from "./client.ts";
import { AwsCallError } from "./errors.ts";
import { type Page, pages } from "./pages.ts";
import { present } from "./present.ts";
import { startOrEnd } from "./started_session.ts";

/** What to start (api.md §2). */
export interface StartSessionRequest {
  /** `i-…`, `mi-…` or `ecs:…`. */
  readonly target: string;
  /** A document's name or ARN; absent = the account's shell document. */
  readonly documentName?: string | undefined;
  /** The document's parameters; every value is a list. */
  readonly parameters?:
    | Readonly<Record<string, readonly string[]>>
    | undefined;
  /** Shown in the session's history, 1–256 characters. */
  readonly reason?: string | undefined;
  /** Called when the request has been handed to the network; again for each further try. */
  readonly sent?: (() => void) | undefined;
}

/** One node as DescribeInstanceInformation tells it (api.md §4). */
export interface NodeInformation {
  /** `i-…` or `mi-…`. */
  readonly id: string;
  /** `Online`, `ConnectionLost`, `Inactive`, or a word of later days. */
  readonly ping: string;
  readonly lastPing?: Date;
  readonly agentVersion?: string;
  /** `Linux`, `Windows`, `MacOS`. */
  readonly platform?: string;
  readonly platformName?: string;
  readonly platformVersion?: string;
  readonly address?: string;
  readonly computerName?: string;
  /** The activation's name of an `mi-` node; not the Name tag. */
  readonly name?: string;
}

/** A filter of DescribeInstanceInformation; tag filters cannot be mixed with others. */
export interface NodeFilter {
  /** `InstanceIds`, `PingStatus`, `tag:Name`, `tag-key`, … */
  readonly key: string;
  readonly values: readonly string[];
}

/** One session as DescribeSessions tells it. */
export interface SessionInformation {
  readonly id: string;
  readonly target: string;
  /** Connected, Connecting, Disconnected, Terminated, Terminating or Failed. */
  readonly status: string;
  readonly startDate?: Date;
  readonly endDate?: Date;
  readonly documentName?: string;
  /** An ARN. */
  readonly owner?: string;
  readonly reason?: string;
  /** What the session's end said. */
  readonly details?: string;
  /** Where its output is kept, for those who may read it there. */
  readonly outputUrl?: string;
}

/** A filter of DescribeSessions; all of them must fit. */
export interface SessionFilter {
  /** `Target`, `Owner` (an ARN), `Status`, `SessionId`, `InvokedAfter`, `InvokedBefore`. */
  readonly key: string;
  readonly value: string;
}

/** How many nodes one page holds; the most the API gives (api.md §4). */
const PAGE = 50;

/** The SSM calls of one identity in one region. All reject with AwsCallError. */
export class SsmCalls {
  readonly #clients: AwsClients;

  /** @param clients Whose calls. */
  constructor(clients: AwsClients) {
    this.#clients = clients;
  }

  /**
   * StartSession. When the signal aborts while the answer is on its way, the call waits for it a
   * short time and terminates the session it may have started.
   *
   * @param request What to start.
   * @param signal Gives up.
   */
  async startSession(
    request: StartSessionRequest,
    signal?: AbortSignal,
  ): Promise<SessionGrant> {
    return await startOrEnd(
      (hold) => this.#start(request, hold),
      ({ sessionId }) => this.terminateSession(sessionId),
      signal,
    );
  }

  async #start(
    request: StartSessionRequest,
    signal: AbortSignal,
  ): Promise<SessionGrant> {
    const { StartSessionCommand } = await import("@aws-sdk/client-ssm");
    const parameters = request.parameters === undefined
      ? undefined
      : Object.fromEntries(
        Object.entries(request.parameters).map((
          [key, list],
        ) => [key, [...list]]),
      );
    const output = await this.#clients.call("ssm:StartSession", async () => {
      const client = await this.#clients.ssm();
      const command = new StartSessionCommand({
        Target: request.target,
        DocumentName: request.documentName,
        Parameters: parameters,
        Reason: request.reason,
      });
      const { sent } = request;
      if (sent !== undefined) {
        command.middlewareStack.add((next) => (args) => {
          const answer = next(args);
          sent();
          return answer;
        }, { step: "deserialize", priority: "low", name: "noteSent" });
      }
      return await client.send(command, { abortSignal: signal });
    });
    const { SessionId, TokenValue, StreamUrl } = output;
    this.#clients.settings.log?.secret(TokenValue ?? "");
    if (SessionId && TokenValue && StreamUrl) {
      return {
        sessionId: SessionId,
        tokenValue: TokenValue,
        streamUrl: StreamUrl,
      };
    }
    if (SessionId) await this.terminateSession(SessionId).catch(() => {});
    throw new AwsCallError({
      action: "ssm:StartSession",
      code: "IncompleteAnswer",
      kind: "service",
      reason: "the answer lacks " +
        [
          SessionId ? "" : "SessionId",
          TokenValue ? "" : "TokenValue",
          StreamUrl ? "" : "StreamUrl",
        ].filter((name) => name !== "").join(", "),
      requestId: output.$metadata.requestId,
    });
  }

  /**
   * ResumeSession (api.md §3).
   *
   * @param sessionId The session.
   * @returns `undefined` when the answer has no token: the session has timed out. An answer without
   * StreamUrl leaves it empty; the caller keeps the old one.
   */
  async resumeSession(
    sessionId: string,
    signal?: AbortSignal,
  ): Promise<SessionGrant | undefined> {
    const { ResumeSessionCommand } = await import("@aws-sdk/client-ssm");
    const output = await this.#clients.call("ssm:ResumeSession", async () => {
      const client = await this.#clients.ssm();
      return await client.send(
        new ResumeSessionCommand({ SessionId: sessionId }),
        abortable(signal),
      );
    }, signal);
    if (!output.TokenValue) return undefined;
    this.#clients.settings.log?.secret(output.TokenValue);
    return {
      sessionId: output.SessionId || sessionId,
      tokenValue: output.TokenValue,
      streamUrl: output.StreamUrl ?? "",
    };
  }

  /**
   * TerminateSession. A session that is gone already counts as terminated.
   *
   * @param sessionId The session.
   */
  async terminateSession(
    sessionId: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const { TerminateSessionCommand } = await import("@aws-sdk/client-ssm");
    try {
      await this.#clients.call("ssm:TerminateSession", async () => {
        const client = await this.#clients.ssm();
        return await client.send(
          new TerminateSessionCommand({ SessionId: sessionId }),
          abortable(signal),
        );
      }, signal);
    } catch (error) {
      if (error instanceof AwsCallError && error.kind === "not-found") return;
      throw error;
    }
  }

  /**
   * DescribeInstanceInformation, page after page of 50. Pages are fetched as they are asked for.
   *
   * @param filters All must fit; none = every node.
   */
  async *describeInstanceInformation(
    filters: readonly NodeFilter[] = [],
    signal?: AbortSignal,
  ): AsyncGenerator<NodeInformation, void, void> {
    for await (const page of this.nodePages(filters, signal)) yield* page;
  }

  /**
   * The same, in pages. What AWS refuses because there were too many calls is asked again, later.
   *
   * @param filters All must fit; none = every node.
   */
  nodePages(
    filters: readonly NodeFilter[] = [],
    signal?: AbortSignal,
  ): AsyncGenerator<readonly NodeInformation[], void, void> {
    return pages((token) => this.#nodePage(filters, token, signal), signal);
  }

  async #nodePage(
    filters: readonly NodeFilter[],
    token: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Page<NodeInformation>> {
    const { DescribeInstanceInformationCommand } = await import(
      "@aws-sdk/client-ssm"
    );
    const page = await this.#clients.call(
      "ssm:DescribeInstanceInformation",
      async () => {
        const client = await this.#clients.ssm();
        return await client.send(
          new DescribeInstanceInformationCommand({
            ...(filters.length === 0 ? {} : {
              Filters: filters.map(({ key, values }) => ({
                Key: key,
                Values: [...values],
              })),
            }),
            MaxResults: PAGE,
            NextToken: token,
          }),
          abortable(signal),
        );
      },
      signal,
    );
    const items = (page.InstanceInformationList ?? []).flatMap((item) =>
      item.InstanceId
        ? [present({
          id: item.InstanceId,
          ping: item.PingStatus ?? "unknown",
          lastPing: item.LastPingDateTime,
          agentVersion: item.AgentVersion,
          platform: item.PlatformType,
          platformName: item.PlatformName,
          platformVersion: item.PlatformVersion,
          address: item.IPAddress,
          computerName: item.ComputerName,
          name: item.Name,
        })]
        : []
    );
    return { items, next: page.NextToken || undefined };
  }

  /**
   * GetConnectionStatus: whether a session could be started now.
   *
   * @param target `i-…`, `mi-…` or `ecs:…`.
   */
  async getConnectionStatus(
    target: string,
    signal?: AbortSignal,
  ): Promise<"connected" | "notconnected"> {
    const { GetConnectionStatusCommand } = await import("@aws-sdk/client-ssm");
    const output = await this.#clients.call(
      "ssm:GetConnectionStatus",
      async () => {
        const client = await this.#clients.ssm();
        return await client.send(
          new GetConnectionStatusCommand({ Target: target }),
          abortable(signal),
        );
      },
      signal,
    );
    return output.Status?.toLowerCase() === "connected"
      ? "connected"
      : "notconnected";
  }

  /**
   * DescribeSessions, page after page.
   *
   * @param state `Active` or `History`.
   * @param filters Keys as api.md §4 has them: Target, Owner, Status, SessionId, …
   * @param pageSize Sessions of one page, at most 200; the service's own number when absent.
   */
  async *describeSessions(
    state: "Active" | "History",
    filters: readonly SessionFilter[] = [],
    signal?: AbortSignal,
    pageSize?: number,
  ): AsyncGenerator<SessionInformation, void, void> {
    const { DescribeSessionsCommand } = await import("@aws-sdk/client-ssm");
    let token: string | undefined;
    do {
      const page = await this.#clients.call(
        "ssm:DescribeSessions",
        async () => {
          const client = await this.#clients.ssm();
          return await client.send(
            new DescribeSessionsCommand({
              State: state,
              ...(filters.length === 0 ? {} : {
                // The SDK types the key as a list of those it knows; the service may know more.
                Filters: filters.map(({ key, value }) => ({
                  key: key as "Target",
                  value,
                })),
              }),
              MaxResults: pageSize,
              NextToken: token,
            }),
            abortable(signal),
          );
        },
        signal,
      );
      for (const item of page.Sessions ?? []) {
        if (!item.SessionId) continue;
        yield present({
          id: item.SessionId,
          target: item.Target ?? "",
          status: item.Status ?? "unknown",
          startDate: item.StartDate,
          endDate: item.EndDate,
          documentName: item.DocumentName,
          owner: item.Owner,
          reason: item.Reason,
          details: item.Details || undefined,
          outputUrl: item.OutputUrl?.S3OutputUrl ||
            item.OutputUrl?.CloudWatchOutputUrl || undefined,
        });
      }
      token = page.NextToken || undefined;
    } while (token !== undefined);
  }
}
