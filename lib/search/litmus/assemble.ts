/**
 * A litmus file as programs for the simulated machine: one for each column, on a CPU of its own.
 *
 * A program sets the column's registers, runs the column, and stores what is observed of its registers into shared
 * memory, each into a word of its own that nobody else touches.
 */
import type { Insn } from "../../isa/insn.ts";
import type { BpfObject, Program, Relocation } from "../../object/bpf_object.ts";
import { EXIT, loadImmediate, setRegister, store } from "./instructions.ts";
import { type Column, LitmusError, type LitmusFile, type Location } from "./litmus_file.ts";

const FRAME_POINTER = 10;
/** Bytes between two places: an address that is off by something still meets nobody else. */
const PLACE_BYTES = 4096;

/** Where things stand in the one array of shared memory. */
export interface LitmusLayout {
  /** Byte offset of each place, by name. */
  readonly places: ReadonlyMap<string, number>;
  /** Byte offset of the word that holds a register at the end, by index into `observed`. */
  readonly results: ReadonlyMap<number, number>;
  readonly bytes: number;
}

export interface AssembledLitmus {
  readonly object: BpfObject;
  readonly layout: LitmusLayout;
}

export const programName = (column: Column): string => `P${column.proc}`;

/** @throws LitmusError for a column that needs more registers than BPF programs have */
export function assembleLitmus(file: LitmusFile): AssembledLitmus {
  const places = new Map([...file.memory.keys()].map((name, i) => [name, (i + 0.5) * PLACE_BYTES]));
  const results = new Map<number, number>();
  let bytes = file.memory.size * PLACE_BYTES;
  file.observed.forEach((location, i) => {
    if (location.kind !== "register") return;
    results.set(i, bytes);
    bytes += 8;
  });
  const layout = { places, results, bytes };
  const data = { section: ".data", bytes: new Uint8Array(bytes), variables: [], readonly: false };
  const map = { name: ".data", type: 2, keySize: 4, valueSize: bytes, maxEntries: 1, flags: 0, data };
  const programs = file.columns.map((column) => assembleColumn(file, column, layout));
  return { object: { name: file.name, bytes: new Uint8Array(), programs, maps: [map], license: "GPL" }, layout };
}

function assembleColumn(file: LitmusFile, column: Column, layout: LitmusLayout): Program {
  const initial = file.registers.filter((register) => register.proc === column.proc);
  const observed = file.observed.flatMap((location, i) => registerOf(location, column, i));
  const used = new Set([0, ...initial.map(({ register }) => register), ...observed.map(({ register }) => register)]);
  for (const { insn } of column.insns) if (insn.opcode !== 0) used.add(insn.dst).add(insn.src);
  // To herd7 r10 is a register like any other; to a program it is not: another one stands in.
  const free = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((register) => !used.has(register));
  const standIn = used.has(FRAME_POINTER) ? free.shift() : FRAME_POINTER, base = free.shift();
  if (standIn === undefined || base === undefined) {
    throw new LitmusError(column.insns[0]?.line ?? 1, `P${column.proc} uses ${used.size} registers: at most 9 can be`);
  }
  const real = (register: number) => register === FRAME_POINTER ? standIn : register;
  const insns: Insn[] = [], relocations: Relocation[] = [];
  const loadAddress = (register: number, offset: number) => {
    relocations.push({ insn: insns.length, kind: "mapValue", map: 0, offset });
    insns.push(...loadImmediate(register, 0n));
  };
  for (const register of used) {
    const value = initial.findLast((one) => one.register === register)?.value ?? 0n;
    if (typeof value === "object") loadAddress(real(register), layout.places.get(value.address)!);
    else insns.push(...setRegister(real(register), value));
  }
  const start = insns.length, end = start + column.insns.length;
  column.insns.forEach(({ insn, target }, i) => {
    const to = target === undefined ? undefined : column.labels.get(target)!;
    const off = insn === EXIT ? column.insns.length - i - 1 : to === undefined ? insn.off : to - i - 1;
    const opcode = insn === EXIT ? 0x05 : insn.opcode;
    insns.push({ ...insn, opcode, dst: real(insn.dst), src: real(insn.src), off });
  });
  if (insns.length !== end) throw new Error("a column changed its length");
  for (const { register, index } of observed) {
    loadAddress(base, layout.results.get(index)!);
    insns.push(store(base, real(register)));
  }
  insns.push(...setRegister(0, 0n), EXIT);
  const subprogs = [{ name: programName(column), start: 0, end: insns.length, global: true }];
  return { name: programName(column), section: "raw_tp", insns, subprogs, relocations, lines: [] };
}

function registerOf(location: Location, column: Column, index: number) {
  return location.kind === "register" && location.proc === column.proc ? [{ register: location.register, index }] : [];
}
