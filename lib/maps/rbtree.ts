/**
 * Red-black trees whose nodes stand inside the elements (include/linux/rbtree.h, lib/rbtree.c), in linear memory. Their
 * shape is the kernel's: programs see it, by bpf_rbtree_root, _left and _right.
 */
import type { Memory } from "../cpu/memory.ts";

/** struct rb_node: its parent with the colour in the lowest bit, and its children. Of a root cached: the node, the leftmost. */
const PARENT = 0, RIGHT = 8, LEFT = 16;
const NODE = 0, LEFTMOST = 8;
const RED = 0, BLACK = 1;

type Side = typeof LEFT | typeof RIGHT;
const other = (side: Side): Side => side === LEFT ? RIGHT : LEFT;

const child = (memory: Memory, node: number, side: Side): number => memory.getU32(node + side);
const parentOf = (memory: Memory, node: number): number => memory.getU32(node + PARENT) & ~3;
const isBlack = (memory: Memory, node: number): boolean => node === 0 || (memory.getU32(node + PARENT) & BLACK) !== 0;

function setParent(memory: Memory, node: number, parent: number): void {
  memory.setU32(node + PARENT, parent | (memory.getU32(node + PARENT) & 3));
}
function setColour(memory: Memory, node: number, colour: number): void {
  memory.setU32(node + PARENT, parentOf(memory, node) | colour);
}
const colourOf = (memory: Memory, node: number): number => memory.getU32(node + PARENT) & 3;

export const rootOf = (memory: Memory, root: number): number => memory.getU32(root + NODE);
export const leftOf = (memory: Memory, node: number): number => child(memory, node, LEFT);
export const rightOf = (memory: Memory, node: number): number => child(memory, node, RIGHT);
export const firstOf = (memory: Memory, root: number): number => memory.getU32(root + LEFTMOST);

/** A node that is in no tree. */
export function RB_CLEAR_NODE(memory: Memory, node: number): void {
  memory.setU32(node + PARENT, node);
}

/** The nodes of a tree in their order. */
export function* inOrder(memory: Memory, node: number): Iterable<number> {
  if (node === 0) return;
  yield* inOrder(memory, leftOf(memory, node));
  yield node;
  yield* inOrder(memory, rightOf(memory, node));
}

/** Children before their parents: the order in which a tree can be taken apart (rb_next_postorder). */
export function* postorder(memory: Memory, node: number): Iterable<number> {
  if (node === 0) return;
  yield* postorder(memory, leftOf(memory, node));
  yield* postorder(memory, rightOf(memory, node));
  yield node;
}

export function emptyRoot(memory: Memory, root: number): void {
  memory.setU32(root + NODE, 0);
  memory.setU32(root + LEFTMOST, 0);
}

/** rb_link_node and rb_insert_color_cached: `parent` is 0 for the first node; then the tree is put in order again. */
export function insert(memory: Memory, root: number, node: number, parent: number, isLeft: boolean, leftmost: boolean) {
  memory.setU32(node + PARENT, parent | RED);
  memory.setU32(node + LEFT, 0);
  memory.setU32(node + RIGHT, 0);
  memory.setU32(parent === 0 ? root + NODE : parent + (isLeft ? LEFT : RIGHT), node);
  if (leftmost) memory.setU32(root + LEFTMOST, node);
  for (let red = node;;) {
    const above = parentOf(memory, red);
    if (above === 0) return setColour(memory, red, BLACK);
    if (isBlack(memory, above)) return;
    const top = parentOf(memory, above), side: Side = leftOf(memory, top) === above ? LEFT : RIGHT;
    const uncle = child(memory, top, other(side));
    if (!isBlack(memory, uncle)) {
      setColour(memory, above, BLACK);
      setColour(memory, uncle, BLACK);
      setColour(memory, top, RED);
      red = top;
      continue;
    }
    let middle = above;
    if (child(memory, above, other(side)) === red) {
      rotate(memory, root, above, side);
      middle = red;
    }
    rotate(memory, root, top, other(side));
    setColour(memory, middle, BLACK);
    setColour(memory, top, RED);
    return;
  }
}

/** rb_erase_cached. */
export function erase(memory: Memory, root: number, node: number): void {
  if (firstOf(memory, root) === node) memory.setU32(root + LEFTMOST, following(memory, node));
  const left = leftOf(memory, node), right = rightOf(memory, node);
  if (left !== 0 && right !== 0) {
    // The next in order stands in for it.
    let next = right;
    while (leftOf(memory, next) !== 0) next = leftOf(memory, next);
    const colour = colourOf(memory, next), rest = rightOf(memory, next);
    let lacking = parentOf(memory, next), side: Side = LEFT;
    if (lacking === node) {
      lacking = next;
      side = RIGHT;
    } else {
      hang(memory, lacking, LEFT, rest);
      hang(memory, next, RIGHT, right);
    }
    hang(memory, next, LEFT, left);
    replace(memory, root, node, next);
    memory.setU32(next + PARENT, memory.getU32(node + PARENT));
    fillGap(memory, root, rest, lacking, side, colour);
    return;
  }
  const only = left !== 0 ? left : right, above = parentOf(memory, node), colour = colourOf(memory, node);
  const side: Side = above !== 0 && leftOf(memory, above) === node ? LEFT : RIGHT;
  replace(memory, root, node, only);
  if (only !== 0) setParent(memory, only, above);
  fillGap(memory, root, only, above, side, colour);
}

/** A node of some colour is gone from one side of its parent, and `node`, or nothing, is in its place. */
function fillGap(memory: Memory, root: number, node: number, above: number, side: Side, colour: number): void {
  if (colour === RED) return;
  if (node !== 0) return setColour(memory, node, BLACK);
  while (above !== 0) {
    const far = other(side);
    let sibling = child(memory, above, far);
    if (!isBlack(memory, sibling)) {
      rotate(memory, root, above, side);
      setColour(memory, sibling, BLACK);
      setColour(memory, above, RED);
      sibling = child(memory, above, far);
    }
    const near = child(memory, sibling, side), outer = child(memory, sibling, far);
    if (isBlack(memory, near) && isBlack(memory, outer)) {
      setColour(memory, sibling, RED);
      if (!isBlack(memory, above)) return setColour(memory, above, BLACK);
      const up = parentOf(memory, above);
      if (up !== 0) side = leftOf(memory, up) === above ? LEFT : RIGHT;
      above = up;
      continue;
    }
    if (isBlack(memory, outer)) {
      rotate(memory, root, sibling, far);
      setColour(memory, near, BLACK);
      setColour(memory, sibling, RED);
      sibling = near;
    }
    const colourAbove = colourOf(memory, above);
    rotate(memory, root, above, side);
    setColour(memory, sibling, colourAbove);
    setColour(memory, above, BLACK);
    setColour(memory, child(memory, sibling, far), BLACK);
    return;
  }
}

/** Moves a node down to one side; its child of the other side takes its place. Colours stay with the nodes. */
function rotate(memory: Memory, root: number, node: number, side: Side): void {
  const up = child(memory, node, other(side));
  hang(memory, node, other(side), child(memory, up, side));
  replace(memory, root, node, up);
  setParent(memory, up, parentOf(memory, node));
  hang(memory, up, side, node);
}

function hang(memory: Memory, parent: number, side: Side, node: number): void {
  memory.setU32(parent + side, node);
  if (node !== 0) setParent(memory, node, parent);
}

/** Lets what leads to one node lead to another. */
function replace(memory: Memory, root: number, from: number, to: number): void {
  const parent = parentOf(memory, from);
  if (parent === 0) memory.setU32(root + NODE, to);
  else memory.setU32(parent + (leftOf(memory, parent) === from ? LEFT : RIGHT), to);
}

/** The next node in order; 0 for the last one. */
function following(memory: Memory, node: number): number {
  let next = rightOf(memory, node);
  if (next !== 0) {
    while (leftOf(memory, next) !== 0) next = leftOf(memory, next);
    return next;
  }
  next = parentOf(memory, node);
  while (next !== 0 && rightOf(memory, next) === node) {
    node = next;
    next = parentOf(memory, next);
  }
  return next;
}
