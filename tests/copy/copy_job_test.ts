import assert from "node:assert/strict";
import { ChangedError, reasonOf, sideOf } from "../../lib/copy/copy_job.ts";
import { LocalFileError } from "../../lib/copy/local_files.ts";
import { RemoteError, ShellLostError } from "../../lib/copy/remote_shell.ts";

Deno.test("copy job: reasons are phrases, in the words of tools and platforms", () => {
  const remote = (text: string, code = "err") => new RemoteError(code, text);
  const cases: [unknown, string, "here" | "node"][] = [
    [
      remote(
        "sh: 1: eval: cannot create /x/.y.ssm-part: Directory nonexistent",
      ),
      "No such file or directory",
      "node",
    ],
    [
      remote(
        "dd: error writing '/x': No space left on device 0+1 records in " +
          "0+0 records out 0 bytes copied, 0.0006 s, 0.0 kB/s",
      ),
      "No space left on device",
      "node",
    ],
    [remote("/x is not ours"), "/x is not ours", "node"],
    [remote("/x", "gone"), "it cannot be read any more", "node"],
    [
      remote("0000  -", "sum"),
      "what arrived is not what was sent: its SHA-256 is another",
      "node",
    ],
    [new ChangedError(), "it changed while it was copied", "node"],
    [new LocalFileError("Is a directory"), "Is a directory", "here"],
  ];
  for (const [error, reason, side] of cases) {
    assert.equal(reasonOf(error), reason);
    assert.equal(sideOf(error), side);
  }
});

Deno.test("copy job: the platform's errors of files are known by their code", async () => {
  const error = await Deno.open("/no/such/file").catch((reason) => reason);
  assert.match(reasonOf(error), /^[A-Z][^(]+$/);
  assert.equal(sideOf(error), "here");
});

Deno.test("copy job: what ends the copy is no file's fault", () => {
  for (
    const error of [
      new ShellLostError("lost"),
      Object.assign(new Error("Broken pipe"), {
        name: "BrokenPipe",
        code: "EPIPE",
      }),
      new TypeError("ours"),
      "thrown",
    ]
  ) {
    assert.throws(() => reasonOf(error), (thrown) => thrown === error);
  }
});
