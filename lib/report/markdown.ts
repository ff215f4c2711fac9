/** Markdown that every front end draws the same: names and texts are data, so they are escaped or stand in code spans. */

const sign = (character: string, colour: string): string => `<span style="color:${colour}">${character}</span>`;

/**
 * What stands before a verdict and a wrong ending: a sign, in a colour that light and dark pages show alike. GitHub drops
 * the colour and keeps the sign; an emoji would be an empty box wherever its font is missing.
 */
export const MARKS = {
  good: sign("✓", "#0a8f68"),
  bad: sign("✗", "#d5401f"),
  /** Nothing was found, in less than all that there is. */
  partly: sign("◐", "#a86f00"),
  unknown: sign("?", "#7a828c"),
} as const;

/** Text that Markdown (and JupyterLab's formulas) would take for a command, as it is to be read. */
export const escapeMarkdown = (text: string): string => text.replaceAll(/[\\`*_{}[\]<>#|~$&]/g, "\\$&");

/** A code span of a table: a bar would end the cell. */
export const cellCode = (text: string): string => text === "" ? "" : codeSpan(text).replaceAll("|", "\\|");

export const codeSpan = (text: string): string => `\`${text.replaceAll("`", "'").replaceAll("\n", " ")}\``;

/** A line in which C stands between backticks. */
export const withCode = (line: string): string =>
  line.split("`").map((part, i) => i % 2 === 1 ? codeSpan(part) : escapeMarkdown(part)).join("");

/** A line of columns, of code or of a message that points at a place: two spaces in a row, or a number before `: (`. */
const LAID_OUT = /^\s|\s\s|\t|^\d+: \(/;
/** What begins a heading, a list or a quotation. */
const BEGINS_BLOCK = /^(?:[-+](?=\s)|\d+(?=[.)]\s))/;

/**
 * Sentences as Markdown, line by line.
 *
 * @returns undefined for a text whose lines are laid out, which no front end may break
 */
export function proseMarkdown(text: string): string | undefined {
  const lines = text.split("\n");
  if (text.trim() === "" || lines.some((line) => LAID_OUT.test(line))) return undefined;
  const escaped = lines.map((line) =>
    escapeMarkdown(line).replace(BEGINS_BLOCK, (mark) => /\d/.test(mark) ? `${mark}\\` : `\\${mark}`)
  );
  // A hard break within a paragraph; an empty line begins a new one.
  return escaped.join("\n").replaceAll(/(?<=\S)\n(?=\S)/g, "\\\n");
}

/** Text as a block of Markdown, between fences that are longer than any in it. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}

/** A table of cells that are Markdown already. */
export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly ("left" | "right")[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = `|${header.map((_, column) => align[column] === "right" ? "--:" : ":--").join("|")}|`;
  return [line(header), rule, ...rows.map(line)].join("\n");
}

export const bullets = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join("\n");

/**
 * What a reader opens who wants it. JupyterLab, GitHub, VS Code and myst-nb keep `<details>`; where HTML is dropped the
 * content stands there unfolded.
 */
export const folded = (summary: string, content: string): string =>
  `<details><summary>${escapeHtml(summary)}</summary>\n\n${content}\n\n</details>`;

export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
