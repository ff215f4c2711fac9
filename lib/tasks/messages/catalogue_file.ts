/** Catalogues as `.po` files, by gettext-parser. */
import * as gettext from "gettext-parser";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Message } from "./message.ts";

/** A message and its translation. */
export interface Entry extends Message {
  /** Empty where there is none. */
  readonly translation: string;
  /** The English text has changed since; `previous` is what was translated. */
  readonly fuzzy: boolean;
  readonly previous?: string;
  /** Translators' own remarks. */
  readonly remarks: string;
}

/** gettext-parser's form of an entry. */
interface PoEntry {
  readonly msgid: string;
  readonly msgctxt?: string;
  readonly msgstr: readonly string[];
  readonly comments?: {
    readonly translator?: string;
    readonly extracted?: string;
    readonly reference?: string;
    readonly flag?: string;
    readonly previous?: string;
  };
}
interface PoFile {
  readonly charset: string;
  readonly headers: Record<string, string>;
  readonly translations: Record<string, Record<string, PoEntry>>;
}
const po = gettext.po as unknown as {
  parse(text: string, options: { validation: boolean }): PoFile;
  compile(file: PoFile, options: { foldLength: number }): Uint8Array;
};

const HEADERS = {
  "Project-Id-Version": "Interleave",
  "Language": "zh_CN",
  "MIME-Version": "1.0",
  "Content-Type": "text/plain; charset=UTF-8",
  "Content-Transfer-Encoding": "8bit",
  "Plural-Forms": "nplurals=1; plural=0;",
};

const listed = (text: string | undefined): string[] => text === undefined || text === "" ? [] : text.split("\n");

/** `msgid "..."` of an entry's `#|` lines. */
function previousOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const pieces = [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, piece]) => piece).join("");
  return JSON.parse(`"${pieces}"`) as string;
}

/** The entries of a catalogue, in their order; none where there is no file. */
export function readCatalogue(path: string): Entry[] {
  return existsSync(path) ? parseCatalogue(readFileSync(path, "utf8"), path) : [];
}

/** @throws Error that names the file when it is not as gettext writes it. */
export function parseCatalogue(text: string, path: string): Entry[] {
  let file: PoFile;
  try {
    file = po.parse(text, { validation: true });
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
  return Object.values(file.translations[""] ?? {}).filter(({ msgid }) => msgid !== "").map((entry) => ({
    id: entry.msgid,
    translation: entry.msgstr[0] ?? "",
    fuzzy: /\bfuzzy\b/.test(entry.comments?.flag ?? ""),
    previous: previousOf(entry.comments?.previous),
    references: listed(entry.comments?.reference),
    notes: listed(entry.comments?.extracted),
    remarks: entry.comments?.translator ?? "",
  }));
}

/** A catalogue's file as text. */
export function catalogueText(entries: readonly Entry[]): string {
  const written = entries.map((entry): [string, PoEntry] => [entry.id, {
    msgid: entry.id,
    msgstr: [entry.translation],
    comments: {
      translator: entry.remarks,
      extracted: entry.notes.join("\n"),
      reference: entry.references.join("\n"),
      flag: entry.fuzzy ? "fuzzy" : "",
      previous: entry.previous === undefined ? "" : `msgid ${JSON.stringify(entry.previous)}`,
    },
  }]);
  const file = { charset: "utf-8", headers: HEADERS, translations: { "": Object.fromEntries(written) } };
  return new TextDecoder().decode(po.compile(file, { foldLength: 0 })).trimEnd() + "\n";
}

export const writeCatalogue = (path: string, entries: readonly Entry[]): void =>
  writeFileSync(path, catalogueText(entries));
