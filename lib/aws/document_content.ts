/**
 * SSM GetDocument (api.md §7): what a document says.
 *
 * @module
 */

import { abortable } from "./call_signal.ts";
import type { AwsClients } from "./client.ts";
import { AwsCallError } from "./errors.ts";

/**
 * A document's content as it stands.
 *
 * @param clients Whose call.
 * @param name Its name.
 * @param signal Gives up.
 * @returns `undefined` when there is no such document.
 * @throws AwsCallError
 */
export async function documentContent(
  clients: AwsClients,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { GetDocumentCommand } = await import("@aws-sdk/client-ssm");
  try {
    const { Content } = await clients.call("ssm:GetDocument", async () => {
      const client = await clients.ssm();
      return await client.send(
        new GetDocumentCommand({ Name: name, DocumentFormat: "JSON" }),
        abortable(signal),
      );
    }, signal);
    return Content ?? "";
  } catch (error) {
    if (error instanceof AwsCallError && error.code === "InvalidDocument") {
      return undefined;
    }
    throw error;
  }
}
