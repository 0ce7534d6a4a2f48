import { Ajv2020 } from "ajv/dist/2020.js";
import assert from "node:assert/strict";
import fc from "fast-check";
import { root } from "../../../cmd/commands.ts";
import { checkedInShape } from "../../../cmd/config/group_shape.ts";
import { readRepositoryFile } from "../../../cmd/config/repository_file.ts";
import {
  configSchema,
  repositorySchema,
  schemaText,
} from "../../../cmd/config/schema.ts";
import { settingsOf } from "../../../cmd/config/settings.ts";
import type { Shape } from "../../../cmd/config/shape.ts";
import { readUserFile, userShape } from "../../../cmd/config/user_file.ts";

const settings = settingsOf(root);
const ajv = new Ajv2020({ strict: false, unicodeRegExp: true });
const validUser = ajv.compile(configSchema(root));
const validRepository = ajv.compile(repositorySchema());

Deno.test("schema: the published ones are those of the checkers", async () => {
  for (
    const [name, schema] of [
      ["config", configSchema(root)],
      ["ssm", repositorySchema()],
    ] as const
  ) {
    assert.equal(
      await Deno.readTextFile(
        new URL(`../../../schema/${name}.schema.json`, import.meta.url),
      ),
      `${schemaText(schema)}\n`,
      "run: deno task schema",
    );
  }
});

/** Values that have a shape, and now and then have not. */
function values(shape: Shape): fc.Arbitrary<unknown> {
  const wrong = fc.constantFrom<unknown>(null, 7.5, "\u0007", [], {}, "-x");
  return fc.oneof({ weight: 12, arbitrary: right(shape) }, {
    weight: 1,
    arbitrary: wrong,
  });
}

const texts = fc.constantFrom(
  "eu-west-1",
  "web",
  "10m",
  "db.internal:5432",
  "127.0.0.1:80",
  "0.0.0.0:80",
  "unix:/tmp/x",
  "5",
  "none",
  "a b",
  "i-0123456789abcdef0",
);

function right(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "text":
      return texts;
    case "number":
      return fc.integer({
        min: shape.least,
        max: Math.min(shape.most, 70_000),
      });
    case "boolean":
      return fc.boolean();
    case "word":
      return fc.constantFrom(...shape.values);
    case "either":
      return fc.oneof(...shape.shapes.map(values));
    case "list":
      return fc.array(values(shape.item), { maxLength: 3 });
    case "object":
      return fc.record(
        {
          ...Object.fromEntries(
            Object.entries(shape.members).map(([name, each]) => [
              name,
              values(each),
            ]),
          ),
        },
        { requiredKeys: [...shape.required ?? []] },
      );
    case "record":
      return fc.dictionary(
        fc.constantFrom("dev", "db", "prod", "a.b", "i-0abc", "-x", "a b"),
        values(shape.value),
        { maxKeys: 2 },
      );
  }
}

Deno.test("schema: what the checkers take the schemas take, and what has the wrong form neither takes", () => {
  const both = [
    [
      userShape(settings),
      validUser,
      (text: string) => readUserFile(text, "/c", settings).problems,
    ],
    [
      checkedInShape,
      validRepository,
      (text: string) => readRepositoryFile(text).problems,
    ],
  ] as const;
  /** What only a program can see: a schema has no word for it. */
  const beyond = /cannot be|cannot have the name|twice|control characters/;
  for (const [shape, valid, check] of both) {
    fc.assert(
      fc.property(values(shape), (value) => {
        const problems = check(JSON.stringify(value));
        const accepted = valid(JSON.parse(JSON.stringify(value)));
        if (problems.length === 0) {
          assert.equal(accepted, true, ajv.errorsText(valid.errors));
        } else if (!problems.every(({ message }) => beyond.test(message))) {
          assert.equal(accepted, false, JSON.stringify(problems));
        }
      }),
      { numRuns: 500 },
    );
  }
});
