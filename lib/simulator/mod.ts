/**
 * The simulator's door: a Session Manager on loopback, with agents that run real programs.
 *
 * @module
 */

import type { Simulator, SimulatorOptions } from "./options.ts";
import { startService } from "./service/service.ts";
import { assembleSimulator, systemParts } from "./simulator.ts";

export { FleetError, makeNodes, parseNodes } from "./fleet.ts";
export { HostError, type Hosts } from "./hosts.ts";
export { defaultOptions } from "./options.ts";
export { parseTasks } from "./task_descriptions.ts";
export type { SimulatedContainer, SimulatedTask } from "./tasks.ts";
export type {
  DirectionFaults,
  Faults,
  SimulatedNode,
  Simulator,
  SimulatorOptions,
} from "./options.ts";

/**
 * Starts a simulator on free ports of 127.0.0.1. It must be closed.
 *
 * @param options What it is to be; begin with {@linkcode defaultOptions}.
 * @throws {FleetError} For nodes, tasks or a region that cannot be used.
 * @throws {HostError} For hosts that would lead off this machine.
 * @throws {Deno.errors.PermissionDenied} and the like where listening is not possible.
 */
export function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  return assembleSimulator(options, { ...systemParts, startService });
}
