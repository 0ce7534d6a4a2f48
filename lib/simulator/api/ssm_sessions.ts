/**
 * DescribeSessions: sessions that live, and those that have ended (api.md §4).
 *
 * @module
 */

import type { SessionRegistry, SimulatedSession } from "../registry.ts";
import { ApiError } from "./errors.ts";
import {
  constraintError,
  type JsonObject,
  objectList,
  optionalInteger,
  optionalText,
  requiredText,
} from "./json_input.ts";
import type { Pager } from "./paging.ts";

/** What the call needs to know. */
export interface SessionsContext {
  readonly registry: SessionRegistry;
  readonly pager: Pager;
}

interface Filter {
  readonly key: string;
  readonly value: string;
}

const filterKeys = [
  "InvokedAfter",
  "InvokedBefore",
  "Target",
  "Owner",
  "Status",
  "SessionId",
  "AccessType",
];

/**
 * Answers DescribeSessions, the newest session first.
 *
 * @param input The request.
 * @param context The sessions and the pager.
 * @throws ApiError InvalidFilterKey, InvalidNextToken; ValidationException for the model's limits.
 */
export function describeSessions(
  input: JsonObject,
  context: SessionsContext,
): JsonObject {
  const state = requiredText(input, "State", { values: ["Active", "History"] });
  const filters = readFilters(input);
  const size = optionalInteger(input, "MaxResults", 1, 200) ?? 200;
  const token = optionalText(input, "NextToken");
  const { registry, pager } = context;
  const all = state === "Active" ? registry.active() : registry.history();
  const sessions = all
    .filter((session) => filters.every((filter) => matches(session, filter)))
    .toReversed();
  const page = pager.page(sessions, size, token, [
    "DescribeSessions",
    state,
    filters,
  ]);
  return { Sessions: page.items.map(describe), NextToken: page.nextToken };
}

function readFilters(input: JsonObject): readonly Filter[] {
  const list = objectList(input, "Filters");
  if (list.length > 6) {
    throw constraintError(
      `[${list.length} filters]`,
      "Filters",
      "have length less than or equal to 6",
    );
  }
  return list.map((filter) => {
    const key = requiredText(filter, "key");
    if (!filterKeys.includes(key)) {
      throw new ApiError(
        "InvalidFilterKey",
        `The filter key ${key} is not valid.`,
      );
    }
    const value = requiredText(filter, "value", { min: 1, max: 400 });
    if (key.startsWith("Invoked") && Number.isNaN(Date.parse(value))) {
      throw new ApiError(
        "ValidationException",
        `The value of ${key} must be a date and time, as 2026-11-21T09:00:00Z.`,
      );
    }
    return { key, value };
  });
}

function matches(session: SimulatedSession, { key, value }: Filter): boolean {
  switch (key) {
    case "InvokedAfter":
      return session.startDate >= Date.parse(value);
    case "InvokedBefore":
      return session.startDate < Date.parse(value);
    case "Target":
      return session.node.id === value;
    case "Owner":
      return session.owner === value;
    case "Status":
      return session.status === value;
    case "SessionId":
      return session.id === value;
    default:
      return value === "Standard";
  }
}

function describe(session: SimulatedSession): JsonObject {
  return {
    SessionId: session.id,
    Target: session.node.id,
    Status: session.status,
    StartDate: session.startDate / 1000,
    EndDate: session.endDate === undefined ? undefined : session.endDate / 1000,
    DocumentName: session.documentName,
    Owner: session.owner,
    Reason: session.reason,
    Details: session.output === "" ? undefined : session.output,
    OutputUrl: {},
    AccessType: "Standard",
  };
}
