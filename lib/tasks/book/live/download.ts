/** The chapter as a notebook: with the reader's texts, and the outputs of what was run here. */
import type { Notebook, Output } from "../../../jupyter/notebook_file.ts";
import type { LiveCell } from "./cell.ts";
import type { ChapterData } from "./messages.ts";
import { addPicture } from "./pictures.ts";

/** nbformat keeps texts as lists of lines, or as they are. */
type Kept = Omit<Notebook, "cells"> & { cells: (Notebook["cells"][number] & { execution_count?: number | null })[] };

/**
 * Offers the notebook as a download.
 *
 * @returns whether every figure has its picture
 */
export async function downloadNotebook(chapter: ChapterData, cells: readonly LiveCell[]): Promise<boolean> {
  const file = `${chapter.name}.ipynb`;
  const response = await fetch(new URL(`../../notebooks/${file}`, import.meta.url));
  const notebook = await response.json() as Kept;
  let isComplete = true;
  for (const cell of cells) {
    const kept = notebook.cells.find(({ id }) => id === chapter.cells[cell.index].id);
    if (!kept || kept.cell_type !== "code") continue;
    if (cell.isEdited) kept.source = cell.text;
    const { outputs } = cell;
    if (outputs) {
      for (const output of outputs) isComplete = await addPicture(output) && isComplete;
      kept.outputs = outputs as Output[];
      kept.execution_count = cell.executionCount;
    } else if (cell.isEdited) {
      kept.outputs = [];
      kept.execution_count = null;
    }
  }
  const blob = new Blob([JSON.stringify(notebook, null, 1), "\n"], { type: "application/x-ipynb+json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return isComplete;
}
