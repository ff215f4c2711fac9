/** The listings that a bench can begin with: those of the book, whose objects come with the site. */
import { shippedFolders } from "../../../../compile/folders.ts";
import type { Notebook } from "../../../../jupyter/notebook_file.ts";
import { shippedListings } from "../../../shipped_listings.ts";
import { t } from "../../../../words/translation.ts";
import type { Example } from "./link.ts";

/** Files first, then those of the chapters' cells; no solutions of exercises. */
export function examples(project: string, chapters: ReadonlyMap<string, Notebook>): Example[] {
  const FILES = t`Listings of the document`, found: Example[] = [], numbers = new Map<string, number>();
  const [book] = shippedFolders(project);
  for (const { stem, folder, source, options } of shippedListings(project)) {
    if (folder !== book) continue; // the tests' own
    const [, chapter, cell] = /^(\d\d_\w+)_cell_(\d+)$/.exec(stem) ?? [], notebook = chapters.get(chapter);
    if (notebook) {
      const number = (numbers.get(stem) ?? 0) + 1;
      numbers.set(stem, number);
      const name = number === 1 ? stem : `${stem}_${number}`;
      const { group, title } = placeOf(notebook, Number(cell) - 1);
      const functions = functionsOf(source);
      found.push({ name, title: [title, functions].filter((text) => text !== "").join(": "), group, source });
    } else if (options.name?.endsWith(".bpf.c") && stem !== "calibration") {
      found.push({ name: stem, title: options.name, group: FILES, source });
    }
  }
  return found.sort((a, b) => Number(b.group === FILES) - Number(a.group === FILES) || (a.group < b.group ? -1 : 1));
}

/** The headings that a cell stands under. */
function placeOf({ cells }: Notebook, index: number): { group: string; title: string } {
  let group = "", title = "";
  for (const { cell_type: type, source } of cells.slice(0, index)) {
    if (type !== "markdown") continue;
    for (const [, level, text] of source.matchAll(/^(#{1,3}) (.+)$/gm)) {
      if (level === "#") group = text;
      else title = text;
    }
  }
  return { group, title: title.replace(/[`*]/g, "") };
}

/** Names of a listing's programs, which tell listings under one heading apart. */
const functionsOf = (source: string): string => {
  const names = [...source.matchAll(/SEC\("(?!license|\.)[^"]+"\)\s*\w[\w\s*]*?(\w+)\s*\(/g)].map(([, name]) => name);
  return names.length > 2 ? `${names.slice(0, 2).join(", ")}, …` : names.join(", ");
};
