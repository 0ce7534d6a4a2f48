import assert from "node:assert/strict";
import fc from "fast-check";
import {
  RelayDecoder,
  RelayError,
} from "../../../lib/session/relay/decoder.ts";
import { errorSigns } from "../../../lib/session/relay/program.ts";

/** What a decoder said. */
class Heard {
  readonly stdout: number[] = [];
  readonly stderr: number[] = [];
  readonly events: string[] = [];
  readonly decoder: RelayDecoder;

  constructor(lenient = false) {
    this.decoder = new RelayDecoder({
      output: (bytes, stream) => this[stream].push(...bytes),
      wanted: () => this.events.push("wanted"),
      ended: () => this.events.push("ended"),
      message: (text) => this.events.push(text),
    }, lenient);
  }

  push(text: string): this {
    this.decoder.push(new TextEncoder().encode(text));
    return this;
  }
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function signs(bytes: Uint8Array): string {
  return [...bytes].map((byte) =>
    errorSigns[byte >> 4]! + errorSigns[byte & 15]!
  ).join("");
}

Deno.test("the signs of both outputs and of messages are apart", () => {
  assert.equal(errorSigns.length, 16);
  assert.equal(new Set(errorSigns).size, 16);
  assert.ok(!/[A-Za-z0-9+/=?~[\]\s]/.test(errorSigns));
});

Deno.test("outputs come back however they are cut and mixed", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 50 }));
  fc.assert(
    fc.property(
      pieces,
      pieces,
      fc.infiniteStream(fc.nat(3)),
      (out, err, cuts) => {
        const streams = [out.map(base64).join(""), err.map(signs).join("")];
        const heard = new Heard();
        while (streams.some((text) => text !== "")) {
          const which = cuts.next().value! % 2;
          const length = cuts.next().value! + 1;
          heard.push(streams[which]!.slice(0, length));
          streams[which] = streams[which]!.slice(length);
        }
        assert.deepEqual(heard.stdout, out.flatMap((bytes) => [...bytes]));
        assert.deepEqual(heard.stderr, err.flatMap((bytes) => [...bytes]));
      },
    ),
  );
});

Deno.test("questions, the end and messages come in between, in order", () => {
  const heard = new Heard().push("?aGk=\n?").push("~").push("[1").push("30]");
  assert.deepEqual(heard.events, ["wanted", "wanted", "ended", "130"]);
  assert.equal(String.fromCharCode(...heard.stdout), "hi");
});

Deno.test("before the first message a terminal's relay may hear anything", () => {
  const heard = new Heard(true).push("stty: not a \x07tty\r\n").push(
    "[ready]aGk=",
  );
  assert.deepEqual(heard.events, ["ready"]);
  assert.equal(heard.decoder.noise, "stty: not a \x07tty\r\n");
  assert.equal(heard.stdout.length, 2);
});

Deno.test("anything else is no relay's", () => {
  assert.throws(() => new Heard().push("aGk= "), RelayError);
  assert.throws(() => new Heard().push("\x1b"), RelayError);
  assert.throws(() => new Heard().push("a==="), RelayError);
  assert.throws(() => new Heard().push(`[${"x".repeat(100)}`), RelayError);
});
