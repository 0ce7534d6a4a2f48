/**
 * Who may import whom, as a table, and what breaks it.
 *
 * ```text
 * main → cmd → lib/mod.ts → session → protocol/channel → protocol/message
 *                    │          ├────→ protocol/smux
 *                    │          └────→ transport.ts (interfaces) ← io
 *                    └────→ aws                    simulator → protocol
 * ```
 *
 * @module
 */

/** One import line, dynamic import or type import between two modules. */
export interface Arrow {
  /** The importing file, relative to the project's root: `cmd/shell.ts`. */
  readonly from: string;
  /** A file as above, a package without its version (`npm:ws`), or a built-in (`node:crypto`). */
  readonly to: string;
  /** Dynamic imports load later, type imports never. */
  readonly kind: "static" | "dynamic" | "type";
}

/** What one part of the project may import. A name that ends in `/` stands for a whole folder. */
interface Layer {
  readonly holds: string;
  readonly mayImport: readonly string[];
  /** Packages and built-ins; a name that ends in `/` or `:` stands for all that begin with it. */
  readonly packages: readonly string[];
}

/** Small, without imports, and of use to every layer but the protocol. */
const everywhere = ["lib/text.ts", "lib/version.ts"];

/** The first layer that holds a file is its layer. */
const layers: readonly Layer[] = [
  { holds: "main.ts", mayImport: ["cmd/", "lib/version.ts"], packages: [] },
  {
    holds: "cmd/",
    mayImport: [
      "cmd/",
      "lib/mod.ts",
      ...everywhere,
      "lib/session/",
      "lib/cast/",
      "lib/log/",
      "lib/copy/",
      "lib/io/",
      "lib/aws/",
      "lib/simulator/",
    ],
    packages: [
      "npm:@stricli/core",
      "npm:fast-string-truncated-width",
      "npm:fuzzysort",
      "npm:jsonc-parser",
    ],
  },
  {
    holds: "lib/mod.ts",
    mayImport: ["lib/"],
    packages: [],
  },
  { holds: "lib/text.ts", mayImport: [], packages: [] },
  { holds: "lib/version.ts", mayImport: [], packages: [] },
  {
    holds: "lib/log/",
    mayImport: ["lib/log/", ...everywhere],
    packages: [],
  },
  {
    holds: "lib/protocol/",
    mayImport: ["lib/protocol/"],
    packages: ["node:crypto"],
  },
  {
    holds: "lib/session/",
    mayImport: ["lib/session/", "lib/protocol/", "lib/log/", ...everywhere],
    packages: [],
  },
  {
    holds: "lib/cast/",
    mayImport: ["lib/cast/", "lib/session/transport.ts", ...everywhere],
    packages: [],
  },
  {
    holds: "lib/copy/",
    mayImport: ["lib/copy/", "lib/session/", ...everywhere],
    packages: ["node:crypto"],
  },
  {
    holds: "lib/io/",
    mayImport: [
      "lib/io/",
      "lib/session/transport.ts",
      "lib/copy/local_files.ts",
      ...everywhere,
    ],
    packages: ["node:"],
  },
  {
    holds: "lib/aws/",
    mayImport: [
      "lib/aws/",
      "lib/log/",
      "lib/session/transport.ts",
      "lib/session/control.ts",
      ...everywhere,
    ],
    packages: ["npm:@aws-sdk/", "npm:@smithy/", "node:"],
  },
  {
    holds: "lib/simulator/",
    mayImport: [
      "lib/simulator/",
      "lib/protocol/",
      "lib/io/",
      "lib/session/transport.ts",
      "lib/session/control.ts",
      ...everywhere,
    ],
    packages: ["npm:@smithy/", "npm:@lydell/node-pty", "node:"],
  },
];

/** Matches `cmd/` with everything in it and `lib/mod.ts` with itself alone. */
function covers(name: string, path: string): boolean {
  return name.endsWith("/") || name.endsWith(":")
    ? path.startsWith(name)
    : path === name;
}

/**
 * Finds the imports that the table does not allow.
 *
 * @param arrows The project's imports, as {@linkcode readImportGraph} gives them.
 * @returns A sentence per import: who may not import what.
 */
export function findUpwardArrows(arrows: readonly Arrow[]): string[] {
  const found: string[] = [];
  for (const { from, to } of arrows) {
    const layer = layers.find((one) => covers(one.holds, from));
    if (layer === undefined) {
      found.push(`${from} belongs to no layer`);
      continue;
    }
    const allowed = to.includes(":") ? layer.packages : layer.mayImport;
    if (!allowed.some((name) => covers(name, to))) {
      found.push(`${from} may not import ${to}`);
    }
  }
  return [...new Set(found)];
}

/**
 * Finds what is loaded as soon as a file is: everything reached through static imports.
 *
 * @param arrows The project's imports.
 * @param start The file, relative to the root.
 * @returns Files, packages and built-ins, sorted, without `start`.
 */
export function loadedWith(arrows: readonly Arrow[], start: string): string[] {
  const reached = new Set([start]);
  for (const at of reached) {
    for (const { from, to, kind } of arrows) {
      if (from === at && kind === "static") reached.add(to);
    }
  }
  reached.delete(start);
  return [...reached].sort();
}

/** The part of `deno info --json` that is read here. */
interface ModuleInfo {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string; readonly error?: string };
    readonly type?: { readonly specifier?: string; readonly error?: string };
    readonly isDynamic?: boolean;
  }[];
}

/**
 * Asks `deno info` for the imports of a tree's files.
 *
 * @param root The project's root, a folder URL with a slash at its end.
 * @param files The files to start from, relative to the root. What they reach is included.
 * @param config The deno.json whose import map counts.
 * @throws {Error} Where `deno info` fails or a module cannot be read.
 */
export async function readImportGraph(
  root: URL,
  files: readonly string[],
  config: URL,
): Promise<Arrow[]> {
  const folder = await Deno.makeTempDir({ prefix: "ssm-graph-" });
  try {
    const all = `${folder}/all.ts`;
    const lines = files.map((file) => `import "${new URL(file, root).href}";`);
    await Deno.writeTextFile(all, lines.join("\n"));
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: ["info", "--json", "--config", pathOf(config), all],
        env: { NO_COLOR: "1" },
        stdout: "piped",
        stderr: "piped",
      },
    ).output();
    if (!success) {
      throw new Error(
        `Cannot read import graph: ${new TextDecoder().decode(stderr)}`,
      );
    }
    const info: { modules: readonly ModuleInfo[] } = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    return arrowsOf(root, info.modules);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function arrowsOf(root: URL, modules: readonly ModuleInfo[]): Arrow[] {
  const arrows: Arrow[] = [];
  for (const { specifier, error, dependencies } of modules) {
    if (error !== undefined) {
      throw new Error(`Cannot read import graph: ${specifier}: ${error}`);
    }
    if (!specifier.startsWith(root.href)) continue;
    const from = shortName(root, specifier);
    for (const { code, type, isDynamic } of dependencies ?? []) {
      const target = code?.specifier ?? type?.specifier;
      if (target === undefined) {
        throw new Error(
          `Cannot read import graph: ${from}: ${code?.error ?? type?.error}`,
        );
      }
      arrows.push({
        from,
        to: shortName(root, target),
        kind: isDynamic ? "dynamic" : code === undefined ? "type" : "static",
      });
    }
  }
  return arrows;
}

/** `file:///…/cmd/shell.ts` → `cmd/shell.ts`, `npm:/@stricli/core@1.3.0` → `npm:@stricli/core`. */
function shortName(root: URL, specifier: string): string {
  if (specifier.startsWith(root.href)) {
    return decodeURIComponent(specifier.slice(root.href.length));
  }
  const named = /^npm:\/?((?:@[^/@]+\/)?[^/@]+)/.exec(specifier);
  return named === null ? specifier : `npm:${named[1]}`;
}

/** A file URL as a path, on Windows too. */
function pathOf(url: URL): string {
  const path = decodeURIComponent(url.pathname);
  return Deno.build.os === "windows" ? path.slice(1) : path;
}
