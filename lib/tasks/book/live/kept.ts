/** What the reader's browser keeps of a chapter: edited cells; and, for the whole book, which exercises are solved. */

const SOLVED = "interleave/solved";
const keyOf = (chapter: string): string => `interleave/edits/${chapter}`;

/** What storage holds; undefined where there is none, as in private windows, or no JSON. */
function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

/** Gives whether it could be written. */
function write(key: string, value: unknown): boolean {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Sources of the edited cells of a chapter, by cell id. */
export function keptEdits(chapter: string): Map<string, string> {
  const kept = read(keyOf(chapter));
  const texts = Object.entries(isRecord(kept) ? kept : {}).filter((one): one is [string, string] =>
    typeof one[1] === "string"
  );
  return new Map(texts);
}

export const keepEdits = (chapter: string, edits: ReadonlyMap<string, string>): boolean =>
  write(keyOf(chapter), edits.size === 0 ? undefined : Object.fromEntries(edits));

export function keptSolved(): string[] {
  const kept = read(SOLVED);
  return Array.isArray(kept) ? kept.filter((id) => typeof id === "string") : [];
}

export const keepSolved = (id: string): boolean => write(SOLVED, [...new Set([...keptSolved(), id])].sort());
