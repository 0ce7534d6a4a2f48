/**
 * An AWS user's world for one test: a home folder with profile files, and an environment without
 * anything of the machine's own. The SDK reads the process's environment, so this changes it, and
 * puts it back.
 *
 * @module
 */

/** What the world holds. */
export interface AwsHomeOptions {
  /** `~/.aws/config` */
  readonly config?: string;
  /** `~/.aws/credentials` */
  readonly credentials?: string;
  /** Variables to set. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Variables that steer AWS calls or their network. */
const STEERING = /^(AWS_|SSM_|https?_proxy$|all_proxy$|no_proxy$)/i;

/** A set-up world; `await using` undoes it. */
export class AwsHome implements AsyncDisposable {
  readonly #saved: Readonly<Record<string, string>>;

  private constructor(
    /** The home folder. */
    readonly path: string,
    saved: Readonly<Record<string, string>>,
  ) {
    this.#saved = saved;
  }

  /** Makes a world. IMDS is off unless `env` turns it on. */
  static async create(options: AwsHomeOptions = {}): Promise<AwsHome> {
    const path = await Deno.makeTempDir({ prefix: "aws_home_" });
    const home = new AwsHome(path, Deno.env.toObject());
    await Deno.mkdir(`${path}/.aws`);
    if (options.config !== undefined) {
      await home.write(".aws/config", options.config);
    }
    if (options.credentials !== undefined) {
      await home.write(".aws/credentials", options.credentials);
    }
    for (const name of Object.keys(Deno.env.toObject())) {
      if (STEERING.test(name)) Deno.env.delete(name);
    }
    const env = {
      HOME: path,
      USERPROFILE: path,
      AWS_EC2_METADATA_DISABLED: "true",
      ...options.env,
    };
    for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
    return home;
  }

  /** Writes a file below the home folder. */
  async write(name: string, text: string): Promise<string> {
    const path = `${this.path}/${name}`;
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(path, text);
    return path;
  }

  /** Puts the environment back and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of Object.keys(Deno.env.toObject())) {
      if (this.#saved[name] === undefined) Deno.env.delete(name);
    }
    for (const [name, value] of Object.entries(this.#saved)) {
      Deno.env.set(name, value);
    }
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Credentials and region in the environment, for tests that are about something else. */
export const PLAIN_ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: "AKIDENVIRONMENT",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_REGION: "eu-central-1",
} as const;
