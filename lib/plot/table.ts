/** A table as a picture: cells with a tone or shaded by their value, for decisions and comparisons. */
import { textTable } from "../report/text_table.ts";
import { Canvas } from "./canvas.ts";
import { Figure } from "./figure.ts";
import { wrapText } from "./fonts.ts";
import { frame, widest } from "./frame.ts";
import { type Origin, seriesName, sourcesOf } from "./series.ts";
import { shareWidths } from "./share_widths.ts";
import { colours, fonts, lookOf, type Technique } from "./style.ts";

export interface TableCell {
  readonly text: string;
  /** How the cell is meant. */
  readonly tone?: "good" | "bad" | "warn" | "quiet";
  /** Shades the cell: 0 is white, 1 the darkest. */
  readonly shade?: number;
}

export interface TableRow {
  /** Default: the technique's name. */
  readonly name?: string;
  /** Gives the row its colour. */
  readonly technique?: Technique;
  readonly cells: readonly (TableCell | string)[];
}

export interface TableOptions {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
  readonly finding?: string;
  readonly sources?: readonly Origin[];
}

const EDGE = 20;
const PAD = 9;
const LINE = 17;
const WIDTH = { most: 900, column: 190 };

const TONES = {
  good: { fill: colours.goodPaper, ink: colours.good },
  bad: { fill: colours.badPaper, ink: "#A32615" },
  warn: { fill: colours.warnPaper, ink: "#6B4A00" },
  quiet: { fill: colours.paper, ink: colours.quiet },
  none: { fill: colours.paper, ink: colours.ink },
} as const;

/** Shades of blue from white to a blue on which dark text still reads. */
function shadeOf(share: number): string {
  const to = [120, 178, 222];
  const channel = (n: number) => Math.round(255 + (to[n] - 255) * Math.max(0, Math.min(1, share)));
  return `#${[0, 1, 2].map((n) => channel(n).toString(16).padStart(2, "0")).join("")}`;
}

/** A number, perhaps with its unit: it reads best from the right. Empty cells go with either. */
const isNumber = (text: string): boolean => /^([<>~≈±+-]? ?[\d.,]+([ \u00a0]?[%a-zA-Zµ]{1,5})?)?$/.test(text);

const cellOf = (cell: TableCell | string): TableCell => typeof cell === "string" ? { text: cell } : cell;

/** Widths of columns: what their widest line needs, up to a limit at which texts are broken. */
function columnWidths(columns: readonly (readonly string[])[], room: number): number[] {
  const needs = columns.map((column) => {
    // Heads are bold, and so is the first column: all are measured with the wider face.
    const longestWord = widest(column.flatMap((text) => text.split(" ")), fonts.label);
    return Math.max(Math.min(WIDTH.column, widest(column, fonts.label)), longestWord) + 2 * PAD + 1;
  });
  return shareWidths(needs, room);
}

/**
 * Draws a table whose cells may carry a tone (good, bad, warn) or a shade. Long texts are broken into lines.
 *
 * @throws RangeError when a row has another number of cells than there are columns.
 */
export function table(options: TableOptions): Figure {
  for (const row of options.rows) {
    if (row.cells.length !== options.columns.length) {
      throw new RangeError(
        `table: row "${
          seriesName(row)
        }" has ${row.cells.length} cells, but there are ${options.columns.length} columns`,
      );
    }
  }
  options.rows.flatMap((row) => row.cells).forEach((cell) => {
    if (typeof cellOf(cell)?.text === "string") return;
    throw new TypeError(`table: a cell is ${JSON.stringify(cell)}; write a text, or { text: "exact", tone: "good" }`);
  });
  const rows = options.rows.map((row) => ({
    name: seriesName(row),
    ink: row.technique ? lookOf(row.technique).ink : colours.ink,
    cells: row.cells.map(cellOf),
  }));
  const columns = [
    ["", ...rows.map((row) => row.name)],
    ...options.columns.map((name, n) => [name, ...rows.map((row) => row.cells[n].text)]),
  ];
  const styles = columns.map((_, n) => n === 0 ? fonts.label : fonts.text);
  const numeric = columns.map((column, n) => n > 0 && column.slice(1).every(isNumber));
  const widths = columnWidths(columns, WIDTH.most - 2 * EDGE);
  const lefts = widths.map((_, n) => widths.slice(0, n).reduce((sum, width) => sum + width, 0));
  const wrapped = columns.map((column, n) =>
    column.map((text, r) => wrapText(text, widths[n] - 2 * PAD, r === 0 ? fonts.label : styles[n]))
  );
  const heights = columns[0].map((_, r) => Math.max(...wrapped.map((column) => column[r].length)) * LINE + 11);
  const tops = heights.map((_, r) => heights.slice(0, r).reduce((sum, height) => sum + height, 0));
  const width = widths.reduce((sum, own) => sum + own, 0);
  const height = heights.reduce((sum, own) => sum + own, 0);
  const framed = frame({
    title: options.title,
    finding: options.finding,
    sources: sourcesOf(options.sources ?? []),
    width: Math.max(560, Math.ceil(width) + 2 * EDGE),
    plotHeight: height + 2,
    left: EDGE,
    right: EDGE,
    bottom: 14,
  });
  const canvas = new Canvas();
  rows.forEach((row, i) => {
    const r = i + 1;
    row.cells.forEach((cell, n) => {
      const fill = cell.shade !== undefined ? shadeOf(cell.shade) : TONES[cell.tone ?? "none"].fill;
      canvas.rect(lefts[n + 1], tops[r], lefts[n + 1] + widths[n + 1], tops[r] + heights[r], fill, {
        colour: colours.paper,
        widthPx: 2,
      });
    });
    canvas.line(0, tops[r], width, tops[r], { colour: r === 1 ? colours.axis : colours.grid });
  });
  canvas.line(0, height, width, height, { colour: colours.axis });
  wrapped.forEach((column, n) =>
    column.forEach((lines, r) => {
      const head = r === 0 || n === 0;
      const ink = r === 0
        ? colours.ink
        : n === 0
        ? rows[r - 1].ink
        : TONES[rows[r - 1].cells[n - 1].tone ?? "none"].ink;
      const x = n === 0 ? 0 : numeric[n] ? lefts[n] + widths[n] - PAD : lefts[n] + PAD;
      const anchor = numeric[n] ? "right" : "left";
      lines.forEach((line, l) => {
        const y = tops[r] + heights[r] / 2 + (l - (lines.length - 1) / 2) * LINE;
        canvas.text(x, y, line, head ? fonts.label : fonts.text, ink, { anchor });
      });
    })
  );
  return new Figure({
    drawing: canvas.finish(framed),
    caption: framed.caption,
    text: textTable(
      ["", ...options.columns],
      rows.map((row) => [row.name, ...row.cells.map((cell) => cell.text)]),
      numeric.map((right) => right ? "right" : "left"),
    ),
  });
}
