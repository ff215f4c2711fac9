/** Where this project keeps things on disk. */
import { accessSync, constants, existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** Our own <linux/bpf.h>, <bpf/bpf_helpers.h> and their kin. */
export const headersFolder = join(here, "include");

/** The project's folder, when these files are in a checkout of it and not in a package. */
export const projectFolder: string | undefined = findProject(dirname(dirname(here)));

/** Where a checkout keeps the objects that come with it: those of the notebooks, those of the tests. */
export const shippedFolders = (project: string): [string, string] => [
  join(project, "notebooks", "progs", "objects"),
  join(project, "tests", "data", "objects"),
];

/** Where objects that came with the listings are looked for: in a checkout, or beside this file in a package. */
export const objectFolders: readonly string[] = projectFolder ? shippedFolders(projectFolder) : [join(here, "objects")];

/** Whatever can be made again: compiled objects, a fetched compiler. Inside the project, or the user's cache folder. */
export function cacheFolder(): string {
  if (process.env.INTERLEAVE_CACHE) return process.env.INTERLEAVE_CACHE;
  if (projectFolder && isWritable(projectFolder)) return join(projectFolder, ".cache");
  if (process.env.XDG_CACHE_HOME) return join(process.env.XDG_CACHE_HOME, "interleave");
  if (process.platform === "win32" && process.env.LOCALAPPDATA) return join(process.env.LOCALAPPDATA, "interleave");
  return join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache", "interleave");
}

function findProject(folder: string): string | undefined {
  const inPackage = /[/\\]node_modules[/\\]/.test(folder);
  return !inPackage && existsSync(join(folder, "notebooks", "progs")) ? folder : undefined;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
