/** Programs that are a list of loads, stores and atomics of given bytes: no compiler decides how they touch memory. */
import type { Insn } from "../../lib/isa/insn.ts";
import type { BpfObject, Program } from "../../lib/object/bpf_object.ts";

export interface Access {
  /** `add` is an atomic that fetches. */
  readonly does: "load" | "store" | "add";
  readonly at: number;
  readonly size: 1 | 2 | 4 | 8;
  readonly value: number;
}

/** The program of a thread keeps what it loads in registers and stores it at its end. */
export const MOST_LOADS = 4;

const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm });
const SIZE = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 } as const;

/** An object with the programs `t0`, `t1`, ... on `bytes` bytes of memory `memory`, and a word `read` for each load. */
export function accessPrograms(threads: readonly (readonly Access[])[], bytes: number): BpfObject {
  const shared = (bytes + 7) & ~7, size = shared + 8 * MOST_LOADS * threads.length;
  const variables = Array.from({ length: size >> 3 }, (_, i) => ({ name: `w${i}`, offset: 8 * i, size: 8 }));
  return {
    name: "accesses",
    bytes: new Uint8Array(),
    programs: threads.map((thread, t) => programOf(`t${t}`, thread, shared + 8 * MOST_LOADS * t)),
    maps: [{
      name: ".bss",
      type: 2,
      keySize: 4,
      valueSize: size,
      maxEntries: 1,
      flags: 0,
      data: { section: ".bss", bytes: new Uint8Array(size), variables, readonly: false },
    }],
    license: "GPL",
  };
}

function programOf(name: string, thread: readonly Access[], results: number): Program {
  // r1 = .bss
  const insns: Insn[] = [{ ...insn(0x18, 1), imm64: 0n }, insn(0)];
  let loads = 0;
  for (const { does, at, size, value } of thread) {
    const read = 2 + loads;
    if (does !== "store") loads++;
    if (does === "load") insns.push(insn(0x61 | SIZE[size], read, 1, at));
    else if (does === "store") insns.push(insn(0x62 | SIZE[size], 1, 0, at, value));
    // r = atomic_fetch_add((u64 *)(r1 + at), r)
    else insns.push(insn(0xb7, read, 0, 0, value), insn(0xdb, 1, read, at, 0x01));
  }
  for (let i = 0; i < loads; i++) insns.push(insn(0x7b, 1, 2 + i, results + 8 * i));
  insns.push(insn(0xb7), insn(0x95));
  const subprogs = [{ name, start: 0, end: insns.length, global: true }];
  const relocations = [{ insn: 0, kind: "mapValue", map: 0, offset: 0 } as const];
  return { name, section: "raw_tp", insns, relocations, subprogs, lines: [] };
}

/** A final state of such an object as the reference (tests/reference/total_store_order.ts) writes it. */
export function finalState(
  values: Readonly<Record<string, bigint | string>>,
  threads: readonly (readonly Access[])[],
  bytes: number,
): string {
  const word = (i: number) => BigInt(values[`w${i}`] ?? 0);
  const byteOf = (at: number) => Number((word(at >> 3) >> BigInt(8 * (at & 7))) & 255n);
  const shared = (bytes + 7) & ~7;
  const read = threads.map((thread, t) => {
    const loads = thread.filter(({ does }) => does !== "store"), first = (shared >> 3) + MOST_LOADS * t;
    return loads.map(({ size }, i) => Array.from({ length: size }, (_, b) => byteOf(8 * (first + i) + b)).join("."));
  });
  return JSON.stringify([Array.from({ length: bytes }, (_, at) => byteOf(at)), read]);
}
