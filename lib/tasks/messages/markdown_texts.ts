/**
 * Markdown as messages: a paragraph, a heading, an item of a list, a cell of a table are one each, as Sphinx splits
 * pages. Line breaks in a paragraph are spaces, so that a paragraph which is only broken anew stays the same message.
 */
import MarkdownIt from "markdown-it";
import { hasWords, type Message } from "./message.ts";

const parser = new MarkdownIt({ html: true });
type Token = ReturnType<typeof parser.parse>[number];

/** A text in a Markdown source, by its lines. */
interface Part {
  readonly id: string;
  readonly kind: "paragraph" | "heading" | "item" | "cell";
  /** First line, and the one after the last. */
  readonly lines: readonly [number, number];
}

const KINDS: Readonly<Record<string, Part["kind"]>> = { heading_open: "heading", th_open: "cell", td_open: "cell" };

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, " ").trim();

function partsOf(source: string): Part[] {
  const tokens = parser.parse(source, {}), parts: Part[] = [];
  let items = 0, row: [number, number] | null = null;
  tokens.forEach((token: Token, n: number) => {
    if (token.type === "list_item_open") items++;
    if (token.type === "list_item_close") items--;
    if (token.type === "tr_open") row = token.map;
    if (token.type !== "inline") return;
    const kind = KINDS[tokens[n - 1].type] ?? (items > 0 ? "item" : "paragraph");
    const lines = kind === "cell" ? row : token.map;
    if (lines) parts.push({ id: oneLine(token.content), kind, lines });
  });
  return parts;
}

/** Code and addresses are no words. */
const isText = (text: string): boolean => hasWords(text.replace(/(`+).+?\1|\]\([^)]*\)|<[^>]+>/g, ""));

/** The texts of a Markdown source. */
export const markdownMessages = (source: string, reference: string): Message[] =>
  partsOf(source).filter(({ id }) => isText(id))
    .map(({ id, kind }) => ({ id, references: [reference], notes: kind === "paragraph" ? [] : [kind] }));

/** What stands before a text in its first line: marks of quotes, lists and headings. */
const PREFIX = /^[ \t]*(?:>[ \t]?|[-+*][ \t]+|\d+[.)][ \t]+|#{1,6}[ \t]+)*/;

/** The same Markdown with translated texts; a text without a translation stays as it is. */
export function translateMarkdown(source: string, translate: (id: string) => string | undefined): string {
  const lines = source.split("\n"), out = new Map<number, string>(), gone = new Set<number>();
  const rows = new Map<number, string[]>();
  for (const { id, kind, lines: [from, to] } of partsOf(source)) {
    const translation = isText(id) ? translate(id) : undefined;
    if (kind === "cell") {
      rows.set(from, [...rows.get(from) ?? [], translation ?? id]);
      continue;
    }
    if (translation === undefined) continue;
    out.set(from, PREFIX.exec(lines[from])![0] + translation);
    for (let line = from + 1; line < to; line++) gone.add(line);
  }
  for (const [line, cells] of rows) out.set(line, `| ${cells.map((cell) => cell.replace(/\|/g, "\\|")).join(" | ")} |`);
  return lines.flatMap((line, n) => gone.has(n) ? [] : [out.get(n) ?? line]).join("\n");
}

/** The marks in one text: how many there are of each kind, and code and addresses as they stand. */
export function marksOf(text: string): string[] {
  const [inline] = parser.parseInline(text, {});
  return (inline.children ?? []).flatMap(({ type, content, attrs }: Token) => {
    if (type === "code_inline") return [`\`${content}\``];
    if (type === "link_open") return [`](${attrs?.find(([name]) => name === "href")?.[1]})`];
    return type === "strong_open" ? ["**bold**"] : type === "em_open" ? ["*slanted*"] : [];
  });
}
