/**
 * The program with a defect: SIGUSR1 throws, SIGUSR2 leaves a rejection unhandled. For the test
 * that neither leaves the terminal raw.
 *
 * @module
 */

import { main } from "../../cmd/main.ts";

Deno.addSignalListener("SIGUSR1", () => {
  throw new Error("boom");
});
Deno.addSignalListener("SIGUSR2", () => {
  Promise.reject(new Error("boom"));
});
Deno.exit(await main(Deno.args, (code) => Deno.exit(code)));
