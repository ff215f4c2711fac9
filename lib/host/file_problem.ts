/** Why a file could not be read or written, in a sentence: a folder of somebody else, a read-only or full disk. */

const REASONS: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  EROFS: ["it is on a file system that is mounted read-only", "copy the project to where you may write"],
  EACCES: ["this user may not", "copy the project to a folder of your own, or ask its owner"],
  EPERM: ["this user may not", "copy the project to a folder of your own, or ask its owner"],
  ENOSPC: ["the disk is full", "make room and do it again"],
  EDQUOT: ["your share of the disk is used up", "make room and do it again"],
  EISDIR: ["it is a folder, and a file is needed", "name a file"],
  ENOTDIR: ["a part of the path is a file, not a folder", "check the path"],
  EMFILE: ["this process has too many files open", "raise the limit (ulimit -n)"],
};

/**
 * The sentence for an error of the file system; undefined for any other error.
 *
 * @example
 * ```ts
 * import { fileProblem } from "./file_problem.ts";
 * const error = Object.assign(new Error("ENOSPC"), { code: "ENOSPC", path: "a.o" });
 * if (fileProblem(error) !== "a.o: the disk is full; make room and do it again") throw new Error("it says why");
 * ```
 */
export function fileProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path } = error as { code?: unknown; path?: unknown };
  const known = typeof code === "string" && Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  if (!known) return undefined;
  const [reason, remedy] = known;
  return `${typeof path === "string" ? path : error.message}: ${reason}; ${remedy}`;
}
