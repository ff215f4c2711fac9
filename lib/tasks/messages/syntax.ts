/** TypeScript as a tree, and the texts in it. */
import { tsPlugin } from "@sveltejs/acorn-typescript";
import { Parser } from "acorn";

/** A node as acorn makes it; fields differ by type. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  // deno-lint-ignore no-explicit-any -- acorn's own types name no fields of TypeScript's nodes
  readonly [field: string]: any;
}

const TypeScript = Parser.extend(tsPlugin() as unknown as Parameters<typeof Parser.extend>[0]);

export const parseModule = (source: string): Node =>
  TypeScript.parse(source, {
    ...{ sourceType: "module", ecmaVersion: "latest", locations: true },
    ...{ allowAwaitOutsideFunction: true, allowReturnOutsideFunction: true },
  }) as unknown as Node;

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

export const childrenOf = (node: Node): Node[] =>
  Object.entries(node).filter(([name]) => name !== "loc").flatMap(([, value]) => Array.isArray(value) ? value : [value])
    .filter(isNode);

/** Without the types around it. */
export const bare = (node: Node): Node =>
  /^(?:TSAsExpression|TSSatisfiesExpression|TSNonNullExpression|ParenthesizedExpression)$/.test(node.type)
    ? bare(node.expression)
    : node;

/** What a value in a template is called: the last name that it is made from. */
function nameOf(given: Node): string {
  const node = bare(given);
  if (node.type === "Identifier") return node.name;
  if (node.type === "MemberExpression") return node.computed ? nameOf(node.object) : nameOf(node.property);
  if (node.type === "AwaitExpression" || node.type === "UnaryExpression") return nameOf(node.argument);
  if (node.type === "CallExpression") {
    const callee = bare(node.callee), [first] = node.arguments;
    // `n.toFixed(1)` is n, `count(n)` is n, `list.map(...)` is the list.
    if (callee.type === "MemberExpression") return nameOf(callee.object);
    return first === undefined || first.type === "SpreadElement" ? nameOf(callee) : nameOf(first);
  }
  if (node.type === "BinaryExpression") {
    return [node.left, node.right].map(nameOf).find((name) => name !== "value") ?? "value";
  }
  if (node.type === "ConditionalExpression") return nameOf(node.test);
  return "value";
}

/** A literal text in code, maybe in several pieces joined by `+`. */
export interface LiteralText {
  /** With a name in braces for each value. */
  readonly id: string;
  /** Where it stands, and the expression of each value, by its name. */
  readonly start: number;
  readonly end: number;
  readonly values: ReadonlyMap<string, Node>;
}

/** The text of a literal; undefined for anything else. */
export function literalText(given: Node): LiteralText | undefined {
  const node = bare(given), values = new Map<string, Node>();
  const place = (value: Node): string => {
    const base = nameOf(value);
    let name = base;
    for (let n = 2; values.has(name); n++) name = `${base}${n}`;
    values.set(name, value);
    return `{${name}}`;
  };
  const read = (part: Node): string | undefined => {
    const one = bare(part);
    if (one.type === "Literal" && typeof one.value === "string") return one.value;
    if (one.type === "TemplateLiteral") {
      return one.quasis.map(({ value }: Node, n: number) =>
        value.cooked + (n < one.expressions.length ? place(one.expressions[n]) : "")
      ).join("");
    }
    if (one.type !== "BinaryExpression" || one.operator !== "+") return undefined;
    const left = read(one.left), right = left === undefined ? undefined : read(one.right);
    return right === undefined ? undefined : `${left}${right}`;
  };
  const id = read(node);
  return id === undefined ? undefined : { id, start: node.start, end: node.end, values };
}

/** For translators: what stands in a place, where its name does not say it. */
export const notesOf = ({ values }: LiteralText, source: string): string[] =>
  [...values].flatMap(([name, { start, end }]) => {
    const code = source.slice(start, end).replace(/\s+/g, " ");
    return code === name ? [] : [`{${name}}: ${code.length > 120 ? `${code.slice(0, 117)}...` : code}`];
  });
