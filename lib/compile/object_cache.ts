/** Compiled objects by content: those that come with the project first, then those compiled on this machine. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileProblem } from "../host/file_problem.ts";
import type { Diagnostic } from "./compile_error.ts";
import { cacheFolder, headersFolder, objectFolders } from "./folders.ts";

/** Changes when the way in which objects are made changes. */
const FORMAT = "interleave object 1";
const DIGITS = 16;

/** Names what an object is made of, without the compiler and without the listing's name. */
export function contentKey(parts: readonly string[]): string {
  const hash = createHash("sha256").update(FORMAT);
  for (const part of [...parts, ...ownHeaders()]) hash.update(`\0${part.length}\0`).update(part);
  return hash.digest("hex").slice(0, DIGITS);
}

let headers: string[] | undefined;

function ownHeaders(): string[] {
  return headers ??= readdirSync(headersFolder, { recursive: true })
    .map(String).filter((name) => name.endsWith(".h")).sort()
    .map((name) => readFileSync(join(headersFolder, name), "utf8").replaceAll("\r\n", "\n"));
}

/** The object of a content key that came with the project: `<stem>.<key>.o`. */
export const shippedObject = (key: string): Promise<Uint8Array | undefined> => shippedFile(`.${key}.o`);

/** What the compiler says of a listing that is there to show what does not compile: `<stem>.<key>.refused.json`. */
export interface Refusal {
  readonly compiler: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** The refusal of a content key that came with the project. */
export async function shippedRefusal(key: string): Promise<Refusal | undefined> {
  const bytes = await shippedFile(`.${key}.refused.json`);
  return bytes && JSON.parse(new TextDecoder().decode(bytes)) as Refusal;
}

async function shippedFile(ending: string): Promise<Uint8Array | undefined> {
  for (const folder of objectFolders) {
    const name = existsSync(folder) && readdirSync(folder).find((name) => name.endsWith(ending));
    if (name) return new Uint8Array(await readFile(join(folder, name)));
  }
  return undefined;
}

const folder = (): string => join(cacheFolder(), "objects");
const compilerKey = (compiler: string): string => compiler.replace(/[^\w.]+/g, "-");
const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex").slice(0, DIGITS);

/**
 * The object that this machine compiled before; with any compiler when `compiler` is left out. A file whose bytes are
 * not those that its name says is damaged: it counts as not there, and the next compilation replaces it.
 */
export async function cachedObject(key: string, compiler?: string): Promise<Uint8Array | undefined> {
  const beginning = compiler ? `${key}.${compilerKey(compiler)}.` : `${key}.`;
  const names = existsSync(folder()) ? readdirSync(folder()) : [];
  for (const name of names.filter((name) => name.startsWith(beginning) && name.endsWith(".o"))) {
    const bytes = await readFile(join(folder(), name)).then((bytes) => new Uint8Array(bytes), () => undefined);
    const ending = bytes && `${digestOf(bytes)}.o`;
    if (bytes && (compiler ? name === beginning + ending : name.endsWith(`.${ending}`))) return bytes;
  }
  return undefined;
}

let hasWarned = false;

/**
 * Keeps an object; whoever reads meanwhile sees all of it or nothing. Where it cannot be kept (no right to write, a full
 * disk), says so once: a listing then is compiled at every start, and works.
 */
export async function keepObject(key: string, compiler: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder(), `${key}.${compilerKey(compiler)}.${digestOf(bytes)}.o`);
  const temporary = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`;
  try {
    await mkdir(folder(), { recursive: true });
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    const problem = fileProblem(error);
    if (problem === undefined) throw error;
    if (!hasWarned) console.warn(`Compiled listings are not kept, each start compiles them anew: ${problem}`);
    hasWarned = true;
  }
}
