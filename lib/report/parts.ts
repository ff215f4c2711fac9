/** Which steps of a long trace to show. */

/** Steps at `from` to before `to`; what lies between two parts is left out. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/**
 * Chooses the steps to show around those that tell a story, inside of it first.
 *
 * @param length of the trace.
 * @param story indices into the trace.
 * @param most steps to show altogether, besides single ones in between (fewer than the story has), which fill their own
 * hole.
 */
export function partsAround(length: number, story: readonly number[], most = 24): Part[] {
  const wanted = new Set(story.slice(0, most));
  const first = Math.max(0, Math.min(...story) - 2), last = Math.min(length, Math.max(...story) + 3);
  for (let grown = -1; wanted.size < most && wanted.size !== grown;) {
    grown = wanted.size;
    for (const centre of [...wanted]) {
      for (const i of [centre - 1, centre + 1]) if (i >= first && i < last && wanted.size < most) wanted.add(i);
    }
  }
  return consecutive([...wanted].sort((a, b) => a - b));
}

/** Joins indices that follow each other; a hole of one step is filled, since naming it takes the same room. */
function consecutive(indices: readonly number[]): Part[] {
  const parts: { from: number; to: number }[] = [];
  for (const i of indices) {
    const last = parts[parts.length - 1];
    if (last && i - last.to <= 1) last.to = i + 1;
    else parts.push({ from: i, to: i + 1 });
  }
  return parts;
}
