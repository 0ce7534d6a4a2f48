import assert from "node:assert/strict";
import { flagShapes } from "../../../cmd/argv.ts";
import {
  checkUser,
  parseDestination,
  parseSshArguments,
  splitSshArguments,
} from "../../../cmd/ssh/arguments.ts";
import { sshCommand } from "../../../cmd/ssh.ts";

const flags = flagShapes(sshCommand.parameters);

function split(line: string) {
  return splitSshArguments(
    line.split(" ").filter((each) => each !== ""),
    flags,
  );
}

Deno.test("ssh arguments: long flags are ours, one-letter options ssh's, on either side of the target", () => {
  for (
    const [line, own, rest] of [
      ["web", "", "web"],
      ["--profile p web", "--profile p", "web"],
      ["--profile=p -p 22 web", "--profile=p", "-p 22 web"],
      ["-p 22 u@web -L 1:h:2 --send-key", "--send-key", "-p 22 u@web -L 1:h:2"],
      ["--send-key web", "--send-key", "web"],
      ["--send-key=agent web --region r", "--send-key=agent --region r", "web"],
      ["-vp 22 web -v", "", "-vp 22 web -v"],
      ["-p22 web", "", "-p22 web"],
      ["-o User=x --quiet web", "--quiet", "-o User=x web"],
      // A value is ssh's whatever it looks like.
      ["-o --quiet web", "", "-o --quiet web"],
      // From the remote command on nothing is looked at.
      ["web ls --profile x -p", "", "web ls --profile x -p"],
      ["web -- ls --quiet", "", "web -- ls --quiet"],
      ["web -t -- ls -l", "", "web -t -- ls -l"],
      ["-h", "-h", ""],
      ["web -h", "-h", "web"],
      ["web man -h", "", "web man -h"],
      ["-", "", "-"],
      ["", "", ""],
      ["--profile", "--profile", ""],
    ] as const
  ) {
    const words = (text: string) => text.split(" ").filter((each) => each);
    assert.deepEqual(split(line), { own: words(own), rest: words(rest) }, line);
  }
});

Deno.test("ssh arguments: options, destination and remote command, as ssh's getopt tells them apart", () => {
  for (
    const [line, options, destination, command] of [
      ["web", "", "web", ""],
      ["-v u@web", "-v", "u@web", ""],
      ["web -p 22 ls -p 1", "-p 22", "web", "ls -p 1"],
      ["-L 1:h:2 web -NT", "-L 1:h:2 -NT", "web", ""],
      ["web -- -x", "", "web", "-x"],
      ["-- web -x", "", "web", "-x"],
      ["-J hop web", "-J hop", "web", ""],
      ["-vJhop web", "-vJhop", "web", ""],
    ] as const
  ) {
    const words = (text: string) => text.split(" ").filter((each) => each);
    assert.deepEqual(
      parseSshArguments(words(line)),
      { options: words(options), destination, command: words(command) },
      line,
    );
  }
  assert.deepEqual(parseSshArguments([]), {
    options: [],
    destination: undefined,
    command: [],
  });
  assert.throws(() => parseSshArguments(["web", "-p"]), {
    name: "UsageError",
    message: "Cannot use -p: its value is missing",
  });
});

Deno.test("ssh arguments: user and target", () => {
  for (
    const [text, user, target] of [
      ["web", undefined, "web"],
      ["u@web", "u", "web"],
      ["a@b@web", "a@b", "web"],
      ["name:a@b", undefined, "name:a@b"],
      ["u@name:a@b", "u", "name:a@b"],
      ["u@tag:mail=x@y", "u", "tag:mail=x@y"],
      ["DOMAIN+u@web", "DOMAIN+u", "web"],
      [undefined, undefined, undefined],
    ] as const
  ) assert.deepEqual(parseDestination(text), { user, target }, text ?? "none");
  for (
    const user of [
      "",
      "-l",
      "a b",
      "a'b",
      "$(x)",
      "`x`",
      "a;b",
      "a\nb",
      "a\x1bb",
    ]
  ) {
    assert.throws(() => checkUser(user), { name: "UsageError" }, user);
    assert.throws(() => parseDestination(`${user}@web`), {
      name: "UsageError",
    });
  }
});
