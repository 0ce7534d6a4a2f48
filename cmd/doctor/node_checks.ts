/**
 * A node: its machine, its agent, and what that agent is too old for.
 *
 * @module
 */

import { nodeAdvice } from "../../lib/aws/node_advice.ts";
import type { TargetFacts } from "../../lib/aws/mod.ts";
import {
  agentFeatures,
  missingFeatures,
  neededVersion,
} from "../../lib/session/agent_features.ts";
import { shellQuote, visible } from "../../lib/text.ts";
import { type CheckResult, result } from "./check.ts";
import type { Outcome } from "./limited.ts";

/** What is known of a node. */
export interface NodeFindings {
  readonly facts: TargetFacts;
  readonly name: string | undefined;
  readonly connection: Outcome<"connected" | "notconnected">;
  /** Other regions that have it, where this one has not. */
  readonly elsewhere: readonly string[];
}

/**
 * Whether a node takes sessions.
 * @param findings What is known.
 * @param flags The connection's, as typed for the AWS CLI.
 * @param now Milliseconds since the Unix epoch.
 * @param inRegion The command to look again in another region.
 */
export function nodeCheck(
  { facts, name, connection, elsewhere }: NodeFindings,
  flags: string,
  now: number,
  inRegion: (region: string) => string,
): CheckResult {
  const id = "node";
  const called = visible(facts.id) +
    (name === undefined ? "" : ` (${visible(name)})`);
  const known = details(facts, now);
  const [region] = elsewhere;
  if (region !== undefined) {
    return result(
      id,
      "error",
      `${called} is not in this region, but found in ${
        elsewhere.map(visible).join(", ")
      }`,
      { hints: elsewhere.map(inRegion) },
    );
  }
  const connected = connection.ok ? connection.value : undefined;
  if (connected === "connected" && facts.verdict !== "terminated") {
    return result(id, "ok", `${called} is connected`, { details: known });
  }
  if (facts.verdict === "unknown" && connected === undefined) {
    return result(id, "unknown", `${called}: ${visible(facts.phrase)}`);
  }
  if (facts.verdict === "online" && connected === undefined) {
    return result(id, "ok", `${called} is online`, { details: known });
  }
  const advice = nodeAdvice(facts, flags);
  return result(id, "error", `${called} is not connected: ${facts.phrase}`, {
    details: [...known, ...advice.details],
    hints: advice.hints,
  });
}

function details(facts: TargetFacts, now: number): string[] {
  const { ec2State, instanceProfile, ping, lastPing, platform } = facts;
  return [
    [
      ...(platform === undefined ? [] : [visible(platform)]),
      ...(ec2State === undefined || ec2State === "absent" ? [] : [
        `EC2: ${visible(ec2State)}, ${
          instanceProfile
            ? "with an instance profile"
            : "without an instance profile"
        }`,
      ]),
      ...(ping === undefined ? [] : [
        `ping ${visible(ping)}` +
        (lastPing === undefined ? "" : `, ${ago(now - lastPing.getTime())}`),
      ]),
    ].join("; "),
  ].filter((line) => line !== "");
}

function ago(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 1) return "less than a minute ago";
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} days ago`;
}

/**
 * What a node's agent can do.
 * @param facts What is known of the node.
 * @param flags The connection's, as typed for the AWS CLI.
 */
export function agentCheck(
  { id: node, agentVersion }: TargetFacts,
  flags: string,
): CheckResult {
  const id = "agent";
  if (agentVersion === undefined) {
    return result(id, "skipped", "not checked: its version is not known");
  }
  const version = visible(agentVersion);
  const missing = missingFeatures(agentVersion);
  if (missing === undefined) {
    return result(
      id,
      "unknown",
      `version ${version}, which cannot be compared`,
    );
  }
  if (missing.length === 0) {
    const last = agentFeatures.at(-1);
    return result(
      id,
      "ok",
      `version ${version}, which has everything that ssm uses` +
        (last === undefined ? "" : ` (${neededVersion(last)})`),
    );
  }
  return result(
    id,
    missing.some(({ essential }) => essential) ? "error" : "warning",
    `version ${version} is too old for ${missing[0]?.what}` +
      (missing.length > 1 ? `, and for ${missing.length - 1} more` : ""),
    {
      details: missing.map((each) => `${each.what}: ${neededVersion(each)}`),
      hints: [
        "aws ssm send-command --document-name AWS-UpdateSSMAgent --targets " +
        `Key=InstanceIds,Values=${shellQuote(node)}${flags}`,
      ],
    },
  );
}
