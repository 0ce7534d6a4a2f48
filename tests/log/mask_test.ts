import assert from "node:assert/strict";
import fc from "fast-check";
import { lineOf, Log, type LogEvent } from "../../lib/log/log.ts";
import { Mask, masked, shortestSecret } from "../../lib/log/mask.ts";

const secret = fc.oneof(
  fc.string({ minLength: shortestSecret, maxLength: 60 }),
  fc.string({ unit: "binary", minLength: shortestSecret, maxLength: 60 }),
  fc.base64String({ minLength: 8, maxLength: 60 }),
  // Those that have much in common with themselves, with our marks, and with how lines are written.
  fc.string({
    unit: fc.constantFrom(
      "a",
      "b",
      "•",
      "\\",
      '"',
      "=",
      "%",
      " ",
      "\n",
      "\x1b",
    ),
    minLength: shortestSecret,
    maxLength: 20,
  }),
);

/** How a secret may stand in a text that somebody logs. */
const spelling = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => {
    try {
      return encodeURIComponent(text);
    } catch {
      return text;
    }
  },
  (text) => JSON.stringify(text),
  (text) =>
    btoa(
      Array.from(
        new TextEncoder().encode(text),
        (byte) => String.fromCharCode(byte),
      ).join(""),
    ),
);

Deno.test("mask: whatever secret occurs in any logged value never reaches the log", () => {
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 4 }),
      fc.array(
        fc.record({
          name: fc.stringMatching(/^[a-z-]{1,8}$/),
          before: fc.string({ maxLength: 10 }),
          which: fc.nat(3),
          spelling,
          after: fc.string({ maxLength: 10 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      fc.boolean(),
      (secrets, values, inWhat) => {
        const log = new Log();
        const lines: string[] = [];
        log.add({ level: 2, write: (line) => lines.push(line) });
        for (const one of secrets) log.secret(one);
        const texts = values.map(({ before, which, spelling, after }) =>
          before + spelling(secrets[which % secrets.length]!) + after
        );
        const event: LogEvent = {
          level: 2,
          what: inWhat ? texts.join(" ") : "what",
          values: Object.fromEntries(
            values.map(({ name }, at) => [name, texts[at]]),
          ),
        };
        log.event(event);
        assert.equal(lines.length, 1);
        for (const one of secrets) {
          for (
            const spelled of [one, JSON.stringify(one).slice(1, -1)]
          ) assert(!lines[0]!.includes(spelled), String(lines[0]));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("mask: what looks like a secret is masked without being known", () => {
  const mask = new Mask();
  for (
    const [text, wanted] of [
      [
        "wss://h/v1?role=publish&X-Amz-Signature=0a1b&X-Amz-Security-Token=I%2FQ&x=1",
        `wss://h/v1?role=publish&X-Amz-Signature=${masked}&X-Amz-Security-Token=${masked}&x=1`,
      ],
      [
        '{"TokenValue":"AAEA","SessionId":"me-1","Plaintext": "cGxh\\"x"}',
        `{"TokenValue":${masked},"SessionId":"me-1","Plaintext": ${masked}}`,
      ],
      [
        'body {\\"tokenValue\\":\\"AAEA\\",\\"a\\":1}',
        `body {\\"tokenValue\\":${masked},\\"a\\":1}`,
      ],
      [
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIAX/2026, Signature=abc",
        `Authorization: ${masked}`,
      ],
      [
        "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=abc",
        `AWS4-HMAC-SHA256 ${masked}`,
      ],
      [
        "the canonical string was host:h x-amz-security-token:FwoGZX x",
        `the canonical string was host:h x-amz-security-token:${masked} x`,
      ],
      ["proxy http://me:pass@proxy:3128/", `proxy http://${masked}proxy:3128/`],
      ["aws_secret_access_key = abc/def", `aws_secret_access_key = ${masked}`],
      ["AWS_SESSION_TOKEN='a b' X=1", `AWS_SESSION_TOKEN=${masked} X=1`],
      ["by ASIAABCDEFGHIJKLMNOP", `by ASIA${masked}`],
      ["Bearer ey.J0.x,", `Bearer ${masked},`],
      [
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\nrest",
        `-----BEGIN OPENSSH PRIVATE KEY-----${masked}\nrest`,
      ],
      [
        "-----BEGIN PRIVATE KEY-----\nb3Bl",
        `-----BEGIN PRIVATE KEY-----${masked}`,
      ],
    ] as const
  ) assert.equal(mask.apply(text), wanted);
});

Deno.test("mask: what is no secret stays", () => {
  const mask = new Mask();
  mask.learn("short");
  for (
    const text of [
      "Cannot load credentials: the SSO login of prod has expired",
      "session me-0123456789abcdef0 on i-0123456789abcdef0",
      "the service does not accept the token: wrong clock",
      "a short word",
      "https://ssm.eu-west-1.amazonaws.com/?Action=DescribeInstances",
      "request=31096928-f6c7-4a0d-9be6-9251c5654dac",
    ]
  ) assert.equal(mask.apply(text), text);
});

Deno.test("log: events go to those who listen to their level, in one line each", () => {
  const log = new Log();
  const lines: Record<"1" | "2", string[]> = { 1: [], 2: [] };
  assert.equal(log.level, 0);
  log.event({ level: 0, what: "nobody listens" });
  const one = log.add({ level: 1, write: (line) => lines[1].push(line) });
  assert.equal(log.level, 1);
  const two = log.add({ level: 2, write: (line) => lines[2].push(line) });
  assert.equal(log.level, 2);
  log.event({
    level: 1,
    what: "a\x1b[2Jb",
    values: {
      n: 1.23456,
      i: 5,
      on: true,
      none: undefined,
      text: "plain",
      spaces: 'a "b"\nc',
      empty: "",
    },
  });
  log.event({ level: 2, what: "protocol" });
  one[Symbol.dispose]();
  assert.equal(log.level, 2);
  two[Symbol.dispose]();
  assert.equal(log.level, 0);
  log.event({ level: 0, what: "nobody listens" });
  const line = "a\\x1b[2Jb n=1.23 i=5 on=true text=plain " +
    'spaces="a \\"b\\"\\\\nc" empty=""';
  assert.deepEqual(lines, { 1: [line], 2: [line, "protocol"] });
  assert.equal(lineOf({ level: 0, what: "w" }, new Mask()), "w");
});
