/** Brings a catalogue up to date with its sources, as msgmerge does. */
import type { Entry } from "./catalogue_file.ts";
import type { Message } from "./message.ts";

/** Texts that share less than this are two texts, not one that was changed. */
const ALIKE = 0.6;

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];

/** How much two texts share, 0 to 1: pairs of the same word, over all words (Dice's coefficient). */
export function likeness(one: string, other: string): number {
  const a = wordsOf(one), b = wordsOf(other), left = new Map<string, number>();
  for (const word of a) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of b) {
    const n = left.get(word) ?? 0;
    if (n === 0) continue;
    shared++;
    left.set(word, n - 1);
  }
  return a.length + b.length === 0 ? 1 : 2 * shared / (a.length + b.length);
}

/**
 * Translations of texts that are still there stay; a text that was changed keeps its old translation, marked fuzzy, with
 * the text that was translated; what is no longer in the sources is dropped.
 */
export function mergeCatalogue(messages: readonly Message[], old: readonly Entry[]): Entry[] {
  const known = new Map(old.map((entry) => [entry.id, entry])), current = new Set(messages.map(({ id }) => id));
  const orphans = old.filter(({ id, translation }) => !current.has(id) && translation !== "");
  return messages.map((message) => {
    const same = known.get(message.id);
    if (same) return { ...same, ...message };
    const [best] = orphans.map((entry) => ({ entry, alike: likeness(entry.previous ?? entry.id, message.id) }))
      .filter(({ alike }) => alike >= ALIKE).sort((a, b) => b.alike - a.alike);
    if (!best) return { ...message, translation: "", fuzzy: false, remarks: "" };
    const { translation, remarks, previous, id, fuzzy } = best.entry;
    return { ...message, translation, remarks, fuzzy: true, previous: fuzzy ? previous ?? id : id };
  });
}
