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

/** Compiled objects that come with the project. */
export const shippedObjectsFolder: string | undefined = projectFolder &&
  join(projectFolder, "notebooks", "progs", "objects");

/** Whatever can be made again: compiled objects, a fetched compiler. Inside the project, or the user's cache folder. */
export function cacheFolder(): string {
  if (process.env.INTERLEAVE_CACHE) return process.env.INTERLEAVE_CACHE;
  if (projectFolder) return join(projectFolder, ".cache");
  if (process.env.XDG_CACHE_HOME) return join(process.env.XDG_CACHE_HOME, "interleave");
  if (process.platform === "win32" && process.env.LOCALAPPDATA) return join(process.env.LOCALAPPDATA, "interleave");
  return join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache", "interleave");
}

function findProject(folder: string): string | undefined {
  if (/[/\\]node_modules[/\\]/.test(folder) || !existsSync(join(folder, "notebooks", "progs"))) return undefined;
  try {
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return undefined;
  }
}
