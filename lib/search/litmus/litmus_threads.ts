/** A litmus file as threads for an axiomatic model, and final states read back from their executions. */
import type { Candidate } from "../memory_model/candidate.ts";
import type { Threads } from "../memory_model/executions.ts";
import { type Region, regionBase, SharedMemory, writeBytes } from "../memory_model/shared_memory.ts";
import type { ThreadCode } from "../memory_model/thread_code.ts";
import { type Column, type LitmusFile, type LitmusScalar, type LitmusValue, typeOf } from "./litmus_file.ts";
import type { LitmusState } from "./run.ts";

const NR_REGISTERS = 11, SCALAR_BYTES = 8;

export function litmusThreads(file: LitmusFile): Threads {
  const names = [...file.memory.keys()];
  const bitsOf = (value: LitmusScalar) =>
    BigInt.asUintN(64, typeof value === "bigint" ? value : regionBase(names.indexOf(value.address)));
  const regions = names.map((name, i): Region => {
    const { length, bits } = typeOf(file, { kind: "memory", name });
    const elementBytes = length === undefined ? SCALAR_BYTES : bits / 8, values = [file.memory.get(name)!].flat();
    const bytes = new Uint8Array(elementBytes * values.length);
    values.forEach((value: LitmusScalar, at) => writeBytes(bytes, at * elementBytes, elementBytes, bitsOf(value)));
    return { name, base: regionBase(i), bytes, elementBytes };
  });
  const threads = file.columns.map((column) => threadOf(file, column, bitsOf));
  // herd7 drops an execution in which an address leaves its variable.
  return { threads, memory: new SharedMemory(regions), outside: "drop" };
}

function threadOf(file: LitmusFile, column: Column, bitsOf: (value: LitmusScalar) => bigint): ThreadCode {
  const registers = Array<bigint>(NR_REGISTERS).fill(0n);
  for (const { proc, register, value } of file.registers) if (proc === column.proc) registers[register] = bitsOf(value);
  const steps = column.insns.map(({ insn, target, constant, bytes, line, text }) => ({
    insn,
    target: target === undefined ? undefined : column.labels.get(target)!,
    constant,
    bytes,
    line,
    text,
  }));
  return { name: `P${column.proc}`, steps, registers };
}

/** The values of what a file watches, at the end of an execution. */
export function finalState(file: LitmusFile, memory: SharedMemory, candidate: Candidate): LitmusState {
  const finals = new Map(
    memory.cells.map(({ region, offset }, cell) => [`${region.name} ${offset}`, candidate.finalOf(cell)] as const),
  );
  return file.watched.map((location): LitmusValue => {
    if (location.kind === "register") {
      const thread = file.columns.findIndex(({ proc }) => proc === location.proc);
      return asValue(memory, candidate.skeleton.traces[thread].registers[location.register]);
    }
    const region = memory.regions.find(({ name }) => name === location.name)!, { elementBytes = SCALAR_BYTES } = region;
    const element = (index: number): LitmusScalar => {
      const offset = index * elementBytes;
      let initial = 0n;
      for (let at = elementBytes - 1; at >= 0; at--) initial = initial << 8n | BigInt(region.bytes[offset + at]);
      return asValue(memory, finals.get(`${region.name} ${offset}`) ?? initial);
    };
    if (typeOf(file, location).length === undefined) return element(0);
    if (location.index !== undefined) return element(location.index);
    return Array.from({ length: region.bytes.length / elementBytes }, (_, index) => element(index));
  });
}

/** A number, or the place that it is the address of, with the distance from it where there is one. */
function asValue(memory: SharedMemory, bits: bigint): LitmusScalar {
  const region = memory.regionNear(bits);
  if (!region) return BigInt.asIntN(64, bits);
  const distance = bits - region.base;
  return { address: distance === 0n ? region.name : `${region.name}${distance > 0n ? "+" : ""}${distance}` };
}
