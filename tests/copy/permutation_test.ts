import assert from "node:assert/strict";
import fc from "fast-check";
import { RangeReader } from "../../lib/copy/fetch_range.ts";
import {
  drawPermutation,
  translation,
  undo,
} from "../../lib/copy/permutation.ts";
import { RemoteShell } from "../../lib/copy/remote_shell.ts";
import { Utf8Filter } from "../../lib/simulator/agent/utf8_filter.ts";
import { random } from "../testkit/node_shell.ts";
import { fromHex, vectorsOf } from "../testkit/vectors.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** What `tr '\000-\377' SET` does. */
function translate(bytes: Uint8Array, set: string): Uint8Array {
  const to = set.slice(1).split("\\").map((octal) => parseInt(octal, 8));
  assert.equal(to.length, 256);
  return bytes.map((byte) => to[byte]!);
}

/** A node with one file, whose output is cut and filtered. */
class FakeNode {
  readonly shell = new RemoteShell(random);
  readonly #filter = new Utf8Filter();
  readonly #token: string;
  requests = 0;

  constructor(readonly file: Uint8Array, readonly cuts: readonly number[]) {
    this.#token = /T=(@[0-9a-f]+)/.exec(this.shell.command)![1]!;
  }

  async start(): Promise<void> {
    const started = this.shell.start(
      { write: (line) => this.#answer(line) },
      true,
    );
    this.#print(encoder.encode(`\n${this.#token}+\n`));
    await started;
  }

  #answer(line: Uint8Array): Promise<void> {
    const text = decoder.decode(line);
    if (!text.includes(" d 'file'")) {
      this.#print(
        encoder.encode(`${this.#token}+exact 0022 ${"0".repeat(64)}\n`),
      );
      return Promise.resolve();
    }
    this.requests++;
    const set = /'((?:\\[0-7]{3}){256})'/.exec(text)?.[1];
    const bytes = set === undefined ? this.file : translate(this.file, set);
    this.#print(
      encoder.encode(`${this.#token}=\n`),
      bytes,
      encoder.encode(`${this.#token}+\n`),
    );
    return Promise.resolve();
  }

  /** In reads of any size, through the filter. */
  #print(...pieces: Uint8Array[]): void {
    const all = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
    for (let at = 0, turn = 0; at < all.length; turn++) {
      const size = this.cuts[turn % this.cuts.length]!;
      this.shell.receive(this.#filter.filter(all.subarray(at, at + size)));
      at += size;
    }
    assert.equal(this.#filter.held.length, 0);
  }
}

async function fetched(file: Uint8Array, cuts: readonly number[]) {
  const node = new FakeNode(file, cuts);
  await node.start();
  const reader = new RangeReader("file", random);
  const range = { offset: 0, length: file.length };
  return { bytes: await reader.range(node.shell, range), node };
}

/** Bytes of which many are those that the filter looks at. */
const nasty = fc.array(
  fc.oneof(
    fc.constantFrom(0xef, 0xbf, 0xbd, 0xee, 0xf0, 0xc2, 0x80, 0x40),
    fc.integer({ min: 0, max: 255 }),
  ),
  { minLength: 1, maxLength: 400 },
).map((bytes) => Uint8Array.from(bytes));
const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 });

Deno.test("permutation: any bytes come through the agent's filter, however its reads are cut", async () => {
  await fc.assert(
    fc.asyncProperty(nasty, cuts, async (file, sizes) => {
      const { bytes } = await fetched(file, sizes);
      assert.deepEqual(bytes, file);
    }),
    { numRuns: 300 },
  );
});

interface FilterVector {
  readonly name: string;
  readonly chunksReadFromCommandHex: readonly string[];
}

for (
  const { name, chunksReadFromCommandHex } of await vectorsOf<FilterVector>(
    "agent-utf8-filter.json",
    "vectors",
  )
) {
  Deno.test(`permutation: the official filter's vector ${name} as a file`, async () => {
    const file = fromHex(chunksReadFromCommandHex.join(""));
    const { bytes } = await fetched(file, [3]);
    assert.deepEqual(bytes, file);
  });
}

Deno.test("permutation: only what the filter spoils is sent again", async () => {
  const plain = await fetched(encoder.encode("no odd character, é 😀"), [7]);
  assert.equal(plain.node.requests, 1);
  const odd = await fetched(encoder.encode("an odd one: \ufffd, and \ufffd"), [
    7,
  ]);
  assert.equal(odd.node.requests, 2);
});

Deno.test("permutation: a file with every sequence that a draw may choose comes through", async () => {
  // 128 KiB with as many different sequences of three bytes as go in.
  const file = random(128 * 1024);
  file.set([0xef, 0xbf, 0xbd], 1000);
  const { bytes, node } = await fetched(file, [1024]);
  assert.deepEqual(bytes, file);
  assert.ok(node.requests >= 2);
});

Deno.test("permutation: each byte has one replacement, and gets back", () => {
  const permutation = drawPermutation(random);
  assert.equal(new Set(permutation).size, 256);
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const there = translate(bytes, translation(permutation));
  assert.notDeepEqual(there, bytes);
  undo(permutation, there);
  assert.deepEqual(there, bytes);
});
