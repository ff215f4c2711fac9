/**
 * Fourth pass: variables on the stack that never hold something at the same time share a place, and so do spilled values
 * (StackColoring.cpp, StackSlotColoring.cpp). Without it, a few inlined functions with buffers of their own would be too
 * much for 512 bytes.
 */
import { BPF_CLASS } from "../isa/insn.ts";
import {
  classOf,
  LIFETIME_END,
  LIFETIME_START,
  type MachineBlock,
  type MachineFunction,
  type MachineInsn,
  successors,
} from "./machine.ts";

type Slots = Set<number>;

/** @param firstSpill slots from this one on hold spilled values; those before it are the source's variables */
export function shareSlots(fn: MachineFunction, firstSpill: number): void {
  const overlaps = overlapsOf(fn, firstSpill), places = new Map<number, number>();
  const bySize = fn.slots.map((_, slot) => slot).sort((a, b) => fn.slots[b].sizeBytes - fn.slots[a].sizeBytes || a - b);
  bySize.forEach((slot, i) => {
    if (places.has(slot)) return;
    places.set(slot, slot);
    const held = new Set(overlaps(slot));
    for (const other of bySize.slice(i + 1)) {
      const isSameKind = (slot < firstSpill) === (other < firstSpill);
      if (!isSameKind || places.has(other) || held.has(other)) continue;
      places.set(other, slot);
      for (const neighbour of overlaps(other)) held.add(neighbour);
      held.add(other);
      const { sizeBytes, align } = fn.slots[slot];
      fn.slots[slot] = { sizeBytes, align: Math.max(align, fn.slots[other].align) };
      fn.slots[other] = { sizeBytes: 0, align: 1 };
    }
  });
  for (const block of fn.blocks) {
    block.insns = block.insns.filter(({ opcode }) => opcode !== LIFETIME_START && opcode !== LIFETIME_END);
    for (const insn of block.insns) if (insn.slot !== undefined) insn.slot = places.get(insn.slot);
  }
}

/** For each slot, those that hold something at some point where it does. */
function overlapsOf(fn: MachineFunction, firstSpill: number): (slot: number) => Slots {
  const found = fn.slots.map((): Slots => new Set());
  const meet = (live: Slots) => {
    for (const a of live) for (const b of live) if (a !== b) found[a].add(b);
  };
  const all = fn.blocks.flatMap((block) => block.insns);
  const marked = new Set(all.flatMap(({ opcode, slot }) => opcode === LIFETIME_START ? [slot!] : []));
  // A variable without marks may hold something everywhere.
  const always = fn.slots.map((_, slot) => slot).filter((slot) => slot < firstSpill && !marked.has(slot));
  const { atStart } = held(fn), live = liveSpills(fn, firstSpill);
  for (const block of fn.blocks) {
    const now = new Set([...always, ...atStart.get(block)!]);
    meet(now);
    for (const insn of block.insns) {
      if (insn.opcode === LIFETIME_START) {
        now.add(insn.slot!);
        meet(now);
      } else if (insn.opcode === LIFETIME_END) now.delete(insn.slot!);
    }
    const spills = new Set(live.get(block));
    for (const insn of [...block.insns].reverse()) {
      if (!isSpill(insn, firstSpill)) continue;
      // What is written meets what is read later, even where it is not read itself.
      spills.add(insn.slot!);
      meet(spills);
      if (classOf(insn) === BPF_CLASS.STX) spills.delete(insn.slot!);
    }
  }
  return (slot) => found[slot];
}

const isSpill = ({ slot, opcode }: MachineInsn, firstSpill: number): boolean =>
  slot !== undefined && slot >= firstSpill && opcode < 0x100;

/** Variables between their marks: forward, from what any way to a block leaves. */
function held(fn: MachineFunction): { atStart: ReadonlyMap<MachineBlock, Slots> } {
  const atStart = new Map(fn.blocks.map((block): [MachineBlock, Slots] => [block, new Set()]));
  for (let changed = true; changed;) {
    changed = false;
    for (const block of fn.blocks) {
      const now = new Set(atStart.get(block));
      for (const { opcode, slot } of block.insns) {
        if (opcode === LIFETIME_START) now.add(slot!);
        else if (opcode === LIFETIME_END) now.delete(slot!);
      }
      for (const next of successors(block)) {
        const there = atStart.get(next)!, before = there.size;
        for (const slot of now) there.add(slot);
        if (there.size > before) changed = true;
      }
    }
  }
  return { atStart };
}

/** Spilled values that are read later: backward, as for registers; at the end of each block. */
function liveSpills(fn: MachineFunction, firstSpill: number): ReadonlyMap<MachineBlock, Slots> {
  const into = new Map(fn.blocks.map((block): [MachineBlock, Slots] => [block, new Set()]));
  const out = new Map(fn.blocks.map((block): [MachineBlock, Slots] => [block, new Set()]));
  for (let changed = true; changed;) {
    changed = false;
    for (const block of [...fn.blocks].reverse()) {
      const live = out.get(block)!;
      for (const next of successors(block)) for (const slot of into.get(next) ?? []) live.add(slot);
      const now = new Set(live);
      for (const insn of [...block.insns].reverse()) {
        if (!isSpill(insn, firstSpill)) continue;
        if (classOf(insn) === BPF_CLASS.STX) now.delete(insn.slot!);
        else now.add(insn.slot!);
      }
      if (now.size > into.get(block)!.size) changed = true;
      into.set(block, now);
    }
  }
  return out;
}
