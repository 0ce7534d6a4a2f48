import assert from "node:assert/strict";
import { runProgram } from "../testkit/executable.ts";
import {
  connect,
  randomBytes,
  readAll,
  readExactly,
  sha256,
  startFarEnd,
  writeAll,
} from "../testkit/far_end.ts";
import {
  interrupt,
  isInstalled,
  startForward,
} from "../testkit/forward_program.ts";
import { startSimulatorProgram } from "../testkit/simulator_program.ts";

const mebibyte = 1024 * 1024;
const hasCurl = await isInstalled("curl");

/**
 * A web server: GET gives the content of that name, POST says the digest of what it got, and a
 * WebSocket says everything again.
 */
function startWeb(contents: Readonly<Record<string, Uint8Array<ArrayBuffer>>>) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      if (request.headers.get("upgrade") === "websocket") {
        const { socket, response } = Deno.upgradeWebSocket(request);
        socket.binaryType = "arraybuffer";
        socket.onmessage = ({ data }) => socket.send(data);
        return response;
      }
      if (request.method === "POST") {
        return new Response(await sha256(await request.arrayBuffer()));
      }
      const { pathname } = new URL(request.url);
      const content = contents[pathname.slice(1)];
      return new Response(content, { status: content ? 200 : 404 });
    },
  );
  return {
    port: server.addr.port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("cli: forward carries uploads, downloads and dozens of requests at once, byte for byte", async () => {
  await using simulator = await startSimulatorProgram();
  const parts = Array.from(
    { length: 48 },
    (_, at) => randomBytes(1000 + 4321 * at),
  );
  const large = randomBytes(8 * mebibyte);
  await using web = startWeb({
    large,
    ...Object.fromEntries(parts.map((part, at) => [`part-${at}`, part])),
  });
  await using forward = await startForward(simulator.env, [
    "web-server",
    `:${web.port}`,
  ]);
  const base = `http://127.0.0.1:${forward.port}`;
  const digest = await sha256(large);

  const download = await fetch(`${base}/large`);
  assert.equal(await sha256(await download.arrayBuffer()), digest);
  const upload = await fetch(base, { method: "POST", body: large });
  assert.equal(await upload.text(), digest);

  const both = await Promise.all(parts.flatMap((part, at) => [
    fetch(`${base}/part-${at}`).then(async (response) =>
      await sha256(await response.arrayBuffer())
    ),
    fetch(base, { method: "POST", body: part }).then((response) =>
      response.text()
    ),
  ]));
  const expected = await Promise.all(parts.map(sha256));
  assert.deepEqual(both, expected.flatMap((each) => [each, each]));
  const { code, stderr } = await interrupt(forward);
  assert.equal(code, 0);
  assert.doesNotMatch(stderr, /failed|lost|over/);
});

Deno.test("cli: forward carries WebSockets", async () => {
  await using simulator = await startSimulatorProgram();
  await using web = startWeb({});
  await using forward = await startForward(simulator.env, [
    "web-server",
    `:${web.port}`,
  ]);
  const socket = new WebSocket(`ws://127.0.0.1:${forward.port}/`);
  socket.binaryType = "arraybuffer";
  const closed = new Promise((resolve) => socket.onclose = resolve);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const messages = [
    "hello",
    ...[1, 100, 65_536, 300_000].map(randomBytes),
    "é".repeat(1000),
  ];
  const got: (string | ArrayBuffer)[] = [];
  const all = new Promise<void>((resolve) => {
    socket.onmessage = ({ data }) => {
      got.push(data);
      if (got.length === messages.length) resolve();
    };
  });
  for (const message of messages) socket.send(message);
  await all;
  const plain = (data: string | ArrayBuffer | Uint8Array<ArrayBuffer>) =>
    typeof data === "string" ? data : sha256(data);
  assert.deepEqual(
    await Promise.all(got.map(plain)),
    await Promise.all(messages.map(plain)),
  );
  socket.close();
  await closed;
  assert.equal((await interrupt(forward)).code, 0);
});

Deno.test(
  `cli: forward carries what curl sends and gets${
    hasCurl ? "" : " (ignored: curl is not installed)"
  }`,
  { ignore: !hasCurl },
  async () => {
    await using simulator = await startSimulatorProgram();
    const large = randomBytes(2 * mebibyte);
    await using web = startWeb({ large });
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeFile(`${folder}/sent`, large);
      const url = "http://127.0.0.1:{port}/large";
      const { code, stdout, stderr } = await runProgram([
        "forward",
        "web-server",
        `:${web.port}`,
        "--",
        "curl",
        "--silent",
        "--show-error",
        "--fail",
        "--output",
        `${folder}/got`,
        url,
        "--next",
        "--silent",
        "--show-error",
        "--fail",
        "--data-binary",
        `@${folder}/sent`,
        url,
      ], { env: simulator.env });
      assert.equal(code, 0, stderr);
      const digest = await sha256(large);
      assert.equal(stdout, digest);
      assert.equal(await sha256(await Deno.readFile(`${folder}/got`)), digest);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("cli: forward delivers an answer that begins before the end of input, whole", async () => {
  await using simulator = await startSimulatorProgram();
  const answer = randomBytes(mebibyte);
  const gate = Promise.withResolvers<void>();
  // It answers what it was asked, as far as it likes, and goes on when the client has hung up.
  await using far = startFarEnd(async (conn) => {
    const question = await readExactly(conn, 4);
    await writeAll(conn, answer.subarray(0, mebibyte / 2));
    await gate.promise;
    await writeAll(conn, answer.subarray(mebibyte / 2));
    return new TextDecoder().decode(question);
  });
  await using forward = await startForward(simulator.env, [
    "web-server",
    `:${far.port}`,
  ]);
  using conn = await connect(forward.port);
  await writeAll(conn, "what");
  const first = await readExactly(conn, 1000);
  await conn.closeWrite();
  gate.resolve();
  const rest = await readAll(conn);
  assert.equal(
    await sha256(await new Blob([first, rest]).arrayBuffer()),
    await sha256(answer),
  );
  assert.equal(await far.first, "what");
  assert.equal((await interrupt(forward)).code, 0);
});

Deno.test("cli: forward loses an answer that waits for the end of input, when --half-close is over", async () => {
  await using simulator = await startSimulatorProgram();
  // As wc does: it says how much it was, and cannot know before the end.
  await using far = startFarEnd(async (conn) => {
    const { length } = await readAll(conn);
    await writeAll(conn, `${length}`).catch(() => {});
    return length;
  });
  await using forward = await startForward(simulator.env, [
    "web-server",
    `:${far.port}`,
    "--half-close",
    "1s",
  ]);
  const sent = randomBytes(100_000);
  using conn = await connect(forward.port);
  await writeAll(conn, sent);
  await conn.closeWrite();
  // The node can end a connection only in both directions (sessions.md §6.3): the far end learns
  // of the end, with nobody there any more to listen.
  assert.equal((await readAll(conn)).length, 0);
  assert.equal(await far.first, sent.length);
  assert.equal((await interrupt(forward)).code, 0);
});
