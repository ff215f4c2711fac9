/** Exercises: an answer goes in, a verdict over all schedules comes out. */
import type { FindRacesOptions, Races } from "../../check/find_races.ts";
import { findRacesWithProgress } from "../../jupyter/find_races_with_progress.ts";
import { show } from "../../jupyter/show.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import type { Player } from "../../player/player.ts";
import { MARKS, withCode } from "../../report/markdown.ts";
import { keepSolved } from "../kept_progress.ts";
import { texts } from "./texts.ts";
import { t } from "../../words/translation.ts";

/** What the checker says of an answer. */
export interface Marked {
  readonly passed: boolean;
  /** One or two sentences: why it passes, or what is still wrong. */
  readonly message: string;
  /** Something to look at: a witness, a figure. */
  readonly evidence?: unknown;
}

export interface Exercise {
  /** Chapter and number: `03.2`. */
  readonly id: string;
  readonly title: string;
  /** What it asks for. Every chapter has at least one to break, one to repair and one to speed up. */
  readonly asks: "change" | "break" | "repair" | "speed up";
  /** From a nudge to nearly the answer. */
  readonly hints: readonly string[];
  /** Judges an answer, by all schedules where the question is about schedules. Throws for an answer of the wrong kind. */
  readonly mark: (answer: unknown) => Promise<Marked>;
  /** Of an exercise whose answer is a schedule: the widget to play it with. */
  readonly play?: () => Promise<Player>;
}

/** A module of exercises: one for each chapter. */
interface ExerciseModule {
  readonly exercises: readonly Exercise[];
}

const CHAPTERS: Readonly<Record<string, () => Promise<ExerciseModule>>> = {
  "01": () => import("./chapter_01.ts"),
  "02": () => import("./chapter_02.ts"),
  "03": () => import("./chapter_03.ts"),
  "04": () => import("./chapter_04.ts"),
  "05": () => import("./chapter_05.ts"),
  "06": () => import("./chapter_06.ts"),
  "07": () => import("./chapter_07.ts"),
  "08": () => import("./chapter_08.ts"),
  "09": () => import("./chapter_09.ts"),
};

/** The output form by which tests find what a cell was told. */
export const EXERCISE_MIME = "application/vnd.interleave.exercise+json";

/** The exercise of this number. */
export async function exerciseOf(id: string): Promise<Exercise> {
  const chapter = id.split(".")[0], load = CHAPTERS[chapter];
  if (!load) throw new RangeError(`no chapter ${chapter} has exercises: ids look like "03.2"`);
  const { exercises } = await load(), found = exercises.find((exercise) => exercise.id === id);
  if (!found) {
    throw new RangeError(`chapter ${chapter} has no exercise ${id}; it has ${exercises.map((e) => e.id).join(", ")}`);
  }
  return found;
}

/** Every exercise of the book, by chapter. */
export async function allExercises(): Promise<Exercise[]> {
  const modules = await Promise.all(Object.values(CHAPTERS).map((load) => load()));
  return modules.flatMap((module) => [...module.exercises]);
}

/** Judges an answer without showing anything; an answer that can't be judged is marked with the reason. */
export async function mark(id: string, answer: unknown): Promise<Marked> {
  const exercise = await exerciseOf(id);
  if (answer === undefined || answer === null || answer === "") {
    return {
      passed: false,
      message: texts.notAnswered(exercise.title, wantedBy(exercise)),
      evidence: await exercise.play?.(),
    };
  }
  try {
    return await exercise.mark(await answer);
  } catch (error) {
    return { passed: false, message: error instanceof Error ? error.message : String(error) };
  }
}

const wantedBy = ({ asks, play }: Exercise): string =>
  play ? texts.wanted.schedule : asks === "change" ? texts.wanted.change : texts.wanted.listing;

/**
 * Finds the races of an object, as {@link findRaces} does, with a progress bar.
 *
 * @param object what `bpf` gave
 * @param options how far to look
 * @returns its races, to be shown
 *
 * @example
 * ```ts
 * import { bpf, check, show } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * await show(await check(racy)); // the lost update, its witness, and the change that mends it
 * ```
 */
export async function check(object: BpfObject, options?: FindRacesOptions): Promise<Races>;
/**
 * Checks an answer and shows the verdict, with a witness where the answer is wrong.
 *
 * @param id exercise, such as "03.2"
 * @param answer what the exercise asks for: an object that `bpf` gave, a number, a schedule, a function
 * @throws RangeError for an exercise that there is not
 *
 * @example
 * ```ts
 * import { check } from "interleave";
 * await check("01.2", "0*4 1*4"); // not yet: this schedule is one run after another
 * ```
 */
export async function check(id: string, answer: unknown): Promise<void>;
/**
 * Both of it: the races of an object, or an answer to an exercise.
 *
 * @example
 * ```ts
 * import { check } from "interleave";
 * await check("01.1", 2); // not yet
 * ```
 */
export async function check(what: string | BpfObject, answer?: unknown): Promise<void | Races> {
  if (typeof what === "string") return await checkAnswer(what, answer);
  return await findRacesWithProgress(what, answer as FindRacesOptions | undefined);
}

async function checkAnswer(id: string, answer: unknown): Promise<void> {
  const { passed, message, evidence } = await mark(id, answer);
  const said = passed ? t`${id} solved.` : t`${id}: not yet.`, head = `${passed ? "✔" : "✘"} ${said}`;
  const more = passed ? "" : t`\nawait hint("${id}") helps.`;
  if (passed) keepSolved(id);
  await show({
    "text/plain": `${head} ${message}${more}`,
    // Of plain text JupyterLab breaks no line.
    "text/markdown": `${passed ? MARKS.good : MARKS.bad} **${said}** ${withCode(message)}${
      more && t`\n\n\`await hint("${id}")\` helps.`
    }`,
    [EXERCISE_MIME]: { id, passed },
  });
  if (evidence !== undefined) await show(evidence);
}

const given = new Map<string, number>();

/**
 * Shows the next hint of an exercise; every call shows one more.
 *
 * @param id exercise, such as "03.2"
 * @throws RangeError for an exercise that there is not
 *
 * @example
 * ```ts
 * import { hint } from "interleave";
 * await hint("01.2");
 * ```
 */
export async function hint(id: string): Promise<void> {
  const { hints } = await exerciseOf(id), shown = Math.min((given.get(id) ?? 0) + 1, hints.length);
  given.set(id, shown);
  const rest = hints.length - shown;
  const lines = hints.slice(0, shown).map((text, i) => `${i + 1}. ${text}`);
  const end = rest > 0 ? t`(${rest} more: run the cell again)` : t`(that was the last one)`;
  await show({
    "text/plain": `${lines.join("\n")}\n${end}`,
    "text/markdown": `${lines.map(withCode).join("\n")}\n\n${end}`,
  });
}

/** Whether an answer is an object that `bpf` gave; throws with what to pass otherwise. */
export function wantObject(answer: unknown): asserts answer is BpfObject {
  if (typeof answer !== "object" || answer === null || !("programs" in answer)) {
    throw new TypeError("the answer has to be a listing: await bpf`...`");
  }
}

/** The answer as a number; throws with what to pass otherwise. */
export function wantNumber(answer: unknown): number {
  if (typeof answer === "number" || typeof answer === "bigint") return Number(answer);
  throw new TypeError(`the answer has to be a number, not ${typeof answer}`);
}

/** The answer as a text such as a schedule; throws with what to pass otherwise. */
export function wantText(answer: unknown): string {
  if (typeof answer === "string") return answer;
  throw new TypeError(`the answer has to be text, not ${typeof answer}`);
}
