/** Objects that this machine compiled, kept by content in the cache folder. */
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileProblem } from "../host/file_problem.ts";
import { sha256Hex } from "../host/hash.ts";
import { cacheFolder } from "./folders.ts";

const DIGITS = 16;

const folder = (): string => join(cacheFolder(), "objects");
const compilerKey = (compiler: string): string => compiler.replace(/[^\w.]+/g, "-");
const digestOf = (bytes: Uint8Array): string => sha256Hex(bytes).slice(0, DIGITS);

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
