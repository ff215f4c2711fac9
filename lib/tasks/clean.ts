/** `deno task clean [notebook...]`: takes outputs and execution counts out of notebooks, for a class or for review. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KERNEL_METADATA, type Notebook, readNotebook, writeNotebook } from "../jupyter/notebook_file.ts";

/** The notebook as it was before it was ever run. */
export function stripOutputs(notebook: Notebook): Notebook {
  const cells = notebook.cells.map((cell) =>
    cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell
  );
  return { ...notebook, cells, metadata: { ...notebook.metadata, ...KERNEL_METADATA } };
}

if (import.meta.main) {
  const folder = fileURLToPath(new URL("../../notebooks", import.meta.url));
  const paths = process.argv.length > 2
    ? process.argv.slice(2)
    : readdirSync(folder).filter((name) => name.endsWith(".ipynb")).sort().map((name) => join(folder, name));
  try {
    for (const path of paths) writeNotebook(path, stripOutputs(readNotebook(path)));
    console.log(`outputs taken out of ${paths.length} notebooks; deno task run brings them back`);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}
