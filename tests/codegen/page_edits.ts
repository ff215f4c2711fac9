/** Edits of the chapters' listings, as readers make them: tests/data/page_edits.json. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

export interface PageEdit {
  /** Name of the notebook, without ending. */
  readonly chapter: string;
  /** Id of the cell. */
  readonly cell: string;
  /** What is replaced in the cell's first listing that has it: its first place there. */
  readonly find: string;
  readonly replace: string;
  /** What the messages of the native clang and of the page's have, where versions of clang put it in different words. */
  readonly says?: readonly [string, string];
  /** By what words our back end refuses what clang takes. */
  readonly refused?: string;
}

export const pageEdits = (): readonly PageEdit[] =>
  JSON.parse(readFileSync(join(PROJECT, "tests", "data", "page_edits.json"), "utf8"));

const LISTING = /\bbpf`([^`]*)`/g;

/** The source of the edit's cell, and its place in the chapter's code cells. */
export function cellOf({ chapter, cell }: PageEdit): { source: string; index: number } {
  const { cells } = JSON.parse(readFileSync(join(PROJECT, "notebooks", `${chapter}.ipynb`), "utf8"));
  const code = (cells as { cell_type: string; id: string; source: string | string[] }[])
    .filter((one) => one.cell_type === "code");
  const index = code.findIndex(({ id }) => id === cell);
  if (index < 0) throw new Error(`chapter ${chapter} has no cell ${cell} any more`);
  return { source: [code[index].source].flat().join(""), index };
}

/** The listing before and after. */
export function editedListing(edit: PageEdit): { before: string; after: string } {
  const before = [...cellOf(edit).source.matchAll(LISTING)].map(([, text]) => text)
    .find((text) => text.includes(edit.find));
  if (before === undefined) throw new Error(`no listing of ${edit.chapter}, ${edit.cell} has ${edit.find} any more`);
  return { before, after: before.replace(edit.find, () => edit.replace) };
}
