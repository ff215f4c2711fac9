/** Masks of CPUs (kernel/bpf/cpumask.c): no lock, so that whoever shares one sees each word change by itself. */
import { addressOf } from "../cpu/memory.ts";
import { load, type Model, store, type TaskContext } from "../cpu/operation.ts";
import { bpf_obj_drop } from "../maps/free_fields.ts";
import { BPF_CPUMASK, CPUMASK_BYTES } from "../maps/own_objects.ts";
import { faultWith } from "../maps/source.ts";
import type { HelperModel, Kernel } from "./kernel.ts";
import { ownObjectAt } from "./object_kfuncs.ts";
import { failed, u32 } from "./packet_access.ts";

const BITS = 64;

/** Words that hold the bits of the machine's CPUs, nr_cpu_ids of them; the kernel looks at no more. */
const wordsOf = ({ possibleCpus }: Kernel): number => Math.ceil(possibleCpus / BITS);
/** The bits of a word that stand for CPUs. */
function bitsOf({ possibleCpus }: Kernel, word: number): bigint {
  const bits = Math.min(BITS, possibleCpus - word * BITS);
  return (1n << BigInt(bits)) - 1n;
}

function* maskAt(ctx: TaskContext, pointer: bigint, name: string, writes = false): Model<number> {
  const reason = ctx.memory.explain(pointer, 8, writes);
  return reason ? yield* faultWith(`${name}: ${reason}`) : addressOf(pointer);
}

const loadWord = (mask: number, word: number) => load(mask + 8 * word, 8, "cpumask");
const storeWord = (mask: number, word: number, value: bigint) => store(mask + 8 * word, 8, value, "cpumask");

/** The bits of a mask, word by word. */
function* bits(kernel: Kernel, mask: number): Model<bigint> {
  let all = 0n;
  for (let word = 0; word < wordsOf(kernel); word++) {
    all |= ((yield loadWord(mask, word)) & bitsOf(kernel, word)) << BigInt(BITS * word);
  }
  return all;
}

/** bpf_cpumask_create(): empty. */
export const bpf_cpumask_create: HelperModel = function* (kernel, ctx) {
  const own = kernel.ownObjects!, type = own.type(BPF_CPUMASK.id)!;
  yield { kind: "work", what: "alloc" };
  const addr = yield {
    kind: "private",
    label: "bpf_mem_cache_alloc",
    run: (memory) => {
      const addr = own.alloc(memory, type, ctx.cpu);
      memory.writeBytes(addr, new Uint8Array(CPUMASK_BYTES));
      return BigInt(addr);
    },
  };
  return own.pointer(ctx.memory, Number(addr));
};

/** bpf_cpumask_acquire(mask). */
export const bpf_cpumask_acquire: HelperModel = function* (kernel, ctx, [pointer]) {
  const { addr } = yield* ownObjectAt(kernel, ctx, pointer, "bpf_cpumask_acquire");
  yield { kind: "rmw", op: "add", addr: addr + CPUMASK_BYTES, size: 4, value: 1n, label: "usage" };
  return pointer;
};

/** bpf_cpumask_release(mask). */
export const bpf_cpumask_release: HelperModel = function* (kernel, ctx, [pointer]) {
  const { addr } = yield* ownObjectAt(kernel, ctx, pointer, "bpf_cpumask_release");
  yield* bpf_obj_drop(kernel.owner, ctx, addr);
  return 0n;
};

/** Changes the bit of a CPU by one locked instruction; gives whether it was set. A number that no CPU has changes nothing. */
function bitwise(name: string, op: "or" | "and"): HelperModel {
  return function* (kernel, ctx, [cpuArg, pointer]) {
    const mask = yield* maskAt(ctx, pointer, name, true), cpu = u32(cpuArg);
    if (cpu >= kernel.possibleCpus) return 0n;
    const bit = 1n << BigInt(cpu % BITS), value = op === "or" ? bit : ~bit, addr = mask + 8 * Math.floor(cpu / BITS);
    return ((yield { kind: "rmw", op, addr, size: 8, value, label: "cpumask" }) & bit) !== 0n ? 1n : 0n;
  };
}
export const bpf_cpumask_set_cpu: HelperModel = bitwise("bpf_cpumask_set_cpu", "or");
export const bpf_cpumask_clear_cpu: HelperModel = bitwise("bpf_cpumask_clear_cpu", "and");
export const bpf_cpumask_test_and_set_cpu: HelperModel = bitwise("bpf_cpumask_test_and_set_cpu", "or");
export const bpf_cpumask_test_and_clear_cpu: HelperModel = bitwise("bpf_cpumask_test_and_clear_cpu", "and");

/** bpf_cpumask_test_cpu(cpu, mask). */
export const bpf_cpumask_test_cpu: HelperModel = function* (kernel, ctx, [cpuArg, pointer]) {
  const mask = yield* maskAt(ctx, pointer, "bpf_cpumask_test_cpu"), cpu = u32(cpuArg);
  if (cpu >= kernel.possibleCpus) return 0n;
  return ((yield loadWord(mask, Math.floor(cpu / BITS))) >> BigInt(cpu % BITS)) & 1n;
};

/** Stores every word of a mask. */
function filling(name: string, value: (kernel: Kernel, word: number) => bigint): HelperModel {
  return function* (kernel, ctx, [pointer]) {
    const mask = yield* maskAt(ctx, pointer, name, true);
    for (let word = 0; word < wordsOf(kernel); word++) yield storeWord(mask, word, value(kernel, word));
    return 0n;
  };
}
export const bpf_cpumask_setall: HelperModel = filling("bpf_cpumask_setall", bitsOf);
export const bpf_cpumask_clear: HelperModel = filling("bpf_cpumask_clear", () => 0n);

/** A mask out of two others, word by word; whether any bit of it is set. */
function combining(name: string, combine: (a: bigint, b: bigint) => bigint): HelperModel {
  return function* (kernel, ctx, [dst, src1, src2]) {
    const to = yield* maskAt(ctx, dst, name, true);
    const [a, b] = [yield* maskAt(ctx, src1, name), yield* maskAt(ctx, src2, name)];
    let any = false;
    for (let word = 0; word < wordsOf(kernel); word++) {
      const value = combine(yield loadWord(a, word), yield loadWord(b, word)) & bitsOf(kernel, word);
      yield storeWord(to, word, value);
      any ||= value !== 0n;
    }
    return any ? 1n : 0n;
  };
}
export const bpf_cpumask_and: HelperModel = combining("bpf_cpumask_and", (a, b) => a & b);
export const bpf_cpumask_or: HelperModel = combining("bpf_cpumask_or", (a, b) => a | b);
export const bpf_cpumask_xor: HelperModel = combining("bpf_cpumask_xor", (a, b) => a ^ b);

/** bpf_cpumask_copy(dst, src). */
export const bpf_cpumask_copy: HelperModel = function* (kernel, ctx, [dst, src]) {
  const to = yield* maskAt(ctx, dst, "bpf_cpumask_copy", true), from = yield* maskAt(ctx, src, "bpf_cpumask_copy");
  for (let word = 0; word < wordsOf(kernel); word++) yield storeWord(to, word, yield loadWord(from, word));
  return 0n;
};

/** What is asked of one mask, or of two. */
function asking(
  name: string,
  masks: 1 | 2,
  answer: (kernel: Kernel, a: bigint, b: bigint) => number | boolean,
): HelperModel {
  return function* (kernel, ctx, [first, second]) {
    const a = yield* bits(kernel, yield* maskAt(ctx, first, name));
    const b = masks === 1 ? 0n : yield* bits(kernel, yield* maskAt(ctx, second, name));
    return BigInt(answer(kernel, a, b));
  };
}
const all = ({ possibleCpus }: Kernel): bigint => (1n << BigInt(possibleCpus)) - 1n;
/** The lowest bit; nr_cpu_ids where there is none. */
function lowest({ possibleCpus }: Kernel, of: bigint): number {
  for (let cpu = 0; cpu < possibleCpus; cpu++) if ((of >> BigInt(cpu)) & 1n) return cpu;
  return possibleCpus;
}
const weight = (of: bigint): number => of.toString(2).replaceAll("0", "").length;

export const bpf_cpumask_first: HelperModel = asking("bpf_cpumask_first", 1, lowest);
export const bpf_cpumask_first_zero: HelperModel = asking(
  "bpf_cpumask_first_zero",
  1,
  (k, a) => lowest(k, all(k) & ~a),
);
export const bpf_cpumask_first_and: HelperModel = asking("bpf_cpumask_first_and", 2, (k, a, b) => lowest(k, a & b));
export const bpf_cpumask_equal: HelperModel = asking("bpf_cpumask_equal", 2, (_, a, b) => a === b);
export const bpf_cpumask_intersects: HelperModel = asking("bpf_cpumask_intersects", 2, (_, a, b) => (a & b) !== 0n);
export const bpf_cpumask_subset: HelperModel = asking("bpf_cpumask_subset", 2, (_, a, b) => (a & ~b) === 0n);
export const bpf_cpumask_empty: HelperModel = asking("bpf_cpumask_empty", 1, (_, a) => a === 0n);
export const bpf_cpumask_full: HelperModel = asking("bpf_cpumask_full", 1, (k, a) => a === all(k));
export const bpf_cpumask_weight: HelperModel = asking("bpf_cpumask_weight", 1, (_, a) => weight(a));

/** Any CPU of a mask; which one depends on who asked before, in all of the kernel (cpumask_any_distribute). */
function* anyOf(kernel: Kernel, of: bigint): Model {
  const cpus = Array.from({ length: kernel.possibleCpus }, (_, cpu) => cpu).filter((cpu) => (of >> BigInt(cpu)) & 1n);
  if (cpus.length <= 1) return BigInt(cpus[0] ?? kernel.possibleCpus);
  const describe = (alternative: number) => `CPU ${cpus[alternative - 1]}`;
  return BigInt(cpus[Number(yield { kind: "choose", alternatives: cpus.length, alone: true, describe }) - 1]);
}

export const bpf_cpumask_any_distribute: HelperModel = function* (kernel, ctx, [pointer]) {
  return yield* anyOf(kernel, yield* bits(kernel, yield* maskAt(ctx, pointer, "bpf_cpumask_any_distribute")));
};
export const bpf_cpumask_any_and_distribute: HelperModel = function* (kernel, ctx, [first, second]) {
  const name = "bpf_cpumask_any_and_distribute";
  const a = yield* bits(kernel, yield* maskAt(ctx, first, name));
  return yield* anyOf(kernel, a & (yield* bits(kernel, yield* maskAt(ctx, second, name))));
};

/** bpf_cpumask_populate(mask, src, size): from memory of whole words, as many as the mask has. */
export const bpf_cpumask_populate: HelperModel = function* (kernel, ctx, [pointer, src, size]) {
  const mask = yield* maskAt(ctx, pointer, "bpf_cpumask_populate", true), words = wordsOf(kernel);
  if (size < BigInt(8 * words)) return failed("EACCES");
  const from = yield* maskAt(ctx, src, "bpf_cpumask_populate");
  if (from % 8 !== 0) return failed("EINVAL");
  for (let word = 0; word < words; word++) yield storeWord(mask, word, yield loadWord(from, word));
  return 0n;
};
