/**
 * AWS on loopback, as far as a test scripts it: JSON 1.1 for SSM, KMS and ECS, the query protocol
 * for EC2 and STS, REST for SSO, and plain GET for the metadata services. It records each request
 * and answers with what the test's handler for it says; without one the test fails loudly with an
 * UnknownOperation error. It verifies nothing: the simulator does that.
 *
 * @module
 */

/** One request as it came. */
export interface FakeRequest {
  /** `ssm:StartSession`, `ec2:DescribeInstances`, or `GET /path`. */
  readonly operation: string;
  /** The JSON body or the form's fields. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly url: URL;
  readonly headers: Headers;
  /** The access key id that signed it. */
  readonly accessKeyId: string | undefined;
}

/** What to answer. */
export type FakeAnswer =
  | { readonly json: unknown; readonly headers?: Record<string, string> }
  | { readonly xml: string }
  | { readonly text: string; readonly status?: number }
  /** An error in the protocol of the request. */
  | {
    readonly error: string;
    readonly message?: string;
    readonly status?: number;
  };

/** Answers one operation. */
export type FakeHandler = (
  request: FakeRequest,
) => FakeAnswer | Promise<FakeAnswer>;

const TARGETS: Readonly<Record<string, string>> = {
  AmazonSSM: "ssm",
  TrentService: "kms",
  AWSEC2InstanceConnectService: "ec2-instance-connect",
  AmazonEC2ContainerServiceV20141113: "ecs",
};

/** A listening fake; `await using` ends it. */
export class FakeAws implements AsyncDisposable {
  /** `http://127.0.0.1:port`, or `https://localhost:port` */
  readonly endpoint: string;
  /** Every request so far. */
  readonly requests: FakeRequest[] = [];
  /** The answers; may be changed while it runs. */
  readonly handlers: Record<string, FakeHandler>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /**
   * @param handlers By operation.
   * @param tls Certificate and key for `localhost`; plain HTTP when absent.
   */
  constructor(
    handlers: Record<string, FakeHandler> = {},
    tls?: Deno.TlsCertifiedKeyPem,
  ) {
    this.handlers = handlers;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {}, ...tls },
      (request) => this.#answer(request),
    );
    const { port } = this.#server.addr;
    this.endpoint = tls === undefined
      ? `http://127.0.0.1:${port}`
      : `https://localhost:${port}`;
  }

  /** The requests of one operation. */
  of(operation: string): FakeRequest[] {
    return this.requests.filter((each) => each.operation === operation);
  }

  /** Closes the listener and every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const text = await request.text();
    const url = new URL(request.url);
    const [operation, input, protocol] = read(request, url, text);
    const seen: FakeRequest = {
      operation,
      input,
      url,
      headers: request.headers,
      accessKeyId: /Credential=([^/]+)\//.exec(
        request.headers.get("authorization") ?? "",
      )?.[1],
    };
    this.requests.push(seen);
    const handler = this.handlers[operation];
    const answer: FakeAnswer = handler === undefined
      ? { error: "UnknownOperationException", message: operation }
      : await handler(seen);
    const id = { "x-amzn-requestid": `request-${this.requests.length}` };
    if ("error" in answer) return failure(answer, protocol, id);
    if ("xml" in answer) {
      return new Response(answer.xml, {
        headers: { ...id, "content-type": "text/xml" },
      });
    }
    if ("text" in answer) {
      return new Response(answer.text, { status: answer.status ?? 200 });
    }
    return new Response(JSON.stringify(answer.json), {
      headers: {
        ...id,
        "content-type": "application/x-amz-json-1.1",
        ...answer.headers,
      },
    });
  }
}

type Protocol = "json" | "ec2" | "query" | "rest";

function read(
  request: Request,
  url: URL,
  text: string,
): [string, Record<string, unknown>, Protocol] {
  const target = request.headers.get("x-amz-target");
  if (target !== null) {
    const [prefix, name] = target.split(".");
    return [
      `${TARGETS[prefix ?? ""] ?? prefix}:${name}`,
      JSON.parse(text),
      "json",
    ];
  }
  const form = new URLSearchParams(text);
  const action = form.get("Action");
  if (action !== null) {
    const ec2 = form.get("Version") === "2016-11-15";
    return [
      `${ec2 ? "ec2" : "sts"}:${action}`,
      Object.fromEntries(form),
      ec2 ? "ec2" : "query",
    ];
  }
  return [`${request.method} ${url.pathname}`, {}, "rest"];
}

function failure(
  answer: { error: string; message?: string; status?: number },
  protocol: Protocol,
  headers: Record<string, string>,
): Response {
  const { error, message = "", status = 400 } = answer;
  switch (protocol) {
    case "json":
      return Response.json(
        { __type: `com.amazonaws.fake#${error}`, message },
        { status, headers },
      );
    case "rest":
      return Response.json({ message }, {
        status,
        headers: { ...headers, "x-amzn-errortype": error },
      });
    case "ec2":
      return new Response(
        `<Response><Errors><Error><Code>${error}</Code><Message>${message}</Message></Error></Errors><RequestID>r</RequestID></Response>`,
        { status, headers },
      );
    case "query":
      return new Response(
        `<ErrorResponse><Error><Type>Sender</Type><Code>${error}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
        { status, headers },
      );
  }
}

/** STS's answer to AssumeRole or AssumeRoleWithWebIdentity. */
export function assumedRole(
  operation: string,
  accessKeyId: string,
  expiration: Date,
): FakeAnswer {
  return {
    xml: `<${operation}Response><${operation}Result>` +
      `<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn><AssumedRoleId>AROA:s</AssumedRoleId></AssumedRoleUser>` +
      `<Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>` +
      `<SessionToken>token</SessionToken><Expiration>${expiration.toISOString()}</Expiration></Credentials>` +
      `</${operation}Result></${operation}Response>`,
  };
}

/** EC2's answer to DescribeInstances. */
export function instances(
  ...items: readonly {
    readonly id: string;
    readonly state: string;
    readonly name?: string;
    readonly platform?: string;
    readonly profile?: string;
  }[]
): FakeAnswer {
  const item = (each: (typeof items)[number]) =>
    `<item><instanceId>${each.id}</instanceId><instanceState><name>${each.state}</name></instanceState>` +
    `<privateIpAddress>10.0.0.1</privateIpAddress>` +
    (each.platform === undefined
      ? ""
      : `<platform>${each.platform}</platform>`) +
    (each.profile === undefined
      ? ""
      : `<iamInstanceProfile><arn>${each.profile}</arn></iamInstanceProfile>`) +
    (each.name === undefined
      ? ""
      : `<tagSet><item><key>Name</key><value>${each.name}</value></item></tagSet>`) +
    `</item>`;
  return {
    xml: `<DescribeInstancesResponse><reservationSet>` +
      items.map((each) =>
        `<item><instancesSet>${item(each)}</instancesSet></item>`
      ).join("") +
      `</reservationSet></DescribeInstancesResponse>`,
  };
}
