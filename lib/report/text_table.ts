/** Tables in plain text, for text twins, reports and the command line. */

export type Alignment = "left" | "right";

const width = (text: string): number => [...text].length;

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
