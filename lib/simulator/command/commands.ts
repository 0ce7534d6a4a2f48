/**
 * The commands of a simulated Run Command.
 *
 * @module
 */

import type { Clock } from "../../session/transport.ts";
import type { RandomBytes } from "../credentials.ts";
import type { SimulatorOptions } from "../options.ts";
import { type CommandRequest, SimulatedCommand } from "./command.ts";

/** What the commands need. */
export interface CommandsOptions {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly pace: SimulatorOptions["pace"];
  readonly scripts: SimulatorOptions["scripts"];
}

/** How many commands are remembered; the oldest that is over goes first. Our choice. */
const historyLimit = 100;

/** With more nodes than this a script is imitated unless it was said otherwise. Our choice. */
export const realLimit = 50;

/**
 * How long a new command's invocations cannot be seen, in milliseconds: the API is eventually
 * consistent, and says InvocationDoesNotExist meanwhile (api.md §5).
 */
const unseen = { real: 400, fast: 30 } as const;

/** How long an agent takes to begin, in milliseconds. Our choice. */
const delivery = { real: 200, fast: 0 } as const;

/** The commands of one run. */
export class SimulatedCommands {
  readonly #options: CommandsOptions;
  readonly #commands = new Map<string, SimulatedCommand>();
  #closed = false;

  /** @param options Time, randomness, and how scripts are run. */
  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  /**
   * Begins a command.
   * @param request What SendCommand asked for, already checked.
   */
  send(request: CommandRequest): SimulatedCommand {
    const { clock, pace, scripts } = this.#options;
    if (this.#closed) throw new Error("The simulator is closing");
    const command = new SimulatedCommand(this.#id(), request, {
      clock,
      // A simulated Windows node has no PowerShell on this machine.
      imitated: scripts === "imitated" ||
        request.document === "AWS-RunPowerShellScript" ||
        scripts === "auto" && request.nodes.length > realLimit,
      delivery: delivery[pace],
    });
    this.#commands.set(command.id, command);
    for (const [id, old] of this.#commands) {
      if (this.#commands.size <= historyLimit) break;
      if (old.over) this.#commands.delete(id);
    }
    return command;
  }

  /** The command of that id. */
  get(id: string): SimulatedCommand | undefined {
    return this.#commands.get(id);
  }

  /** All that are remembered, the newest first. */
  list(): readonly SimulatedCommand[] {
    return [...this.#commands.values()].reverse();
  }

  /** False while a new command's invocations cannot be seen yet. */
  seen(command: SimulatedCommand): boolean {
    const { clock, pace } = this.#options;
    return clock.now() - command.requested >= unseen[pace];
  }

  /** Ends every command; resolves when no process is left. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      [...this.#commands.values()].map((command) => command.close()),
    );
  }

  /** A version 4 UUID. */
  #id(): string {
    const bytes = this.#options.random(16);
    bytes[6] = (bytes[6] ?? 0) & 0x0f | 0x40;
    bytes[8] = (bytes[8] ?? 0) & 0x3f | 0x80;
    return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
}
