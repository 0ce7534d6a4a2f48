import assert from "node:assert/strict";
import {
  buildCommand,
  buildRouteMap,
  type CommandContext,
} from "@stricli/core";
import { fullDescription } from "../../cmd/help.ts";
import { root } from "../../cmd/mod.ts";
import { commandPages, helpSections } from "../../scripts/command_pages.ts";
import { guides } from "../../scripts/docs.ts";

const folder = new URL("../../docs/commands/", import.meta.url);

async function writtenPages(): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  for await (const { name } of Deno.readDir(folder)) {
    const text = await Deno.readTextFile(new URL(name, folder));
    pages.set(name, text.replaceAll("\r\n", "\n"));
  }
  return pages;
}

Deno.test("docs/commands is what the commands' help says: else run deno task docs", async () => {
  const written = await writtenPages();
  const made = commandPages(root, "ssm", guides);
  assert.deepEqual(
    [...written.keys()].sort(),
    made.map((page) => page.name).sort(),
  );
  for (const { name, text } of made) {
    assert.equal(written.get(name), text, name);
  }
});

Deno.test("every command that the help lists has its page, with its flags", () => {
  const pages = new Map(
    commandPages(root, "ssm", guides).map(({ name, text }) => [name, text]),
  );
  for (const entry of root.getAllEntries()) {
    const name = entry.name["convert-camel-to-kebab"];
    const text = pages.get(`${name}.md`);
    if (entry.hidden) assert.equal(text, undefined, name);
    else {
      assert.ok(text?.startsWith(`# ssm ${name}\n`), name);
      assert.ok(pages.get("README.md")?.includes(`(${name}.md)`), name);
    }
  }
  assert.match(pages.get("shell.md") ?? "", /--profile </);
});

/** A tree with a group, an alias and a hidden command. */
function tree() {
  const command = (name: string, notes?: string) =>
    buildCommand<Record<never, never>, [], CommandContext>({
      docs: {
        brief: `Does ${name} | more`,
        fullDescription: fullDescription({
          usage: `${name} [x]`,
          description: "Takes a_b and *.\n\n  indented\n    more",
          examples: [["One", `ssm ${name}`]],
          ...(notes === undefined ? {} : { notes }),
        }),
      },
      parameters: {},
      func() {},
    });
  return buildRouteMap<"look" | "group" | "unseen", CommandContext>({
    routes: {
      look: command(
        "look",
        "Codes:\n  0  good\n\nAn introduction that is rather long:\n  a  b",
      ),
      group: buildRouteMap<"inner", CommandContext>({
        routes: { inner: command("group inner") },
        docs: { brief: "Several" },
      }),
      unseen: command("unseen"),
    },
    aliases: { l: "look" },
    docs: { brief: "All", hideRoute: { unseen: true } },
  });
}

Deno.test("command pages: groups have their own, hidden commands none", () => {
  const pages = commandPages(tree(), "p", { look: [["more.md", "More"]] });
  assert.deepEqual(
    pages.map((page) => page.name),
    ["README.md", "look.md", "group.md", "group-inner.md"],
  );
  const [index, look, group] = pages.map((page) => page.text);
  assert.match(
    index ?? "",
    /^\| \[`p group inner`\]\(group-inner\.md\) \| Does group inner \\\| more \|$/m,
  );
  assert.match(look ?? "", /^Also: `p l`\.$/m);
  assert.match(look ?? "", /^- \[More\]\(\.\.\/more\.md\)$/m);
  assert.match(group ?? "", /^- \[`inner`\]\(group-inner\.md\)/m);
});

Deno.test("command pages: prose means nothing to Markdown, examples and tables stay as they are", () => {
  const [, look] = commandPages(tree(), "p", {});
  const text = look?.text ?? "";
  assert.ok(
    text.includes("Takes a_b and \\*.\n\n```\n  indented\n    more\n```\n"),
    text,
  );
  assert.ok(
    text.includes("## Examples\n\n```sh\n# One\nssm look\n```\n"),
    text,
  );
  assert.ok(text.includes("## Codes\n\n```\n0  good\n```\n"), text);
  assert.ok(
    text.includes("An introduction that is rather long:\n\n```\na  b\n```\n"),
    text,
  );
});

Deno.test("help sections: prose behind a table is none of it", () => {
  assert.deepEqual(
    helpSections(
      "Usage:\n  a\n\nProse: two\nlines\n\nFlags:\n  -x  y\n\nEnd.\n",
    ),
    [
      { title: "Usage", lines: ["a"].map((line) => `  ${line}`) },
      { title: "", lines: ["Prose: two", "lines"] },
      { title: "Flags", lines: ["  -x  y"] },
      { title: "", lines: ["End."] },
    ],
  );
});
