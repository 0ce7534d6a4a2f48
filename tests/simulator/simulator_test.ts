import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { DescribeRegionsCommand } from "@aws-sdk/client-ec2";
import {
  DescribeInstanceInformationCommand,
  SSMClient,
  StartSessionCommand,
} from "@aws-sdk/client-ssm";
import { conflictingVariables } from "../../lib/simulator/environment.ts";
import { FleetError, makeNodes } from "../../lib/simulator/fleet.ts";
import {
  defaultOptions,
  type SimulatorOptions,
} from "../../lib/simulator/options.ts";
import {
  assembleSimulator,
  type ServiceDependencies,
  systemParts,
} from "../../lib/simulator/simulator.ts";
import { clientConfiguration, startTestSimulator } from "./api_clients.ts";

Deno.test("the environment names endpoint, region and credentials, fresh for each run", async () => {
  await using one = await startTestSimulator({ region: "eu-central-1" });
  await using two = await startTestSimulator();
  const { environment, endpoint } = one.simulator;
  assert.match(endpoint, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(environment["AWS_ENDPOINT_URL"], endpoint);
  assert.equal(environment["AWS_REGION"], "eu-central-1");
  assert.equal(environment["AWS_DEFAULT_REGION"], "eu-central-1");
  assert.equal(environment["AWS_EC2_METADATA_DISABLED"], "true");
  for (
    const secret of [
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_SESSION_TOKEN",
    ]
  ) {
    assert.ok(environment[secret]);
    assert.notEqual(environment[secret], two.simulator.environment[secret]);
  }
  assert.ok(one.simulator.unset.includes("AWS_PROFILE"));
  // What is set is not to be unset.
  assert.deepEqual(
    one.simulator.unset.filter((name) => name in environment),
    [],
  );
});

/** Runs a program in a simulator's environment, with nothing of the developer's. */
async function run(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const home = await Deno.makeTempDir({ prefix: "ssm-home-" });
  try {
    const output = await new Deno.Command(program, {
      args: [...args],
      clearEnv: true,
      stdin: "null",
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        LANG: "C.UTF-8",
        ...environment,
        HOME: home,
        USERPROFILE: home,
      },
    }).output();
    const decoder = new TextDecoder();
    return {
      code: output.code,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Every AWS CLI on the search path, each once. */
async function findAwsCli(): Promise<readonly string[]> {
  if (Deno.build.os === "windows") return [];
  const found = new Set<string>();
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      found.add(await Deno.realPath(`${folder}/aws`));
    } catch {
      // Not in this folder.
    }
  }
  return [...found];
}

Deno.test("the official AWS CLI lists nodes, instances and the caller", async (t) => {
  const programs = await findAwsCli();
  if (programs.length === 0) {
    console.error("skipped: the AWS CLI is not installed");
    return;
  }
  await using test = await startTestSimulator();
  const { environment, endpoint } = test.simulator;
  for (const program of programs) {
    await t.step(program.split("/").slice(-2).join("/"), async () => {
      const aws = async (...args: string[]) => {
        const result = await run(
          program,
          ["--endpoint-url", endpoint, "--output", "json", ...args],
          environment,
        );
        assert.equal(result.code, 0, result.stderr);
        return JSON.parse(result.stdout);
      };
      const nodes = await aws(
        "ssm",
        "describe-instance-information",
        "--filters",
        "Key=tag:Name,Values=web-server",
      );
      assert.deepEqual(
        nodes.InstanceInformationList.map((n: { InstanceId: string }) =>
          n.InstanceId
        ),
        ["i-0123456789abcdef0"],
      );
      const instances = await aws(
        "ec2",
        "describe-instances",
        "--filters",
        "Name=tag:Name,Values=db",
      );
      assert.equal(
        instances.Reservations[0].Instances[0].InstanceId,
        "i-0fedcba9876543210",
      );
      const caller = await aws("sts", "get-caller-identity");
      assert.equal(caller.Account, "000000000000");

      const refused = await run(
        program,
        ["--endpoint-url", endpoint, "ssm", "describe-instance-information"],
        { ...environment, AWS_SECRET_ACCESS_KEY: "x".repeat(40) },
      );
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /InvalidSignatureException/);
    });
  }
});

Deno.test("the SDK needs the environment alone", async () => {
  await using test = await startTestSimulator();
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const program = `
    import { SSMClient, DescribeInstanceInformationCommand } from "@aws-sdk/client-ssm";
    const answer = await new SSMClient({ maxAttempts: 1 }).send(new DescribeInstanceInformationCommand({}));
    console.log(answer.InstanceInformationList.map((node) => node.InstanceId).join(" "));`;
  const cache: Record<string, string> = {};
  for (const name of ["DENO_DIR", "NPM_CONFIG_REGISTRY", "XDG_CACHE_HOME"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) cache[name] = value;
  }
  cache["DENO_DIR"] ??= await denoDirectory();
  const result = await run(
    Deno.execPath(),
    ["eval", "--config", config, program],
    { ...cache, ...test.simulator.environment },
  );
  assert.equal(result.code, 0, result.stderr);
  assert.equal(
    result.stdout.trim(),
    defaultOptions.nodes.map((node) => node.id).join(" "),
  );
});

async function denoDirectory(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

Deno.test("the service is given what it needs, and its URL goes out unchanged", async () => {
  const url = "ws://127.0.0.1:9/v1/data-channel/x?role=publish_subscribe" +
    "&cell-number=AAEA+/==";
  let given: ServiceDependencies | undefined;
  await using simulator = await assembleSimulator(
    { ...defaultOptions, kmsKeyId: "alias/a" },
    {
      ...systemParts,
      startService: (dependencies) => {
        given = dependencies;
        return Promise.resolve({
          url: () => url,
          close: () => Promise.resolve(),
        });
      },
    },
  );
  assert.ok(given);
  assert.equal(given.options.kmsKeyId, "alias/a");
  assert.equal(given.verifyUpgrade("/x", new Headers()).ok, false);
  const ssm = new SSMClient(clientConfiguration(simulator));
  const answer = await ssm.send(
    new StartSessionCommand({ Target: "i-0fedcba9876543210" }),
  );
  assert.equal(answer.StreamUrl, url);
});

Deno.test("closing ends sessions, then the service, once", async () => {
  const events: string[] = [];
  let registry: ServiceDependencies["registry"] | undefined;
  const simulator = await assembleSimulator(defaultOptions, {
    ...systemParts,
    startService: (dependencies) => {
      registry = dependencies.registry;
      return Promise.resolve({
        url: (id) => `ws://127.0.0.1:9/${id}`,
        close: () => {
          events.push("service closed");
          return Promise.resolve();
        },
      });
    },
  });
  assert.ok(registry);
  const node = defaultOptions.nodes[0];
  assert.ok(node);
  const { id } = registry.start({
    node,
    documentName: "SSM-SessionManagerRunShell",
    parameters: {},
    reason: undefined,
    owner: "arn:aws:sts::000000000000:assumed-role/r/n",
  });
  registry.onTerminate(id, () => events.push("session ended"));
  assert.deepEqual(simulator.activeSessions(), [id]);
  await Promise.all([simulator.close(), simulator.close()]);
  await simulator[Symbol.asyncDispose]();
  assert.deepEqual(events, ["session ended", "service closed"]);
  assert.deepEqual(simulator.activeSessions(), []);
  await assert.rejects(fetch(simulator.endpoint));
});

Deno.test("a service that cannot start leaves nothing running", async () => {
  await assert.rejects(
    assembleSimulator(defaultOptions, {
      ...systemParts,
      startService: () => Promise.reject(new Error("no port")),
    }),
    /no port/,
  );
});

Deno.test("a call is answered by the region that it is signed for", async () => {
  const nodes = makeNodes(5, 1, ["us-east-1", "eu-west-1"]);
  await using test = await startTestSimulator({
    nodes,
    moreRegions: ["eu-west-1"],
  });
  const elsewhere = new SSMClient({
    ...clientConfiguration(test.simulator),
    region: "eu-west-1",
  });
  const idsOf = async (client: SSMClient) => {
    const { InstanceInformationList } = await client.send(
      new DescribeInstanceInformationCommand({}),
    );
    return InstanceInformationList?.map((each) => each.InstanceId);
  };
  const ids = nodes.map((node) => node.id);
  assert.deepEqual(await idsOf(test.ssm), [ids[0], ids[2], ids[4]]);
  assert.deepEqual(await idsOf(elsewhere), [ids[1], ids[3]]);
  const { Regions } = await test.ec2.send(new DescribeRegionsCommand({}));
  assert.deepEqual(Regions?.map((each) => each.RegionName), [
    "us-east-1",
    "eu-west-1",
  ]);
  const target = ids[1]!;
  await assert.rejects(
    test.ssm.send(new StartSessionCommand({ Target: target })),
    { name: "TargetNotConnected" },
  );
  const { SessionId } = await elsewhere.send(
    new StartSessionCommand({ Target: target }),
  );
  assert.deepEqual(test.simulator.activeSessions(), [SessionId]);
  assert.ok(test.log.includes("api: eu-west-1 ssm StartSession"));
  elsewhere.destroy();
});

Deno.test("nodes and regions that no account has are refused before anything starts", async () => {
  const refused: [Partial<SimulatorOptions>, RegExp][] = [
    [{ region: "moon" }, /region 'moon'.*us-east-1/],
    [{ region: "us-east-1/x" }, /region/],
    [{ moreRegions: ["moon"] }, /region 'moon'/],
    [
      {
        nodes: [{ ...defaultOptions.nodes[0]!, region: "eu-west-1" }],
        moreRegions: ["eu-north-1"],
      },
      /into region 'eu-west-1': the simulator has us-east-1, eu-north-1/,
    ],
    [
      { nodes: [...defaultOptions.nodes, ...defaultOptions.nodes] },
      /twice/,
    ],
  ];
  for (const [options, message] of refused) {
    await assert.rejects(startTestSimulator(options), (error) => {
      assert.ok(error instanceof FleetError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("a host that would lead off this machine is refused before anything starts", async () => {
  await assert.rejects(
    startTestSimulator({ hosts: { "db.internal": "10.0.0.1" } }),
    { name: "HostError" },
  );
});

Deno.test("every variable that could lead a client astray is to be unset", () => {
  assert.equal(
    new Set(conflictingVariables).size,
    conflictingVariables.length,
  );
  for (const service of ["SSM", "EC2", "KMS", "STS", "ECS"]) {
    assert.ok(conflictingVariables.includes(`AWS_ENDPOINT_URL_${service}`));
  }
});
