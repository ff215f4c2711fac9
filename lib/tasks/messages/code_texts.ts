/** The texts of the library's modules: what `translated` wraps, and templates with the tag `t` (words/translation.ts). */
import { hasWords, type Message } from "./message.ts";
import { bare, childrenOf, literalText, type Node, notesOf, parseModule } from "./syntax.ts";

const nameOfKey = (property: Node): string =>
  property.key.type === "Identifier" ? property.key.name : String(property.key.value);

/** Constants of a module, by name. */
type Constants = ReadonlyMap<string, Node>;

const constantsOf = (module: Node): Constants =>
  new Map(
    module.body.flatMap((statement: Node) => statement.declarations ?? statement.declaration?.declarations ?? [])
      .filter(({ id, init }: Node) => id.type === "Identifier" && init)
      .map(({ id, init }: Node): [string, Node] => [id.name, bare(init)]),
  );

/** What a name of the module stands for, `CLAIM.swap` for one. */
function resolved(given: Node, constants: Constants): Node {
  const node = bare(given);
  if (node.type === "Identifier") return constants.get(node.name) ?? node;
  if (node.type !== "MemberExpression" || node.computed) return node;
  const object = resolved(node.object, constants);
  const found = object.properties?.find((one: Node) =>
    one.type === "Property" && nameOfKey(one) === node.property.name
  );
  return found ? bare(found.value) : node;
}

/** Literals of an object or array, at any depth; functions translate what they say themselves. */
function literals(given: Node, only: ReadonlySet<string> | undefined, constants: Constants, name?: string): string[] {
  const node = resolved(given, constants);
  if (node.type === "ArrayExpression") {
    return node.elements.flatMap((one: Node | null) => one ? literals(one, only, constants, name) : []);
  }
  if (node.type === "ObjectExpression") {
    return node.properties.flatMap((property: Node) =>
      property.type === "Property" ? literals(property.value, only, constants, nameOfKey(property)) : []
    );
  }
  // A function that makes an entry of the list is given its texts.
  if (only !== undefined && name === undefined && node.type === "CallExpression") {
    return node.arguments.flatMap((one: Node) => literals(one, only, constants));
  }
  if (only !== undefined && (name === undefined || !only.has(name))) return [];
  const text = literalText(node);
  if (text === undefined || text.values.size > 0) return [];
  return [text.id];
}

/** Property names of a call's second argument. */
const namesOf = (node: Node | undefined): ReadonlySet<string> | undefined =>
  node && new Set(bare(node).elements.map((one: Node) => String(one.value)));

/**
 * @param source a module
 * @param reference what stands for it: its path
 */
export function codeMessages(source: string, reference: string): Message[] {
  if (!/translation\.ts"/.test(source)) return [];
  const module = parseModule(source), constants = constantsOf(module), found: Omit<Message, "references">[] = [];
  const visit = (node: Node): void => {
    if (node.type === "TaggedTemplateExpression" && node.tag.type === "Identifier" && node.tag.name === "t") {
      const text = literalText(node.quasi)!;
      found.push({ id: text.id, notes: notesOf(text, source) });
    }
    if (node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "translated") {
      const [texts, only] = node.arguments;
      found.push(...literals(texts, namesOf(only), constants).filter(hasWords).map((id) => ({ id, notes: [] })));
    }
    childrenOf(node).forEach(visit);
  };
  visit(module);
  return found.map((one) => ({ ...one, references: [reference] }));
}
