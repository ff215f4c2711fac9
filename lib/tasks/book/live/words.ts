/** The language of a page: a Chinese page loads its words as a script of their own, before any other (words_script.ts). */
import { type Catalogue, useCatalogue } from "../../../words/translation.ts";

declare global {
  var interleaveWords: Catalogue | undefined;
}

useCatalogue(globalThis.interleaveWords);

/** Which edition of the book the page belongs to. */
export const EDITION: "en" | "zh" = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
