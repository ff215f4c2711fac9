/** What is wrong with a translation, as far as a program can tell. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Entry } from "./catalogue_file.ts";
import { marksOf } from "./markdown_texts.ts";
import { fillPlaces, placesOf } from "./message.ts";

/** A word that is always translated by one of a few. */
export interface Term {
  readonly en: string;
  readonly zh: readonly string[];
}

export const readTerms = (project: string): Term[] =>
  JSON.parse(readFileSync(join(project, "locale/zh_CN/terms.json"), "utf8"));

/** Catalogues in which every text has to be translated. */
export const completeCatalogues = (project: string): readonly string[] =>
  JSON.parse(readFileSync(join(project, "locale/zh_CN/complete.json"), "utf8")).complete;

const HAN = "\\p{Script=Han}";
/** Punctuation of the other script right behind a Chinese character. */
const HALF_WIDTH = new RegExp(`${HAN}[,;?!]|${HAN}[.:](?!\\w)`, "u");

const CODE = /(`+).+?\1|\]\([^)]*\)|\*[a-z_/.-]+\*|(?:\/[\w.-]+){2,}/g;

/** A text's words, without code, addresses and values. */
const words = (text: string): string => fillPlaces(text.replace(CODE, " "), () => " ");

const counted = (all: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
};

/** What the one has more often than the other. */
function lacking(wanted: readonly string[], there: readonly string[]): string[] {
  const counts = counted(there);
  return [...counted(wanted)].filter(([one, n]) => (counts.get(one) ?? 0) < n).map(([one]) => one);
}

/** Terms in an English text, longer ones first: what is in a longer one is not looked at again. */
function termsIn(text: string, terms: readonly Term[]): Term[] {
  let rest = words(text);
  return [...terms].sort((a, b) => b.en.length - a.en.length).filter(({ en }) => {
    const pattern = new RegExp(`(?<![\\w-])${en.replaceAll(" ", "[ -]")}(?:s|es)?(?![\\w-])`, "gi");
    const there = pattern.test(rest);
    rest = rest.replace(pattern, " ");
    return there;
  });
}

/** English words that a translator's remark says are no terms in this text: `# not a term: lock, kernel`. */
const exempt = (remarks: string): Set<string> =>
  new Set(/not a term: (.*)/.exec(remarks)?.[1].split(",").map((one) => one.trim()));

const close = (text: string): string => text.replaceAll(/\s/g, "");

/** Marks and places, as they have to be in the translation, too. */
const partsOf = (text: string, isMarkdown: boolean): string[] => [
  ...placesOf(text).map((name) => `{${name}}`),
  ...text.match(/\{\}/g) ?? [],
  ...isMarkdown ? marksOf(text) : text.match(/`[^`]+`/g) ?? [],
];

/**
 * @param isMarkdown whether the text is Markdown, where bold words and links count, too
 * @returns in words, nothing where all is well; a text without a translation is not looked at
 */
export function translationProblems(entry: Entry, terms: readonly Term[], isMarkdown: boolean): string[] {
  const { id, translation } = entry;
  if (translation === "") return [];
  const wanted = partsOf(id, isMarkdown), there = partsOf(translation, isMarkdown), spaces = /^(?:\s{2,}|\n)|\n$/g;
  const lost = lacking(wanted, there), added = lacking(there, wanted);
  const plain = translation.replace(CODE, "x"), half = HALF_WIDTH.exec(plain);
  return [
    ...lost.length > 0 ? [`lacks ${lost.join(" ")}`] : [],
    ...added.length > 0 ? [`has ${added.join(" ")} too often`] : [],
    ...termsIn(id, terms).filter(({ en }) => !exempt(entry.remarks).has(en)).filter(({ zh }) =>
      !zh.some((one) => close(translation).includes(close(one)))
    )
      .map(({ en, zh }) => `"${en}" is ${zh.join(" or ")}`),
    ...half ? [`"${half[0]}": full-width punctuation behind Chinese`] : [],
    ...isMarkdown || id.match(spaces)?.join("|") === translation.match(spaces)?.join("|")
      ? []
      : ["begins or ends with other spaces"],
  ];
}

/** A text that has to be translated and is not. */
export const missing = ({ translation, fuzzy }: Entry): string | undefined =>
  translation === "" ? "no translation" : fuzzy ? "the English text has changed since (fuzzy)" : undefined;
