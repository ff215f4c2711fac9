/** For messages: which of the names that there are the reader may have meant. */

/** How many letters have to be put in, taken out, changed, or swapped with their neighbour (Damerau, 1964). */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
      }
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}

/** The name nearest to a wrong one; undefined when none is near. */
export function closestName(wrong: string, known: readonly string[]): string | undefined {
  const near = (name: string) => distance(wrong.toLowerCase(), name.toLowerCase());
  const [best] = [...known].sort((a, b) => near(a) - near(b));
  return best !== undefined && near(best) <= Math.max(1, Math.floor(wrong.length / 3)) ? best : undefined;
}

/** `; did you mean count?`, or nothing. */
export function didYouMean(wrong: string, known: readonly string[]): string {
  const name = closestName(wrong, known);
  return name === undefined ? "" : `; did you mean ${name}?`;
}
