/**
 * Loads, stores and atomic operations: RFC 9669 sections 5.2 and 5.3.
 *
 * An access is found in bounds, before the program runs (translate_pointers.ts) or here, by one compare with the region
 * table. Where other CPUs can reach its bytes the step ends just before it: the operation is published in the task
 * record, and the next step begins by performing it. Everything else is performed at once.
 */
import {
  accessBytes,
  BPF_ATOMIC,
  BPF_CLASS,
  BPF_MODE,
  classOf,
  type Insn,
  isAtomic,
  isLoad,
  modeOf,
} from "../isa/insn.ts";
import { KIND, REGION, REGION_FLAG, STACK_FRAME_BYTES, TASK } from "../cpu/layout.ts";
import { PACKET } from "../cpu/packet.ts";
import { FRAME_POINTER, register, SCRATCH, TASK_LOCAL } from "./translate_locals.ts";
import { type Access, baseOf, type Near, writes } from "./translate_pointers.ts";
import type { SparseRegion, StepEmitter } from "./translate_step.ts";
import type { AtomicOp, MemoryOp, PlainOp, WasmCode } from "./wasm_assembler.ts";

type Size = 1 | 2 | 4 | 8;

const LOAD: Record<Size, MemoryOp> = { 1: "i64.load8_u", 2: "i64.load16_u", 4: "i64.load32_u", 8: "i64.load" };
const LOAD_SIGNED: Record<Size, MemoryOp> = { ...LOAD, 1: "i64.load8_s", 2: "i64.load16_s", 4: "i64.load32_s" };
const STORE: Record<Size, MemoryOp> = { 1: "i64.store8", 2: "i64.store16", 4: "i64.store32", 8: "i64.store" };
const EXTEND: Record<Size, PlainOp | undefined> = {
  1: "i64.extend8_s",
  2: "i64.extend16_s",
  4: "i64.extend32_s",
  8: undefined,
};
const ATOMIC_LOAD: Record<Size, AtomicOp> = {
  1: "i64.atomic.load8_u",
  2: "i64.atomic.load16_u",
  4: "i64.atomic.load32_u",
  8: "i64.atomic.load",
};
const ATOMIC_STORE: Record<Size, AtomicOp> = {
  1: "i64.atomic.store8",
  2: "i64.atomic.store16",
  4: "i64.atomic.store32",
  8: "i64.atomic.store",
};
const LIMIT: Record<Size, number> = {
  1: REGION.limit1,
  2: REGION.limit2,
  4: REGION.limit4,
  8: REGION.limit8,
};

/** Arithmetic of a read-modify-write, by its immediate without the FETCH bit. */
const RMW: Record<number, "add" | "or" | "and" | "xor"> = {
  [BPF_ATOMIC.ADD]: "add",
  [BPF_ATOMIC.OR]: "or",
  [BPF_ATOMIC.AND]: "and",
  [BPF_ATOMIC.XOR]: "xor",
};

/** What an instruction does to memory: one of the kinds of layout.ts. */
export function kindOf(insn: Insn): number {
  if (!isAtomic(insn)) return isLoad(insn) ? KIND.load : KIND.store;
  if (insn.imm === BPF_ATOMIC.LOAD_ACQ) return KIND.load;
  return insn.imm === BPF_ATOMIC.STORE_REL ? KIND.store : KIND.rmw;
}

/** An address: what `push` leaves on the stack, plus a constant. */
interface Address {
  push(code: WasmCode): void;
  readonly offset: number;
  readonly isConstant: boolean;
}

const CHECKED_ADDRESS: Address = { push: (code) => code.get(SCRATCH.addr), offset: 0, isConstant: false };

const NEAR_ADDRESS: Address = {
  push: (code) => code.get(SCRATCH.pointer).op("i32.wrap_i64"),
  offset: 0,
  isConstant: false,
};

function knownAddress(access: Access & { kind: "stack" | "visible" | "private" }): Address {
  if (access.kind !== "stack") return { push: (code) => code.i32(access.addr), offset: 0, isConstant: true };
  // A Wasm offset is never negative, so it counts from the low end of the frame.
  return {
    push: (code) => code.get(register(FRAME_POINTER)).op("i32.wrap_i64").i32(STACK_FRAME_BYTES).op("i32.sub"),
    offset: STACK_FRAME_BYTES + access.offset,
    isConstant: false,
  };
}

/**
 * Emits the memory instruction at `at`, up to the point where it is published or performed.
 *
 * @param operationBlock table entry of the place that performs it in the next step
 * @returns whether control can go on to the next instruction in this step
 */
export function emitAccess(step: StepEmitter, at: number, operationBlock: number): boolean {
  const insn = step.image.insns[at], access = step.image.accesses[at]!;
  const { direct } = step.options;
  switch (access.kind) {
    case "fault":
      step.flushCount();
      emitPointer(step.code, insn);
      step.code.i32(1);
      step.faultIf(at);
      return false;
    case "visible":
      if (!direct) {
        publish(step, at, operationBlock, knownAddress(access));
        return false;
      }
      perform(step.code, insn, knownAddress(access), true);
      break;
    case "stack":
    case "private":
      perform(step.code, insn, knownAddress(access), false);
      break;
    case "checked":
      if (access.near && !direct && !isArena(step, access.near)) emitNear(step, at, operationBlock, access.near);
      emitCheck(step, at);
      if (!direct) {
        // Permissions are known to suffice, so only the flag of shared memory is of interest.
        step.code.get(SCRATCH.flags).i32(REGION_FLAG.shared).op("i32.and");
        step.code.if();
        step.branch(() => publish(step, at, operationBlock, CHECKED_ADDRESS));
        step.code.end();
      }
      emitPacketLoad(step, at, () => perform(step.code, insn, CHECKED_ADDRESS, direct));
  }
  step.countInsn();
  return true;
}

/** Whether pages can be lacking there. */
const isArena = ({ options }: StepEmitter, { first }: Near): boolean => Number(first >> 32n) === options.arena?.region;

/** Publishes an access that is where it is likely to be: one compare with constants tells, and nothing is looked up. */
function emitNear(step: StepEmitter, at: number, operationBlock: number, { first, count }: Near): void {
  const { code } = step, insn = step.image.insns[at];
  emitPointer(code, insn);
  code.get(SCRATCH.pointer).i64(first).op("i64.sub").i64(count).op("i64.lt_u");
  code.if();
  step.branch(() => publish(step, at, operationBlock, NEAR_ADDRESS));
  code.end();
}

/**
 * A load of `data` and the like gives a pointer of 8 bytes where it turns out to be from a context with a packet
 * (net/core/filter.c: the kernel's verifier knows that beforehand and rewrites the load).
 */
function emitPacketLoad(step: StepEmitter, at: number, emitPlain: () => void): void {
  const { code } = step, insn = step.image.insns[at], pointer = step.options.packetLoads?.get(at);
  if (pointer === undefined) return emitPlain();
  code.get(SCRATCH.flags).i32(REGION_FLAG.context).op("i32.and");
  code.if();
  code.get(SCRATCH.addr).memory("i64.load", PACKET.pointers + 8 * pointer - insn.off).set(register(insn.dst));
  code.else();
  emitPlain();
  code.end();
}

/** Begins a step by performing the visible operation of the instruction at `at`, which an earlier step published. */
export function emitPendingOperation(step: StepEmitter, at: number): void {
  const insn = step.image.insns[at], { code } = step;
  if (step.options.external) {
    takeResult(code, insn, () => code.get(TASK_LOCAL).memory("i64.load", TASK.value));
  } else {
    const access = step.image.accesses[at]!;
    if (access.kind === "visible") {
      perform(code, insn, knownAddress(access), false);
    } else {
      code.get(TASK_LOCAL).memory("i32.load", TASK.addr).set(SCRATCH.addr);
      perform(code, insn, CHECKED_ADDRESS, false);
    }
  }
  step.countInsn();
}

function publish(step: StepEmitter, at: number, block: number, address: Address): void {
  const { code } = step, insn = step.image.insns[at];
  step.save(step.image.liveness.savedAt(at));
  step.publishAddress((code) => address.push(code), address.isConstant);
  if (step.options.external) publishOperands(code, insn);
  step.stop(kindOf(insn), block, at);
}

/** For a machine that performs operations itself: what to store, and what a cmpxchg expects. */
function publishOperands(code: WasmCode, insn: Insn): void {
  if (kindOf(insn) === KIND.load) return;
  const mask = accessBytes(insn) === 8 ? undefined : (1n << BigInt(8 * accessBytes(insn))) - 1n;
  const put = (field: number, push: () => void) => {
    code.get(TASK_LOCAL);
    push();
    if (mask !== undefined) code.i64(mask).op("i64.and");
    code.memory("i64.store", field);
  };
  put(TASK.value, () => pushStored(code, insn));
  if (isAtomic(insn) && insn.imm === BPF_ATOMIC.CMPXCHG) put(TASK.expected, () => code.get(register(0)));
}

/** Computes the 64-bit pointer of an access into SCRATCH.pointer. */
function emitPointer(code: WasmCode, insn: Insn): void {
  code.get(register(baseOf(insn)));
  if (insn.off !== 0) code.i64(insn.off).op("i64.add");
  code.set(SCRATCH.pointer);
}

const PAGE_SHIFT = 12;
/** Where accesses go that meet no page, in the one behind the others: what is read there is never written. */
const READ_AT = 0, WRITTEN_AT = 64;

/** arch/x86/mm/extable.c:ex_handler_bpf: where an arena has no page, loads give zero and stores are lost. */
function emitArenaFault(code: WasmCode, insn: Insn, { region, base, pages, present }: SparseRegion): void {
  const elsewhere = base + (pages << PAGE_SHIFT) + (writes(insn) ? WRITTEN_AT : READ_AT);
  const page = () => code.get(SCRATCH.addr).i32(base).op("i32.sub").i32(PAGE_SHIFT).op("i32.shr_u");
  code.get(SCRATCH.pointer).i64(32).op("i64.shr_u").op("i32.wrap_i64").i32(region).op("i32.eq");
  code.if();
  page();
  code.tee(SCRATCH.flags).i32(pages).op("i32.lt_u");
  code.if("i32");
  code.get(SCRATCH.flags).memory("i64.load8_u", present).op("i32.wrap_i64");
  code.else();
  code.i32(0);
  code.end();
  code.op("i32.eqz");
  code.if();
  code.i32(elsewhere).set(SCRATCH.addr);
  code.end();
  code.end();
}

/**
 * Checks a pointer against the region table: leaves the linear address in SCRATCH.addr and the region's flags in
 * SCRATCH.flags, or goes to the fault block. The count is brought up to date.
 */
function emitCheck(step: StepEmitter, at: number): void {
  const { code } = step, { layout } = step.options, insn = step.image.insns[at];
  const size = accessBytes(insn);
  step.flushCount();
  emitPointer(code, insn);
  code.get(SCRATCH.pointer).op("i32.wrap_i64").set(SCRATCH.addr);
  if (step.options.arena) emitArenaFault(code, insn, step.options.arena);
  code.get(SCRATCH.pointer).i64(32).op("i64.shr_u").op("i32.wrap_i64").tee(SCRATCH.region);
  code.i32(layout.regionCapacity).op("i32.ge_u");
  step.faultIf(at);
  code.get(SCRATCH.region).i32(Math.log2(REGION.bytes)).op("i32.shl").set(SCRATCH.region);
  code.get(SCRATCH.addr).get(SCRATCH.region).memory("i32.load", layout.regionTable + REGION.base).op("i32.sub");
  code.get(SCRATCH.region).memory("i32.load", layout.regionTable + LIMIT[size]).op("i32.ge_u");
  step.faultIf(at);
  if (isAtomic(insn) && size > 1) {
    code.get(SCRATCH.addr).i32(size - 1).op("i32.and");
    step.faultIf(at);
  }
  code.get(SCRATCH.region).memory("i32.load", layout.regionTable + REGION.flags).tee(SCRATCH.flags);
  code.i32(writes(insn) ? REGION_FLAG.write : REGION_FLAG.read).op("i32.and").op("i32.eqz");
  step.faultIf(at);
}

/** The value that an instruction stores, adds, exchanges. */
function pushStored(code: WasmCode, insn: Insn): void {
  if (classOf(insn) === BPF_CLASS.ST) code.i64(insn.imm);
  else code.get(register(insn.src));
}

/** Puts the value that memory held, zero-extended by `push`, where the instruction wants it. */
function takeResult(code: WasmCode, insn: Insn, push: () => void): void {
  if (isAtomic(insn) && kindOf(insn) === KIND.rmw) {
    if (insn.imm === BPF_ATOMIC.CMPXCHG) {
      push();
      code.set(register(0));
    } else if (insn.imm & BPF_ATOMIC.FETCH) {
      push();
      code.set(register(insn.src));
    }
  } else if (kindOf(insn) === KIND.load) {
    push();
    const extend = EXTEND[accessBytes(insn)];
    if (modeOf(insn) === BPF_MODE.MEMSX && extend) code.op(extend);
    code.set(register(insn.dst));
  }
}

/** Does to memory what the instruction says; `atomics` where other threads share it. */
function perform(code: WasmCode, insn: Insn, address: Address, atomics: boolean): void {
  if (isAtomic(insn)) return atomics ? performAmongThreads(code, insn, address) : performAtomic(code, insn, address);
  const size = accessBytes(insn);
  address.push(code);
  if (isLoad(insn)) {
    code.memory((modeOf(insn) === BPF_MODE.MEMSX ? LOAD_SIGNED : LOAD)[size], address.offset).set(register(insn.dst));
  } else {
    pushStored(code, insn);
    code.memory(STORE[size], address.offset);
  }
}

/** An atomic operation on memory that only this step touches: a load, the arithmetic, a store. */
function performAtomic(code: WasmCode, insn: Insn, address: Address): void {
  const size = accessBytes(insn), { offset } = address;
  const source = register(insn.src), old = SCRATCH.wide;
  const load = () => {
    address.push(code);
    code.memory(LOAD[size], offset);
  };
  if (insn.imm === BPF_ATOMIC.LOAD_ACQ) {
    load();
    code.set(register(insn.dst));
    return;
  }
  if (insn.imm === BPF_ATOMIC.STORE_REL) {
    address.push(code);
    code.get(source).memory(STORE[size], offset);
    return;
  }
  load();
  code.set(old);
  if (insn.imm === BPF_ATOMIC.CMPXCHG) {
    code.get(old).get(register(0));
    if (size === 4) code.i64(0xffff_ffffn).op("i64.and");
    code.op("i64.eq");
    code.if();
  }
  address.push(code);
  if (insn.imm === BPF_ATOMIC.CMPXCHG || insn.imm === BPF_ATOMIC.XCHG) code.get(source);
  else code.get(old).get(source).op(`i64.${RMW[insn.imm & ~BPF_ATOMIC.FETCH]}`);
  code.memory(STORE[size], offset);
  if (insn.imm === BPF_ATOMIC.CMPXCHG) code.end();
  takeResult(code, insn, () => code.get(old));
}

/** The same with Wasm's atomic instructions, for memory that threads share. */
function performAmongThreads(code: WasmCode, insn: Insn, address: Address): void {
  const size = accessBytes(insn), { offset } = address;
  address.push(code);
  if (insn.imm === BPF_ATOMIC.LOAD_ACQ) {
    code.atomic(ATOMIC_LOAD[size], offset).set(register(insn.dst));
    return;
  }
  if (insn.imm === BPF_ATOMIC.STORE_REL) {
    code.get(register(insn.src)).atomic(ATOMIC_STORE[size], offset);
    return;
  }
  const isCompare = insn.imm === BPF_ATOMIC.CMPXCHG;
  if (isCompare) code.get(register(0));
  if (isCompare && size === 4) code.i64(0xffff_ffffn).op("i64.and");
  const name = isCompare ? "cmpxchg" : insn.imm === BPF_ATOMIC.XCHG ? "xchg" : RMW[insn.imm & ~BPF_ATOMIC.FETCH];
  code.get(register(insn.src)).atomic(size === 8 ? `i64.atomic.rmw.${name}` : `i64.atomic.rmw32.${name}_u`, offset);
  code.set(SCRATCH.wide);
  takeResult(code, insn, () => code.get(SCRATCH.wide));
}
