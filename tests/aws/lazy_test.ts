import assert from "node:assert/strict";
import { fileURLToPath, pathToFileURL } from "node:url";

interface Dependency {
  readonly specifier: string;
  readonly isDynamic?: boolean;
  readonly code?: { readonly specifier?: string };
  readonly npmPackage?: string;
}

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly Dependency[];
}

const folder = new URL("../../lib/aws/", import.meta.url);

async function graph(file: URL): Promise<readonly Module[]> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "info",
      "--json",
      "--config",
      fileURLToPath(new URL("../../deno.json", import.meta.url)),
      fileURLToPath(file),
    ],
    env: { NO_COLOR: "1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}

/** Package imports of our files that are loaded with them, types left out. */
function staticPackages(modules: readonly Module[]): string[] {
  return modules
    .filter((module) => module.specifier.startsWith("file:"))
    .flatMap((module) => module.dependencies ?? [])
    .filter((dependency) =>
      dependency.code !== undefined && dependency.isDynamic !== true &&
      !dependency.specifier.startsWith(".")
    )
    .map((dependency) => dependency.specifier);
}

Deno.test("lib/aws loads no package until a call is made", async () => {
  const modules = await graph(new URL("mod.ts", folder));
  const own = modules.map((module) => module.specifier)
    .filter((specifier) => specifier.startsWith(folder.href))
    .map((specifier) => specifier.slice(folder.href.length));
  // The door reaches every file of the folder, so this covers all of them.
  const files = [...Deno.readDirSync(folder)].map((entry) => entry.name);
  assert.deepEqual(own.sort(), files.sort());
  assert.deepEqual(staticPackages(modules), []);
});

Deno.test("the check sees a static import where there is one", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      file,
      'import type { EC2Client } from "@aws-sdk/client-ec2";\n' +
        'import { SSMClient } from "@aws-sdk/client-ssm";\n' +
        "export const made: [typeof SSMClient, EC2Client?] = [SSMClient];\n" +
        'export const lazy = () => import("@aws-sdk/client-kms");\n',
    );
    assert.deepEqual(staticPackages(await graph(pathToFileURL(file))), [
      "@aws-sdk/client-ssm",
    ]);
  } finally {
    await Deno.remove(file);
  }
});
