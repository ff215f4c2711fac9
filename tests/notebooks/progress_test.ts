/** What a reader has solved is kept between sessions; what cannot be kept or read does no harm. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allExercises } from "../../lib/lessons/exercises/exercise.ts";
import { keepSolved, solvedExercises } from "../../lib/lessons/kept_progress.ts";
import { progress } from "../../lib/lessons/progress.ts";

describe("progress", () => {
  const before = process.env.INTERLEAVE_PROGRESS, folder = mkdtempSync(join(tmpdir(), "interleave-progress-"));
  const file = join(folder, "deep", "progress.json");
  beforeAll(() => process.env.INTERLEAVE_PROGRESS = file);
  afterAll(() => {
    if (before === undefined) delete process.env.INTERLEAVE_PROGRESS;
    else process.env.INTERLEAVE_PROGRESS = before;
    rmSync(folder, { recursive: true });
  });

  it("is kept in a file, each exercise once", async () => {
    const all = (await allExercises()).length;
    expect((await progress())["text/plain"]).toContain(`0 of ${all} exercises solved.`);
    for (const id of ["02.3", "01.1", "02.3"]) keepSolved(id);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ solved: ["01.1", "02.3"] });
    const shown = await progress();
    expect(shown["text/plain"]).toContain(`2 of ${all} exercises solved.`);
    expect(shown["text/plain"].split("\n").filter((line) => line.includes("✔"))).toHaveLength(2);
    expect(shown["text/markdown"]).toContain("✔ 02.3");
  });

  it("a damaged file counts as none, and is written anew", () => {
    for (const text of ["", "{", "[]", '{"solved": 3}', '{"solved": [1, null]}']) {
      writeFileSync(file, text);
      expect(solvedExercises().size).toBe(0);
    }
    keepSolved("03.1");
    expect([...solvedExercises()]).toEqual(["03.1"]);
  });

  it("nothing is kept when it is switched off, or where no file can be", () => {
    process.env.INTERLEAVE_PROGRESS = "off";
    keepSolved("04.1");
    expect(solvedExercises().size).toBe(0);
    process.env.INTERLEAVE_PROGRESS = join(file, "below a file", "progress.json");
    keepSolved("04.1");
    expect(solvedExercises().size).toBe(0);
    process.env.INTERLEAVE_PROGRESS = file;
  });
});
