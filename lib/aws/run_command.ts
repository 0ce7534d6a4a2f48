/**
 * Run Command (api.md §5): the calls, as fast as AWS takes them.
 *
 * @module
 */

import type { SSMClient } from "@aws-sdk/client-ssm";
import type { Clock } from "../session/transport.ts";
import { abortable } from "./call_signal.ts";
import type { AwsClients } from "./client.ts";
import {
  type CommandOutput,
  invocationOutput,
  listedOutput,
} from "./command_output.ts";
import { type CommandState, commandState } from "./command_state.ts";
import { AwsCallError } from "./errors.ts";
import { Pace, plainClock, waitFor } from "./pace.ts";

/** A filter of nodes: those that have one of the values. */
export interface CommandTarget {
  /** `tag:…`, `InstanceIds` or `resource-groups:Name`. */
  readonly key: string;
  /** At most 50. */
  readonly values: readonly string[];
}

/** A script, and where to run it. */
export interface CommandRequest {
  /** `AWS-RunShellScript`, `AWS-RunPowerShellScript`. */
  readonly documentName: string;
  /** The script's lines. They are kept in CloudTrail and in Run Command's history. */
  readonly script: readonly string[];
  /** Nodes by id, at most 50; or those that fit all of at most 5 filters. */
  readonly on:
    | { readonly ids: readonly string[] }
    | { readonly targets: readonly CommandTarget[] };
  readonly workingDirectory?: string | undefined;
  /** Seconds that the script may take, 1–172800; AWS's default is 3600. */
  readonly executionTimeout?: number | undefined;
  /** Seconds in which a node must take the command, 30–2592000; AWS's default is 3600. */
  readonly deliveryTimeout?: number | undefined;
  /** How many nodes at a time, as `10` or `10%`; AWS's default is 50. */
  readonly maxConcurrency?: string | undefined;
  /** With more errors than this no further node begins, as `10` or `10%`; AWS's default is 0. */
  readonly maxErrors?: string | undefined;
  /** Shown in the history, at most 100 characters. */
  readonly comment?: string | undefined;
}

/** How far a command has come. */
export interface CommandProgress {
  /** Nodes; 0 until AWS has looked them up. */
  readonly nodes: number;
  readonly completed: number;
  readonly errors: number;
  /** True when nothing will change any more. */
  readonly over: boolean;
  /** True when no node fits the filters. */
  readonly noNodes: boolean;
}

/** A command on one node. */
export interface CommandInvocation {
  readonly nodeId: string;
  /** The node's host name, in lists. */
  readonly hostName: string | undefined;
  readonly state: CommandState;
  /** The exit code; -1 where there is none. */
  readonly code: number;
  /** Seconds that the script ran, once it has ended. */
  readonly seconds: number | undefined;
  /** `undefined` before the end, and where a list does not have all of it. */
  readonly output: CommandOutput | undefined;
}

/** A page of invocations. */
export interface InvocationPage {
  readonly invocations: readonly CommandInvocation[];
  readonly nextToken: string | undefined;
}

/** How long a call is tried again that fails for a reason that passes, in milliseconds. */
const PATIENCE = 300_000;

/** The longest wait between two tries, in milliseconds. */
const LONGEST_WAIT = 15_000;

/** The most invocations of one page (api.md §5). */
const PAGE = 50;

/** Run Command for one identity in one region. All calls reject with AwsCallError. */
export class RunCommandCalls {
  readonly #clients: AwsClients;
  readonly #clock: Clock;
  readonly #paces = new Map<string, Pace>();

  /**
   * @param clients Whose calls.
   * @param clock Time.
   */
  constructor(clients: AwsClients, clock: Clock = plainClock) {
    this.#clients = clients;
    this.#clock = clock;
  }

  /**
   * SendCommand. It is not tried again when no answer came: it might run twice.
   *
   * @param request What to run where.
   * @param signal Gives up.
   * @returns The command's id.
   */
  async send(request: CommandRequest, signal?: AbortSignal): Promise<string> {
    const { SendCommandCommand } = await import("@aws-sdk/client-ssm");
    const { on, workingDirectory, executionTimeout } = request;
    const single = (value: string | number | undefined, name: string) =>
      value === undefined ? {} : { [name]: [String(value)] };
    const command = new SendCommandCommand({
      DocumentName: request.documentName,
      ...("ids" in on ? { InstanceIds: [...on.ids] } : {
        Targets: on.targets.map(({ key, values }) => ({
          Key: key,
          Values: [...values],
        })),
      }),
      Parameters: {
        commands: [...request.script],
        ...single(workingDirectory, "workingDirectory"),
        ...single(executionTimeout, "executionTimeout"),
      },
      TimeoutSeconds: request.deliveryTimeout,
      MaxConcurrency: request.maxConcurrency,
      MaxErrors: request.maxErrors,
      Comment: request.comment,
    });
    const output = await this.#call(
      "SendCommand",
      (client) => client.send(command, abortable(signal)),
      signal,
      ({ kind }) => kind === "throttled",
    );
    const id = output.Command?.CommandId;
    if (id) return id;
    throw new AwsCallError({
      action: "ssm:SendCommand",
      code: "IncompleteAnswer",
      kind: "service",
      reason: "the answer lacks CommandId",
      requestId: output.$metadata.requestId,
    });
  }

  /**
   * GetCommandInvocation.
   *
   * @param commandId The command.
   * @param nodeId The node.
   * @returns `undefined` where AWS does not know of it, as in the first moments.
   */
  async invocation(
    commandId: string,
    nodeId: string,
    signal?: AbortSignal,
  ): Promise<CommandInvocation | undefined> {
    const { GetCommandInvocationCommand } = await import("@aws-sdk/client-ssm");
    const command = new GetCommandInvocationCommand({
      CommandId: commandId,
      InstanceId: nodeId,
    });
    let output;
    try {
      output = await this.#call(
        "GetCommandInvocation",
        (client) => client.send(command, abortable(signal)),
        signal,
      );
    } catch (error) {
      if (
        error instanceof AwsCallError &&
        /InvocationDoesNotExist/i.test(error.code)
      ) return undefined;
      throw error;
    }
    const code = output.ResponseCode ?? -1;
    const state = commandState(
      output.Status ?? "",
      output.StatusDetails ?? "",
      code,
    );
    return {
      nodeId,
      hostName: undefined,
      state,
      code,
      seconds: secondsBetween(
        output.ExecutionStartDateTime,
        output.ExecutionEndDateTime,
      ),
      output: state === "running" ? undefined : invocationOutput(
        output.StandardOutputContent ?? "",
        output.StandardErrorContent ?? "",
        code,
      ),
    };
  }

  /**
   * ListCommandInvocations, a page.
   *
   * @param commandId The command.
   * @param nextToken Of the page before; `undefined` for the first.
   */
  async page(
    commandId: string,
    nextToken: string | undefined,
    signal?: AbortSignal,
  ): Promise<InvocationPage> {
    const { ListCommandInvocationsCommand } = await import(
      "@aws-sdk/client-ssm"
    );
    const command = new ListCommandInvocationsCommand({
      CommandId: commandId,
      Details: true,
      MaxResults: PAGE,
      NextToken: nextToken,
    });
    const output = await this.#call(
      "ListCommandInvocations",
      (client) => client.send(command, abortable(signal)),
      signal,
    );
    return {
      nextToken: output.NextToken || undefined,
      invocations: (output.CommandInvocations ?? []).map((item) => {
        const plugin = item.CommandPlugins?.[0];
        const code = plugin?.ResponseCode ?? -1;
        const state = commandState(
          item.Status ?? "",
          item.StatusDetails ?? "",
          code,
        );
        return {
          nodeId: item.InstanceId ?? "",
          hostName: item.InstanceName || undefined,
          state,
          code,
          seconds: secondsBetween(
            plugin?.ResponseStartDateTime,
            plugin?.ResponseFinishDateTime,
          ),
          output: state === "running"
            ? undefined
            : listedOutput(plugin?.Output ?? "", code),
        };
      }),
    };
  }

  /**
   * How far a command has come: ListCommands with its id.
   *
   * @param commandId The command.
   * @returns `undefined` where AWS does not know of it, as in the first moments.
   */
  async progress(
    commandId: string,
    signal?: AbortSignal,
  ): Promise<CommandProgress | undefined> {
    const { ListCommandsCommand } = await import("@aws-sdk/client-ssm");
    const command = new ListCommandsCommand({ CommandId: commandId });
    const output = await this.#call(
      "ListCommands",
      (client) => client.send(command, abortable(signal)),
      signal,
    );
    const found = output.Commands?.[0];
    if (found === undefined) return undefined;
    const { Status: status = "", StatusDetails: details = "" } = found;
    const noNodes = /^no ?instances/i.test(details);
    return {
      nodes: found.TargetCount ?? 0,
      completed: found.CompletedCount ?? 0,
      errors: found.ErrorCount ?? 0,
      over: noNodes || !/^(Pending|InProgress|Cancelling)$/.test(status),
      noNodes,
    };
  }

  /**
   * CancelCommand, on all nodes where it is not over.
   *
   * @param commandId The command.
   */
  async cancel(commandId: string, signal?: AbortSignal): Promise<void> {
    const { CancelCommandCommand } = await import("@aws-sdk/client-ssm");
    const command = new CancelCommandCommand({ CommandId: commandId });
    await this.#call(
      "CancelCommand",
      (client) => client.send(command, abortable(signal)),
      signal,
    );
  }

  /** Makes a call in its turn, again and again while what fails may pass. */
  async #call<Output>(
    operation: string,
    run: (client: SSMClient) => Promise<Output>,
    signal: AbortSignal | undefined,
    again: (error: AwsCallError) => boolean = ({ retryable }) => retryable,
  ): Promise<Output> {
    const action = `ssm:${operation}`;
    const pace = this.#pace(operation);
    const start = this.#clock.now();
    for (let tries = 0;; tries++) {
      await pace.turn(signal);
      try {
        const output = await this.#clients.call(
          action,
          async () => await run(await this.#clients.ssmOnce()),
          signal,
        );
        pace.succeeded();
        return output;
      } catch (error) {
        if (
          !(error instanceof AwsCallError) || !again(error) ||
          this.#clock.now() - start > PATIENCE
        ) throw error;
        if (error.kind === "throttled") pace.refused();
        else {
          const wait = Math.min(LONGEST_WAIT, 1000 * 2 ** tries);
          await waitFor(
            wait * (0.5 + Math.random() / 2),
            this.#clock,
            signal,
          );
        }
      }
    }
  }

  #pace(operation: string): Pace {
    let pace = this.#paces.get(operation);
    if (pace === undefined) {
      pace = new Pace(this.#clock);
      this.#paces.set(operation, pace);
    }
    return pace;
  }
}

function secondsBetween(
  start: string | Date | undefined,
  end: string | Date | undefined,
): number | undefined {
  if (!start || !end) return undefined;
  const seconds = (new Date(end).getTime() - new Date(start).getTime()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
