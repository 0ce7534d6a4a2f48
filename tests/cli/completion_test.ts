import assert from "node:assert/strict";
import { openTargetMemory } from "../../cmd/target/memory.ts";
import { cleanHome, programCommand } from "../testkit/executable.ts";
import { arePrograms } from "../testkit/programs.ts";
import { hasPty, openPty } from "../testkit/pty.ts";
import { shellWords } from "../testkit/shell_words.ts";

/** A shell with its completions on, whose `ssm` says what it was given. */
interface Shell {
  readonly name: string;
  readonly command: readonly string[];
  /** Switches completion on. */
  readonly begin: string;
}

const shells: readonly Shell[] = [
  {
    name: "bash",
    command: ["bash", "--norc", "--noprofile", "-i"],
    begin: 'eval "$(ssm completion bash)"',
  },
  {
    name: "zsh",
    command: ["zsh", "-f", "-i"],
    begin: "autoload -U compinit; compinit -u -D; source <(ssm completion zsh)",
  },
  {
    name: "fish",
    command: ["fish", "--no-config", "-i"],
    begin: "ssm completion fish | source",
  },
];

/** What is typed, with Tabs in it, and what `ssm` gets. */
const lines: readonly [typed: string, given: string][] = [
  ["ssm sess\tki\t--orph\t", "<sessions> <kill> <--orphaned>"],
  ["ssm --profile pr\tshell", "<--profile> <production> <shell>"],
  ["ssm --profile=pr\tshell", "<--profile=production> <shell>"],
  ["ssm --profile=staging,pr\tx", "<--profile=staging,production> <x>"],
  ["ssm shell --transport bu\tx", "<shell> <--transport> <builtin> <x>"],
  ["ssm --region eu-n\tx", "<--region> <eu-north-1> <x>"],
  ["ssm play rec\t", "<play> <recorded session.cast>"],
  ["ssm shell we\tx", "<shell> <web-server> <x>"],
  ["ssm shell name:two\tx", "<shell> <name:two words> <x>"],
  ["ssm ssh me@we\tx", "<ssh> <me@web-server> <x>"],
  ["ssm cp we\tetc x", "<cp> <web-server:etc> <x>"],
  ["ssm exec web -- rec\t", "<exec> <web> <--> <recorded session.cast>"],
];

/** What runs `ssm` behind a name of a node that does; nothing of it may. */
const unprintable = "z\u0378$(touch pwned)";

/** The same for bash alone, where names have what a shell reads. */
const quotedLines: readonly [typed: string, given: string][] = [
  ['ssm shell "two\tx', "<shell> <two words> <x>"],
  ["ssm shell 'two\tx", "<shell> <two words> <x>"],
  ["ssm shell two\\ w\tx", "<shell> <two words> <x>"],
  ['ssm shell "two w\tx', "<shell> <two words> <x>"],
  ['ssm shell "two "w\tx', "<shell> <two words> <x>"],
  ['ssm ssh me@"two "w\tx', "<ssh> <me@two words> <x>"],
  ['ssm shell "name:tw\tx', "<shell> <name:two words> <x>"],
  ['ssm shell name:"tw\tx', "<shell> <name:two words> <x>"],
  ["ssm ssh me@'tw\tx", "<ssh> <me@two words> <x>"],
  ['ssm ssh "me@tw\tx', "<ssh> <me@two words> <x>"],
  ['ssm --profile="pr\tshell', "<--profile=production> <shell>"],
  ['ssm cp "two\tx', "<cp> <two words:x>"],
  ["ssm cp web:x fol\tfi\t", "<cp> <web:x> <folder one/file>"],
  ['ssm cp web:x "fol\tfi\t', "<cp> <web:x> <folder one/file>"],
  ["ssm cp web:x ~/.aw\tcon\t", "<cp> <web:x> <HOME/.aws/config>"],
  ["ssm play 'rec\t", "<play> <recorded session.cast>"],
  ['ssm exec web -- "rec\t', "<exec> <web> <--> <recorded session.cast>"],
  ['ssm shell "dol\tx', '<shell> <dollar$(touch pwned)`id`"\\q> <x>'],
  ["ssm shell dol\tx", '<shell> <dollar$(touch pwned)`id`"\\q> <x>'],
  ["ssm shell 'dol\tx", '<shell> <dollar$(touch pwned)`id`"\\q> <x>'],
  ["ssm shell 'apo\tx", "<shell> <apo';touch pwned;'s> <x>"],
  ['ssm shell "apo\tx', "<shell> <apo';touch pwned;'s> <x>"],
  ["ssm shell apo\tx", "<shell> <apo';touch pwned;'s> <x>"],
  ['ssm cp "dol\tx', '<cp> <dollar$(touch pwned)`id`"\\q:x>'],
  ["ssm cp dol\tx", '<cp> <dollar$(touch pwned)`id`"\\q:x>'],
  ["ssm cp 'apo\tx", "<cp> <apo';touch pwned;'s:x>"],
  ['ssm cp "z\t" x', "<cp> <z> <x>"],
  ["ssm shell $'apo\t' x", "<shell> <apo> <x>"],
  ['ssm shell "$(echo "\'dol\t")" x', "<shell> <'dol> <x>"],
  ['ssm shell "z\t" x', "<shell> <z> <x>"],
  ["ssm shell 'z\t' x", "<shell> <z> <x>"],
  ["ssm shell z\tx", "<shell> <zx>"],
  ["ssm shell bang\tx", "<shell> <bang!x> <x>"],
  ["ssm shell 'bang\tx", "<shell> <bang!x> <x>"],
  ['ssm shell "bang\t" x', "<shell> <bang> <x>"],
];

const names = ["web-server", "two words"];

/** Names that would run something, were they taken for more than a word. */
const hostile = [
  unprintable,
  'dollar$(touch pwned)`id`"\\q',
  "apo';touch pwned;'s",
  "bang!x",
];

const runs = [
  ...shells.map((shell) => ({ shell, locale: "", names, lines })),
  ...["C", "C.UTF-8"].map((locale) => ({
    shell: shells[0]!,
    locale,
    names: [...names, ...hostile],
    lines: quotedLines,
  })),
];

for (const { shell, locale, names, lines } of runs) {
  Deno.test({
    name: `completion: ${shell.name} completes what is typed` +
      (locale && ` in quotes, and runs no name, in ${locale}`),
    ignore: !hasPty || !arePrograms(shell.name),
    async fn() {
      await using home = await cleanHome();
      await Deno.mkdir(`${home.path}/.aws`);
      await Deno.writeTextFile(
        `${home.path}/.aws/config`,
        "[default]\nregion = eu-west-1\n[profile production]\n" +
          "[profile staging]\n[sso-session prefix]\n",
      );
      openTargetMemory((name) => name === "HOME" ? home.path : undefined)
        .remember(
          { profile: "", region: "eu-west-1", endpoint: "", account: "" },
          names.map((name) =>
            [`name:${name}`, { id: "i-0123456789abcdef0", name }] as const
          ),
        );
      await Deno.mkdir(`${home.path}/here`);
      await Deno.writeTextFile(`${home.path}/here/recorded session.cast`, "");
      await Deno.mkdir(`${home.path}/here/folder one`);
      await Deno.writeTextFile(`${home.path}/here/folder one/file`, "");
      await Deno.mkdir(`${home.path}/bin`);
      await Deno.writeTextFile(
        `${home.path}/bin/ssm`,
        `#!/bin/sh\ncase $1 in __complete*|completion) exec ${
          shellWords(programCommand())
        } "$@";; esac\nprintf 'GIVEN'; printf ' <%s>' "$@"; echo .\n`,
        { mode: 0o755 },
      );
      await using pty = await openPty(shell.command, {
        env: {
          ...home.env,
          AWS_ACCESS_KEY_ID: "none",
          AWS_REGION: "eu-west-1",
          ...locale && { LC_ALL: locale },
          PATH: `${home.path}/bin:${home.env.PATH}`,
          PS1: "> ",
          // What fish would ask the terminal, it does not answer.
          TERM: "dumb",
        },
        clearEnv: true,
        cwd: `${home.path}/here`,
        size: { cols: 200, rows: 50 },
      });
      await pty.write(`${shell.begin}; echo be''gun\r`);
      await pty.until("begun\r\n");
      for (const [typed, given] of lines) {
        await pty.write(`${typed}\r`);
        const shown = await pty.until(/GIVEN( <[^>\r\n]*>)*\.\r/);
        assert.equal(
          /GIVEN (.*)\.\r$/.exec(shown)?.[1]
            ?.replace(home.path, "HOME"),
          given,
          `${typed}: ${shown}`,
        );
      }
      await pty.write("exit\r");
      await pty.exited;
      assert.deepEqual(
        Array.from(Deno.readDirSync(`${home.path}/here`), ({ name }) => name)
          .sort(),
        ["folder one", "recorded session.cast"],
      );
    },
  });
}
