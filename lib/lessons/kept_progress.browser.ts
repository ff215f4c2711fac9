/** Which exercises this reader has solved, for as long as the page is open. */
const solved = new Set<string>();

export const solvedExercises = (): ReadonlySet<string> => solved;

export function keepSolved(id: string): void {
  solved.add(id);
}
