/**
 * What IAM denies in the simulator: actions that an option names.
 *
 * @module
 */

import { simulatorCallerArn } from "../credentials.ts";
import { ApiError } from "./errors.ts";

/** A call, as it came. */
interface Call {
  /** SigV4's name of the service, which is IAM's too. */
  readonly service: string;
  readonly operation: string;
}

/** The actions that the caller is not allowed. */
export class Denials {
  readonly #actions: ReadonlySet<string>;
  readonly #documents: readonly string[];

  /**
   * @param actions As `ssm:GetDocument`, or `kms:*`; without regard to case, as IAM has it.
   * @param documents Bare names of documents that no session may be started with.
   */
  constructor(actions: readonly string[], documents: readonly string[] = []) {
    this.#actions = new Set(actions.map((action) => action.toLowerCase()));
    this.#documents = documents;
  }

  /**
   * Whether a call is denied.
   * @param call Its service and operation.
   */
  denies(call: Call): boolean {
    return this.deniesAction(`${call.service}:${call.operation}`);
  }

  /**
   * Whether an action is denied.
   * @param action As `ssm:GetDocument`.
   * @param resource The ARN that it is about, where that matters.
   */
  deniesAction(action: string, resource = "*"): boolean {
    const name = action.toLowerCase();
    const [service = ""] = name.split(":");
    return this.#actions.has(name) || this.#actions.has(`${service}:*`) ||
      name === "ssm:startsession" &&
        this.#documents.some((document) =>
          resource.endsWith(`:document/${document}`)
        );
  }
}

/**
 * What IAM says of a call that no policy allows; EC2 has words of its own.
 * @param call The call.
 */
export function denied({ service, operation }: Call): ApiError {
  if (service === "ec2") {
    return new ApiError(
      "UnauthorizedOperation",
      `You are not authorized to perform this operation. User: ${simulatorCallerArn} is not ` +
        `authorized to perform: ec2:${operation} because no identity-based policy allows the ` +
        `ec2:${operation} action`,
      403,
    );
  }
  const json = service !== "sts" && service !== "iam";
  return new ApiError(
    json ? "AccessDeniedException" : "AccessDenied",
    `User: ${simulatorCallerArn} is not authorized to perform: ${service}:${operation} on ` +
      `resource: * because no identity-based policy allows the ${service}:${operation} action`,
    json ? 400 : 403,
  );
}
