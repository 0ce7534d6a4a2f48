import assert from "node:assert/strict";
import {
  type ForwardFlags,
  parseForwardArguments,
} from "../../../cmd/forward/spec.ts";
import { forwardWords } from "../../../cmd/forward/words.ts";

/** What is typed behind the target, and how it is typed again. */
const rows: readonly (readonly [string, string])[] = [
  ["--remote 80", "--remote 80"],
  ["--remote 80 --local 8080", "--remote 80 --local 8080"],
  ["--remote db.internal:5432", "--remote db.internal:5432"],
  ["--remote [2001:db8::1]:5432", "--remote '[2001:db8::1]:5432'"],
  ["--remote 80 --local 127.0.0.2:8080", "--remote 80 --local 127.0.0.2:8080"],
  ["--remote 80 --local [::1]:8080", "--remote 80 --local '[::1]:8080'"],
  ["--remote 80 --local unix:./s", "--remote 80 --local unix:./s"],
  ["--remote 80 --local unix:s", "--remote 80 --local unix:s"],
  ["8080:80", "--remote 80 --local 8080"],
  ["8080:80 :443 9000", "8080:80 :443 9000"],
  ["-L 5432:db:5432 :80", "-L 5432:db:5432 :80"],
  ["-L 5432:[::5]:5432 :80", "-L '5432:[::5]:5432' :80"],
  [
    "-L 127.0.0.2:8080:localhost:80 :443",
    "-L 127.0.0.2:8080:localhost:80 :443",
  ],
  ["-L /tmp/s:db:5432 :443", "-L /tmp/s:db:5432 :443"],
  ["-L unix:s:localhost:5432 :443", "-L unix:s:localhost:5432 :443"],
  ["--remote db:5432 :443", "--remote db:5432 :443"],
  ["--bind 127.0.0.9 9000", "--remote 9000 --local 127.0.0.9:9000"],
  ["--bind 0.0.0.0 9000", "--remote 9000 --local 9000 --bind 0.0.0.0"],
  ["--bind 0.0.0.0 9000 :80", "9000 :80 --bind 0.0.0.0"],
  ["--bind :: --remote 80 --local 8080", "--remote 80 --local 8080 --bind ::"],
  [
    "--bind 0.0.0.0 --remote 80 --local localhost:8080 -L 10.0.0.1:81:db:81 -L 82:db:82",
    "-L localhost:8080:localhost:80 -L 10.0.0.1:81:db:81 -L 82:db:82 --bind 0.0.0.0",
  ],
];

/** The words of a line as the parser gets them; no quotes but around whole words. */
function parse(line: string) {
  const flags = { forward: [] as string[] } as
    & {
      -readonly [Key in keyof ForwardFlags]: ForwardFlags[Key];
    }
    & { forward: string[] };
  const positionals = ["web"];
  const words = line.split(" ").map((word) => word.replace(/^'(.*)'$/, "$1"));
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "-L") flags.forward.push(words.shift() ?? "");
    else if (word === "--remote") flags.remote = words.shift();
    else if (word === "--local") flags.local = words.shift();
    else if (word === "--bind") flags.bind = words.shift();
    else positionals.push(word);
  }
  return parseForwardArguments(positionals, flags).specs;
}

for (const [typed, again] of rows) {
  Deno.test(`run: the forwards of ${typed} are typed again as what means the same`, () => {
    const specs = parse(typed);
    assert.equal(forwardWords(specs), again);
    assert.deepEqual(parse(again), specs);
  });
}

Deno.test("run: what a shell would take apart is quoted when forwards are typed again", () => {
  const specs = parse("--remote 80 --local unix:s");
  const [spec] = specs;
  assert(spec !== undefined);
  assert.equal(
    forwardWords([{ ...spec, local: { kind: "unix", path: "my $HOME/s" } }]),
    "--remote 80 --local 'unix:my $HOME/s'",
  );
});
