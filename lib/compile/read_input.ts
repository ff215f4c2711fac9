/** Reads a file that the reader named, or says why not. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";

/** A file that cannot be read, or is not what it should be. */
export class InputError extends Error {
  override name = "InputError";
}

const REASONS: Record<string, string> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "it may not be read",
};

/** What stands for standard input where a file is named. */
export const STDIN = "-";

/**
 * @param path of a file; `-` for standard input
 * @throws InputError naming the file and what is wrong with it
 */
export async function readInput(path: string): Promise<Uint8Array> {
  if (typeof path !== "string") throw new InputError(`bpf.file takes a path, "progs/race.bpf.c" for one, not ${path}`);
  if (path === STDIN) return await readStdin();
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const full = resolve(path);
    throw new InputError(`cannot read ${path}: ${REASONS[code ?? ""] ?? message}${full === path ? "" : ` (${full})`}`);
  }
}

async function readStdin(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of process.stdin) parts.push(part as Uint8Array);
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}
