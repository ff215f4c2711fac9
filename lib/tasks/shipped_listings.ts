/**
 * Which listings come with the project: every `*.bpf.c`, and those inside the notebooks, the examples of the
 * documentation and the tests. Their objects are in the repository, so that neither a first run nor the tests need a
 * compiler.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { CompileOptions } from "../compile/compile.ts";
import { shippedFolders } from "../compile/folders.ts";

export interface ShippedListing {
  /** What its object's file name begins with: `race`, `01_race_cell_3`, `example`. */
  readonly stem: string;
  /** The folder that its object is kept in. */
  readonly folder: string;
  readonly source: string;
  readonly options: CompileOptions;
}

interface Notebook {
  readonly cells: readonly { readonly cell_type: string; readonly source: string | readonly string[] }[];
}

/** A listing without parts that are put in at run time; not the word `bpf` in prose. */
const TEMPLATE = /(?<!`)\bbpf`((?:[^`\\$]|\\[^]|\$(?!\{))*)`/g;

/** Every listing of a checkout, each text once. */
export function shippedListings(project: string): ShippedListing[] {
  const [book, tests] = shippedFolders(project);
  const found = new Map<string, ShippedListing>();
  const add = (listing: ShippedListing) => {
    if (!found.has(listing.source)) found.set(listing.source, listing);
  };
  const under = (root: string) => filesOf(join(project, root));
  for (const path of [...under("notebooks"), ...under("lib/lessons/exercises")]) listingsOf(path, book).forEach(add);
  for (const path of [join(project, "README.md"), ...under("lib")]) {
    if (/\.(ts|md)$/.test(path) && existsSync(path)) exampleListings(path, book).forEach(add);
    else if (path.endsWith(".bpf.c")) listingsOf(path, book).forEach(add);
  }
  for (const path of under("tests")) listingsOf(path, tests).forEach(add);
  return [...found.values()];
}

/** A code block of Markdown, alone or inside a comment: what stands before each of its lines, and the lines. */
const EXAMPLE = /^([ \t]*\*[ ])?```ts\n((?:\1?.*\n)*?)\1?```/gm;

/** Listings in the examples that `deno task doc` runs. */
function exampleListings(path: string, folder: string): ShippedListing[] {
  const examples = [...readText(path).matchAll(EXAMPLE)].map(([, inComment, code]) =>
    inComment ? code.replace(/^[ \t]*\*[ ]?/gm, "") : code
  );
  return templatesOf(examples.join("\n"), "example", folder);
}

const readText = (path: string): string => readFileSync(path, "utf8").replaceAll("\r\n", "\n");

function filesOf(folder: string): string[] {
  const ignored = /(^|[/\\])(node_modules|\.\w[^/\\]*)([/\\]|$)/;
  return readdirSync(folder, { recursive: true }).map(String).filter((name) => !ignored.test(name)).sort()
    .map((name) => join(folder, name));
}

function listingsOf(path: string, folder: string): ShippedListing[] {
  const stem = basename(path).replace(/\.(bpf\.c|ipynb|ts)$/, "").replace(/\W+/g, "_"), text = () => readText(path);
  if (path.endsWith(".bpf.c")) {
    return [{ stem, folder, source: text(), options: { name: basename(path), includeDirs: [dirname(path)] } }];
  }
  if (path.endsWith(".ts")) return templatesOf(text(), stem, folder);
  if (!path.endsWith(".ipynb")) return [];
  return (JSON.parse(text()) as Notebook).cells.flatMap((cell, index) => {
    const code = typeof cell.source === "string" ? cell.source : cell.source.join("");
    return cell.cell_type === "code" ? templatesOf(code, `${stem}_cell_${index + 1}`, folder) : [];
  });
}

function templatesOf(code: string, stem: string, folder: string): ShippedListing[] {
  const sources = [...code.matchAll(TEMPLATE)].map(([, source]) => source).filter((source) => source !== "...");
  return sources.map((source) => ({ stem, folder, source, options: {} }));
}
