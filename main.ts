/**
 * The program: argv → command → exit code. The only file that ends the process.
 *
 * @module
 */

import { version } from "./lib/version.ts";

// Scripts ask for the version often, and it needs nothing of the rest.
if (Deno.args.length === 1 && Deno.args[0] === "--version") {
  console.log(version);
  Deno.exit(0);
}

// Before it runs a line, Deno reads all that a plain `import("…")` leads to, which costs more than
// the rest of `--version`. Into a conditional it does not look, and the bundler does, unless both
// ends are spelled alike (measured in tests/bench/start_up.ts).
const { main }: typeof import("./cmd/main.ts") = await import(
  Deno.args.length === 0 ? "./cmd/main.ts" : "./cmd/./main.ts"
);
Deno.exit(await main(Deno.args, (code) => Deno.exit(code)));
