/** Chinese notebooks, made of the English ones and their catalogues: they are never edited by hand. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cell, type Notebook, readNotebook, writeNotebook } from "../../jupyter/notebook_file.ts";
import { CHINESE_KERNEL } from "../../jupyter/notebook_language.ts";
import { translations } from "./catalogue.ts";
import { readCatalogue } from "./catalogue_file.ts";
import { namesIn, translateCell } from "./cell_texts.ts";
import { translateMarkdown } from "./markdown_texts.ts";
import { CATALOGUES, chapterNames, LIBRARY_CATALOGUE } from "./sources.ts";

/** Where they are, below the project: git ignores the folder. */
export const CHINESE_NOTEBOOKS = "notebooks/zh";

/**
 * One notebook in Chinese, without outputs; a text without a translation stays English.
 *
 * @param translate gives a text's translation
 */
export function chineseNotebook(notebook: Notebook, translate: (id: string) => string | undefined): Notebook {
  const names = namesIn(notebook.cells.flatMap((cell) => cell.cell_type === "code" ? [cell.source] : []));
  const cells = notebook.cells.map((cell): Cell => {
    if (cell.cell_type !== "code") return { ...cell, source: translateMarkdown(cell.source, translate) };
    return { ...cell, source: translateCell(cell.source, translate, names), outputs: [], execution_count: null };
  });
  return { ...notebook, cells, metadata: { ...notebook.metadata, kernelspec: CHINESE_KERNEL } };
}

/** Where a notebook says which of the library's translations its outputs are made with. */
const MADE_WITH = "interleave_catalogue";

/** The same with the outputs that an earlier one has, where no cell and none of the library's texts has changed since. */
function withOutputs(made: Notebook, path: string, catalogue: string): Notebook {
  const fresh = { ...made, metadata: { ...made.metadata, [MADE_WITH]: catalogue } };
  if (!existsSync(path)) return fresh;
  const old = readNotebook(path);
  const key = ({ cells, metadata }: Notebook) => [metadata[MADE_WITH], ...cells.map(({ source }) => source)].join("\0");
  return key(old) === key(fresh) ? old : fresh;
}

/**
 * Writes the Chinese notebooks and what they read beside them.
 *
 * @param project folder of a checkout
 * @returns their paths, below the project
 */
export function writeChineseNotebooks(project: string): string[] {
  const folder = join(project, CHINESE_NOTEBOOKS);
  mkdirSync(join(folder, "progs"), { recursive: true });
  for (const name of readdirSync(join(project, "notebooks", "progs")).filter((name) => /\.[ch]$/.test(name))) {
    cpSync(join(project, "notebooks", "progs", name), join(folder, "progs", name));
  }
  cpSync(join(project, "notebooks", "images"), join(folder, "images"), { recursive: true });
  const catalogue = createHash("sha256").update(readFileSync(join(project, LIBRARY_CATALOGUE))).digest("hex").slice(
    0,
    12,
  );
  return chapterNames(project).map((name) => {
    const known = translations(readCatalogue(join(project, CATALOGUES, `${name}.po`)));
    const notebook = readNotebook(join(project, "notebooks", `${name}.ipynb`)), path = join(folder, `${name}.ipynb`);
    writeNotebook(path, withOutputs(chineseNotebook(notebook, (id) => known.get(id)), path, catalogue));
    return `${CHINESE_NOTEBOOKS}/${name}.ipynb`;
  });
}

/** Whether each of its cells has been run. */
export const isExecuted = ({ cells }: Notebook): boolean =>
  cells.every((cell) => cell.cell_type !== "code" || cell.source.trim() === "" || cell.execution_count !== null);

/** In the order in which they are to be run: last those that gather what the others found. */
export const inRunOrder = (notebooks: readonly (readonly [string, Notebook])[]): [string, Notebook][] => {
  const gathers = ([, { cells }]: readonly [string, Notebook]) =>
    cells.some(({ cell_type: type, source }) => type === "code" && /\bledger\(/.test(source));
  return [...notebooks.filter((one) => !gathers(one)), ...notebooks.filter(gathers)].map(([a, b]) => [a, b]);
};
