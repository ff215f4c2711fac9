/** One column of a litmus file as BPF instructions. */
import type { Insn } from "../../isa/insn.ts";
import type { Relocation } from "../../object/bpf_object.ts";
import type { LitmusLayout } from "./assemble.ts";
import { EXIT, isJump, load, loadImmediate, resize, setRegister, store } from "./instructions.ts";
import type { Column, ColumnInsn, LitmusFile } from "./litmus_file.ts";

const FRAME_POINTER = 10, GOTO = 0x05;
/** Registers that hold what has no home of its own, when the column needs them all. */
const SCRATCH = [8, 9] as const;

/**
 * Where the registers of the file are. To herd7 r10 is a register like any other; to a program it is not, and two more
 * are needed for addresses and constants: a column that uses many keeps some of them on the program's own stack, which
 * no other thread sees.
 */
interface Homes {
  readonly registers: ReadonlyMap<number, number>;
  /** Offset from the frame pointer. */
  readonly slots: ReadonlyMap<number, number>;
  readonly scratch: readonly [number, number];
}

function homesOf(used: ReadonlySet<number>): Homes {
  const free = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((register) => !used.has(register));
  const low = [...used].filter((register) => register !== FRAME_POINTER);
  const standIn = used.has(FRAME_POINTER) ? free.shift() : undefined;
  if (free.length >= 2 && (standIn !== undefined || !used.has(FRAME_POINTER))) {
    const registers = new Map(low.map((register) => [register, register]));
    if (standIn !== undefined) registers.set(FRAME_POINTER, standIn);
    return { registers, slots: new Map(), scratch: [free[0], free[1]] };
  }
  const high = [...used].filter((register) => register >= SCRATCH[0]);
  return {
    registers: new Map(low.filter((register) => register < SCRATCH[0]).map((register) => [register, register])),
    slots: new Map(high.map((register, i) => [register, -8 * (i + 1)])),
    scratch: SCRATCH,
  };
}

class Assembler {
  readonly insns: Insn[] = [];
  readonly relocations: Relocation[] = [];

  constructor(readonly homes: Homes) {}

  /** The register that holds a register of the file: its home, or the scratch register that it is loaded into. */
  fetch(register: number, scratch: number): number {
    const home = this.homes.registers.get(register);
    if (home !== undefined) return home;
    this.insns.push(load(scratch, FRAME_POINTER, this.homes.slots.get(register)!));
    return scratch;
  }

  /** Puts a scratch register back where it came from. */
  keep(register: number, from: number): void {
    const slot = this.homes.slots.get(register);
    if (slot !== undefined) this.insns.push(store(FRAME_POINTER, from, slot));
  }

  loadAddress(register: number, offset: number): void {
    this.relocations.push({ insn: this.insns.length, kind: "mapValue", map: 0, offset });
    this.insns.push(...loadImmediate(register, 0n));
  }

  /** An instruction of the file; answers where its own instruction stands, for jumps. */
  add({ insn, constant, bytes }: ColumnInsn, sized: boolean): number {
    const [first, second] = this.homes.scratch;
    const dst = this.fetch(insn.dst, first);
    let src = second;
    if (constant === undefined) src = insn.src === insn.dst ? dst : this.fetch(insn.src, second);
    else this.insns.push(...setRegister(second, constant));
    this.insns.push({ ...(sized && bytes ? resize(insn, bytes) : insn), dst, src });
    const at = this.insns.length - 1;
    if (isJump(insn)) return at;
    this.keep(insn.dst, dst);
    if (constant === undefined && insn.src !== insn.dst) this.keep(insn.src, src);
    return at;
  }
}

/** A program that sets the column's registers, runs it, and stores what is watched of them. */
export function assembleColumn(file: LitmusFile, column: Column, layout: LitmusLayout) {
  const initial = file.registers.filter((register) => register.proc === column.proc);
  const watched = file.watched.flatMap((location, index) =>
    location.kind === "register" && location.proc === column.proc ? [{ register: location.register, index }] : []
  );
  const used = new Set([0, ...initial.map(({ register }) => register), ...watched.map(({ register }) => register)]);
  for (const { insn } of column.insns) used.add(insn.dst).add(insn.src);
  const assembler = new Assembler(homesOf(used)), { homes, insns } = assembler;
  for (const register of used) {
    const value = initial.findLast((one) => one.register === register)?.value ?? 0n;
    const into = homes.registers.get(register) ?? homes.scratch[0];
    if (typeof value === "object") assembler.loadAddress(into, layout.places.get(value.address)!);
    else insns.push(...setRegister(into, value));
    assembler.keep(register, into);
  }
  const starts: number[] = [], jumps: { at: number; to: number }[] = [];
  for (const one of column.insns) {
    starts.push(insns.length);
    const at = assembler.add(one.insn === EXIT ? { ...one, insn: { ...EXIT, opcode: GOTO } } : one, layout.sized);
    if (one.insn === EXIT) jumps.push({ at, to: column.insns.length });
    else if (one.target !== undefined) jumps.push({ at, to: column.labels.get(one.target)! });
  }
  starts.push(insns.length);
  for (const { at, to } of jumps) insns[at] = { ...insns[at], off: starts[to] - at - 1 };
  const [base, value] = homes.scratch;
  for (const { register, index } of watched) {
    assembler.loadAddress(base, layout.results.get(index)!);
    insns.push(store(base, assembler.fetch(register, value)));
  }
  insns.push(...setRegister(0, 0n), EXIT);
  return { insns, relocations: assembler.relocations };
}
