import assert from "node:assert/strict";
import fc from "fast-check";
import { Utf8Filter } from "../../../lib/simulator/agent/utf8_filter.ts";
import { fromHex, toHex, vectorsOf } from "../../testkit/vectors.ts";

interface FilterVector {
  readonly name: string;
  readonly chunksReadFromCommandHex: readonly string[];
  readonly payloadsSentHex: readonly string[];
  readonly heldBackAtEndHex: string;
}

for (
  const vector of await vectorsOf<FilterVector>(
    "agent-utf8-filter.json",
    "vectors",
  )
) {
  Deno.test(`the official agent's filter: ${vector.name}`, () => {
    const filter = new Utf8Filter();
    const sent = vector.chunksReadFromCommandHex.map((hex) =>
      toHex(filter.filter(fromHex(hex)))
    );
    assert.deepEqual(sent, vector.payloadsSentHex);
    assert.equal(toHex(filter.held), vector.heldBackAtEndHex);
  });
}

Deno.test("valid text without U+FFFD passes whole, however it is cut", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }).filter((text) =>
        text.isWellFormed() && !text.includes("\ufffd")
      ),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (text, cuts) => {
        const bytes = new TextEncoder().encode(text);
        const filter = new Utf8Filter();
        let sent = "";
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = cuts[i % cuts.length]!;
          const payload = filter.filter(bytes.subarray(at, at + size));
          // No payload ends inside a character: each is valid by itself.
          sent += new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
            .decode(payload);
          at += size;
        }
        assert.equal(sent, text);
        assert.equal(filter.held.length, 0);
      },
    ),
  );
});

Deno.test("any bytes: at most three held, nothing lost but after EF BF BD", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 12 })),
      (reads) => {
        const filter = new Utf8Filter();
        const sent: number[] = [];
        for (const read of reads) {
          const before = filter.held.length;
          const payload = filter.filter(read);
          assert.ok(payload.length <= before + read.length);
          assert.ok(filter.held.length <= 3);
          sent.push(...payload);
        }
        const all = reads.flatMap((read) => [...read]);
        const hex = (bytes: number[]) => toHex(Uint8Array.from(bytes));
        if (!hex(all).includes("efbfbd")) {
          assert.equal(hex(sent) + toHex(filter.held), hex(all));
        }
      },
    ),
  );
});

Deno.test("boundaries of well-formed sequences are Go's", () => {
  // Each is followed by four letters, so nothing is held back.
  const passes = ["c280", "dfbf", "e0a080", "ed9fbf", "ee8080", "f0908080"];
  const odd = ["c080", "e09fbf", "eda080", "f08fbfbf", "f4908080", "f5808080"];
  for (const hex of [...passes, ...odd, "f48fbfbf"]) {
    const filter = new Utf8Filter();
    assert.equal(
      toHex(filter.filter(fromHex(`${hex}61616161`))),
      `${hex}61616161`,
    );
    assert.equal(filter.held.length, 0);
  }
  // At the end a valid one is sent, an invalid one kept.
  for (const hex of passes) {
    const filter = new Utf8Filter();
    assert.equal(toHex(filter.filter(fromHex(hex))), hex);
  }
  for (const hex of ["c080", "e09fbf", "eda080"]) {
    const filter = new Utf8Filter();
    assert.equal(toHex(filter.filter(fromHex(hex))), "");
    assert.equal(toHex(filter.held), hex);
  }
});
