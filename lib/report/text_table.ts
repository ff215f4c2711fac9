/** Tables in plain text, for text twins, reports and the command line. */

export type Alignment = "left" | "right";

/** Chinese characters and their punctuation are two columns wide (Unicode Standard Annex 11). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

const width = (text: string): number => [...text].reduce((sum, character) => sum + (WIDE.test(character) ? 2 : 1), 0);

/**
 * Lays rows out in columns two spaces apart, under a header and a rule.
 *
 * @param header one cell per column.
 * @param rows cells as text; a short row leaves its last columns empty.
 * @param align per column; numbers read best from the right. Default: the first column left, the others right.
 * @example
 * ```ts
 * import { textTable } from "./text_table.ts";
 * const table = textTable(["CPUs", "lost"], [["2", "32 %"], ["16", "71 %"]], ["right", "right"]);
 * if (table !== "CPUs  lost\n----  ----\n   2  32 %\n  16  71 %") throw new Error(table);
 * ```
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly Alignment[] = header.map((_, column) => column === 0 ? "left" : "right"),
): string {
  const widths = header.map((title, column) => Math.max(width(title), ...rows.map((row) => width(row[column] ?? ""))));
  const line = (cells: readonly string[]): string =>
    widths.map((columnWidth, column) => {
      const cell = cells[column] ?? "";
      const padding = " ".repeat(columnWidth - width(cell));
      return align[column] === "right" ? padding + cell : cell + padding;
    }).join("  ").trimEnd();
  return [line(header), widths.map((columnWidth) => "-".repeat(columnWidth)).join("  "), ...rows.map(line)].join("\n");
}
