/**
 * ECS tasks from what a user writes on a command line.
 *
 * @module
 */

import {
  FleetError,
  seededHex,
  takeParts,
  unknownWord,
} from "./description.ts";
import type { SimulatedContainer, SimulatedTask } from "./tasks.ts";

const keys = [
  "cluster",
  "service",
  "family",
  "id",
  "container",
  "sidecar",
  "launch",
  "platform",
  "version",
];
const words = [
  "alone",
  "no-exec",
  "no-role",
  "no-permission",
  "read-only",
  "agent-pending",
  "agent-stopped",
  "pending",
  "stopped",
];

/** ECS's names: letters, digits, hyphens and underscores, up to 255. */
const namePattern = /^[A-Za-z0-9_-]{1,255}$/;
const idPattern = /^[0-9a-f]{32}$/;

type Mutable<T> = { -readonly [K in keyof T]?: T[K] };

interface Description extends Omit<Mutable<SimulatedTask>, "containers"> {
  names?: readonly string[];
  sidecars?: readonly string[];
  alone?: boolean;
  readOnly?: boolean;
}

/**
 * Reads descriptions of ECS tasks, one text per task:
 * `cluster=prod,service=web,container=app+worker,sidecar=log,launch=EC2`.
 *
 * Keys: `cluster`, `service`, `family`, `id` (32 hex digits), `container` (names joined by `+`, all
 * of them essential), `sidecar` (names of containers that are not), `launch` (FARGATE or EC2),
 * `platform` (Linux or Windows), `version` (Fargate's platform version). Words: `alone` (of no
 * service), `no-exec` (execute command is not enabled), `no-role`, `no-permission` (the role cannot
 * open Session Manager's channels), `read-only` (root file systems), `agent-pending` and
 * `agent-stopped` (the agents in its containers), `pending`, `stopped`. What is not said is made
 * from the seed and the task's place, the same for each run.
 *
 * @param descriptions One text per task.
 * @param seed Makes other ids for another number.
 * @throws FleetError For a description that cannot be read, and for an id given twice.
 */
export function parseTasks(
  descriptions: readonly string[],
  seed = 1,
): readonly SimulatedTask[] {
  const tasks = descriptions.map((text, place) => parseTask(text, place, seed));
  checkTasks(tasks);
  return tasks;
}

/**
 * Refuses a list of tasks that no account could have.
 *
 * @param tasks The list.
 * @throws FleetError Naming what is wrong.
 */
export function checkTasks(tasks: readonly SimulatedTask[]): void {
  const seen = new Set<string>();
  for (const { id, containers } of tasks) {
    if (seen.has(id)) {
      throw new FleetError(
        `Cannot use task id '${id}' twice: give each task its own`,
      );
    }
    seen.add(id);
    const names = containers.map(({ name }) => name);
    if (names.length === 0 || new Set(names).size < names.length) {
      throw new FleetError(
        `Cannot use task '${id}': it needs containers, each with a name of its own`,
      );
    }
  }
}

function parseTask(text: string, place: number, seed: number): SimulatedTask {
  const fail = (why: string) =>
    new FleetError(`Cannot read task '${text}': ${why}`);
  const said: Description = {};
  takeParts(text, {
    setKey: (key, value) => setKey(said, key, value),
    setWord: (word) => setWord(said, word),
  }, fail);
  if (said.alone && said.service !== undefined) {
    throw fail("a task of a service is not alone");
  }
  const task = build(said, seededHex(seed, place, `task ${text}`));
  const names = task.containers.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw fail(`container ${twice} is named twice`);
  return task;
}

/** Sets a `key=value`; a text says what is wrong with it. */
function setKey(
  said: Description,
  key: string,
  value: string,
): string | undefined {
  switch (key) {
    case "cluster":
    case "service":
    case "family":
      if (!namePattern.test(value)) {
        return `${key} must be letters, digits, hyphens and underscores`;
      }
      said[key] = value;
      return undefined;
    case "id":
      if (!idPattern.test(value)) return "id must be 32 hex digits";
      said.id = value;
      return undefined;
    case "container":
    case "sidecar": {
      const names = value.split("+");
      if (!names.every((name) => namePattern.test(name))) {
        return `${key} must be a name, or several as app+worker`;
      }
      said[key === "container" ? "names" : "sidecars"] = names;
      return undefined;
    }
    case "launch": {
      const launch = value.toUpperCase();
      if (launch !== "FARGATE" && launch !== "EC2") {
        return "launch must be FARGATE or EC2";
      }
      said.launchType = launch;
      return undefined;
    }
    case "platform": {
      const platform = value.toLowerCase();
      if (platform !== "linux" && platform !== "windows") {
        return "platform must be Linux or Windows";
      }
      said.platform = platform === "linux" ? "Linux" : "Windows";
      return undefined;
    }
    case "version":
      if (!/^\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(value)) {
        return "version must be Fargate's, as 1.4.0";
      }
      said.platformVersion = value;
      return undefined;
    default:
      return unknownWord(key, { keys, words });
  }
}

/** Sets a word that stands alone; a text says what is wrong with it. */
function setWord(said: Description, word: string): string | undefined {
  switch (word) {
    case "alone":
      said.alone = true;
      return undefined;
    case "no-exec":
      said.execEnabled = false;
      return undefined;
    case "no-role":
      said.role = false;
      return undefined;
    case "no-permission":
      said.permitted = false;
      return undefined;
    case "read-only":
      said.readOnly = true;
      return undefined;
    case "agent-pending":
    case "agent-stopped":
      if (said.agent !== undefined) return "the agent has one state";
      said.agent = word === "agent-pending" ? "PENDING" : "STOPPED";
      return undefined;
    case "pending":
    case "stopped":
      if (said.status !== undefined) return "the task has one state";
      said.status = word === "pending" ? "PENDING" : "STOPPED";
      return undefined;
    default:
      return unknownWord(word, { keys, words });
  }
}

/** Completes a description; `hex` is 64 digits that depend on seed and place. */
function build(said: Description, hex: string): SimulatedTask {
  const id = said.id ?? hex.slice(0, 32);
  const service = said.alone ? undefined : said.service ?? "web";
  const launchType = said.launchType ?? "FARGATE";
  const container = (essential: boolean) =>
  (
    name: string,
    at: number,
  ): SimulatedContainer => ({
    name,
    runtimeId: runtimeId(id, hex, launchType, at + (essential ? 0 : 100)),
    essential,
    readOnly: said.readOnly ?? false,
  });
  const status = said.status ?? "RUNNING";
  return {
    id,
    cluster: said.cluster ?? "prod",
    service,
    family: said.family ?? service ?? "task",
    status,
    execEnabled: said.execEnabled ?? true,
    agent: said.agent ?? (status === "RUNNING" ? "RUNNING" : status),
    role: said.role ?? true,
    permitted: said.permitted ?? true,
    launchType,
    platform: said.platform ?? "Linux",
    platformVersion: said.platformVersion ??
      (said.platform === "Windows" ? "1.0.0" : "1.4.0"),
    containers: [
      ...(said.names ?? ["app"]).map(container(true)),
      ...(said.sidecars ?? []).map(container(false)),
    ],
  };
}

/** On Fargate the task's id and a number (api.md §6), on EC2 Docker's 64 hex digits. */
function runtimeId(
  id: string,
  hex: string,
  launchType: SimulatedTask["launchType"],
  at: number,
): string {
  const own = seededHex(at, 0, hex);
  return launchType === "EC2"
    ? own
    : `${id}-${String(parseInt(own.slice(0, 8), 16)).padStart(10, "0")}`;
}
