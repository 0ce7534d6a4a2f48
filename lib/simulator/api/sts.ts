/**
 * STS GetCallerIdentity: who the run's credentials are.
 *
 * @module
 */

import { simulatorAccountId, simulatorCallerArn } from "../credentials.ts";
import { ApiError } from "./errors.ts";
import { xmlElement } from "./xml.ts";

/**
 * Answers a call of the STS API.
 *
 * @param action The form's `Action`.
 * @param requestId For ResponseMetadata.
 * @returns The answer's XML.
 * @throws ApiError `InvalidAction`.
 */
export function handleSts(action: string, requestId: string): string {
  if (action !== "GetCallerIdentity") {
    throw new ApiError(
      "InvalidAction",
      `The simulator has no STS action ${action}`,
    );
  }
  const content = xmlElement("GetCallerIdentityResult", {
    Arn: simulatorCallerArn,
    UserId: "AROASIMULATORSIMULATO:simulator",
    Account: simulatorAccountId,
  }) + xmlElement("ResponseMetadata", { RequestId: requestId });
  return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` +
    `${content}</GetCallerIdentityResponse>`;
}
