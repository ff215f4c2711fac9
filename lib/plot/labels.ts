/** Places labels beside what they name, so that none stands on another. */
import type { Box } from "./text_boxes.ts";

/**
 * Moves labels up or down as little as needed.
 *
 * @param wanted centre of each label in pixels.
 * @param heights of each label.
 * @param from first and `to` last pixel that labels may cover.
 * @returns the centres, in the order given.
 */
export function spread(wanted: readonly number[], heights: readonly number[], from: number, to: number): number[] {
  // Labels that touch form a block; a block lies where its members want it on average, within the bounds.
  interface Block {
    members: number[];
    /** Top of the block, and its height. */
    top: number;
    height: number;
  }
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b] || a - b);
  const settle = (members: number[]): Block => {
    const height = members.reduce((sum, i) => sum + heights[i], 0);
    let offset = 0, pull = 0;
    for (const i of members) {
      pull += wanted[i] - (offset + heights[i] / 2);
      offset += heights[i];
    }
    const top = Math.max(from, Math.min(pull / members.length, to - height));
    return { members, top, height };
  };
  const blocks: Block[] = [];
  for (const i of order) {
    let block = settle([i]);
    for (let before = blocks.at(-1); before && before.top + before.height > block.top; before = blocks.at(-1)) {
      blocks.pop();
      block = settle([...before.members, ...block.members]);
    }
    blocks.push(block);
  }
  const centres = new Array<number>(wanted.length);
  for (const block of blocks) {
    let top = block.top;
    for (const i of block.members) {
      centres[i] = top + heights[i] / 2;
      top += heights[i];
    }
  }
  return centres;
}

const overlaps = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

export interface PointLabel {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where a label stands, and whether it is so far from its point that a line must lead there. */
export interface Placed {
  readonly left: number;
  readonly top: number;
  readonly far: boolean;
}

const RINGS = 24;

/**
 * Places a label next to each point of a scatter: to the right where there is room, else left, above, below, then
 * further out.
 *
 * @param points in pixels; `bounds` is what labels must stay within; `gap` the distance to the marker's centre.
 * @returns the top left corner of each label.
 */
export function placeBeside(points: readonly PointLabel[], bounds: Box, gap: number): Placed[] {
  const taken: Box[] = points.map(({ x, y }) => ({ left: x - 7, right: x + 7, top: y - 7, bottom: y + 7 }));
  return points.map((point, index) => {
    const { width, height } = point;
    const boxOf = ({ left, top }: Placed): Box => ({ left, top, right: left + width, bottom: top + height });
    const inside = (box: Box) =>
      box.left >= bounds.left && box.right <= bounds.right && box.top >= bounds.top && box.bottom <= bounds.bottom;
    const free = (box: Box) => taken.every((other, i) => i === index || !overlaps(roomy(box), other));
    const candidates = candidatesOf(point, gap);
    const stands = (place: Placed) => inside(boxOf(place)) && free(boxOf(place));
    const leads = (place: Placed) => !place.far || free(between(point, boxOf(place)));
    const chosen = candidates.find((place) => stands(place) && leads(place)) ?? candidates.find(stands) ??
      candidates.find((place) => inside(boxOf(place))) ?? candidates[0];
    taken.push(boxOf(chosen));
    if (chosen.far) taken.push(between(point, boxOf(chosen)));
    return chosen;
  });
}

/** Labels on one line need a gap between them. */
const roomy = ({ left, right, top, bottom }: Box): Box => ({ left: left - 4, right: right + 4, top, bottom });

/** What a line from a point to its label covers. */
function between({ x, y }: PointLabel, label: Box): Box {
  const toX = Math.max(label.left, Math.min(x, label.right)), toY = Math.max(label.top, Math.min(y, label.bottom));
  return { left: Math.min(x, toX) - 1, right: Math.max(x, toX) + 1, top: Math.min(y, toY), bottom: Math.max(y, toY) };
}

function candidatesOf({ x, y, width, height }: PointLabel, gap: number): Placed[] {
  return Array.from({ length: RINGS }, (_, ring) => {
    const out = ring * height * 0.45, far = ring > 2;
    return [
      { left: x + gap, top: y - height / 2 - out, far },
      { left: x + gap, top: y - height / 2 + out, far },
      { left: x - gap - width, top: y - height / 2 - out, far },
      { left: x - gap - width, top: y - height / 2 + out, far },
      { left: x - width / 2, top: y - gap - out - height, far },
      { left: x - width / 2, top: y + gap + out, far },
    ];
  }).flat();
}
