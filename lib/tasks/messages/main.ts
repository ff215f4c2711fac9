/** `deno task messages`: brings the catalogues in locale/ up to date with the English texts. */
import type { Command } from "commander";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { PROJECT } from "../lab/places.ts";
import { type Commander, runTask } from "../task.ts";
import { catalogueJson, translations } from "./catalogue.ts";
import { type Entry, readCatalogue, writeCatalogue } from "./catalogue_file.ts";
import { chineseReadme } from "./chinese_readme.ts";
import { mergeCatalogue } from "./merge.ts";
import { missing, readTerms, translationProblems } from "./problems.ts";
import { allMessages, CATALOGUES, LIBRARY_CATALOGUE, LIBRARY_CATALOGUES } from "./sources.ts";

export const cataloguePath = (project: string, name: string): string => join(project, CATALOGUES, `${name}.po`);

/** Catalogues of Markdown texts; those of the library are lines of text. */
export const isMarkdown = ({ notes, references }: Entry): boolean =>
  !notes.includes("in code") && references.some((one) => !one.endsWith(".ts"));

/** Chinese characters of a translation, words of English. */
const wordCount = (text: string): number => text.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0;

/** Each catalogue after merging, by its name. */
function mergedCatalogues(project: string): Map<string, Entry[]> {
  return new Map(
    [...allMessages(project)].map(([name, messages]) => [
      name,
      mergeCatalogue(messages, readCatalogue(cataloguePath(project, name))),
    ]),
  );
}

/** Writes all catalogues, what the library reads, and README.zh.md. */
function updateCatalogues(project: string): Map<string, Entry[]> {
  const merged = mergedCatalogues(project);
  for (const [name, entries] of merged) writeCatalogue(cataloguePath(project, name), entries);
  const readme = translations(merged.get("readme")!);
  writeFileSync(join(project, "README.zh.md"), chineseReadme(project, (id) => readme.get(id)));
  const library = join(project, LIBRARY_CATALOGUE);
  mkdirSync(dirname(library), { recursive: true });
  writeFileSync(library, catalogueJson(LIBRARY_CATALOGUES.flatMap((name) => merged.get(name)!)));
  return merged;
}

function printTable(catalogues: ReadonlyMap<string, readonly Entry[]>): void {
  console.log("catalogue        texts  words  translated  fuzzy");
  for (const [name, entries] of catalogues) {
    const words = entries.reduce((sum, { id }) => sum + wordCount(id), 0);
    const fuzzy = entries.filter((entry) => entry.fuzzy).length;
    const done = entries.filter(({ translation }) => translation !== "").length - fuzzy;
    const numbers = [entries.length, words, done, fuzzy].map((n, i) => String(n).padStart([5, 5, 10, 5][i]));
    console.log(`${name.padEnd(15)}  ${numbers.join("  ")}`);
  }
}

/** Prints what is wrong; gives how much. */
function check(catalogues: ReadonlyMap<string, readonly Entry[]>, isWhole: boolean): number {
  const terms = readTerms(PROJECT);
  let found = 0;
  for (const [name, entries] of catalogues) {
    for (const entry of entries) {
      const lacks = isWhole ? missing(entry) : undefined;
      for (const problem of [...lacks ? [lacks] : [], ...translationProblems(entry, terms, isMarkdown(entry))]) {
        found++;
        console.log(`${name}.po, ${entry.references[0]}: ${problem}\n  ${entry.id}\n  ${entry.translation}`);
      }
    }
  }
  console.log(found === 0 ? "Nothing is wrong." : `${found} problems.`);
  return found;
}

export const command = ({ Command }: Commander): Command =>
  new Command("deno task messages")
    .description(
      "Brings the catalogues in locale/ up to date with the English texts: new texts are added, translations of changed " +
        "ones are marked fuzzy, texts that are gone are dropped. Then makes of them what the library reads.",
    )
    .argument("[catalogues...]", "for --check: names such as 01_race, library, or .po files (default: all)")
    .option("--check", "write nothing; say which translations are missing, and what is wrong with the others")
    .option("--only-there", "with --check: say nothing of missing translations")
    .action((names: readonly string[], options: { check?: boolean; onlyThere?: boolean }) => {
      if (!options.check) return printTable(updateCatalogues(PROJECT));
      const wanted = new Set(names.map((name) => basename(name, ".po"))), all = mergedCatalogues(PROJECT);
      const chosen = new Map([...all].filter(([name]) => wanted.size === 0 || wanted.has(name)));
      if (chosen.size === 0) throw new Error(`there are: ${[...all.keys()].join(", ")}`);
      if (check(chosen, !options.onlyThere) > 0) process.exitCode = 1;
    });

if (import.meta.main) await runTask(command);
