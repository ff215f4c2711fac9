/** Which exercises this reader has solved: what the page kept, and those solved since it is open. */
import { providedProgress } from "../host/provided.ts";

const solved = new Set<string>();

export const solvedExercises = (): ReadonlySet<string> => new Set([...providedProgress()?.solved ?? [], ...solved]);

export function keepSolved(id: string): void {
  if (solvedExercises().has(id)) return;
  solved.add(id);
  providedProgress()?.keep(id);
}
