/** What the library looks texts up in, made of a `.po` file. */
import type { Catalogue } from "../../words/translation.ts";
import type { Entry } from "./catalogue_file.ts";
import { fillPlaces, placesOf } from "./message.ts";

/** Translations that hold: neither missing nor fuzzy. */
export const translations = (entries: readonly Entry[]): Map<string, string> =>
  new Map(entries.filter(({ translation, fuzzy }) => translation !== "" && !fuzzy).map((e) => [e.id, e.translation]));

/** With numbers in the place of names, as a template's parts are counted. */
export function catalogueOf(entries: readonly Entry[]): Catalogue {
  const found: Record<string, string> = {};
  for (const [id, translation] of translations(entries)) {
    const names = placesOf(id), numbered = (text: string) => fillPlaces(text, (name) => `{${names.indexOf(name)}}`);
    found[numbered(id)] ??= numbered(translation);
  }
  return found;
}

/** The library's catalogue as a file. */
export const catalogueJson = (entries: readonly Entry[]): string =>
  `${JSON.stringify(catalogueOf(entries), null, 1)}\n`;
