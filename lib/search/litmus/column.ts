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

/** Instructions of a column, as they are put together. */
export class Assembler {
  readonly insns: Insn[] = [];
  readonly relocations: Relocation[] = [];
  readonly homes: Homes;

  constructor(file: LitmusFile, column: Column) {
    this.homes = homesOf(usedRegisters(file, column));
  }

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

/** Where things are in the memory of who runs a column. */
export interface Surroundings {
  /** Accesses have the size that they are written with. */
  readonly sized: boolean;
  /** Puts the address of a place into a register. */
  readonly loadPlace: (register: number, name: string) => void;
  /** Puts the address of the word for a watched register into a register. */
  readonly loadResult: (register: number, watched: number) => void;
}

/** A program that sets the column's registers, runs it, and stores what is watched of them. */
export function assembleColumn(file: LitmusFile, column: Column, layout: LitmusLayout) {
  const assembler = new Assembler(file, column), { insns, relocations } = assembler;
  appendColumn(assembler, file, column, {
    sized: layout.sized,
    loadPlace: (register, name) => assembler.loadAddress(register, layout.places.get(name)!),
    loadResult: (register, watched) => assembler.loadAddress(register, layout.results.get(watched)!),
  });
  insns.push(...setRegister(0, 0n), EXIT);
  return { insns, relocations };
}

const initialOf = (file: LitmusFile, column: Column) => file.registers.filter(({ proc }) => proc === column.proc);

const watchedOf = (file: LitmusFile, column: Column) =>
  file.watched.flatMap((location, index) =>
    location.kind === "register" && location.proc === column.proc ? [{ register: location.register, index }] : []
  );

function usedRegisters(file: LitmusFile, column: Column): Set<number> {
  const named = [...initialOf(file, column), ...watchedOf(file, column)].map(({ register }) => register);
  return new Set([0, ...named, ...column.insns.flatMap(({ insn }) => [insn.dst, insn.src])]);
}

/** Behind what an assembler has: sets the column's registers, runs it, and stores what is watched of them. */
export function appendColumn(assembler: Assembler, file: LitmusFile, column: Column, around: Surroundings): void {
  const initial = initialOf(file, column), { homes, insns } = assembler;
  for (const register of usedRegisters(file, column)) {
    const value = initial.findLast((one) => one.register === register)?.value ?? 0n;
    const into = homes.registers.get(register) ?? homes.scratch[0];
    if (typeof value === "object") around.loadPlace(into, value.address);
    else insns.push(...setRegister(into, value));
    assembler.keep(register, into);
  }
  const starts: number[] = [], jumps: { at: number; to: number }[] = [];
  for (const one of column.insns) {
    starts.push(insns.length);
    const at = assembler.add(one.insn === EXIT ? { ...one, insn: { ...EXIT, opcode: GOTO } } : one, around.sized);
    if (one.insn === EXIT) jumps.push({ at, to: column.insns.length });
    else if (one.target !== undefined) jumps.push({ at, to: column.labels.get(one.target)! });
  }
  starts.push(insns.length);
  for (const { at, to } of jumps) insns[at] = { ...insns[at], off: starts[to] - at - 1 };
  const [base, value] = homes.scratch;
  for (const { register, index } of watchedOf(file, column)) {
    around.loadResult(base, index);
    insns.push(store(base, assembler.fetch(register, value)));
  }
}
