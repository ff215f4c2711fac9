/**
 * LLVM IR -> BPF machine code, in passes that can be read one by one:
 *
 * 1. expand/      what the machine has no instruction for becomes what it has
 * 2. select/      instructions, with as many registers as there are values
 * 3. allocate/    registers r0 to r9, and the stack where they are not enough
 * 4. stack_sharing.ts, frame.ts  places of the stack's slots
 * 5. place_blocks.ts, assemble.ts  the order of blocks, jumps, encoding
 *
 * The optimiser has run before; nothing here looks for a better program than the one it is given.
 */
import { Metadata } from "../llvm/metadata.ts";
import type { Function, Module } from "../llvm/module.ts";
import { allocate } from "./allocate/allocate.ts";
import { assemble } from "./assemble.ts";
import type { AssembledFunction } from "./assembled.ts";
import { castArenaPointers } from "./expand/arenas.ts";
import { expand } from "./expand/expand.ts";
import { featuresOf } from "./features.ts";
import { layOutFrame } from "./frame.ts";
import { shareSlots } from "./stack_sharing.ts";
import { select } from "./select/select.ts";

/**
 * Machine code of every function that the module defines.
 *
 * @throws UnsupportedError naming what is not supported, and where it stands
 */
export function generate(module: Module): AssembledFunction[] {
  const metadata = new Metadata(module.metadata);
  const defined = module.functions.filter((fn) => fn.blocks.length > 0 && fn.linkage !== "available_externally");
  return defined.map((fn) => generateFunction(module, metadata, fn));
}

function generateFunction(module: Module, metadata: Metadata, fn: Function): AssembledFunction {
  const features = featuresOf(fn.attributes.get("target-cpu") ?? "");
  const machine = select(module, metadata, castArenaPointers(expand(fn)), features);
  shareSlots(machine, allocate(machine));
  layOutFrame(machine);
  return assemble(machine, fn, features);
}
