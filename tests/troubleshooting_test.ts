import assert from "node:assert/strict";
import { filesUnder } from "../scripts/files.ts";

const root = new URL("../", import.meta.url);

/**
 * What a source file can say: texts that are cut into several are put together again, and what is
 * put in is `…`.
 */
function sayings(source: string): string {
  return source
    .replaceAll(/\\(["'`])/g, "$1")
    .replaceAll(/\$\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/g, "…")
    .replaceAll(/(["`])\s*\+\s*(["`])/g, "");
}

/** The messages of ssm that the page names: the first cell of each table row, and what is quoted. */
function messagesOf(page: string): string[] {
  const [ours = ""] = page.split("## Messages of the AWS CLI");
  return ours.split("\n").filter((line) => line.startsWith("|"))
    .flatMap((line) => {
      const cell = line.split("|")[1] ?? "";
      return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
    });
}

/** The parts of a message between what is put in; short ones prove nothing. */
function parts(message: string): string[] {
  return message.split("…").map((part) => part.trim().replace(/^[:;] /, ""))
    .filter((part) => part.length >= 6);
}

Deno.test("each message of ours under Troubleshooting is one that the program can say", async () => {
  const files = [
    ...await filesUnder(root, "cmd", ".ts"),
    ...await filesUnder(root, "lib", ".ts"),
  ].filter((file) => !file.startsWith("lib/simulator/"));
  const said = (await Promise.all(
    files.map((file) => Deno.readTextFile(new URL(file, root))),
  )).map(sayings).join("\n");
  const page = await Deno.readTextFile(
    new URL("docs/troubleshooting.md", root),
  );
  const messages = messagesOf(page).filter((message) =>
    parts(message).length > 0
  );
  assert.ok(messages.length > 40, String(messages.length));
  const unknown = messages.filter((message) =>
    !parts(message).every((part) =>
      said.includes(part) ||
      // "Cannot " and a task of lib/aws/errors.ts stand apart.
      (part.startsWith("Cannot ") &&
        said.includes(`"${part.slice("Cannot ".length).replace(/:$/, "")}"`))
    )
  );
  assert.deepEqual(unknown, []);
});

Deno.test("sayings: texts in pieces, and what is put in", () => {
  assert.equal(
    sayings('say("Cannot " +\n  `go to ${a(`x ${b}`)}: ` + "why")'),
    'say("Cannot go to …: why")',
  );
  assert.deepEqual(parts("Cannot go to …: why not now"), [
    "Cannot go to",
    "why not now",
  ]);
});
