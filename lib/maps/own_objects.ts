/**
 * Objects of a program's own types: what bpf_obj_new() allocates (kernel/bpf/helpers.c, kernel/bpf/memalloc.c).
 *
 * Each CPU has objects of each type to take from, as it has its caches in the kernel. One that was given back is used again
 * when all runs that were under way have ended (bpf_mem_free_rcu), with the bytes that it had.
 */
import { REGION_FLAG } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import { WorkloadError } from "../cpu/workload_error.ts";
import type { Program } from "../object/bpf_object.ts";
import type { Btf } from "../object/btf.ts";
import { sizeOfType } from "../object/btf_types.ts";
import { fieldsOf, type SpecialField } from "../object/special_fields.ts";
import { readerOf } from "../rcu/grace_period.ts";
import type { Arena } from "./arena.ts";
import type { Place, Span } from "./kernel_map.ts";
import { INIT_LIST_HEAD } from "./list_head.ts";
import { RB_CLEAR_NODE } from "./rbtree.ts";
import { type Leaf, leavesOf } from "./value_layout.ts";
import { roundUp8 } from "./words.ts";

/** What the objects of a workload are laid out by. */
export interface OwnObjectsPlan {
  readonly programs: readonly Program[];
  readonly btf?: Btf;
  readonly nrTasks: number;
  /** Runs of the task that runs most often. */
  readonly mostRuns: number;
}

/** One type of which objects are allocated. */
export interface OwnType {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly fields: readonly SpecialField[];
  readonly leaves: readonly Leaf[];
  readonly isRefcounted: boolean;
  readonly isPercpu: boolean;
  /** Where its objects begin, the bytes from one to the next, and how many there are. */
  readonly base: number;
  readonly stride: number;
  readonly count: number;
  /** Of a per-CPU type, one region for each copy of each object. */
  readonly region: number;
  /** A word of {@link STATE} for each object. */
  readonly states: number;
}

type Shape = Pick<OwnType, "id" | "name" | "size" | "fields" | "leaves" | "isPercpu">;

function shapeOf(btf: Btf, id: number, isPercpu: boolean): Shape {
  const size = sizeOfType(btf, id), fields = fieldsOf(btf, id);
  const leaves = leavesOf(btf, id, size).filter((leaf) => !fields.some(({ offset }) => offset === leaf.offset));
  return { id, name: btf.types[id].name, size, fields, leaves, isPercpu };
}

/** Bits of a mask of CPUs: enough for the CPUs of any machine. */
export const CPUMASK_BYTES = 64;
/** struct bpf_cpumask (kernel/bpf/cpumask.c), the kernel's own type with a count of references behind the mask. */
export const BPF_CPUMASK: Shape = {
  id: -1,
  name: "bpf_cpumask",
  size: CPUMASK_BYTES + 8,
  fields: [{ kind: "bpf_refcount", offset: CPUMASK_BYTES, size: 4 }],
  leaves: [{ path: ".bits", offset: 0, size: 8, signed: false }],
  isPercpu: false,
};

export interface OwnObject {
  readonly type: OwnType;
  readonly index: number;
  readonly addr: number;
}

/** `next` and `current`: given back; one waits for the next grace period, the other for the one under way. */
const STATE = { free: 0, live: 1, next: 2, current: 3 } as const;

/** Objects of a type that each CPU may have at once: as many as its runs can leave, within these bounds. */
const LEAST = 64, MOST = 1024;
/** enum bpf_core_relo_kind: the number of a type in the program's own BTF. */
const BPF_CORE_TYPE_ID_LOCAL = 6;

export class OwnObjects {
  readonly types: readonly OwnType[];
  readonly spans: readonly Span[];
  readonly #nrCpus: number;
  readonly #nrTasks: number;
  /** How many objects are in the state `next`; whether a grace period is under way; then the readers it waits for. */
  readonly #grace: number;
  readonly #perCpu: number;

  constructor(arena: Arena, { programs, btf, nrTasks, mostRuns }: OwnObjectsPlan, nrCpus: number) {
    this.#nrCpus = nrCpus;
    this.#nrTasks = nrTasks;
    const wanted = wantedTypes(programs), perRun = Math.max(1, wanted.sites);
    this.#perCpu = Math.min(MOST, Math.max(LEAST, 2 * mostRuns * perRun));
    const spans: Span[] = [];
    const lay = (shape: Shape) => {
      const type = this.#layOut(arena, shape), copies = shape.isPercpu ? nrCpus : 1;
      const end = type.base + type.stride * type.count * copies;
      spans.push({ start: type.base, end, map: -1, placeOf: (offset) => placeIn(type, offset) });
      return type;
    };
    this.types = [
      ...(btf ? wanted.types : []).map((id) => lay(shapeOf(btf!, id, false))),
      ...(btf && wanted.percpu ? wanted.types : []).map((id) => lay(shapeOf(btf!, id, true))),
      ...(wanted.masks ? [lay(BPF_CPUMASK)] : []),
    ];
    this.spans = spans;
    this.#grace = arena.allocate(8 + 4 * nrTasks);
  }

  #layOut(arena: Arena, shape: Shape): OwnType {
    const { name, size, fields, isPercpu } = shape, stride = Math.max(8, roundUp8(size));
    const count = this.#perCpu * this.#nrCpus, pieces = count * (isPercpu ? this.#nrCpus : 1);
    const base = arena.allocate(stride * pieces), states = arena.allocate(4 * count);
    const flags = REGION_FLAG.read | REGION_FLAG.write | REGION_FLAG.shared;
    const region = arena.addRegions(pieces, base, stride, size, flags, `a struct ${name}`);
    const isRefcounted = fields.some(({ kind }) => kind === "bpf_refcount");
    return { ...shape, isRefcounted, base, stride, count, region, states };
  }

  type(id: number, isPercpu = false): OwnType | undefined {
    return this.types.find((type) => type.id === id && type.isPercpu === isPercpu);
  }

  /** The object that an address lies in. */
  at(addr: number): OwnObject | undefined {
    for (const type of this.types) {
      const piece = type.stride * (type.isPercpu ? this.#nrCpus : 1), offset = addr - type.base;
      if (offset < 0 || offset >= piece * type.count) continue;
      const index = Math.floor(offset / piece);
      return { type, index, addr: type.base + index * piece };
    }
    return undefined;
  }

  /** A program's pointer to a byte of an object. */
  pointer(memory: Memory, addr: number): bigint {
    const { type } = this.at(addr)!;
    return memory.pointer(type.region + Math.floor((addr - type.base) / type.stride), addr);
  }

  /** A CPU's copy of a per-CPU object. */
  copyOf({ type, addr }: OwnObject, cpu: number): number {
    return addr + cpu * type.stride;
  }

  /** Takes an object of a type for a CPU; gives its address. */
  alloc(memory: Memory, type: OwnType, cpu: number): number {
    this.#goOn(memory);
    // The kernel has memory for long; where a run that was begun does not go on, its end is not waited for.
    for (const state of [STATE.free, STATE.current, STATE.next]) {
      const addr = this.#take(memory, type, cpu, state);
      if (addr !== 0) return addr;
    }
    throw new WorkloadError(
      `CPU ${cpu} has ${this.#perCpu} objects of struct ${type.name} at once: the simulator has room for no more. ` +
        "Fewer invocations, or runs that give back what they allocate, need less",
    );
  }

  /** An object of a CPU that is in a state is live from now on; 0 where there is none. */
  #take(memory: Memory, type: OwnType, cpu: number, state: number): number {
    const first = cpu * this.#perCpu;
    for (let index = first; index < first + this.#perCpu; index++) {
      const at = type.states + 4 * index;
      if (memory.getU32(at) !== state) continue;
      if (state === STATE.next) memory.setU32(this.#grace, memory.getU32(this.#grace) - 1);
      memory.setU32(at, STATE.live);
      const addr = type.base + index * type.stride * (type.isPercpu ? this.#nrCpus : 1);
      initialize(memory, type, addr);
      return addr;
    }
    return 0;
  }

  /** kernel/bpf/memalloc.c:bpf_mem_free_rcu. */
  free(memory: Memory, { type, index }: OwnObject): void {
    memory.setU32(type.states + 4 * index, STATE.next);
    memory.setU32(this.#grace, memory.getU32(this.#grace) + 1);
    this.#goOn(memory);
  }

  /** Ends the grace period under way if its readers have ended, and begins the next one if something waits for it. */
  #goOn(memory: Memory): void {
    const underWay = this.#grace + 4, readers = this.#grace + 8;
    if (memory.getU32(underWay) !== 0) {
      for (let task = 0; task < this.#nrTasks; task++) {
        const run = memory.getU32(readers + 4 * task);
        if (run !== 0 && readerOf(memory, task) === run) return;
      }
      this.#move(memory, STATE.current, STATE.free);
      memory.setU32(underWay, 0);
    }
    if (memory.getU32(this.#grace) === 0) return;
    this.#move(memory, STATE.next, STATE.current);
    memory.setU32(this.#grace, 0);
    memory.setU32(underWay, 1);
    for (let task = 0; task < this.#nrTasks; task++) memory.setU32(readers + 4 * task, readerOf(memory, task));
  }

  #move(memory: Memory, from: number, to: number): void {
    for (const { states, count } of this.types) {
      for (let at = states; at < states + 4 * count; at += 4) if (memory.getU32(at) === from) memory.setU32(at, to);
    }
  }
}

/** include/linux/bpf.h:bpf_obj_init. The other bytes stay as they are. */
function initialize(memory: Memory, type: OwnType, addr: number): void {
  for (const { kind, offset, size } of type.fields) {
    const at = addr + offset;
    for (let byte = 0; byte < size; byte += 4) memory.setU32(at + byte, 0);
    if (kind === "bpf_refcount") memory.setU32(at, 1);
    if (kind === "bpf_list_head" || kind === "bpf_list_node") INIT_LIST_HEAD(memory, at);
    if (kind === "bpf_rb_node") RB_CLEAR_NODE(memory, at);
  }
}

function placeIn(type: OwnType, offset: number): Place {
  const index = Math.floor(offset / type.stride), inside = offset % type.stride;
  const leaf = type.leaves.find((leaf) => inside >= leaf.offset && inside < leaf.offset + leaf.size);
  return { name: `${type.name}#${index}${leaf?.path ?? `+${inside}`}`, touches: "object" };
}

/** Types that programs allocate objects of, and from how many places. */
function wantedTypes(
  programs: readonly Program[],
): { types: number[]; percpu: boolean; masks: boolean; sites: number } {
  const types = new Set<number>();
  let sites = 0, percpu = false, masks = false;
  for (const { relocations, coreRelocations = [] } of programs) {
    const calls = relocations.flatMap((one) => one.kind === "extern" ? [one.name] : []);
    const allocating = calls.filter((name) => ALLOCATING.has(name));
    masks ||= calls.includes("bpf_cpumask_create");
    if (allocating.length === 0) continue;
    sites = Math.max(sites, allocating.length);
    percpu ||= calls.includes("bpf_percpu_obj_new_impl");
    for (const { kind, type } of coreRelocations) if (kind === BPF_CORE_TYPE_ID_LOCAL) types.add(type);
  }
  return { types: [...types].sort((a, b) => a - b), percpu, masks, sites };
}

const ALLOCATING = new Set(["bpf_obj_new_impl", "bpf_percpu_obj_new_impl", "bpf_cpumask_create"]);
