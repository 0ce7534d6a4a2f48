/**
 * The Run Command calls of the SSM API (api.md §5).
 *
 * @module
 */

import type { SimulatedCommand } from "../command/command.ts";
import type { SimulatedCommands } from "../command/commands.ts";
import {
  type Invocation,
  isError,
  isOver,
  statusOf,
} from "../command/invocation.ts";
import { errorContent, listOutput, outputContent } from "../command/output.ts";
import type { SimulatedNode } from "../options.ts";
import { ApiError } from "./errors.ts";
import {
  type JsonObject,
  objectList,
  optionalInteger,
  optionalText,
  requiredText,
  typeError,
} from "./json_input.ts";
import type { Pager } from "./paging.ts";
import { readSendCommand } from "./ssm_send_command.ts";

/** What the calls need. */
export interface CommandCalls {
  readonly nodes: readonly SimulatedNode[];
  readonly commands: SimulatedCommands;
  readonly pager: Pager;
}

const commandId = { min: 36, max: 36 };

/** The calls by name. */
export const commandOperations: Readonly<
  Record<string, (input: JsonObject, calls: CommandCalls) => JsonObject>
> = {
  SendCommand(input, { nodes, commands }) {
    const command = commands.send(readSendCommand(input, nodes));
    const { echo } = command.request;
    // Targets are looked up after the answer, so it cannot tell how many there are.
    const known = (echo["InstanceIds"] as readonly string[]).length;
    return {
      Command: { ...describe(command), TargetCount: known, CompletedCount: 0 },
    };
  },
  GetCommandInvocation(input, { commands }) {
    const id = requiredText(input, "CommandId", commandId);
    const nodeId = requiredText(input, "InstanceId");
    const command = commands.get(id);
    const invocation = command?.invocations.get(nodeId);
    if (
      command === undefined || invocation === undefined ||
      !commands.seen(command)
    ) {
      throw new ApiError("InvocationDoesNotExist", "");
    }
    return details(command, invocation);
  },
  ListCommandInvocations(input, { commands, pager }) {
    const id = optionalText(input, "CommandId", commandId);
    const nodeId = optionalText(input, "InstanceId");
    const size = optionalInteger(input, "MaxResults", 1, 50) ?? 50;
    const token = optionalText(input, "NextToken");
    const withDetails = input["Details"] === true;
    const status = readStatusFilter(input);
    const items: (readonly [SimulatedCommand, Invocation])[] = [];
    for (const command of chosen(id, commands)) {
      if (!commands.seen(command)) continue;
      for (const invocation of command.invocations.values()) {
        if (nodeId !== undefined && invocation.node.id !== nodeId) continue;
        items.push([command, invocation]);
      }
    }
    const page = pager.page(
      status === undefined
        ? items
        : items.filter(([, { state }]) =>
          state === status || statusOf(state) === status
        ),
      size,
      token,
      ["ListCommandInvocations", id, nodeId, status],
    );
    return {
      CommandInvocations: page.items.map(([command, invocation]) =>
        listed(command, invocation, withDetails)
      ),
      NextToken: page.nextToken,
    };
  },
  ListCommands(input, { commands, pager }) {
    const id = optionalText(input, "CommandId", commandId);
    const size = optionalInteger(input, "MaxResults", 1, 50) ?? 50;
    const page = pager.page(
      chosen(id, commands),
      size,
      optionalText(input, "NextToken"),
      ["ListCommands", id],
    );
    return {
      Commands: page.items.map((command) => ({
        ...describe(command),
        ...counts(command),
      })),
      NextToken: page.nextToken,
    };
  },
  CancelCommand(input, { commands }) {
    const id = requiredText(input, "CommandId", commandId);
    const ids = input["InstanceIds"] ?? [];
    if (!Array.isArray(ids)) throw typeError("InstanceIds", "List");
    const command = commands.get(id);
    if (command === undefined) throw noCommand();
    command.cancel(ids);
    return {};
  },
};

function noCommand(): ApiError {
  return new ApiError("InvalidCommandId", "");
}

function chosen(
  id: string | undefined,
  commands: SimulatedCommands,
): readonly SimulatedCommand[] {
  if (id === undefined) return commands.list();
  const command = commands.get(id);
  if (command === undefined) throw noCommand();
  return [command];
}

function readStatusFilter(input: JsonObject): string | undefined {
  let status: string | undefined;
  for (const filter of objectList(input, "Filters")) {
    const key = requiredText(filter, "key");
    if (key !== "Status") {
      throw new ApiError(
        "InvalidFilterKey",
        `The simulator filters invocations by Status alone, not by ${key}.`,
      );
    }
    status = requiredText(filter, "value", { min: 1, max: 128 });
  }
  return status;
}

function describe(command: SimulatedCommand): JsonObject {
  const { request, requested } = command;
  const timeout = request.deliveryTimeout + request.executionTimeout;
  return {
    CommandId: command.id,
    ...request.echo,
    RequestedDateTime: requested / 1000,
    ExpiresAfter: requested / 1000 + timeout,
    Status: "Pending",
    StatusDetails: "Pending",
    ErrorCount: 0,
    DeliveryTimedOutCount: 0,
  };
}

function counts(command: SimulatedCommand): JsonObject {
  let [completed, delivery, cancelled, failed, other] = [0, 0, 0, 0, 0];
  let begun = false;
  for (const { state } of command.invocations.values()) {
    if (state !== "Pending") begun = true;
    if (!isOver(state)) continue;
    completed++;
    if (isError(state)) failed++;
    else if (state === "DeliveryTimedOut") delivery++;
    else if (state === "Cancelled") cancelled++;
    else if (state !== "Success") other++;
  }
  const all = command.invocations.size;
  const [status, details] = completed < all
    ? begun ? ["InProgress", "InProgress"] : ["Pending", "Pending"]
    : all === 0
    ? ["Failed", "NoInstancesInTag"]
    : cancelled > 0
    ? ["Cancelled", "Cancelled"]
    : failed > command.request.maxErrors
    ? ["Failed", "Failed"]
    : failed + delivery + other > 0
    ? ["Failed", "Incomplete"]
    : ["Success", "Success"];
  return {
    Status: status,
    StatusDetails: details,
    TargetCount: all,
    CompletedCount: completed,
    ErrorCount: failed,
    DeliveryTimedOutCount: delivery,
  };
}

function pluginName(command: SimulatedCommand): string {
  return command.request.document === "AWS-RunShellScript"
    ? "aws:runShellScript"
    : "aws:runPowerShellScript";
}

function details(
  command: SimulatedCommand,
  { node, state, start, end, code, output }: Invocation,
): JsonObject {
  const result = isOver(state) ? output?.() : undefined;
  const time = (at: number | undefined) =>
    at === undefined ? "" : new Date(at).toISOString();
  return {
    CommandId: command.id,
    InstanceId: node.id,
    Comment: command.request.echo["Comment"],
    DocumentName: command.request.document,
    DocumentVersion: "$DEFAULT",
    PluginName: pluginName(command),
    ResponseCode: isOver(state) ? code : -1,
    ExecutionStartDateTime: time(start),
    ExecutionElapsedTime: start === undefined || end === undefined
      ? ""
      : `PT${((end - start) / 1000).toFixed(3)}S`,
    ExecutionEndDateTime: start === undefined ? "" : time(end),
    Status: statusOf(state),
    StatusDetails: state,
    StandardOutputContent: result === undefined
      ? ""
      : outputContent(result.stdout),
    StandardOutputUrl: "",
    StandardErrorContent: result === undefined
      ? ""
      : errorContent(result.stderr),
    StandardErrorUrl: "",
    CloudWatchOutputConfig: {
      CloudWatchLogGroupName: "",
      CloudWatchOutputEnabled: false,
    },
  };
}

function listed(
  command: SimulatedCommand,
  invocation: Invocation,
  withDetails: boolean,
): JsonObject {
  const { node, state, start, end, code, output } = invocation;
  const result = withDetails && isOver(state) ? output?.() : undefined;
  const seconds = (at: number | undefined) =>
    at === undefined ? undefined : at / 1000;
  const status = { Status: statusOf(state), StatusDetails: state };
  return {
    CommandId: command.id,
    InstanceId: node.id,
    InstanceName: node.computerName,
    Comment: command.request.echo["Comment"],
    DocumentName: command.request.document,
    DocumentVersion: "$DEFAULT",
    RequestedDateTime: command.requested / 1000,
    ...status,
    StandardOutputUrl: "",
    StandardErrorUrl: "",
    CommandPlugins: withDetails
      ? [{
        Name: pluginName(command),
        ...status,
        ResponseCode: isOver(state) ? code : -1,
        ResponseStartDateTime: seconds(start),
        ResponseFinishDateTime: start === undefined ? undefined : seconds(end),
        Output: result === undefined
          ? ""
          : listOutput(result.stdout, result.stderr),
        StandardOutputUrl: "",
        StandardErrorUrl: "",
      }]
      : [],
  };
}
