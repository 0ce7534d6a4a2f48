/**
 * Every argv form of api.md §9, to the official plugin and to us: the same words on standard output
 * and the same exit status, but for what is listed as better.
 *
 * @module
 */

import assert from "node:assert/strict";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";
import { startSession } from "../testkit/start_session.ts";
import { officialPlugin, ourPlugin } from "./official.ts";

interface Answer {
  readonly stdout: string;
  readonly code: number;
}

/** Runs a plugin whose standard input stays open: the official one ends with it (pitfalls.md §1.14). */
async function answer(
  plugin: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Answer> {
  const child = new Deno.Command(plugin, {
    args: [...words],
    env: { ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    signal: AbortSignal.timeout(60_000),
  }).spawn();
  const [stdout, { code }] = await Promise.all([
    new Response(child.stdout).text(),
    child.status,
  ]);
  await child.stdin.close().catch(() => {});
  return { stdout, code };
}

const json = '{"SessionId":"s","TokenValue":"t","StreamUrl":"u"}';
const target = "i-0123456789abcdef0";

/** Forms that start nothing; where we differ, what is better. */
const forms: [words: string[], ours?: Partial<Answer>][] = [
  [[]],
  [["--version"]],
  // No success where nothing was done.
  [["--help"], { code: 125 }],
  [["a", "b"], { code: 125 }],
  [[json, "eu-west-1", "Other"], { code: 125 }],
  [[json, "eu-west-1", "Other", "p", `{"Target":"${target}"}`, "http://x"], {
    code: 125,
  }],
  // Errors go to standard error.
  [["no json", "eu-west-1", "StartSession"], { code: 125, stdout: "" }],
  [["AWS_SSM_START_SESSION_RESPONSE", "eu-west-1", "StartSession"], {
    code: 125,
    stdout: "",
  }],
  // Where the official one crashes there is a sentence.
  [[json, "eu-west-1", "StartSession", "", "{}"], { code: 125 }],
  [["{}", "eu-west-1", "StartSession", ""], { code: 125 }],
];

Deno.test("both plugins answer alike where nothing is started", async () => {
  const official = await officialPlugin();
  if (official === "") {
    return console.log("skipped: session-manager-plugin not installed");
  }
  await using ours = await ourPlugin();
  for (const [words, better = {}] of forms) {
    const [theirs, mine] = await Promise.all([
      answer(official, words, {}),
      answer(ours.path, words, {}),
    ]);
    const version = (text: string) =>
      text.replace(/^\d+(\.\d+){3}\n$/, "VERSION\n");
    assert.deepEqual(
      { ...mine, stdout: version(mine.stdout) },
      { ...theirs, stdout: version(theirs.stdout), ...better },
      JSON.stringify(words),
    );
  }
});

Deno.test("both plugins run a session alike, whatever form it comes in", async () => {
  const official = await officialPlugin();
  if (official === "") {
    return console.log("skipped: session-manager-plugin not installed");
  }
  await using ours = await ourPlugin();
  await using simulator = await startSimulatorProgram([
    "--allow-unsigned-upgrade",
  ]);
  const { env } = simulator;
  const endpoint = env.AWS_ENDPOINT_URL ?? "";
  const region = env.AWS_REGION ?? "";
  const request = JSON.stringify({ Target: target });
  const variable = "AWS_SSM_START_SESSION_RESPONSE";
  type Form = (grant: Awaited<ReturnType<typeof startSession>>) => {
    readonly words: readonly string[];
    readonly env?: Record<string, string>;
  };
  const lowerCase: Form = (grant) => ({
    words: [
      JSON.stringify({
        sessionId: grant.SessionId,
        streamUrl: grant.StreamUrl,
        tokenValue: grant.TokenValue,
      }),
      region,
      "StartSession",
      "",
      '{"Target":"ecs:c_t_t-1"}',
      "https://ecs.eu-west-1.amazonaws.com",
    ],
  });
  const full = (grant: unknown) => [
    JSON.stringify(grant),
    region,
    "StartSession",
    "",
    request,
    endpoint,
    "more",
  ];
  const cases: [what: string, form: Form][] = [
    ["environment", (grant) => ({
      words: [variable, ...full(grant).slice(1, 6)],
      env: { [variable]: JSON.stringify(grant) },
    })],
    ["environment, another name", (grant) => ({
      words: [`${variable}_X`, ...full(grant).slice(1, 6)],
      env: { [`${variable}_X`]: JSON.stringify(grant) },
    })],
    ["ECS", lowerCase],
    ...[3, 4, 5, 6, 7].map((count): [string, Form] => [
      `${count} words`,
      (grant) => ({ words: full(grant).slice(0, count) }),
    ]),
  ];
  for (const [what, form] of cases) {
    const run = async (plugin: string) => {
      const grant = await startSession(env, {
        Target: target,
        DocumentName: "AWS-StartInteractiveCommand",
        Parameters: { command: ["echo from-the-node"] },
      });
      const { words, env: more = {} } = form(grant);
      const { stdout, code } = await answer(plugin, words, { ...env, ...more });
      return { stdout: stdout.replaceAll(grant.SessionId, "ID"), code };
    };
    const [theirs, mine] = [await run(official), await run(ours.path)];
    assert.deepEqual(mine, theirs, what);
    assert.equal(
      mine.stdout,
      "\nStarting session with SessionId: ID\nfrom-the-node\r\n" +
        "\n\nExiting session with sessionId: ID.\n\n",
    );
  }
});
