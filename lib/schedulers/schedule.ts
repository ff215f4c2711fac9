/**
 * A schedule as text: which task took each step, run-length encoded: `0*3 1*2 0` is 0, 0, 0, 1, 1, 0. A step in which the
 * kernel leaves something open says which alternative was taken: in `0=3` task 0 takes the third. A flush of CPU 1's
 * store buffer is `f1`, as a number -2.
 *
 * In front stands the number that the seeds of hash maps are drawn from, where it is not 0: `h7 0*3 1`.
 */
import { cpuOfFlush, flushOf } from "../cpu/store_buffers.ts";

/** Tasks of one machine, less than which a step's number names; above stands the alternative. */
const MOST_TASKS = 4096;

/** The number of a step: of `task`, with an alternative from 1 on where it takes one. */
export const stepOf = (task: number, alternative = 0): number => task + MOST_TASKS * alternative;
export const taskOf = (step: number): number => step % MOST_TASKS;
/** The alternative that a step takes; 0 where there is nothing to choose. */
export const alternativeOf = (step: number): number => step < 0 ? 0 : Math.floor(step / MOST_TASKS);

const stepText = (step: number): string =>
  step < 0 ? `f${cpuOfFlush(step)}` : alternativeOf(step) > 0 ? `${taskOf(step)}=${alternativeOf(step)}` : `${step}`;

/** Steps to text. */
export function formatSchedule(tasks: ArrayLike<number>, hashSeed = 0): string {
  const parts: string[] = hashSeed === 0 ? [] : [`h${hashSeed}`];
  for (let i = 0; i < tasks.length;) {
    let end = i + 1;
    while (end < tasks.length && tasks[end] === tasks[i]) end++;
    parts.push(end - i > 1 ? `${stepText(tasks[i])}*${end - i}` : stepText(tasks[i]));
    i = end;
  }
  return parts.join(" ");
}

const HASH_SEED = /^h(\d+)(\s+|$)/;

/** What a schedule's text says of the seeds of hash maps; 0 where it says nothing. */
export const hashSeedOf = (text: string): number => Number(HASH_SEED.exec(text.trim())?.[1] ?? 0);

/**
 * Text to steps.
 *
 * @throws SyntaxError naming the part that is no schedule
 */
export function parseSchedule(text: string): number[] {
  const tasks: number[] = [], rest = text.trim().replace(HASH_SEED, "");
  if (rest === "" && HASH_SEED.test(text.trim())) return tasks;
  for (const part of rest.split(/\s+/)) {
    const match = /^(?:f(\d+)|(\d+)(?:=([1-9]\d*))?)(?:\*(\d+))?$/.exec(part);
    if (!match || Number(match[2]) >= MOST_TASKS) {
      throw new SyntaxError(
        `schedule: ${JSON.stringify(part)} is not a task or task*count, nor task=alternative, nor f and a CPU`,
      );
    }
    const [, cpu, task, alternative = 0, count = 1] = match.map((text) =>
      text === undefined ? undefined : Number(text)
    );
    const step = cpu === undefined ? stepOf(task!, alternative) : flushOf(cpu);
    if (tasks.length + count > 100_000_000) throw new SyntaxError("schedule: more than 100,000,000 steps");
    for (let i = 0; i < count; i++) tasks.push(step);
  }
  return tasks;
}
