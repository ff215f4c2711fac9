/** Every solution passes, and every cell that a reader finds in a chapter fails. */
import { fileURLToPath } from "node:url";
import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allExercises, EXERCISE_MIME, mark } from "../../lib/lessons/exercises/exercise.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { PlayerData } from "../../lib/player/data.ts";
import { Player } from "../../lib/player/player.ts";
import { readNotebook } from "../../lib/jupyter/notebook_file.ts";

const NOTEBOOKS = new URL("../../notebooks/", import.meta.url);
const exercises = await allExercises();
const solutionOf = (id: string) => new URL(`solutions/${id.replace(".", "_")}.ts`, import.meta.url);

/** Runs the cells in which chapters begin an exercise: the answers that stand there. */
async function startingAnswers(): Promise<Map<string, unknown>> {
  const answers = new Map<string, unknown>();
  const noted = (id: string, answer: unknown) => void answers.set(id, answer);
  for (const name of readdirSync(NOTEBOOKS).filter((file) => file.endsWith(".ipynb"))) {
    for (const { cell_type, source } of readNotebook(fileURLToPath(new URL(name, NOTEBOOKS))).cells) {
      if (cell_type !== "code" || !/^await check\("/m.test(source)) continue;
      await new Function("bpf", "check", `return (async () => {${source}\n})()`)(bpf, noted);
    }
  }
  return answers;
}

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

/** A way through a player's states to one of its ends. */
function scheduleTo({ steps, states, tasks }: PlayerData, end: number): string | undefined {
  const cameBy = new Map<number, number>([[0, -1]]);
  for (const at of cameBy.keys()) {
    if (states[at].end === end) {
      const way: string[] = [];
      for (let step = cameBy.get(at)!; step >= 0; step = cameBy.get(steps[step][0])!) {
        const [, task, alternative] = steps[step];
        way.unshift(alternative > 0 ? `${tasks[task].key}=${alternative}` : tasks[task].key);
      }
      return way.join(" ");
    }
    steps.forEach(([from, , , to], step) => from === at && !cameBy.has(to) && cameBy.set(to, step));
  }
  return undefined;
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
  it("all say why what stands in the chapter fails: the C line, and the steps to look at", async () => {
    const starting = await startingAnswers();
    expect([...starting.keys()].sort()).toEqual(exercises.map(({ id }) => id).sort());
    for (const { id, play } of exercises) {
      const { passed, message, evidence } = await mark(id, starting.get(id));
      expect(passed, id).toBe(false);
      if (starting.get(id) === undefined) expect(message, id).toMatch(/^Not answered yet\. .* `undefined`\.$/);
      else expect(message, id).toMatch(/line \d+: `\S|`\w+` in line \d+/);
      if (play) expect(evidence, id).toBeInstanceOf(Player);
    }
  });
  it("name the steps that decided: who wrote last, what a read saw, what overwrote what", async () => {
    const why = async (id: string, answer: unknown) => (await mark(id, answer)).message;
    expect(await why("01.2", "0*4 1*4")).toMatch(
      /step 7 \(CPU 1, line 7: .*\): 3 -> 4, for it had read 3 in step 6\.$/,
    );
    expect(await why("02.2", "0*2 1*3 2*3")).toMatch(/`highest` is step 7 \(CPU 2, line 11: .*\): 3 -> 6\.$/);
    expect(await why("03.2", "0*5 1*4")).toMatch(
      /count` is read in step 5 .* as step 2 left it; .*twice.* as step 3 left it/,
    );
    expect(await why("08.2", "0*2 f0 1*2 f1 0 1")).toMatch(
      /`y` is read .* as it was at the start; `x` .* as step 2 left it/,
    );
    const ledger = await startingAnswers();
    expect(await why("01.3", ledger.get("01.3"))).toMatch(
      /Step 11 .*line 5.* overwrites what step 10 .*line 5.* in step 7\./,
    );
    expect(await why("03.3", ledger.get("03.3"))).toMatch(
      /step 2 .*line 29.* before step 13 .*line 14.*step 19 .* after it/,
    );
    expect(await why("06.3", ledger.get("06.3"))).toMatch(
      /between step 6 .*line 14.* and step 10 .*line 15.* swapper in between/,
    );
    expect(await why("08.3", ledger.get("08.3"))).toMatch(
      /Nothing keeps `b` in line 18 before `version` in line 20: a load/,
    );
  });
  it("to break by a schedule: what is played to an end that is asked for passes, any other end does not", async () => {
    for (const { id, play } of exercises.filter((one) => one.play)) {
      const { data } = await play!();
      for (const [end, { wrong }] of data.ends.entries()) {
        const schedule = scheduleTo(data, end);
        if (schedule === undefined) continue;
        const marked = await mark(id, schedule);
        expect(marked.passed, `${id} ${schedule}`).toBe(wrong);
        if (!wrong) expect((marked.evidence as Player).data.exercise!.path.length).toBe(schedule.split(" ").length);
      }
    }
  });
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
