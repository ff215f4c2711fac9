/** Every solution passes, and every cell that a reader finds in a chapter fails. */
import { fileURLToPath } from "node:url";
import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allExercises, EXERCISE_MIME, mark } from "../../lib/lessons/exercises/exercise.ts";
import { readNotebook } from "../../lib/jupyter/notebook_file.ts";

const NOTEBOOKS = new URL("../../notebooks/", import.meta.url);
const exercises = await allExercises();
const solutionOf = (id: string) => new URL(`solutions/${id.replace(".", "_")}.ts`, import.meta.url);

/** What the committed cells were told, by exercise. */
function shown(): Map<string, boolean> {
  const told = new Map<string, boolean>();
  for (const name of readdirSync(NOTEBOOKS).filter((file) => file.endsWith(".ipynb"))) {
    for (const cell of readNotebook(fileURLToPath(new URL(name, NOTEBOOKS))).cells) {
      if (cell.cell_type !== "code") continue;
      for (const output of cell.outputs) {
        const told1 = "data" in output
          ? output.data[EXERCISE_MIME] as { id: string; passed: boolean } | undefined
          : undefined;
        if (told1) told.set(told1.id, told1.passed);
      }
    }
  }
  return told;
}

describe("exercises", () => {
  const told = shown();
  for (const { id, title, hints } of exercises) {
    it(`${id} ${title}: its solution passes`, async () => {
      expect(existsSync(solutionOf(id))).toBe(true);
      const solution = (await import(solutionOf(id).href)).default as () => unknown;
      const marked = await mark(id, await solution());
      expect(marked.passed, marked.message).toBe(true);
      expect(hints.length).toBeGreaterThan(0);
    });
    it(`${id}: the cell in its chapter is not solved yet`, () => {
      expect(told.get(id)).toBe(false);
    });
  }
  it("none: an answer of the wrong kind gets a sentence, not a crash", async () => {
    for (const { id } of exercises) {
      for (const answer of [undefined, {}, "nonsense", -1, () => 1]) {
        const marked = await mark(id, answer);
        expect(marked.passed).toBe(false);
        expect(marked.message.length).toBeGreaterThan(10);
      }
    }
  });
  const chapters = [...new Set(exercises.map(({ id }) => id.slice(0, 2)))];
  for (const chapter of chapters) {
    it(`chapter ${chapter} has at least four, one each to break, repair and speed up`, () => {
      const own = exercises.filter(({ id }) => id.startsWith(chapter));
      expect(own.length).toBeGreaterThanOrEqual(4);
      for (const asks of ["break", "repair", "speed up"]) expect(own.some((one) => one.asks === asks)).toBe(true);
    });
  }
});
