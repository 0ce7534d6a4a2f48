/**
 * The program: argv → command → exit code. The only file that ends the process.
 *
 * @module
 */

import {
  pluginAnswer,
  pluginWords,
  programName,
} from "./cmd/plugin/started_as.ts";
import { version } from "./lib/version.ts";

const words = pluginWords(Deno.args, programName());
// Scripts and the AWS CLI ask for the version often, and it needs nothing of the rest.
const answer = words !== undefined
  ? pluginAnswer(words)
  : Deno.args.length === 1 && Deno.args[0] === "--version"
  ? `${version}\n`
  : undefined;
if (answer !== undefined) {
  console.log(answer.slice(0, -1));
  Deno.exit(0);
}

// Before it runs a line, Deno reads all that a plain `import("…")` leads to, which costs more than
// the rest of `--version`. Into a conditional it does not look, and the bundler does, unless both
// ends are spelled alike (measured in tests/bench/start_up.ts).
const { main }: typeof import("./cmd/main.ts") = await import(
  Deno.args.length === 0 ? "./cmd/main.ts" : "./cmd/./main.ts"
);
// Whatever name it has: what the AWS CLI passes is for the plugin.
const args = words === undefined ? Deno.args : ["plugin", "--", ...words];
Deno.exit(await main(args, (code) => Deno.exit(code)));
