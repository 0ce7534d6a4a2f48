import assert from "node:assert/strict";
import { sessionEnvironment } from "../../../lib/simulator/pty/environment.ts";
import { openNodePty } from "../../../lib/simulator/pty/node_pty.ts";
import { choosePtyKind, openPty } from "../../../lib/simulator/pty/open_pty.ts";
import {
  clampSize,
  type Pty,
  PtyError,
  type PtyRequest,
} from "../../../lib/simulator/pty/pty.ts";
import { openScriptPty } from "../../../lib/simulator/pty/script_pty.ts";
import { signalSession } from "../../../lib/simulator/pty/session_processes.ts";

const env = sessionEnvironment({
  PATH: "/usr/local/bin:/usr/bin:/bin",
  HOME: "/",
  SHELL: "/bin/sh",
});
const text = new TextEncoder();

/** Runs `sh -c command` on a terminal; the program is killed at the end whatever happens. */
async function withPty(
  open: (request: PtyRequest) => Promise<Pty>,
  command: string,
  run: (pty: Pty) => Promise<void>,
): Promise<void> {
  const pty = await open({ argv: ["/bin/sh", "-c", command], env, cwd: "/" });
  try {
    await run(pty);
  } finally {
    await pty.kill();
  }
}

/** Reads until the output so far matches; fails at the end of output. */
async function until(pty: Pty, pattern: RegExp): Promise<RegExpExecArray> {
  let seen = "";
  while (true) {
    const bytes = await pty.read(1024);
    if (bytes === undefined) {
      assert.fail(`no ${pattern} in ${JSON.stringify(seen)}`);
    }
    seen += new TextDecoder("latin1").decode(bytes);
    const match = pattern.exec(seen);
    if (match !== null) return match;
  }
}

/** Reads to the end. */
async function rest(pty: Pty, pause = 0): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  while (true) {
    const bytes = await pty.read(1024);
    if (bytes === undefined) break;
    assert.ok(bytes.length >= 1 && bytes.length <= 1024);
    chunks.push(bytes);
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

const kinds: [string, (request: PtyRequest) => Promise<Pty>][] = [[
  "script",
  openScriptPty,
]];
if (choosePtyKind() === "node-pty") kinds.push(["node-pty", openNodePty]);

for (const [kind, open] of kinds) {
  const test = (
    name: string,
    command: string,
    run: (pty: Pty) => Promise<void>,
  ) => Deno.test(`${kind}: ${name}`, () => withPty(open, command, run));

  test(
    "the first size is 80 x 24, the terminal a terminal",
    "stty size; test -t 0 && test -t 1 && test -t 2 && echo tty; echo $TERM $LANG $SHELL",
    async (pty) => {
      const output = new TextDecoder().decode(await rest(pty));
      assert.equal(
        output,
        "24 80\r\ntty\r\nxterm-256color C.UTF-8 /bin/sh\r\n",
      );
    },
  );

  test(
    "a resize arrives: SIGWINCH and stty size",
    "trap 'echo winch; stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done",
    async (pty) => {
      await until(pty, /ready/);
      await pty.resize({ cols: 123, rows: 45 });
      await until(pty, /winch\r\n45 123\r\n/);
    },
  );

  test("resizes are applied in order", "read line; stty size", async (pty) => {
    void pty.resize({ cols: 100, rows: 30 });
    void pty.resize({ cols: 110, rows: 31 });
    await pty.resize({ cols: 120, rows: 32 });
    await pty.write(text.encode("\r"));
    await until(pty, /32 120\r\n/);
  });

  test(
    "Ctrl-C stops sleep 100 and the shell goes on",
    "trap : INT; echo ready; sleep 100; echo after",
    async (pty) => {
      await until(pty, /ready/);
      // The first may come before sleep has started: then only the shell gets it.
      const typing = setInterval(() => pty.write(new Uint8Array([3])), 100);
      try {
        await until(pty, /after\r\n/);
      } finally {
        clearInterval(typing);
      }
    },
  );

  test("typing is echoed by the terminal", "cat", async (pty) => {
    await pty.write(text.encode("hello\r"));
    await until(pty, /hello\r\nhello\r\n/);
    await pty.write(new Uint8Array([4]));
    assert.equal((await pty.exited).code, 0);
  });

  test("the exit code is the program's", "exit 7", async (pty) => {
    await rest(pty);
    assert.equal((await pty.exited).code, 7);
    await pty.write(text.encode("too late"));
    await pty.resize({ cols: 1, rows: 1 });
  });

  test("death by a signal is 128 + n", "kill -TERM $$", async (pty) => {
    await rest(pty);
    assert.equal((await pty.exited).code, 143);
  });

  test(
    "bytes pass unchanged in both directions",
    "stty raw -echo; echo ready; dd bs=1 count=256 2>/dev/null | od -An -v -tu1 | tr -d '\\n'; " +
      'i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %03o $i)"; i=$((i+1)); done',
    async (pty) => {
      await until(pty, /ready\n/);
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      await pty.write(all);
      const output = await rest(pty);
      const split = output.length - 256;
      assert.deepEqual(output.slice(split), all);
      assert.deepEqual(
        new TextDecoder().decode(output.slice(0, split)).trim().split(/ +/)
          .map(Number),
        [...all],
      );
    },
  );

  test(
    "a slow reader loses nothing, although the program ended long ago",
    "head -c 40000 /dev/zero; echo; seq 1 3000; echo END",
    async (pty) => {
      const output = await rest(pty, 7);
      let expected = 40002;
      for (let i = 1; i <= 3000; i++) expected += String(i).length + 2;
      assert.equal(output.length, expected + 5);
      assert.equal(new TextDecoder().decode(output.slice(-5)), "END\r\n");
    },
  );

  test(
    "much input at a program that does not read arrives when it does",
    "stty raw -echo; echo ready; read go; sleep 0.3; head -c 300000 | wc -c",
    async (pty) => {
      await until(pty, /ready\n/);
      await pty.write(text.encode("go\n"));
      const block = new Uint8Array(1000).fill(65);
      for (let i = 0; i < 300; i++) await pty.write(block);
      await until(pty, /\b300000\n/);
    },
  );

  test(
    "kill ends a session that ignores SIGHUP, its jobs and their children",
    "trap '' HUP; (trap '' HUP; sleep 1001 & sleep 1002) & set -m; sleep 1003 & " +
      "echo pid $$ end; sleep 1004",
    async (pty) => {
      const leader = Number((await until(pty, /pid (\d+) end/))[1]);
      const session = { leader, tty: "" };
      // The shell has started them all when it speaks, and some may still be on their way.
      while (await signalSession(session, "0") < 4) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await Promise.all([pty.kill(), pty.kill()]);
      assert.equal(await signalSession(session, "0"), 0);
      assert.equal(await pty.read(1024) === undefined, true);
      await pty.exited;
    },
  );

  test(
    "kill ends what a finished shell left behind",
    "(trap '' HUP; exec sleep 1005) & echo pid $$ end; sleep 0.1",
    async (pty) => {
      const leader = Number((await until(pty, /pid (\d+) end/))[1]);
      await pty.exited;
      const session = { leader, tty: "" };
      assert.equal(await signalSession(session, "0"), 1);
      await pty.kill();
      assert.equal(await signalSession(session, "0"), 0);
    },
  );

  test(
    "kill while a write waits and output is not read",
    "stty raw -echo; echo ready; yes",
    async (pty) => {
      await until(pty, /ready\n/);
      const writing = (async () => {
        for (let i = 0; i < 300; i++) await pty.write(new Uint8Array(1000));
      })();
      await pty.kill();
      await writing;
      await pty.exited;
    },
  );

  Deno.test(`${kind}: words of argv are not read by a shell`, async () => {
    const words = ["a b", "'", '"$HOME"', "\\", "`id`", ""];
    const pty = await open({
      argv: ["/usr/bin/printf", "[%s]\\n", ...words],
      env,
      cwd: "/",
    });
    try {
      assert.equal(
        new TextDecoder().decode(await rest(pty)),
        words.map((word) => `[${word}]\r\n`).join(""),
      );
    } finally {
      await pty.kill();
    }
  });
}

Deno.test("openPty says what is missing", async () => {
  await assert.rejects(
    openPty({ argv: ["/no/such program"], env, cwd: "/" }),
    (error: unknown) =>
      error instanceof PtyError &&
      error.message ===
        'exec: "/no/such program": executable file not found',
  );
});

Deno.test("without script(1) openPty says what to install", async () => {
  const nowhere = { ...env, PATH: "/no/such/directory" };
  await assert.rejects(
    openPty({ argv: ["/bin/sh"], env: nowhere, cwd: "/" }, "script"),
    (error: unknown) =>
      error instanceof PtyError &&
      /^Cannot open a terminal: install script\(1\) and stty\(1\)/.test(
        error.message,
      ) && error.cause instanceof PtyError,
  );
});

Deno.test("openPty opens whatever works here", async () => {
  await withPty(openPty, "echo works", async (pty) => {
    await until(pty, /works\r\n/);
  });
});

Deno.test("node-pty from 2.9 on and never in an executable", () => {
  assert.equal(choosePtyKind("2.6.8", false), "script");
  assert.equal(choosePtyKind("2.9.0", false), "node-pty");
  assert.equal(choosePtyKind("3.0.1", false), "node-pty");
  assert.equal(choosePtyKind("2.9.6", true), "script");
});

Deno.test("sizes are clamped to what a terminal can have", () => {
  assert.deepEqual(clampSize({ cols: 0, rows: 70000 }), {
    cols: 1,
    rows: 65535,
  });
  assert.deepEqual(clampSize({ cols: NaN, rows: 24.9 }), { cols: 1, rows: 24 });
});

Deno.test("the node does not see the simulator's credentials or terminal", () => {
  assert.deepEqual(
    sessionEnvironment({
      AWS_ACCESS_KEY_ID: "x",
      AWS_ENDPOINT_URL: "x",
      TMUX: "x",
      COLUMNS: "10",
      TERM: "dumb",
      LANG: "de_DE.UTF-8",
      PATH: "/bin",
    }),
    {
      TERM: "xterm-256color",
      LANG: "de_DE.UTF-8",
      HISTFILE: "/dev/null",
      PATH: "/bin",
    },
  );
});
