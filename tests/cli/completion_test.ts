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

for (const shell of shells) {
  Deno.test({
    name: `completion: ${shell.name} completes what is typed`,
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
          ["web-server", "two words"].map((name) =>
            [`name:${name}`, { id: "i-0123456789abcdef0", name }] as const
          ),
        );
      await Deno.mkdir(`${home.path}/here`);
      await Deno.writeTextFile(`${home.path}/here/recorded session.cast`, "");
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
        const shown = await pty.until(/GIVEN( <[^>\r\n]*>)*\./);
        assert.equal(
          /GIVEN (.*)\.$/.exec(shown)?.[1],
          given,
          `${typed}: ${shown}`,
        );
      }
      await pty.write("exit\r");
      await pty.exited;
    },
  });
}
