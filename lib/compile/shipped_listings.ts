/** Which listings come with the project: the files of notebooks/progs and the listings inside the notebooks. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CompileOptions } from "./compile.ts";

export interface ShippedListing {
  /** `race.bpf.c` for a file, `01_race cell 3` for a cell. */
  readonly name: string;
  readonly source: string;
  readonly options: CompileOptions;
}

interface Notebook {
  readonly cells: readonly { readonly cell_type: string; readonly source: string | readonly string[] }[];
}

/** A listing without parts that are put in at run time. */
const TEMPLATE = /\bbpf`((?:[^`\\$]|\\[^]|\$(?!\{))*)`/g;

/**
 * Every listing of the notebooks folder, each text once.
 *
 * @param notebooks the folder
 */
export function shippedListings(notebooks: string): ShippedListing[] {
  const progs = join(notebooks, "progs");
  const found = new Map<string, ShippedListing>();
  for (const name of readdirSync(progs).filter((name) => name.endsWith(".bpf.c")).sort()) {
    const source = readFileSync(join(progs, name), "utf8").replaceAll("\r\n", "\n");
    found.set(source, { name, source, options: { name, includeDirs: [progs] } });
  }
  for (const file of readdirSync(notebooks).filter((name) => name.endsWith(".ipynb")).sort()) {
    const notebook: Notebook = JSON.parse(readFileSync(join(notebooks, file), "utf8"));
    for (const listing of cellListings(notebook, file.replace(/\.ipynb$/, ""))) {
      if (!found.has(listing.source)) found.set(listing.source, listing);
    }
  }
  return [...found.values()];
}

function cellListings(notebook: Notebook, chapter: string): ShippedListing[] {
  return notebook.cells.flatMap((cell, index) => {
    if (cell.cell_type !== "code") return [];
    const code = typeof cell.source === "string" ? cell.source : cell.source.join("");
    return [...code.matchAll(TEMPLATE)].map(([, source]) => ({
      name: `${chapter} cell ${index + 1}`,
      source,
      options: {},
    }));
  });
}
