/** A schedule as text: which task took each step, run-length encoded: `0*3 1*2 0` is 0, 0, 0, 1, 1, 0. */

/** Steps to text. */
export function formatSchedule(tasks: ArrayLike<number>): string {
  const parts: string[] = [];
  for (let i = 0; i < tasks.length;) {
    let end = i + 1;
    while (end < tasks.length && tasks[end] === tasks[i]) end++;
    parts.push(end - i > 1 ? `${tasks[i]}*${end - i}` : `${tasks[i]}`);
    i = end;
  }
  return parts.join(" ");
}

/**
 * Text to steps.
 *
 * @throws SyntaxError naming the part that is no schedule
 */
export function parseSchedule(text: string): number[] {
  const tasks: number[] = [];
  for (const part of text.trim().split(/\s+/)) {
    const match = /^(\d+)(?:\*(\d+))?$/.exec(part);
    if (!match) throw new SyntaxError(`schedule: ${JSON.stringify(part)} is not a task or task*count`);
    const count = Number(match[2] ?? 1);
    if (tasks.length + count > 100_000_000) throw new SyntaxError("schedule: more than 100,000,000 steps");
    for (let i = 0; i < count; i++) tasks.push(Number(match[1]));
  }
  return tasks;
}
