import assert from "node:assert/strict";
import {
  encodeHead,
  listHas,
  readHead,
  statusOf,
  writeAll,
} from "../../lib/io/http_head.ts";
import { memoryConns } from "./memory_conn.ts";

const bytes = (text: string) =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));

async function read(text: string, piece: number, end = false) {
  const [near, far] = memoryConns();
  const reading = readHead(near);
  reading.catch(() => {});
  for (let at = 0; at < text.length; at += piece) {
    await far.inject(...bytes(text.slice(at, at + piece)));
  }
  if (end) far.close();
  return await reading;
}

Deno.test("readHead gives first line, headers and the bytes behind, in any split", async () => {
  const text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
    "X-Twice:  a \r\nx-twice: b\r\nEmpty:\r\nOdd: caf\xe9\r\n\r\n\x82\x01\x07";
  for (const piece of [1, 2, 3, 7, 1000]) {
    const head = await read(text, piece);
    assert.equal(head.startLine, "HTTP/1.1 101 Switching Protocols");
    assert.deepEqual(head.headers, {
      "upgrade": "websocket",
      "x-twice": "a, b",
      "empty": "",
      "odd": "caf\xe9",
    });
    if (piece === 1000) assert.deepEqual([...head.rest], [0x82, 1, 7]);
  }
});

Deno.test("readHead takes bytes that were read before", async () => {
  const [near] = memoryConns();
  const head = await readHead(near, bytes("HTTP/1.1 200 OK\r\n\r\nrest"));
  assert.equal(head.startLine, "HTTP/1.1 200 OK");
  assert.deepEqual(head.rest, bytes("rest"));
});

Deno.test("readHead takes heads larger than its first buffer, but not endless ones", async () => {
  const long = "x".repeat(20_000);
  const head = await read(`GET / HTTP/1.1\r\nLong: ${long}\r\n\r\n`, 5000);
  assert.equal(head.headers["long"], long);
  await assert.rejects(read("x".repeat(70_000), 10_000), /larger than 65536/);
});

Deno.test("readHead says when the connection ends early or the head is none", async () => {
  await assert.rejects(read("", 1, true), /closed before an answer/);
  await assert.rejects(read("HTTP/1.1 2", 5, true), /in the middle/);
  await assert.rejects(read("A\r\nno header\r\n\r\n", 50), /no header/);
  await assert.rejects(read("A\r\n folded: x\r\n\r\n", 50), /no header/);
  await assert.rejects(read("A\r\n: x\r\n\r\n", 50), /no header/);
});

Deno.test("readHead keeps a header called __proto__ to itself", async () => {
  const head = await read("A\r\n__proto__: x\r\n\r\n", 50);
  assert.equal(Object.getPrototypeOf(head.headers), Object.prototype);
  assert.deepEqual(Object.keys(head.headers), ["__proto__"]);
});

Deno.test("statusOf reads HTTP/1 status lines and nothing else", () => {
  assert.equal(statusOf("HTTP/1.1 403 Forbidden"), 403);
  assert.equal(statusOf("HTTP/1.0 200"), 200);
  for (
    const line of [
      "HTTP/2 200 OK",
      "SSH-2.0-x",
      "HTTP/1.1 20",
      "HTTP/1.1 099 x",
    ]
  ) {
    assert.throws(() => statusOf(line), /not HTTP/);
  }
});

Deno.test("listHas finds one element in any case", () => {
  assert.equal(listHas("keep-alive, Upgrade", "upgrade"), true);
  assert.equal(listHas("upgraded", "upgrade"), false);
  assert.equal(listHas(undefined, "upgrade"), false);
});

Deno.test("encodeHead refuses names and values that would break the head apart", () => {
  assert.deepEqual(
    encodeHead("GET / HTTP/1.1", { "A-b": "x y" }),
    bytes("GET / HTTP/1.1\r\nA-b: x y\r\n\r\n"),
  );
  for (
    const [name, value] of [
      ["A", "x\r\nB: y"],
      ["A", "x\ny"],
      ["A", "\0"],
      ["A", "€"],
      ["A B", "x"],
      ["A:", "x"],
      ["", "x"],
    ] as const
  ) {
    assert.throws(() => encodeHead("GET / HTTP/1.1", { [name]: value }), {
      name: "TypeError",
    });
  }
});

Deno.test("writeAll writes on until everything is taken", async () => {
  const [near, far] = memoryConns(10);
  const writing = writeAll(near, new Uint8Array(35));
  let got = 0;
  while (got < 35) got += (await far.read(new Uint8Array(100)))!;
  await writing;
  assert.deepEqual(near.writes, [10, 10, 10, 5]);
});
