/**
 * `deno task schema`: writes the JSON Schemas of the user's configuration and of `ssm.json`, from
 * what the program itself checks them with.
 *
 * @module
 */

import { root } from "../cmd/commands.ts";
import {
  configSchema,
  repositorySchema,
  schemaText,
} from "../cmd/config/schema.ts";

if (import.meta.main) {
  const folder = new URL("../schema/", import.meta.url);
  await Deno.mkdir(folder, { recursive: true });
  for (
    const [name, schema] of [
      ["config", configSchema(root)],
      ["ssm", repositorySchema()],
    ] as const
  ) {
    await Deno.writeTextFile(
      new URL(`${name}.schema.json`, folder),
      `${schemaText(schema)}\n`,
    );
  }
}
