/**
 * Second pass: chooses machine instructions for a function, block by block, with as many registers as there are values.
 *
 * A value that several blocks bring along (`phi`) gets two registers. Each block that brings it writes the first, at its
 * end; the block that receives it copies the first to the second, at its beginning. So copies of several values cannot
 * get in each other's way, whatever their order, and the allocator removes nearly all of them.
 */
import type { Metadata } from "../../llvm/metadata.ts";
import type { Block, Function, Instruction, Module, Type, Value } from "../../llvm/module.ts";
import { alignOf, bitsOf, sizeOf, typeText } from "../data_layout.ts";
import { collectFacts } from "../facts.ts";
import type { Features } from "../features.ts";
import { type MachineBlock, type MachineFunction, MAX_ARGUMENTS, R0, type Register } from "../machine.ts";
import { noInstruction } from "../no_instruction.ts";
import { isBinary, selectAddress, selectBinary, selectCast } from "./arithmetic.ts";
import { selectAtomicLoad, selectAtomicStore, selectCompareExchange, selectReadModifyWrite } from "./atomics.ts";
import { Builder } from "./builder.ts";
import { selectCall } from "./calls.ts";
import { branchOn, isAskedOnly, isBranchPart, selectChoice, selectComparison } from "./conditions.ts";
import { signExtendInto, zeroExtendInto } from "./extend.ts";
import { selectAssembly, selectAssemblyGoto } from "./inline_assembly.ts";
import { selectIntrinsic } from "./intrinsics.ts";
import { loopDepths } from "./loops.ts";
import { selectLoad, selectStore } from "./memory.ts";
import { numberOf, refuse, refuseAsClang, type Selection } from "./selection.ts";
import { selectSwitch } from "./switches.ts";
import { isMadeAtUses, moveInto, ownRegister, registerOf } from "./values.ts";

/**
 * @param fn after the first pass (expand/)
 * @throws UnsupportedError for what the machine or this project does not have
 */
export function select(module: Module, metadata: Metadata, fn: Function, features: Features): MachineFunction {
  const builder = new Builder(fn.name), facts = collectFacts(fn, features), depths = loopDepths(fn);
  const blocks = new Map(fn.blocks.map(({ name }): [string, MachineBlock] => [
    name,
    builder.newBlock(name, depths.get(name) ?? 0),
  ]));
  const s: Selection = {
    ...{ module, metadata, fn, features, facts, builder, blocks },
    registers: new Map(),
    made: new Map(),
    slots: new Map(),
  };
  const incoming = new Map<string, Register>();
  placeAllocas(s);
  // What each block has made itself, for the block that only it leads to.
  const ownMade = new Map<string, Map<string, Register>>(), before = onlyPredecessors(fn);
  fn.blocks.forEach((block, index) => {
    builder.startBlock(blocks.get(block.name)!);
    const inherited = ownMade.get(before.get(block.name) ?? "") ?? new Map<string, Register>();
    s.made = new Map(inherited);
    if (index === 0) receiveParameters(s);
    receivePhis(s, block, incoming);
    let made = s.made;
    for (const insn of block.instructions) {
      builder.location = insn.location;
      if (isLast(insn)) {
        sendPhis(s, block, insn, incoming);
        made = new Map(s.made);
      }
      selectOne(s, insn);
    }
    ownMade.set(block.name, new Map([...made].filter(([key]) => !inherited.has(key) && isCheap(key))));
  });
  return builder.machine;
}

/** Numbers and addresses of globals may live on in the next block (MachineCSE.cpp:isProfitableToCSE). */
const isCheap = (key: string): boolean => key.startsWith("number ") || key.startsWith("symbol ");

/** For each block with one predecessor, that one, where it stands before it. */
function onlyPredecessors(fn: Function): Map<string, string> {
  const found = new Map<string, string[]>();
  for (const block of fn.blocks) {
    for (const target of new Set(targetsOf(block.instructions.at(-1)))) {
      found.set(target, [...found.get(target) ?? [], block.name]);
    }
  }
  return new Map([...found].flatMap(([name, from]) => from.length === 1 ? [[name, from[0]] as const] : []));
}

function targetsOf(last: Instruction | undefined): readonly string[] {
  if (last?.opcode === "br" || last?.opcode === "callbr") return last.targets;
  return last?.opcode === "switch" ? [last.otherwise, ...last.cases.map(({ target }) => target)] : [];
}

const isLast = ({ opcode }: Instruction): boolean =>
  opcode === "br" || opcode === "switch" || opcode === "callbr" || opcode === "ret" || opcode === "unreachable";

/** Stack slots in the order of the source's variables, as LLVM lays them out. */
function placeAllocas(s: Selection): void {
  const slots = s.slots as Map<string, number>;
  s.fn.blocks.forEach((block, index) => {
    for (const insn of block.instructions) {
      if (insn.opcode !== "alloca") continue;
      s.builder.location = insn.location;
      const count = numberOf(s, insn.count);
      if (index > 0 || count === undefined) refuse(s, "unsupported dynamic stack allocation");
      slots.set(insn.name!, s.builder.machine.slots.length);
      const sizeBytes = Math.max(1, sizeOf(insn.allocated) * Number(count));
      s.builder.machine.slots.push({ sizeBytes, align: Math.max(insn.align, alignOf(insn.allocated)) });
    }
  });
}

function receiveParameters(s: Selection): void {
  const { parameters, variadic, result } = s.fn;
  if (variadic) refuse(s, "a function with a variable number of arguments");
  // BPFISelLowering.cpp:LowerFormalArguments says it so.
  if (parameters.length > MAX_ARGUMENTS) refuse(s, "stack arguments are not supported");
  if (result.kind !== "void" && result.kind !== "int" && result.kind !== "ptr") {
    refuse(s, "aggregate returns are not supported");
  }
  parameters.forEach(({ name, type }, i) => {
    if (type.kind !== "int" && type.kind !== "ptr" || bitsOf(type) > 64) {
      refuse(s, `an argument of type ${typeText(type)}`);
    }
    if (s.facts.users.has(name)) s.builder.copy(ownRegister(s, name), i + 1);
  });
}

function receivePhis(s: Selection, block: Block, incoming: Map<string, Register>): void {
  for (const insn of block.instructions) {
    if (insn.opcode !== "phi") return;
    s.builder.copy(ownRegister(s, insn.name!), incomingRegister(s, insn.name!, incoming));
  }
}

function incomingRegister(s: Selection, name: string, incoming: Map<string, Register>): Register {
  const known = incoming.get(name) ?? s.builder.newRegister();
  incoming.set(name, known);
  return known;
}

function sendPhis(s: Selection, from: Block, last: Instruction, incoming: Map<string, Register>): void {
  for (const target of new Set(targetsOf(last))) {
    const block = s.fn.blocks.find(({ name }) => name === target)!;
    for (const insn of block.instructions) {
      if (insn.opcode !== "phi") break;
      const { value } = insn.incoming.find((one) => one.block === from.name)!;
      if (value.kind === "undef" || value.kind === "poison") continue;
      moveInto(s, incomingRegister(s, insn.name!, incoming), value);
    }
  }
}

type AddressSpaceCast = Instruction & { readonly opcode: "addrspacecast"; readonly operand: Value };

function selectOne(s: Selection, insn: Instruction): void {
  const { builder, blocks } = s;
  if (insn.name !== undefined && isMadeAtUses(s, insn)) return;
  if (isBinary(insn)) return isBranchPart(s, insn) && bitsOf(insn.type) === 1 ? undefined : selectBinary(s, insn);
  switch (insn.opcode) {
    case "phi":
      return;
    case "icmp":
      return isAskedOnly(s, insn) ? undefined : selectComparison(s, insn);
    case "select":
      return selectChoice(s, insn);
    case "trunc":
    case "zext":
    case "sext":
    case "inttoptr":
      return selectCast(s, insn as Parameters<typeof selectCast>[1]);
    case "addrspacecast":
      return selectAddressSpaceCast(s, insn as AddressSpaceCast);
    case "getelementptr":
      return selectAddress(s, insn);
    case "load":
      return insn.ordering ? selectAtomicLoad(s, insn) : selectLoad(s, insn);
    case "store":
      return insn.ordering ? selectAtomicStore(s, insn) : selectStore(s, insn);
    case "atomicrmw":
      return selectReadModifyWrite(s, insn);
    case "cmpxchg":
      return selectCompareExchange(s, insn);
    case "fence":
      // Of one thread: a barrier for the compiler only. For all threads there is no instruction.
      if (insn.syncScope !== "singlethread") refuseAsClang(s, noInstruction("AtomicFence", insn.ordering, 0));
      return;
    case "call":
      if (insn.callee.kind === "asm") return selectAssembly(s, insn, insn.callee);
      if (insn.callee.kind === "global" && insn.callee.name.startsWith("llvm.")) return selectIntrinsic(s, insn);
      return selectCall(s, insn);
    case "br": {
      const [first, second] = insn.targets.map((name) => blocks.get(name)!);
      if (!insn.test || first === second) return builder.goto(first);
      return branchOn(s, insn.test, first, second);
    }
    case "switch":
      return selectSwitch(s, insn);
    case "callbr":
      return selectAssemblyGoto(s, insn);
    case "ret":
      return selectReturn(s, insn);
    case "unreachable":
      return;
  }
  refuse(s, `the instruction ${insn.opcode}`);
}

function selectReturn(s: Selection, insn: Instruction & { opcode: "ret" }): void {
  const { value } = insn, { resultAttributes } = s.fn;
  if (value) {
    const bits = bitsOf(value.type), width = s.features.alu32 ? 32 : 64;
    if (bits < 32 && resultAttributes.includes("signext")) signExtendInto(s, R0, value, width);
    else if (bits < 32 && resultAttributes.includes("zeroext")) zeroExtendInto(s, R0, value);
    else moveInto(s, R0, value);
  }
  s.builder.exit(value !== undefined);
}

/** Between the kernel's addresses of an arena and user space's: a move with offset 1 (BPF_ADDR_SPACE_CAST). */
function selectAddressSpaceCast(s: Selection, insn: AddressSpaceCast): void {
  const space = (type: Type) => type.kind === "ptr" ? type.addressSpace : 0;
  const from = space(insn.operand.type), to = space(insn.type);
  s.builder.emit({
    opcode: 0xbf,
    dst: ownRegister(s, insn.name!),
    src: registerOf(s, insn.operand),
    off: 1,
    imm: (to << 16) | from,
  });
}
