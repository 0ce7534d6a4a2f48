/**
 * Makes a page of docs/commands from the help of each command, and a page that lists them:
 * `deno task docs`. Nobody writes in them by hand; tests/scripts/command_pages_test.ts compares them
 * with the commands.
 *
 * @module
 */

import type { Command, CommandContext, RouteMap } from "@stricli/core";
import { commandHelp, routesHelp } from "../cmd/help.ts";

/** A page of documentation. */
export interface CommandPage {
  /** Its file's name, as `plugin-install.md`. */
  readonly name: string;
  readonly text: string;
}

/** Which page under docs/ says more, by the first word of a command. */
export type Guides = Readonly<
  Record<string, readonly (readonly [file: string, title: string])[]>
>;

/** The page that lists the commands. */
const indexName = "README.md";

const mark =
  "<!-- Made from the commands' own help by `deno task docs`; not to be edited here. -->";

/**
 * Makes the pages of all commands that are not hidden, and the list of them.
 * @param root The tree of commands.
 * @param program What is typed before each of them: `ssm`.
 * @param guides Further reading, by command.
 * @returns The list first, then the pages in the order of the help.
 */
export function commandPages<C extends CommandContext>(
  root: RouteMap<C>,
  program: string,
  guides: Guides,
): CommandPage[] {
  const pages: CommandPage[] = [];
  const rows: string[] = [];
  collect(root, []);
  return [
    {
      name: indexName,
      text: page([
        "# Commands",
        mark,
        "One page each, made from the help that the command itself prints with `--help`.",
        `| command | what it does |\n| --- | --- |\n${rows.join("\n")}`,
        ...helpSections(routesHelp(root, [program])).flatMap((section) =>
          section.title === "Commands" ? [] : markdownOf(section)
        ),
      ]),
    },
    ...pages,
  ];

  function collect(routes: RouteMap<C>, path: readonly string[]): void {
    for (const entry of routes.getAllEntries()) {
      if (entry.hidden) continue;
      const words = [...path, entry.name["convert-camel-to-kebab"]];
      const name = `${words.join("-")}.md`;
      const command = [program, ...words].join(" ");
      const brief = prose(entry.target.brief);
      rows.push(
        `| [\`${command}\`](${name}) | ${cell(entry.target.brief)} |`,
      );
      const isCommand = "parameters" in entry.target;
      const help = isCommand
        ? commandHelp(entry.target as Command<C>)
        : routesHelp(entry.target as RouteMap<C>, [program, ...words]);
      const aliases = entry.aliases.map((alias) =>
        `\`${[program, ...path, alias].join(" ")}\``
      );
      pages.push({
        name,
        text: page([
          `# ${command}`,
          mark,
          `${brief}.`,
          ...(aliases.length === 0 ? [] : [`Also: ${aliases.join(", ")}.`]),
          ...helpSections(help).flatMap((section) =>
            section.title === "Commands"
              ? subcommands(entry.target as RouteMap<C>, words)
              : markdownOf(section)
          ),
          ...seeAlso(guides[words[0] ?? ""] ?? []),
        ]),
      });
      if (!isCommand) collect(entry.target as RouteMap<C>, words);
    }
  }
}

/** A part of a help text. */
export interface HelpSection {
  /** Without its colon; empty for what has none, as the description. */
  readonly title: string;
  readonly lines: readonly string[];
}

/**
 * Cuts a help text where a line that ends in a colon has indented lines below it.
 * @param help The text.
 * @returns The sections in order; paragraphs between them have no title.
 */
export function helpSections(help: string): HelpSection[] {
  const sections: { title: string; lines: string[] }[] = [];
  const lines = help.trimEnd().split("\n");
  let open = false;
  for (const [at, line] of lines.entries()) {
    const last = sections.at(-1);
    const next = lines[at + 1] ?? "";
    const blankBefore = at === 0 || lines[at - 1] === "";
    if (/^\S.*:$/.test(line) && blankBefore && /^ {2}/.test(next)) {
      sections.push({ title: line.slice(0, -1), lines: [] });
      open = true;
    } else if (
      last === undefined || (open && line !== "" && !line.startsWith(" "))
    ) {
      sections.push({ title: "", lines: [line] });
      open = false;
    } else last.lines.push(line);
  }
  return sections.map(({ title, lines }) => ({
    title,
    lines: withoutBlankEnds(lines),
  }));
}

/** A section as blocks of Markdown. */
function markdownOf({ title, lines }: HelpSection): string[] {
  if (title === "") return paragraphs(lines);
  const text = lines.map((line) => line.replace(/^ {2}/, ""));
  if (title === "Usage") return [fenced(text)];
  if (title === "Examples") return [`## ${title}`, fenced(text, "sh")];
  // Long introductions of tables make no headings.
  return title.length <= 24
    ? [`## ${title}`, fenced(text)]
    : [`${prose(title)}:`, fenced(text)];
}

/** What leads from a group to its commands. */
function subcommands<C extends CommandContext>(
  routes: RouteMap<C>,
  words: readonly string[],
): string[] {
  const rows = routes.getAllEntries().filter((entry) => !entry.hidden)
    .map((entry) => {
      const name = entry.name["convert-camel-to-kebab"];
      return `- [\`${name}\`](${[...words, name].join("-")}.md): ${
        prose(entry.target.brief)
      }`;
    });
  return ["## Commands", rows.join("\n")];
}

function seeAlso(
  guides: readonly (readonly [file: string, title: string])[],
): string[] {
  return [
    "## See also",
    [
      ...guides.map(([file, title]) => `- [${title}](../${file})`),
      `- [All commands](${indexName})`,
    ].join("\n"),
  ];
}

/** Prose with its line ends, indented blocks among it as they are. */
function paragraphs(lines: readonly string[]): string[] {
  return lines.join("\n").split(/\n\n+/).map((block) =>
    /^ /.test(block) ? fenced(block.split("\n")) : prose(block)
  );
}

/** Text whose characters mean nothing to Markdown; an underscore within a word means nothing. */
function prose(text: string): string {
  return text.replace(/[\\`*<[\]]|(?<!\w)_|_(?!\w)/g, "\\$&");
}

/** The same in a table. */
function cell(text: string): string {
  return prose(text).replaceAll("|", "\\|");
}

function fenced(lines: readonly string[], language = ""): string {
  return `\`\`\`${language}\n${lines.join("\n")}\n\`\`\``;
}

function withoutBlankEnds(lines: readonly string[]): string[] {
  return lines.join("\n").replace(/^\n+|\n+$/g, "").split("\n");
}

function page(blocks: readonly string[]): string {
  return `${blocks.join("\n\n")}\n`;
}
