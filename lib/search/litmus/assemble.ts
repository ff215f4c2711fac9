/**
 * A litmus file as programs for the simulated machine: one for each column, on a CPU of its own.
 *
 * A program sets the column's registers, runs the column, and stores what is observed of its registers into shared
 * memory, each into a word of its own that no other thread touches.
 */
import type { BpfObject } from "../../object/bpf_object.ts";
import { assembleColumn } from "./column.ts";
import { type Column, type LitmusFile, typeOf } from "./litmus_file.ts";

/** Bytes between two places: an address that is off by something still meets no other place. */
const PLACE_BYTES = 4096;

/** Where things stand in the one array of shared memory. */
export interface LitmusLayout {
  /** Byte offset of each place, by name. */
  readonly places: ReadonlyMap<string, number>;
  /** Byte offset of the word that holds a register at the end, by index into `watched`. */
  readonly results: ReadonlyMap<number, number>;
  /** Bytes of a scalar, or of an element of an array. */
  readonly cellBytes: (name: string) => number;
  /** Accesses have the size that they are written with: only where 8 bytes would reach into a neighbour. */
  readonly sized: boolean;
  readonly bytes: number;
}

export interface AssembledLitmus {
  readonly object: BpfObject;
  readonly layout: LitmusLayout;
}

export const programName = (column: Column): string => `P${column.proc}`;

export function assembleLitmus(file: LitmusFile): AssembledLitmus {
  const layout = layOut(file), { bytes } = layout;
  const data = { section: ".data", bytes: new Uint8Array(bytes), variables: [], readonly: false };
  const map = { name: ".data", type: 2, keySize: 4, valueSize: bytes, maxEntries: 1, flags: 0, data };
  const programs = file.columns.map((column) => {
    const { insns, relocations } = assembleColumn(file, column, layout);
    const name = programName(column), subprogs = [{ name, start: 0, end: insns.length, global: true }];
    return { name, section: "raw_tp", insns, subprogs, relocations, lines: [] };
  });
  return { object: { name: file.name, bytes: new Uint8Array(), programs, maps: [map], license: "GPL" }, layout };
}

function layOut(file: LitmusFile): LitmusLayout {
  const places = new Map<string, number>(), results = new Map<number, number>();
  const arrayBytes = (name: string): number | undefined => {
    const { length, bits } = typeOf(file, { kind: "memory", name });
    return length === undefined ? undefined : bits / 8;
  };
  let bytes = 0;
  for (const [name, value] of file.memory) {
    places.set(name, bytes + PLACE_BYTES / 2);
    const size = Array.isArray(value) ? value.length * arrayBytes(name)! : 0;
    bytes += PLACE_BYTES * (1 + Math.ceil(size / PLACE_BYTES));
  }
  file.watched.forEach((location, i) => {
    if (location.kind !== "register") return;
    results.set(i, bytes);
    bytes += 8;
  });
  const apart = file.columns.some(({ insns }) => insns.some((one) => one.bytes && one.insn.off % 8 !== 0));
  const sized = apart || [...file.memory.keys()].some((name) => (arrayBytes(name) ?? 8) < 8);
  return { places, results, cellBytes: (name) => arrayBytes(name) ?? 8, sized, bytes };
}
