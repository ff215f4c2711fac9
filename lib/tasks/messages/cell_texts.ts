/** What a code cell says to its reader: titles, findings, questions. Its code, its listings and its comments stay. */
import { fillPlaces, hasWords, type Message, placesOf } from "./message.ts";
import { bare, childrenOf, type LiteralText, literalText, type Node, notesOf, parseModule } from "./syntax.ts";

/** Calls whose texts are names or patterns for code, not words for a reader. */
const NAMES = /^plot\.mechanism$|^recorded|(?:^|\.)litmus$|\.(?:includes|startsWith|endsWith|indexOf|split|match)$/;
/** Options that name something. */
const NAMING = new Set(["name", "technique", "program", "programs", "scheduler", "profile", "memory"]);

const dotted = (node: Node): string =>
  node.type === "MemberExpression" && !node.computed
    ? `${dotted(bare(node.object))}.${node.property.name}`
    : node.type === "Identifier"
    ? node.name
    : "";

const LITMUS = /^BPF \S+\n/;

/** A sentence, not a name: a word and a value, or four words. */
function isSentence(text: string): boolean {
  if (LITMUS.test(text)) return false;
  const words = fillPlaces(text, () => "").replace(/\w*_\w*/g, "").match(/\p{L}{2,}/gu)?.length ?? 0;
  return /\s/.test(text) && words >= (placesOf(text).length > 0 ? 1 : 4);
}

/** Texts that a chapter's code knows something by: keys of objects, what is compared, names in types. */
export function namesIn(sources: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (given: Node | null | undefined) => {
    const text = given && literalText(given);
    if (text) names.add(text.id);
  };
  const visit = (node: Node): void => {
    if (node.type === "Property") add(node.key);
    if (node.type === "MemberExpression" && node.computed) add(node.property);
    if (node.type === "BinaryExpression" && /[=!<>]=?=/.test(node.operator)) [node.left, node.right].forEach(add);
    if (node.type === "SwitchCase") add(node.test);
    if (node.type === "TSLiteralType") add(node.literal);
    childrenOf(node).forEach(visit);
  };
  for (const source of sources) visit(parseModule(source));
  return names;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Literals that are sentences, outermost first. */
function sentences(source: string, names: ReadonlySet<string>): LiteralText[] {
  const found: LiteralText[] = [];
  /** Short words of a sentence: what stands between its parts, and either side of a choice in it. */
  const visitWords = (nodes: readonly Node[]): void =>
    nodes.forEach((one) => {
      const text = literalText(one);
      if (text && text.values.size === 0 && hasWords(text.id) && !names.has(text.id)) found.push(text);
      else visit(one);
    });
  const visitValue = (given: Node): void => {
    const node = bare(given);
    if (node.type !== "ConditionalExpression") return visit(node);
    visit(node.test);
    visitWords([node.consequent, node.alternate].map(bare));
  };
  const visit = (given: Node): void => {
    const node = bare(given);
    if (node.type === "TaggedTemplateExpression") return node.quasi.expressions.forEach(visit);
    if (node.type === "ImportDeclaration") return;
    if (node.type === "BinaryExpression" && /[=!<>]=?=/.test(node.operator)) {
      return [node.left, node.right].filter((one) => !literalText(one)).forEach(visit);
    }
    if (node.type === "CallExpression" && NAMES.test(dotted(node.callee))) {
      return [node.callee, ...node.arguments].filter((one) => !literalText(one)).forEach(visit);
    }
    if (node.type === "CallExpression" && dotted(node.callee).endsWith("join")) {
      visit(node.callee);
      return visitWords(node.arguments.map(bare));
    }
    if (node.type === "Property") {
      if (NAMING.has(node.key.name)) return;
      return visit(node.value);
    }
    if (node.type === "MemberExpression" && node.computed && literalText(node.property)) return visit(node.object);
    const text = literalText(node);
    if (text && names.has(text.id)) return;
    if (text && isSentence(text.id)) {
      found.push(text);
      return [...text.values.values()].forEach(visitValue);
    }
    childrenOf(node).forEach(visit);
  };
  visit(parseModule(source));
  return found.filter(({ id }) => hasWords(id));
}

/**
 * The texts of a code cell.
 *
 * @param names what the code of its chapter knows things by
 */
export const cellMessages = (source: string, reference: string, names = NO_NAMES): Message[] =>
  sentences(source, names).map((text) => ({
    id: text.id,
    references: [reference],
    notes: ["in code", ...notesOf(text, source)],
  }));

/** As it stands in a template literal. */
const escaped = (text: string): string => text.replace(/[\\`]|\$(?=\{)/g, "\\$&").replaceAll("\n", "\\n");

/** The cell with its texts translated; a text without a translation stays. */
export function translateCell(
  source: string,
  translate: (id: string) => string | undefined,
  names = NO_NAMES,
): string {
  const all = sentences(source, names);
  const inner = (start: number, end: number): string => {
    let text = "", at = start;
    for (const one of all) {
      if (one.start < at || one.end > end || (one.start === start && one.end === end)) continue;
      const translation = translate(one.id);
      if (translation === undefined) continue;
      text += source.slice(at, one.start) + written(one, translation);
      at = one.end;
    }
    return text + source.slice(at, end);
  };
  const written = ({ values }: LiteralText, translation: string): string => {
    const parts = translation.split(/(\{[A-Za-z_]\w*\})/);
    const body = parts.map((part) => {
      const value = /^\{(\w+)\}$/.exec(part), node = value ? values.get(value[1]) : undefined;
      return node ? `\${${inner(node.start, node.end)}}` : escaped(part);
    }).join("");
    return `\`${body}\``;
  };
  return inner(0, source.length);
}
