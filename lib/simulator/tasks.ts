/**
 * Simulated ECS tasks, whose containers are targets of sessions (api.md §6).
 *
 * @module
 */

/** One container of a simulated task. */
export interface SimulatedContainer {
  readonly name: string;
  /** Part of the session's target; on Fargate the task's id, a dash and a number. */
  readonly runtimeId: string;
  /** The task ends with it. */
  readonly essential: boolean;
  /** Its root file system cannot be written, so that the agent never connects. */
  readonly readOnly: boolean;
}

/** One simulated task. */
export interface SimulatedTask {
  /** 32 hex digits. */
  readonly id: string;
  /** The cluster's name. */
  readonly cluster: string;
  /** The service's name; `undefined` for a task that was run by itself. */
  readonly service: string | undefined;
  /** The task definition's family. */
  readonly family: string;
  readonly status: "PENDING" | "RUNNING" | "STOPPED";
  /** Whether it was started with `--enable-execute-command`. */
  readonly execEnabled: boolean;
  /** The state of the agents in its containers, as far as exec is enabled. */
  readonly agent: "PENDING" | "RUNNING" | "STOPPED";
  /** Whether its definition has a task role. */
  readonly role: boolean;
  /** Whether its role may open Session Manager's channels. */
  readonly permitted: boolean;
  readonly launchType: "FARGATE" | "EC2";
  readonly platform: "Linux" | "Windows";
  /** Of Fargate, as `1.4.0`. */
  readonly platformVersion: string;
  /** At least one. */
  readonly containers: readonly SimulatedContainer[];
}

/**
 * The agent in a container. Fargate's is of the year it was last seen in public reports (3.1.1732.0,
 * 2022), which knows multiplexing and remote hosts.
 */
export const containerAgentVersion = "3.1.1732.0";

/**
 * Sessions that a container's agent runs at once (`SessionWorkersLimit` as the ECS agent sets it).
 */
export const containerSessionLimit = 2;

/** One task and no faults: `ecs:prod/web`. */
export const defaultTasks: readonly SimulatedTask[] = [{
  id: "0123456789abcdef0123456789abcdef",
  cluster: "prod",
  service: "web",
  family: "web",
  status: "RUNNING",
  execEnabled: true,
  agent: "RUNNING",
  role: true,
  permitted: true,
  launchType: "FARGATE",
  platform: "Linux",
  platformVersion: "1.4.0",
  containers: [{
    name: "app",
    runtimeId: "0123456789abcdef0123456789abcdef-0123456789",
    essential: true,
    readOnly: false,
  }],
}];

/**
 * The target of sessions into a container: `ecs:<cluster>_<task id>_<runtime id>`.
 *
 * @param task The task.
 * @param container One of its containers.
 */
export function containerTarget(
  task: SimulatedTask,
  container: SimulatedContainer,
): string {
  return `ecs:${task.cluster}_${task.id}_${container.runtimeId}`;
}

/**
 * Whether a container's agent has its control channel open.
 *
 * @param task The task.
 * @param container One of its containers.
 */
export function agentConnected(
  task: SimulatedTask,
  container: SimulatedContainer,
): boolean {
  return agentRuns(task) && task.role && task.permitted && !container.readOnly;
}

/**
 * Whether ECS says of the task's agents that they run, connected or not.
 *
 * @param task The task.
 */
export function agentRuns(task: SimulatedTask): boolean {
  return task.status === "RUNNING" && task.execEnabled &&
    task.agent === "RUNNING";
}
