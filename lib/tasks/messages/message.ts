/** One text to translate, and where it stands. */

export interface Message {
  /** The English text. In the place of a value stands a name in braces: `{steps} steps not shown`. */
  readonly id: string;
  /** Chapter and cell, or a module's path. */
  readonly references: readonly string[];
  /** For translators: what it is, such as a heading. */
  readonly notes: readonly string[];
}

/** A value's place in a text. */
const PLACE = /\{([A-Za-z_]\w*)\}/g;

/** Names in a text's places, in their order. */
export const placesOf = (text: string): string[] => [...text.matchAll(PLACE)].map(([, name]) => name);

/** A text with something else in each place. */
export const fillPlaces = (text: string, fill: (name: string) => string): string =>
  text.replace(PLACE, (_, name: string) => fill(name));

/** Whether there is something to translate in it: a letter outside of code and places. */
export const hasWords = (text: string): boolean => /\p{L}/u.test(text.replace(PLACE, ""));

/** The same text at several places is one message. */
export function joinMessages(messages: readonly Message[]): Message[] {
  const joined = new Map<string, Message>();
  for (const { id, references, notes } of messages) {
    const known = joined.get(id);
    joined.set(id, {
      id,
      references: [...new Set([...known?.references ?? [], ...references])],
      notes: [...new Set([...known?.notes ?? [], ...notes])],
    });
  }
  return [...joined.values()];
}
