/** The red-black tree of programs' own objects: in order, balanced, its leftmost node known. */
import { describe, expect, it } from "vitest";
import { layoutFor } from "../../lib/cpu/layout.ts";
import { Memory } from "../../lib/cpu/memory.ts";
import { erase, firstOf, inOrder, insert, leftOf, rightOf, rootOf } from "../../lib/maps/rbtree.ts";
import { randomFrom } from "../kernel_models/driver.ts";

const NODE_BYTES = 32, NODES = 64;

class Tree {
  readonly memory = new Memory(layoutFor(1, 1, 4), 4096 + NODES * NODE_BYTES);
  readonly root = this.memory.allocate(16);
  readonly #nodes = this.memory.allocate(NODES * NODE_BYTES);

  /** A node's key is its place. */
  node = (key: number): number => this.#nodes + key * NODE_BYTES;
  key = (node: number): number => (node - this.#nodes) / NODE_BYTES;
  keys = (): number[] => Array.from(inOrder(this.memory, rootOf(this.memory, this.root)), this.key);

  add(key: number): void {
    const { memory, root } = this;
    let parent = 0, isLeft = false, leftmost = true;
    for (let at = rootOf(memory, root); at !== 0; at = isLeft ? leftOf(memory, at) : rightOf(memory, at)) {
      parent = at;
      isLeft = key < this.key(at);
      leftmost &&= isLeft;
    }
    insert(memory, root, this.node(key), parent, isLeft, leftmost);
  }

  /** Black nodes on the way down, the same on each; no red node has a red child. */
  blackHeight(node = rootOf(this.memory, this.root), parent = 0, parentIsRed = false): number {
    if (node === 0) return 1;
    const word = this.memory.getU32(node), isRed = (word & 1) === 0;
    expect(word & ~3).toBe(parent);
    expect(isRed && parentIsRed).toBe(false);
    const [left, right] = [leftOf, rightOf].map((of) => this.blackHeight(of(this.memory, node), node, isRed));
    expect(left).toBe(right);
    return left + (isRed ? 0 : 1);
  }
}

describe("a red-black tree", () => {
  for (const seed of [1, 2, 3]) {
    it(`keeps its order and balance through random insertions and deletions (seed ${seed})`, () => {
      const random = randomFrom(seed), tree = new Tree(), there = new Set<number>();
      for (let step = 0; step < 1500; step++) {
        const key = Math.floor(random() * NODES);
        if (there.delete(key)) erase(tree.memory, tree.root, tree.node(key));
        else {
          there.add(key);
          tree.add(key);
        }
        const keys = [...there].sort((a, b) => a - b);
        expect(tree.keys()).toEqual(keys);
        expect(firstOf(tree.memory, tree.root)).toBe(keys.length === 0 ? 0 : tree.node(keys[0]));
        tree.blackHeight();
        expect(rootOf(tree.memory, tree.root) === 0 || (tree.memory.getU32(rootOf(tree.memory, tree.root)) & 1) === 1)
          .toBe(true);
      }
    });
  }

  it("has the kernel's shape", () => {
    const tree = new Tree(), { memory } = tree;
    for (const key of [5, 3, 8, 1, 4]) tree.add(key);
    for (const key of [1, 3]) erase(memory, tree.root, tree.node(key));
    const root = rootOf(memory, tree.root);
    expect([root, leftOf(memory, root), rightOf(memory, root)].map(tree.key)).toEqual([5, 4, 8]);
  });
});
