/**
 * A simulator's environment in place of our own.
 *
 * @module
 */

import type { Simulator } from "../../lib/simulator/mod.ts";

/** The AWS SDK reads this process's environment, so the simulator's goes there until disposed. */
export function useEnvironment({ environment, unset }: Simulator): Disposable {
  const before = new Map<string, string | undefined>();
  for (const name of [...Object.keys(environment), ...unset]) {
    before.set(name, Deno.env.get(name));
    Deno.env.delete(name);
  }
  for (const [name, value] of Object.entries(environment)) {
    Deno.env.set(name, value);
  }
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    },
  };
}
