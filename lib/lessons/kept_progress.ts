/** Which exercises this reader has solved, kept between sessions in a file of the project's cache folder. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { cacheFolder } from "../compile/folders.ts";
import { isRecord } from "../words/rules.ts";

/** The file; undefined where nothing is to be kept (`INTERLEAVE_PROGRESS=off`, as when the book is executed). */
function progressFile(): string | undefined {
  const wish = process.env.INTERLEAVE_PROGRESS;
  return wish === "off" ? undefined : wish || join(cacheFolder(), "progress.json");
}

/** Ids of the exercises that were solved. What is there and is no such list counts as none. */
export function solvedExercises(): ReadonlySet<string> {
  const file = progressFile();
  if (file === undefined) return new Set();
  try {
    const kept: unknown = JSON.parse(readFileSync(file, "utf8"));
    const ids = isRecord(kept) && Array.isArray(kept.solved) ? kept.solved : [];
    return new Set(ids.filter((id) => typeof id === "string"));
  } catch {
    return new Set();
  }
}

/** Notes that an exercise is solved. Where that cannot be written it is forgotten with the session. */
export function keepSolved(id: string): void {
  const file = progressFile(), solved = solvedExercises();
  if (file === undefined || solved.has(id)) return;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}.tmp`, JSON.stringify({ solved: [...solved, id].sort() }) + "\n");
    renameSync(`${file}.${process.pid}.tmp`, file);
  } catch {
    // a read-only checkout: the exercise is marked all the same
  }
}
