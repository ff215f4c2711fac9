/** A cell of TypeScript as the body of an async function that leaves its names to later cells, as Deno's kernel does. */
import { parse, type Pattern, type Program } from "acorn";
import { transform } from "sucrase";
import { CELL_FILE } from "./cell_file.ts";

type Statement = Program["body"][number];
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Lines stay where they are: line n of the cell is line n of the body.
 *
 * @param source TypeScript; types are taken away, not checked
 * @returns the body of a function of `importModule(specifier)`; what it returns is the value of the last expression
 * @throws SyntaxError with the place in the cell
 */
export function cellCode(source: string): string {
  return cellParts(source).code;
}

/** The same, with the names that the cell declares. */
export function cellParts(source: string): { readonly code: string; readonly names: readonly string[] } {
  const code = transform(source, {
    ...{ transforms: ["typescript"], disableESTransforms: true, keepUnusedImports: true },
    production: true,
  }).code;
  const program = parse(code, { ecmaVersion: "latest", sourceType: "module", allowAwaitOutsideFunction: true });
  const names: string[] = [], first: string[] = [], edits: Edit[] = [];
  program.body.forEach((node, index) => {
    const edit = rewrite(node, code, names, first);
    if (edit) edits.push(edit);
    else if (node.type === "ExpressionStatement" && index === program.body.length - 1) {
      const { start, end } = node.expression;
      edits.push({ start: node.start, end: node.end, text: `return (${code.slice(start, end)}\n);` });
    }
  });
  let body = code;
  for (const { start, end, text } of edits.reverse()) body = body.slice(0, start) + text + body.slice(end);
  const declared = names.map((name) => `${JSON.stringify(name)}`).join(",");
  const declare = `for (const name of [${declared}]) if (!Object.hasOwn(globalThis, name)) ` +
    "Object.defineProperty(globalThis, name, { value: undefined, writable: true, configurable: true, enumerable: true });";
  return { code: `"use strict"; ${declare} ${first.join(" ")} ${body}\n//# sourceURL=${CELL_FILE}`, names };
}

/** What a statement at the top of a cell becomes, if anything else than it is. */
function rewrite(node: Statement, code: string, names: string[], first: string[]): Edit | undefined {
  const { start, end } = node;
  const text = (part: { start: number; end: number }) => code.slice(part.start, part.end);
  switch (node.type) {
    case "VariableDeclaration": {
      const parts = node.declarations.map(({ id, init }) => {
        names.push(...namesOf(id));
        return `(${text(id)} = ${init ? text(init) : "undefined"})`;
      });
      return { start, end, text: `${parts.join(", ")};` };
    }
    case "FunctionDeclaration":
      names.push(node.id.name);
      first.push(`globalThis.${node.id.name} = ${node.id.name};`);
      return undefined;
    case "ClassDeclaration":
      names.push(node.id.name);
      return { start, end, text: `${node.id.name} = ${text(node)};` };
    case "ImportDeclaration": {
      const from = `importModule(${JSON.stringify(node.source.value)})`;
      for (const one of node.specifiers) {
        names.push(one.local.name);
        const part = one.type === "ImportSpecifier"
          ? `[${JSON.stringify("name" in one.imported ? one.imported.name : one.imported.value)}]`
          : one.type === "ImportDefaultSpecifier"
          ? ".default"
          : "";
        first.push(`${one.local.name} = ${from}${part};`);
      }
      return { start, end, text: "\n".repeat(text(node).split("\n").length - 1) };
    }
    case "ExportNamedDeclaration":
    case "ExportDefaultDeclaration":
    case "ExportAllDeclaration":
      throw new SyntaxError("a cell exports nothing: its names are there in later cells as they are");
    default:
      return undefined;
  }
}

/** The names that a pattern binds. */
function namesOf(pattern: Pattern): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((one) => namesOf(one.type === "RestElement" ? one.argument : one.value));
    case "ArrayPattern":
      return pattern.elements.flatMap((one) => one ? namesOf(one) : []);
    case "AssignmentPattern":
      return namesOf(pattern.left);
    case "RestElement":
      return namesOf(pattern.argument);
    default:
      return [];
  }
}
