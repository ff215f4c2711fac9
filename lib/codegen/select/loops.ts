/** How many loops each block of a function is in, by natural loops: edges back to a block that dominates their start. */
import type { Function } from "../../llvm/module.ts";

/** Successors of an IR block. */
function targets(fn: Function, name: string): readonly string[] {
  const last = fn.blocks.find((block) => block.name === name)?.instructions.at(-1);
  if (last?.opcode === "br" || last?.opcode === "callbr") return last.targets;
  return last?.opcode === "switch" ? [last.otherwise, ...last.cases.map(({ target }) => target)] : [];
}

export function loopDepths(fn: Function): Map<string, number> {
  const names = fn.blocks.map(({ name }) => name), after = new Map(names.map((name) => [name, targets(fn, name)]));
  const before = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const [name, list] of after) for (const target of list) before.get(target)?.push(name);
  const dominators = dominatorsOf(names, before), depths = new Map(names.map((name) => [name, 0]));
  const loops = new Map<string, Set<string>>();
  for (const [name, list] of after) {
    for (const header of list) {
      if (!dominators.get(name)!.has(header)) continue;
      const loop = loops.get(header) ?? new Set([header]), open = [name];
      for (let at = open.pop(); at !== undefined; at = open.pop()) {
        if (loop.has(at)) continue;
        loop.add(at);
        open.push(...before.get(at)!);
      }
      loops.set(header, loop);
    }
  }
  for (const loop of loops.values()) for (const name of loop) depths.set(name, depths.get(name)! + 1);
  return depths;
}

/** For each block, those that every way to it goes through, itself among them. */
function dominatorsOf(
  names: readonly string[],
  before: ReadonlyMap<string, readonly string[]>,
): Map<string, Set<string>> {
  const all = new Set(names), dominators = new Map(names.map((name, i) => [name, i === 0 ? new Set([name]) : all]));
  for (let changed = true; changed;) {
    changed = false;
    for (const name of names.slice(1)) {
      const sets = before.get(name)!.map((one) => dominators.get(one)!);
      const common = (sets.length === 0 ? [] : [...sets[0]]).filter((one) => sets.every((set) => set.has(one)));
      const now = new Set(common).add(name);
      if (now.size !== dominators.get(name)!.size) changed = true;
      dominators.set(name, now);
    }
  }
  return dominators;
}
