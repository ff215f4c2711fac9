/** Which language the library speaks: the environment says so, or the reader's code. */
import { type Catalogue, inCatalogue, useCatalogue, usedCatalogue } from "../words/translation.ts";
import { assetText } from "./assets.ts";
import { environmentVariable } from "./environment.ts";

/** Languages that texts can be in: English, Chinese (simplified). */
const LANGUAGES = ["en", "zh"] as const;
export type Language = typeof LANGUAGES[number];

const FILES: Readonly<Record<Exclude<Language, "en">, string>> = { zh: "words/catalogues/zh_CN.json" };
const catalogues = new Map<Language, Catalogue>();

/** A language's catalogue, read once. */
function catalogueOf(language: Exclude<Language, "en">): Catalogue {
  let found = catalogues.get(language);
  if (!found) catalogues.set(language, found = JSON.parse(assetText(FILES[language])) as Catalogue);
  return found;
}

/** What a name stands for: `zh_CN.UTF-8` and `zh-Hans` are `zh`. */
export function languageOf(name: string): Language | undefined {
  const [main] = name.toLowerCase().split(/[-_.@]/);
  return LANGUAGES.find((language) => language === main);
}

/** The language that texts are in. */
export const language = (): Language => usedCatalogue() === undefined ? "en" : "zh";

function choose(name: string, where: string): void {
  const chosen = languageOf(name);
  if (chosen === undefined) throw new RangeError(`${where}: no such language; there are ${LANGUAGES.join(", ")}`);
  useCatalogue(chosen === "en" ? undefined : catalogueOf(chosen));
}

/**
 * Chooses the language of figures, reports and exercises. What is not translated stays English, and so do code, the
 * kernel's messages and herd's words. A notebook or a process begins in the language that `INTERLEAVE_LANG` names.
 *
 * @param name `en` or `zh`
 * @throws RangeError for a language that there is not
 *
 * @example
 * ```ts
 * import { plot, setLanguage } from "interleave";
 * setLanguage("zh");
 * const figure = plot.lostAgainstCpus([{ cpus: 1, lost: 0 }, { cpus: 2, lost: 0.32 }]);
 * setLanguage("en");
 * if (!String(figure).includes("32 %")) throw new Error("the figures stay");
 * ```
 */
export function setLanguage(name: string): void {
  choose(name, `setLanguage("${name}")`);
}

/** Runs `work`, which waits for nothing, in a language of its own; undefined: in that which is chosen. */
export function inLanguage<T>(name: string | undefined, work: () => T): T {
  return inCatalogue(usedCatalogue(), () => {
    if (name !== undefined) setLanguage(name);
    return work();
  });
}

const wanted = environmentVariable("INTERLEAVE_LANG");
if (wanted) choose(wanted, `INTERLEAVE_LANG is ${wanted}`);
