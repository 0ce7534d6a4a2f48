/**
 * The purity rule of `lib/protocol`: bytes, time, keys and random values come in through
 * arguments, so a whole conversation can be replayed from a file and minutes of outage tested in a
 * millisecond. This file says which names and imports would break that.
 *
 * It reads the syntax tree (`Deno.lint.runPlugin`, which exists under `deno test` alone), so text
 * in comments and strings does not count and code inside template strings does. A compiler
 * configuration without the platform's types is not enough: a file that imports `node:crypto` sees
 * Node's globals again.
 *
 * @module
 */

/** Names that reach the world, the clock, timers or randomness, wherever they stand. */
const impureNames = new Set([
  // The platform and its other names.
  "Deno",
  "globalThis",
  "window",
  "self",
  "global",
  "process",
  "navigator",
  "location",
  "Buffer",
  "require",
  "module",
  "eval",
  "Function",
  // The network and other contexts.
  "WebSocket",
  "WebSocketStream",
  "fetch",
  "Request",
  "EventSource",
  "XMLHttpRequest",
  "Worker",
  "BroadcastChannel",
  "MessageChannel",
  "MessagePort",
  // The clock and timers. `Date` as a whole: what it gives depends on the clock or the time zone.
  "Date",
  "Temporal",
  "Intl",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
  "queueMicrotask",
  "requestAnimationFrame",
  "AbortSignal",
  // Randomness: `crypto` of the platform; `Math.random` and `node:crypto` are handled below.
  "crypto",
  "Crypto",
  // The collector's whims.
  "WeakRef",
  "FinalizationRegistry",
  // Input, output and storage.
  "console",
  "alert",
  "confirm",
  "prompt",
  "localStorage",
  "sessionStorage",
  "caches",
  "indexedDB",
]);

/** What may be taken from `node:crypto`: functions of their arguments and nothing else. */
const pureCrypto = new Set([
  "createHash",
  "createHmac",
  "createCipheriv",
  "createDecipheriv",
  "hash",
  "timingSafeEqual",
]);

/** One breach of the rule. */
export interface Impurity {
  /** The file, as given. */
  readonly file: string;
  /** The line, from 1. */
  readonly line: number;
  /** What stands there and why it is refused, in a sentence. */
  readonly message: string;
}

/**
 * Finds what is impure in one file.
 *
 * @param file The file's path relative to the pure folder, as `channel/outgoing.ts`.
 * @param source The file's text.
 * @returns One entry per breach, in the order of the text; empty for a pure file.
 * @throws {Error} Where `source` cannot be parsed.
 */
export function findImpurities(file: string, source: string): Impurity[] {
  const found: Impurity[] = [];
  const report = (node: Deno.lint.Node, message: string) => {
    const line = source.slice(0, node.range[0]).split("\n").length;
    found.push({ file, line, message });
  };
  const checkSource = (node: Deno.lint.Node, specifier: string) => {
    if (specifier === "node:crypto") return;
    if (!specifier.startsWith("./") && !specifier.startsWith("../")) {
      report(
        node,
        `imports "${specifier}": only node:crypto and files of this folder are allowed`,
      );
      return;
    }
    const depth = file.split("/").length - 1;
    const ups = specifier.split("/").filter((part) => part === "..").length;
    if (ups > depth) {
      report(node, `imports "${specifier}": it lies outside this folder`);
    }
  };
  const plugin: Deno.lint.Plugin = {
    name: "purity",
    rules: {
      purity: {
        create: () => ({
          Identifier(node) {
            if (isOnlyAName(node)) return;
            if (impureNames.has(node.name)) {
              report(node, `names ${node.name}`);
            } else if (node.name === "Math" && !isPureMath(node)) {
              report(node, "names Math.random, or Math in a way that hides it");
            }
          },
          MetaProperty(node) {
            report(node, "names import.meta");
          },
          ImportDeclaration(node) {
            checkSource(node, node.source.value);
            if (node.source.value !== "node:crypto") return;
            if (node.importKind === "type") return;
            for (const specifier of node.specifiers) {
              if (specifier.type !== "ImportSpecifier") {
                report(specifier, "imports all of node:crypto, randomness too");
                continue;
              }
              if (specifier.importKind === "type") continue;
              const name = specifier.imported.type === "Identifier"
                ? specifier.imported.name
                : specifier.imported.value;
              if (!pureCrypto.has(name)) {
                report(specifier, `imports ${name} of node:crypto`);
              }
            }
          },
          ExportNamedDeclaration(node) {
            if (node.source === null) return;
            checkSource(node, node.source.value);
            if (node.source.value === "node:crypto") {
              report(node, "exports node:crypto again");
            }
          },
          ExportAllDeclaration(node) {
            checkSource(node, node.source.value);
            if (node.source.value === "node:crypto") {
              report(node, "exports node:crypto again");
            }
          },
          ImportExpression(node) {
            report(node, "imports while running");
          },
          TSImportType(node) {
            report(node, "imports a type without an import line");
          },
          TSImportEqualsDeclaration(node) {
            report(node, "imports with require");
          },
        }),
      },
    },
  };
  Deno.lint.runPlugin(plugin, file, source);
  return found;
}

/** True for a property, member or key: `message.fetch` and `{ process: 1 }` reach nothing. */
function isOnlyAName(node: Deno.lint.Identifier): boolean {
  const parent = node.parent as Deno.lint.Node;
  switch (parent.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed;
    case "Property":
      return parent.key === node && !parent.computed && !parent.shorthand;
    case "MethodDefinition":
    case "PropertyDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
    case "TSAbstractMethodDefinition":
    case "TSAbstractPropertyDefinition":
      return parent.key === node && !parent.computed;
    case "TSEnumMember":
      return parent.id === node;
    case "ImportSpecifier":
      return parent.imported === node && parent.local !== node &&
        parent.local.name !== node.name;
    case "ExportSpecifier":
      return parent.exported === node;
    default:
      return false;
  }
}

/** True for `Math.name` with a name other than `random`. */
function isPureMath(node: Deno.lint.Identifier): boolean {
  const parent = node.parent as Deno.lint.Node;
  return parent.type === "MemberExpression" && parent.object === node &&
    !parent.computed && parent.property.type === "Identifier" &&
    parent.property.name !== "random";
}
