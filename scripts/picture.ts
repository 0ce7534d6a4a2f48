/**
 * `deno task picture`: a shell of this machine with a simulated account, in which somebody types;
 * what the terminal gets becomes docs/demo.cast, and that docs/demo.svg. Linux with `script` and
 * bash.
 *
 * @module
 */

import { eventLine, headerLine } from "../lib/cast/event.ts";
import { shellQuote } from "../lib/text.ts";
import { cleanHome, programCommand } from "../tests/testkit/executable.ts";
import { openPty } from "../tests/testkit/pty.ts";
import { castToSvg } from "./cast_to_svg.ts";

const columns = 80;
const rows = 25;

/** What is typed before Enter, and what is waited for behind it. */
const steps: readonly (readonly [line: string, seen: string])[] = [
  ["ssm list", "\n$ "],
  ["ssm", "Enter: ssm shell"],
  ["web", "web-server$ "],
  ["tail -n 2 app.log", "web-server$ "],
  ["exit", "\n$ "],
  ["ssm exec --tag role=web --shell 'grep -c ready app.log'", "\n$ "],
  [
    "ssm forward web-server --remote 80 -- curl -s http://127.0.0.1:{port}/",
    "\n$ ",
  ],
];

/** Milliseconds: between keys, before Enter, before a line, after the last answer, between looks. */
const pace = { key: 45, enter: 250, before: 900, after: 1500, look: 5 };

const docs = new URL("../docs/", import.meta.url);

/** Records what the terminal gets while the steps are typed; the asciicast. */
async function record(): Promise<string> {
  await using home = await cleanHome();
  await using web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("hello from web-server\n"),
  );
  await Deno.mkdir(`${home.path}/bin`);
  const executable = { mode: 0o755 };
  await Deno.writeTextFile(
    `${home.path}/bin/ssm`,
    `#!/bin/sh\nexec ${programCommand().map(shellQuote).join(" ")} "$@"\n`,
    executable,
  );
  await Deno.writeTextFile(
    `${home.path}/bin/node-shell`,
    "#!/bin/sh\nPS1='web-server$ ' exec bash --norc --noprofile\n",
    executable,
  );
  await Deno.writeTextFile(
    `${home.path}/app.log`,
    "09:58:02 starting\n09:58:04 ready\n",
  );
  await Deno.writeTextFile(
    `${home.path}/inputrc`,
    "set enable-bracketed-paste off\n",
  );
  await using pty = await openPty([
    // bash echoes what is typed where the terminal does, which this one leaves to script.
    ...["sh", "-c", 'stty echo; exec "$@"', "sh"],
    ...programCommand(),
    ...["simulate", "--quiet", "--seed", "7", "--region", "eu-west-1"],
    ...["--node", "name=web-server,tag:role=web"],
    ...["--node", "name=web-server-2,tag:role=web", "--node", "name=db"],
    ...["--port-map", `80=${web.addr.port}`],
    ...["--shell", `${home.path}/bin/node-shell`],
    ...["--", "env", "PS1=$ ", "bash", "--norc", "--noprofile"],
  ], {
    size: { cols: columns, rows },
    clearEnv: true,
    cwd: home.path,
    env: {
      ...home.env,
      PATH: `${home.path}/bin:${home.env.PATH ?? ""}`,
      LANG: "C.UTF-8",
      INPUTRC: `${home.path}/inputrc`,
    },
  });
  await pty.until("$ ");
  const events: string[] = [];
  const began = performance.now();
  let taken = 0;
  const look = setInterval(() => {
    const text = pty.text.slice(taken);
    taken += text.length;
    const time = (performance.now() - began) / 1000;
    if (text !== "") events.push(eventLine(time, "o", text));
  }, pace.look);
  try {
    for (const [line, seen] of steps) {
      await pause(pace.before);
      for (const key of line) {
        await pty.write(key);
        await pause(pace.key);
      }
      await pause(pace.enter);
      await pty.write("\r");
      await pty.until(seen);
    }
    await pause(pace.after);
  } finally {
    clearInterval(look);
  }
  return headerLine({
    width: columns,
    height: rows,
    title: "ssm: nodes, a choice, a shell, a command on two nodes, and a port",
  }) + events.join("");
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

if (import.meta.main) {
  const cast = await record();
  await Deno.writeTextFile(new URL("demo.cast", docs), cast);
  const bytes = new TextEncoder().encode(cast);
  const svg = await castToSvg(ReadableStream.from([bytes]));
  await Deno.writeTextFile(new URL("demo.svg", docs), svg);
  console.log(`docs/demo.svg: ${(svg.length / 1000).toFixed(0)} kB`);
}
