/** How far this reader has come: the exercises of the book, with those that are solved. */
import { allExercises } from "./exercises/exercise.ts";
import { solvedExercises } from "./kept_progress.ts";
import { t } from "../words/translation.ts";

/**
 * The exercises of the book and which of them are solved, for `show`.
 *
 * @returns a line for each chapter, as text and as Markdown
 *
 * @example
 * ```ts
 * import { progress, show } from "interleave";
 * await show(await progress());
 * ```
 */
export async function progress(): Promise<Readonly<Record<"text/plain" | "text/markdown", string>>> {
  const solved = solvedExercises(), exercises = await allExercises();
  const chapters = new Map<string, string[]>();
  for (const { id, title } of exercises) {
    const chapter = id.split(".")[0];
    const mark = solved.has(id) ? "✔" : "·";
    chapters.set(chapter, [...chapters.get(chapter) ?? [], `${mark} ${id} ${title}`]);
  }
  const done = exercises.filter(({ id }) => solved.has(id)).length;
  const head = t`${done} of ${exercises.length} exercises solved.`;
  const lines = [...chapters.values()];
  return {
    "text/plain": [head, ...lines.flat().map((line) => `  ${line}`)].join("\n"),
    "text/markdown": [
      `**${head}**`,
      [
        `| ${t`chapter`} | ${t`exercises`} |`,
        "|:--|:--|",
        ...[...chapters].map(([chapter, of]) => `| ${chapter} | ${of.join("<br>")} |`),
      ]
        .join("\n"),
    ].join("\n\n"),
  };
}
