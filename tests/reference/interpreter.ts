/**
 * The reference: an interpreter of RFC 9669 as plain as it can be, against which the translator is checked.
 *
 * It keeps the same contract as a translated `step(task)` (lib/translate/translate.ts), with one block per instruction: block
 * n of `TASK.pending` is instruction n. All its state is in the task record, so the two engines can be compared byte
 * for byte.
 */
import {
  accessBytes,
  BPF_ATOMIC,
  BPF_CLASS,
  BPF_MODE,
  classOf,
  type Insn,
  isAtomic,
  isBpfCall,
  isCall,
  isExit,
  isGoto,
  isJump,
  isLoad,
  isMemoryAccess,
  isWide,
  jumpTarget,
  modeOf,
} from "../../lib/isa/insn.ts";
import { KIND, RETURN_TO_KERNEL, STACK_FRAME_BYTES, TASK } from "../../lib/cpu/layout.ts";
import type { Memory } from "../../lib/cpu/memory.ts";
import { namesStack } from "../../lib/translate/translate_flow.ts";
import type { Step } from "../../lib/translate/translate.ts";

const u64 = (x: bigint) => BigInt.asUintN(64, x);
const u32 = (x: bigint) => BigInt.asUintN(32, x);

/** One arithmetic operation on numbers of `bits` bits; operands and result are unsigned. */
function arithmetic(operation: number, bits: 32 | 64, dst: bigint, src: bigint, off: number): bigint {
  const unsigned = (x: bigint) => BigInt.asUintN(bits, x), signed = (x: bigint) => BigInt.asIntN(bits, x);
  const count = src & BigInt(bits - 1);
  switch (operation) {
    case 0x00: // ADD
      return unsigned(dst + src);
    case 0x10: // SUB
      return unsigned(dst - src);
    case 0x20: // MUL
      return unsigned(dst * src);
    case 0x30: // DIV, SDIV: division by zero gives 0
      if (src === 0n) return 0n;
      return off === 1 ? unsigned(signed(dst) / signed(src)) : dst / src;
    case 0x40: // OR
      return dst | src;
    case 0x50: // AND
      return dst & src;
    case 0x60: // LSH
      return unsigned(dst << count);
    case 0x70: // RSH
      return dst >> count;
    case 0x80: // NEG
      return unsigned(-dst);
    case 0x90: // MOD, SMOD: modulo zero leaves dst
      if (src === 0n) return dst;
      return off === 1 ? unsigned(signed(dst) % signed(src)) : dst % src;
    case 0xa0: // XOR
      return dst ^ src;
    case 0xb0: // MOV, MOVSX
      return off === 0 ? src : unsigned(BigInt.asIntN(off, src));
    case 0xc0: // ARSH
      return unsigned(signed(dst) >> count);
  }
  throw new RangeError(`no arithmetic operation 0x${operation.toString(16)}`);
}

/** Byte swaps (RFC 9669 section 4.2) on a little-endian machine. */
function swapBytes(insn: Insn, value: bigint): bigint {
  const bits = insn.imm;
  const low = BigInt.asUintN(bits, value);
  const toLittle = classOf(insn) === BPF_CLASS.ALU && (insn.opcode & 0x08) === 0;
  if (toLittle) return low;
  let swapped = 0n;
  for (let at = 0; at < bits; at += 8) swapped = (swapped << 8n) | ((low >> BigInt(at)) & 0xffn);
  return swapped;
}

function jumpTaken(operation: number, bits: 32 | 64, dst: bigint, src: bigint): boolean {
  const signedDst = BigInt.asIntN(bits, dst), signedSrc = BigInt.asIntN(bits, src);
  switch (operation) {
    case 0x10: // JEQ
      return dst === src;
    case 0x20: // JGT
      return dst > src;
    case 0x30: // JGE
      return dst >= src;
    case 0x40: // JSET
      return (dst & src) !== 0n;
    case 0x50: // JNE
      return dst !== src;
    case 0x60: // JSGT
      return signedDst > signedSrc;
    case 0x70: // JSGE
      return signedDst >= signedSrc;
    case 0xa0: // JLT
      return dst < src;
    case 0xb0: // JLE
      return dst <= src;
    case 0xc0: // JSLT
      return signedDst < signedSrc;
    case 0xd0: // JSLE
      return signedDst <= signedSrc;
  }
  throw new RangeError(`no jump 0x${operation.toString(16)}`);
}

const readsOnly = (insn: Insn) => isLoad(insn) || (isAtomic(insn) && insn.imm === BPF_ATOMIC.LOAD_ACQ);
const kindOf = (insn: Insn) => {
  if (readsOnly(insn)) return KIND.load;
  return isAtomic(insn) && insn.imm !== BPF_ATOMIC.STORE_REL ? KIND.rmw : KIND.store;
};

/** Performs a memory instruction at a linear address that was checked. */
function access(memory: Memory, insn: Insn, addr: number, registers: BigUint64Array): void {
  const size = accessBytes(insn), bits = 8 * size;
  const old = memory.read(addr, size);
  const src = classOf(insn) === BPF_CLASS.ST ? BigInt(insn.imm) : registers[insn.src];
  if (readsOnly(insn)) {
    registers[insn.dst] = modeOf(insn) === BPF_MODE.MEMSX ? u64(BigInt.asIntN(bits, old)) : old;
  } else if (!isAtomic(insn) || insn.imm === BPF_ATOMIC.STORE_REL) {
    memory.write(addr, size, src);
  } else if (insn.imm === BPF_ATOMIC.CMPXCHG) {
    if (old === BigInt.asUintN(bits, registers[0])) memory.write(addr, size, src);
    registers[0] = old;
  } else {
    const operation = insn.imm & ~BPF_ATOMIC.FETCH;
    if (insn.imm === BPF_ATOMIC.XCHG) memory.write(addr, size, src);
    else if (operation === BPF_ATOMIC.ADD) memory.write(addr, size, old + src);
    else if (operation === BPF_ATOMIC.OR) memory.write(addr, size, old | src);
    else if (operation === BPF_ATOMIC.AND) memory.write(addr, size, old & src);
    else memory.write(addr, size, old ^ src);
    if (insn.imm & BPF_ATOMIC.FETCH) registers[insn.src] = old;
  }
}

/** Gives the `step(task)` of an image that runs in `memory`. */
export function interpret(insns: readonly Insn[], memory: Memory): Step {
  const { view } = memory;
  return (task) => {
    const registers = new BigUint64Array(view.buffer, task + TASK.registers, 11);
    const field = (offset: number) => view.getUint32(task + offset, true);
    const setField = (offset: number, value: number) => view.setUint32(task + offset, value, true);
    let count = 0;
    const stop = (kind: number, block: number, insn: number) => {
      setField(TASK.pending, kind | (block << 8));
      setField(TASK.insn, insn);
      return (count << 4) | kind;
    };
    const fault = (insn: number, pointer: bigint) => {
      view.setBigUint64(task + TASK.faultPointer, u64(pointer), true);
      return stop(KIND.fault, 0, insn);
    };

    let pc = field(TASK.pending) >>> 8;
    const pendingKind = field(TASK.pending) & 0xff;
    if (pendingKind === KIND.load || pendingKind === KIND.store || pendingKind === KIND.rmw) {
      access(memory, insns[pc], field(TASK.addr), registers);
      count++;
      pc++;
    }
    for (;;) {
      const insn = insns[pc], { dst, off, opcode } = insn;
      const bits = classOf(insn) === BPF_CLASS.ALU64 || classOf(insn) === BPF_CLASS.JMP ? 64 : 32;
      const source = BigInt.asUintN(bits, opcode & 0x08 ? registers[insn.src] : BigInt(insn.imm));

      if (isMemoryAccess(insn)) {
        const base = readsOnly(insn) ? insn.src : dst, size = accessBytes(insn);
        const pointer = u64(registers[base] + BigInt(off)), addr = Number(u32(pointer));
        const outsideFrame = base === 10 && (off < -STACK_FRAME_BYTES || off + size > 0);
        const misaligned = isAtomic(insn) && addr % size !== 0;
        if (outsideFrame || misaligned || memory.explain(pointer, size, !readsOnly(insn)) !== "") {
          return fault(pc, pointer);
        }
        if (memory.isShared(pointer)) {
          setField(TASK.addr, addr);
          return stop(kindOf(insn), pc, pc);
        }
        access(memory, insn, addr, registers);
        count++;
        pc++;
        continue;
      }
      if (isBpfCall(insn)) {
        const depth = field(TASK.depth);
        if (depth >= TASK.maxFrames - 1) return fault(pc, 0n);
        const frame = task + TASK.frames + depth * TASK.frameBytes;
        for (let r = 6; r <= 9; r++) view.setBigUint64(frame + 8 * (r - 6), registers[r], true);
        view.setUint32(frame + 32, pc + 1, true);
        view.setUint32(frame + 36, pc, true);
        setField(TASK.depth, depth + 1);
        registers[10] += BigInt(STACK_FRAME_BYTES);
        count++;
        pc += 1 + insn.imm;
        const frameEnd = Number(BigInt.asUintN(32, registers[10]));
        if (namesStack(insns, pc)) memory.bytes.fill(0, frameEnd - STACK_FRAME_BYTES, frameEnd);
        if (count > field(TASK.fuel)) return stop(KIND.fuel, pc, pc);
        continue;
      }
      count++;
      if (isCall(insn)) {
        return stop(KIND.call, pc + 1, pc);
      } else if (isExit(insn)) {
        const depth = field(TASK.depth);
        if (depth === 0) return stop(KIND.exit, 0, pc);
        const frame = task + TASK.frames + (depth - 1) * TASK.frameBytes;
        const returnTo = view.getUint32(frame + 32, true);
        if (returnTo === RETURN_TO_KERNEL) return stop(KIND.callbackReturn, 0, pc);
        for (let r = 6; r <= 9; r++) registers[r] = view.getBigUint64(frame + 8 * (r - 6), true);
        setField(TASK.depth, depth - 1);
        registers[10] -= BigInt(STACK_FRAME_BYTES);
        pc = returnTo;
      } else if (isJump(insn)) {
        const taken = isGoto(insn) || jumpTaken(opcode & 0xf0, bits, BigInt.asUintN(bits, registers[dst]), source);
        const next = taken ? jumpTarget(insn, pc) : pc + 1;
        const outOfFuel = next <= pc && count > field(TASK.fuel);
        pc = next;
        if (outOfFuel) return stop(KIND.fuel, pc, pc);
      } else if (isWide(insn)) {
        registers[dst] = insn.imm64!;
        pc += 2;
      } else if ((opcode & 0xf0) === 0xd0) {
        registers[dst] = swapBytes(insn, registers[dst]);
        pc++;
      } else {
        registers[dst] = arithmetic(opcode & 0xf0, bits, BigInt.asUintN(bits, registers[dst]), source, off);
        pc++;
      }
    }
  };
}
