/**
 * Finds exported symbols without a docstring. `deno doc --lint` asks for one on every property as
 * well, whose name mostly says it all; this asks for one on every symbol.
 *
 * As `purity.ts`, it reads the syntax tree and so works under `deno test` alone.
 *
 * @module
 */

/**
 * Finds the exported declarations that no documentation comment stands before.
 *
 * @param file The file's path, for the result.
 * @param source The file's text.
 * @returns `file:line name` of each, in the order of the text. Overloads count once.
 */
export function findUndocumented(file: string, source: string): string[] {
  const found: string[] = [];
  const documented = new Set<string>();
  const check = (node: Deno.lint.Node, names: readonly string[]) => {
    for (const name of names) {
      if (documented.has(name)) continue;
      if (hasDocstring(source, node.range[0])) documented.add(name);
      else {
        const line = source.slice(0, node.range[0]).split("\n").length;
        found.push(`${file}:${line} ${name}`);
      }
    }
  };
  const plugin: Deno.lint.Plugin = {
    name: "docstrings",
    rules: {
      docstrings: {
        create: () => ({
          ExportNamedDeclaration(node) {
            if (node.declaration !== null) {
              check(node, namesOf(node.declaration));
            }
          },
          ExportDefaultDeclaration(node) {
            check(node, ["default"]);
          },
        }),
      },
    },
  };
  Deno.lint.runPlugin(plugin, file, source);
  return found;
}

function namesOf(declaration: Deno.lint.Node): string[] {
  switch (declaration.type) {
    case "VariableDeclaration":
      return declaration.declarations.map((one) =>
        one.id.type === "Identifier" ? one.id.name : "a pattern"
      );
    case "FunctionDeclaration":
    case "TSDeclareFunction":
    case "ClassDeclaration":
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSEnumDeclaration":
      return [declaration.id?.name ?? "default"];
    default:
      return [declaration.type];
  }
}

/** True when the last thing before `at` is a documentation comment with text in it. */
function hasDocstring(source: string, at: number): boolean {
  const before = source.slice(0, at).trimEnd();
  if (!before.endsWith("*/")) return false;
  const comment = before.slice(before.lastIndexOf("/*"));
  // The comment at the top that describes the file is not the first symbol's.
  return /^\/\*\*[\s*]*[^\s*/]/.test(comment) && !/@module\b/.test(comment);
}
