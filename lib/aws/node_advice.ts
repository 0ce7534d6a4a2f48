/**
 * What helps a node that takes no sessions: commands to paste, and what to know besides.
 *
 * @module
 */

import { shellQuote } from "../text.ts";
import type { TargetFacts } from "./diagnose.ts";

/** What helps. */
export interface NodeAdvice {
  /** Sentences without a full stop. */
  readonly details: readonly string[];
  /** Commands to paste. */
  readonly hints: readonly string[];
}

/** The policy that AWS has for the roles of nodes. */
const managedPolicy = "AmazonSSMManagedInstanceCore";

/**
 * Advice for what a diagnosis came down to.
 *
 * @param facts The diagnosis.
 * @param flags The connection's flags as they are typed, with a space in front, or empty.
 */
export function nodeAdvice(facts: TargetFacts, flags: string): NodeAdvice {
  const id = shellQuote(facts.id);
  const ec2 = facts.id.startsWith("i-");
  const information = `ssm list --all ${id}${flags}`;
  switch (facts.verdict) {
    case "not-running":
      return {
        details: [],
        hints: [`aws ec2 start-instances --instance-ids ${id}${flags}`],
      };
    case "terminated":
      return {
        details: ["a terminated instance does not come back"],
        hints: [],
      };
    case "never-registered":
      return {
        details: [
          "its agent has to run, be allowed what " +
          `${managedPolicy} allows, and reach ssm and ssmmessages`,
        ],
        hints: facts.instanceProfile === false
          ? [
            `aws ec2 associate-iam-instance-profile --instance-id ${id} ` +
            `--iam-instance-profile Name=PROFILE${flags}`,
          ]
          : ec2
          ? [`aws ec2 get-console-output --latest --instance-id ${id}${flags}`]
          : [information],
      };
    case "offline":
      return {
        details: [
          facts.platform === "Windows"
            ? "on the node: Restart-Service AmazonSSMAgent"
            : "on the node: sudo systemctl restart amazon-ssm-agent",
        ],
        // Not a reboot: a command to paste must not end what runs there.
        hints: [
          ...(ec2
            ? [
              `aws ec2 get-console-output --latest --instance-id ${id}${flags}`,
            ]
            : []),
          information,
        ],
      };
    case "no-such-node":
      return { details: [], hints: [`ssm list --all${flags}`] };
    default:
      return { details: [], hints: [information] };
  }
}
