/**
 * Shares room between columns: each gets what it needs, or an equal share of what the narrower ones leave.
 *
 * @param needs pixels that each column would like; `room` what there is.
 * @returns pixels per column, in the same order; their sum is at most `room`.
 */
export function shareWidths(needs: readonly number[], room: number): number[] {
  const order = needs.map((_, i) => i).sort((a, b) => needs[a] - needs[b]);
  const widths = [...needs];
  let left = room;
  order.forEach((i, n) => {
    widths[i] = Math.min(needs[i], left / (order.length - n));
    left -= widths[i];
  });
  return widths;
}
