/** Reads a file that the reader named, or says why not. */
import { readBytes, readStandardInput } from "../host/files.ts";
import { resolve } from "../host/paths.ts";

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
  if (path === STDIN) return await readStandardInput();
  try {
    return await readBytes(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const full = resolve(path);
    throw new InputError(`cannot read ${path}: ${REASONS[code ?? ""] ?? message}${full === path ? "" : ` (${full})`}`);
  }
}
