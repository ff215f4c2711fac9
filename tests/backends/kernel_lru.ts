/** Sequences of operations on an LRU map of the running kernel: one program, run by BPF_PROG_RUN, and system calls. */
import type { LoadedMap } from "../../lib/backends/linux/kernel_object.ts";
import { cString, libbpf, libc, options } from "../../lib/backends/linux/libbpf.ts";
import { loadProgram } from "../../lib/backends/linux/load_program.ts";
import { deleteElem, lookupElem, nextKey, updateElem } from "../../lib/backends/linux/map_calls.ts";
import { BPF_PROG_TYPE } from "../../lib/uapi/prog_types.ts";
import { PreparedTestRun } from "../../lib/backends/linux/test_run.ts";
import { allowedCpus, awayFrom } from "../../lib/backends/thread_control.ts";
import { BPF_PSEUDO, type Insn } from "../../lib/isa/insn.ts";
import { BPF_MAP_TYPE } from "../../lib/uapi/map_types.ts";
import {
  FirstSight,
  keyBytes,
  type LruOperation,
  type LruSequence,
  type LruStep,
  valueBytes,
} from "../maps/lru_sequences.ts";

/** struct bpf_map_create_opts (tools/lib/bpf/bpf.h). */
const CREATE_OPTS_BYTES = 64, CREATE_MAP_FLAGS = 28;

const OPERATION = { lookup: 0, update: 1, delete: 2 } as const;

/** The context holds the operation, the key and the flags; returned is what the helper gives, its low 32 bits. */
function program(fd: number): Insn[] {
  const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm });
  const exit = insn(0x95), call = (helper: number) => insn(0x85, 0, 0, 0, helper);
  return [
    insn(0x79, 6, 1, 0),
    insn(0x79, 7, 1, 8),
    insn(0x79, 8, 1, 16),
    insn(0x7b, 10, 7, -8),
    insn(0x7b, 10, 7, -16),
    insn(0x18, 1, BPF_PSEUDO.MAP_FD, 0, fd),
    insn(0),
    insn(0xbf, 2, 10),
    insn(0x07, 2, 0, 0, -8),
    insn(0x15, 6, 0, 3, OPERATION.update),
    insn(0x15, 6, 0, 7, OPERATION.delete),
    call(1),
    exit,
    insn(0xbf, 3, 10),
    insn(0x07, 3, 0, 0, -16),
    insn(0xbf, 4, 8),
    call(2),
    exit,
    call(3),
    exit,
  ];
}

/** Does what the sequence says; the keys are read after every so many operations, and at the end. */
export function kernelLru({ maxEntries, flags, operations }: LruSequence, every = 1): LruStep[] {
  const type = BPF_MAP_TYPE.LRU_HASH, created = options(CREATE_OPTS_BYTES, [[CREATE_MAP_FLAGS, 4, flags]]);
  const mapFd = libbpf().bpf_map_create(type, cString("lru"), 4, 8, maxEntries, created);
  if (mapFd < 0) throw new Error(`the kernel makes no LRU map of ${maxEntries} entries with flags ${flags}: ${mapFd}`);
  const map: LoadedMap = { name: "lru", fd: mapFd, type, keySize: 4, valueSize: 8, maxEntries, flags };
  const seen = new FirstSight();
  try {
    const fd = loadProgram(BPF_PROG_TYPE.RAW_TRACEPOINT, { insns: program(mapFd), starts: [0] }, "GPL");
    try {
      return operations.map((operation, i) => {
        const result = operation.by === "user" ? byUser(map, operation) : byProgram(fd, operation, seen);
        return { result, keys: i % every === 0 || i === operations.length - 1 ? keysOf(map) : [] };
      });
    } finally {
      libc().close(fd);
    }
  } finally {
    libc().close(mapFd);
  }
}

function byProgram(fd: number, { what, key, flags, cpu }: LruOperation, seen: FirstSight): number {
  const input = new Uint8Array(new BigUint64Array([OPERATION[what], key, flags].map(BigInt)).buffer);
  const run = new PreparedTestRun({ fd, type: BPF_PROG_TYPE.RAW_TRACEPOINT, onCpu: cpu, input }), failed = run.call();
  if (failed !== 0) throw new Error(`BPF_PROG_RUN gives ${failed}`);
  if (what !== "lookup") return run.returned | 0;
  return run.returned === 0 ? 0 : seen.number(run.returned);
}

function byUser(map: LoadedMap, { what, key, flags, cpu }: LruOperation): number {
  return awayFrom(allowedCpus().filter((other) => other !== cpu), () => {
    if (what === "update") return updateElem(map, keyBytes(key), valueBytes(key), flags);
    if (what === "delete") return deleteElem(map, keyBytes(key));
    const found = lookupElem(map, keyBytes(key));
    return typeof found === "number" ? found : 0;
  });
}

function keysOf(map: LoadedMap): number[] {
  const keys: number[] = [];
  for (let key = nextKey(map, undefined); typeof key !== "number"; key = nextKey(map, key)) {
    keys.push(new Uint32Array(key.buffer)[0]);
  }
  return keys.sort((a, b) => a - b);
}
