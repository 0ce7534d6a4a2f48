/**
 * A user's own files for one test: a configuration, and a folder for what is remembered.
 *
 * @module
 */

import type { TestContext } from "./context.ts";

/** Files of one test; `await using` removes them. */
export class ConfigHome implements AsyncDisposable {
  private constructor(
    /** Holds everything. */
    readonly folder: string,
    /** The configuration, whether it is there or not. */
    readonly path: string,
  ) {}

  /**
   * Makes them.
   * @param text The configuration; `undefined` for none.
   */
  static async create(text?: string): Promise<ConfigHome> {
    const folder = await Deno.realPath(
      await Deno.makeTempDir({ prefix: "ssm_config_" }),
    );
    const home = new ConfigHome(folder, `${folder}/config.jsonc`);
    if (text !== undefined) {
      await Deno.writeTextFile(home.path, text, { mode: 0o600 });
    }
    return home;
  }

  /** Lets a command use them. */
  useIn(context: TestContext): void {
    context.variables.set("SSM_CONFIG", this.path);
    context.variables.set("XDG_STATE_HOME", `${this.folder}/state`);
  }

  /** The configuration's text. */
  text(): Promise<string> {
    return Deno.readTextFile(this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
