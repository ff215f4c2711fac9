/** The kernel under a simulated program: its maps, its helper functions, its side for user space. */
import { REGION_FLAG } from "../cpu/layout.ts";
import { addressOf, type Memory } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import { helperId, helperLabel, helperName } from "../uapi/helpers.ts";
import { bpf_spin_lock, bpf_spin_unlock, type SpinLockModel } from "../locks/spin_lock.ts";
import { HeldLocks } from "../locks/held_locks.ts";
import { type Arena, ArenaMeter } from "../maps/arena.ts";
import { ArenaMap, type ArenaPlace } from "../maps/arena_map.ts";
import { ArrayMap } from "../maps/array.ts";
import { AsyncCallbacks, asyncCount } from "../maps/async_callbacks.ts";
import type { Owner } from "../maps/free_fields.ts";
import type { HashLayouts } from "../maps/hash_layouts.ts";
import { createMaps } from "../maps/create.ts";
import type { KernelMap, Place, Span } from "../maps/kernel_map.ts";
import { OwnObjects, type OwnObjectsPlan } from "../maps/own_objects.ts";
import { checkedCalls } from "../maps/user_calls.ts";
import { UserApi } from "../maps/user_space.ts";
import { leftOutValue, mapValues } from "../maps/map_values.ts";
import { initializeAccess } from "../maps/write_access.ts";
import { stateKey } from "../maps/state_key.ts";
import type { BpfObject, MapDef, Program } from "../object/bpf_object.ts";
import type { Values } from "../report/result.ts";
import { callsKfunc } from "./called_kfuncs.ts";
import { BitBuffers } from "./bit_buffers.ts";
import type { KernelObjects } from "./kernel_objects.ts";
import { KernelVariables } from "./kernel_variables.ts";

/** Arguments of a helper: r1 to r5. */
export type HelperArgs = readonly [bigint, bigint, bigint, bigint, bigint];

/**
 * A helper function: a plain number when it takes no step at all (it may read the caller's stack then, which no other
 * CPU sees), otherwise the generator of its steps.
 *
 * @example
 * ```ts
 * import { bpf, type HelperModel, simulate } from "interleave";
 * const five: HelperModel = () => 5n;
 * const asks = await bpf`long found; SEC("raw_tp") int ask(void *ctx) { found = bpf_get_func_ip(ctx); return 0; }`;
 * const run = await simulate(asks, { cpus: 1, invocations: 1, models: { bpf_get_func_ip: five }, verify: false });
 * if (run.final.found !== 5n) throw new Error("the reader's own model was called");
 * ```
 */
export type HelperModel = (kernel: Kernel, ctx: TaskContext, args: HelperArgs) => Model | bigint;

/** Models by helper number. */
export type HelperTable = readonly (HelperModel | undefined)[];

export interface KernelOptions {
  /** CPUs that may run kernel code, those of user-space actors included. */
  readonly nrCpus: number;
  /** CPUs that per-CPU maps have values for; default: nrCpus. */
  readonly possibleCpus?: number;
  /** Tasks of the machine; default: one on each CPU. */
  readonly tasks?: number;
  /** How many times in a row callbacks of timers and work may start themselves again; undefined where none are run. */
  readonly rearms?: number;
  readonly seed: number;
  /** Whether user space may freeze maps. */
  readonly freezes?: boolean;
  /** The reader's own models by helper name, `bpf_spin_lock` for one. */
  readonly helpers?: Readonly<Record<string, HelperModel>>;
  /** What the seeds of hash maps are drawn from: 0 (the default) gives each the seed 0. */
  readonly hashSeed?: number;
  /** Told, in a search, what depends on the seeds of hash maps. */
  readonly layouts?: HashLayouts;
  /** Where the kernel's choices are branched over: what a program can tell apart. */
  readonly open?: OpenChoices;
  /** What objects of the programs' own are laid out by, in a machine that runs their kernel functions. */
  readonly own?: OwnObjectsPlan;
  /** What stands behind pointers to the kernel's own structs, where a program asks for any. */
  readonly objects?: KernelObjects;
  /** The memory as models are given it, where that is not the memory itself. */
  readonly modelMemory?: Memory;
  /** Simulated time. Without it, each call of bpf_ktime_get_ns moves this CPU's own clock on. */
  readonly nowNs?: () => number;
}

/** What stands for all that the kernel might give, by the instruction of the call. */
export interface OpenChoices {
  random(insn: number): readonly bigint[];
  /** By how many nanoseconds time has gone on since the last reading of any clock. */
  timeSteps(insn: number): readonly bigint[];
}

/** What takes memory beside an object's maps. */
interface SizedBy {
  /** Tasks of the machine; default: one on each CPU. */
  readonly tasks?: number;
  /** All programs of the object; default: none that needs memory of its own. */
  readonly programs?: readonly Program[];
  /** Whether callbacks of timers and work queues are run. */
  readonly runsCallbacks?: boolean;
  readonly own?: OwnObjectsPlan;
}

/** Memory that the kernel of an object takes: what a {@link Memory} has to be made with. */
export function kernelSize(
  maps: readonly MapDef[],
  nrCpus: number,
  { tasks = nrCpus, programs = [], runsCallbacks = false, own }: SizedBy = {},
): { heapBytes: number; regions: number } {
  const arena = new ArenaMeter(), locks = { bpf_spin_lock, bpf_spin_unlock };
  new KernelVariables(arena, nrCpus);
  heldLocksOf(programs, arena, nrCpus);
  bitBuffersOf(programs, arena, tasks);
  if (runsCallbacks) new AsyncCallbacks(arena, asyncCount(maps, nrCpus), nrCpus, tasks);
  createMaps(maps, { arena, nrCpus, possibleCpus: nrCpus, tasks, locks, walkKeyRegion: 0 });
  ownObjectsOf(arena, own, nrCpus);
  return { heapBytes: arena.heapBytes, regions: arena.regions + 1 };
}

/** The table of held locks, for programs that take any. */
const heldLocksOf = (programs: readonly Program[], arena: Arena, nrCpus: number): HeldLocks | undefined =>
  callsKfunc(programs, "bpf_res_spin_lock") ? new HeldLocks(arena, nrCpus) : undefined;

/** Objects of the programs' own, for those that allocate any. */
const ownObjectsOf = (arena: Arena, own: OwnObjectsPlan | undefined, nrCpus: number): OwnObjects | undefined =>
  own && ["bpf_obj_new", "bpf_percpu_obj_new", "bpf_cpumask_create"].some((start) => callsKfunc(own.programs, start))
    ? new OwnObjects(arena, own, nrCpus)
    : undefined;

/** Room for the bits of iterators, for programs that have any. */
const bitBuffersOf = (programs: readonly Program[], arena: Arena, tasks: number): BitBuffers | undefined =>
  callsKfunc(programs, "bpf_iter_bits_new") ? new BitBuffers(arena, tasks) : undefined;

/** What the clock says at the beginning of a search: long after boot, so that no timeout has the boot to do with. */
const BOOTED_NS = 1_000_000_000_000n;

/** @internal */
export class Kernel {
  readonly memory: Memory;
  readonly maps: readonly KernelMap[];
  readonly possibleCpus: number;
  readonly locks: SpinLockModel;
  /** Per-CPU variables of the kernel's own. */
  readonly variables: KernelVariables;
  readonly nowNs: (() => number) | undefined;
  readonly objects: KernelObjects | undefined;
  /** Where a program takes bpf_res_spin_lock. */
  readonly heldLocks: HeldLocks | undefined;
  /** What stands behind timers and work queues, where the machine runs their callbacks. */
  readonly async: AsyncCallbacks | undefined;
  /** Where a program iterates over bits. */
  readonly bitBuffers: BitBuffers | undefined;
  /** Where a program allocates objects. */
  readonly ownObjects: OwnObjects | undefined;
  /** What giving up objects needs. */
  readonly owner: Owner;
  readonly #helpers: HelperTable;
  readonly #spans: readonly Span[];

  /**
   * @param helpers models by helper number (helper_table.ts); `options.helpers` stand in for some of them
   * @throws KernelError for maps that can't be made
   * @throws RangeError for a name in `options.helpers` that no helper has
   */
  constructor(
    memory: Memory,
    readonly object: BpfObject,
    helpers: HelperTable,
    readonly options: KernelOptions,
  ) {
    const { nrCpus, helpers: own = {} } = options;
    this.memory = options.modelMemory ?? memory;
    this.possibleCpus = options.possibleCpus ?? nrCpus;
    this.nowNs = options.nowNs;
    this.objects = options.objects;
    this.#helpers = withOwnModels(helpers, own);
    this.locks = {
      bpf_spin_lock: (ctx, addr) => this.#callLock("bpf_spin_lock", ctx, addr) ?? bpf_spin_lock(ctx, addr),
      bpf_spin_unlock: (ctx, addr) => this.#callLock("bpf_spin_unlock", ctx, addr) ?? bpf_spin_unlock(ctx, addr),
    };
    this.owner = { own: undefined, locks: this.locks };
    const { layout } = memory;
    const walkKeyRegion = memory.addRegion(layout.tasks, layout.stacks - layout.tasks, REGION_FLAG.read, "a key");
    this.variables = new KernelVariables(memory, nrCpus);
    this.variables.initialize(memory, options.seed);
    if (options.open) memory.write(this.variables.clock(0), 8, BOOTED_NS);
    this.heldLocks = heldLocksOf(object.programs, memory, nrCpus);
    const { tasks = nrCpus, rearms } = options;
    this.bitBuffers = bitBuffersOf(object.programs, memory, tasks);
    if (rearms !== undefined) {
      this.async = new AsyncCallbacks(memory, asyncCount(object.maps, nrCpus), nrCpus, tasks, rearms);
    }
    this.maps = createMaps(object.maps, {
      arena: memory,
      nrCpus,
      possibleCpus: this.possibleCpus,
      tasks: options.tasks,
      owners: options.objects,
      async: this.async,
      btf: object.btf,
      locks: this.locks,
      hashSeed: options.hashSeed,
      layouts: options.layouts,
      walkKeyRegion,
      freezes: options.freezes,
      owner: this.owner,
    });
    // Behind the maps, whose places programs are translated for: how many objects there are depends on the workload.
    this.ownObjects = ownObjectsOf(memory, options.own, nrCpus);
    this.owner.own = this.ownObjects;
    for (const map of this.maps) {
      map.initialize(memory);
      initializeAccess(map, memory);
    }
    const holder = this.maps.find(({ asyncFields }) => asyncFields.length > 0);
    const spans = [
      ...this.maps.flatMap((map) => map.spans),
      ...holder ? this.async?.spans(holder.index) ?? [] : [],
      ...this.ownObjects?.spans ?? [],
    ];
    this.#spans = spans.sort((a, b) => a.start - b.start);
  }

  /** Nanoseconds that were passed over while nothing but timers was waited for. */
  get skippedNs(): number {
    return this.async?.skippedNs(this.memory) ?? 0;
  }

  mapPointer(index: number): bigint {
    return this.maps[index].pointer;
  }

  /** Pointer to a byte of an array map's first value, as instructions that name a global variable hold it. */
  valuePointer(index: number, offset: number): bigint {
    const map = this.maps[index];
    if (map instanceof ArenaMap) return map.userPointer(offset);
    if (!(map instanceof ArrayMap)) {
      throw new RangeError(`map ${map.name} is no array: no instruction can point into it`);
    }
    return map.valuePointer(0, offset);
  }

  /** The object's arena, if it has one. */
  get arena(): ArenaPlace | undefined {
    const arenas = this.maps.filter((map) => map instanceof ArenaMap);
    if (arenas.length > 1) throw new RangeError(`the simulator takes one arena, the object has ${arenas.length}`);
    return arenas[0]?.place;
  }

  /** The model of a helper; undefined for one that is not modelled. */
  helper(id: number): HelperModel | undefined {
    return this.#helpers[id];
  }

  helperName(id: number): string {
    return helperName(id) ?? helperLabel(id);
  }

  /** The map that a program's map pointer stands for. */
  mapAt(pointer: bigint): KernelMap | undefined {
    const index = Number(BigInt.asUintN(32, pointer));
    return this.maps[index]?.pointer === pointer ? this.maps[index] : undefined;
  }

  /** What user space may call, for the actor of a task. */
  userApi(task: number, cpu: number): UserApi {
    const { nrCpus } = this.options, { memory } = this;
    return checkedCalls(new UserApi(this.maps, this.object, { task, cpu, nrCpus, memory, from: "user" }));
  }

  /** All shared state as text that tells states apart: equal texts are equal states (maps/state_key.ts). */
  stateKey(): string {
    return stateKey(this.maps, this.memory);
  }

  /** All shared state by name, as reports show it and the reader's own property is asked about it. */
  values(): Values {
    return mapValues(this.maps, this.object.btf, this.memory);
  }

  /** What a name stands for that {@link values} leaves out: a zero entry of a large array. */
  leftOutValue(name: string): bigint | string | undefined {
    return leftOutValue(this.maps, name);
  }

  /** What stands at a linear address, and in the memory of which map (by its index); nothing outside of maps. */
  placeOf(addr: number): (Place & { readonly map: number }) | undefined {
    let low = 0, high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#spans[middle].end <= addr) low = middle + 1;
      else high = middle;
    }
    const span = this.#spans[low];
    return span && addr >= span.start ? { ...span.placeOf(addr - span.start, this.memory), map: span.map } : undefined;
  }

  /** The reader's own lock, when one was given, called with a pointer as programs would. */
  #callLock(name: string, ctx: TaskContext, addr: number): Model | undefined {
    const result = this.options.helpers?.[name]?.(this, ctx, [BigInt(addr), 0n, 0n, 0n, 0n]);
    return typeof result === "bigint" ? answer(result) : result;
  }
}

function* answer(result: bigint): Model {
  return result;
}

/**
 * Helpers that take and release a lock of the reader's choice, for `options.helpers`.
 *
 * @example
 * ```ts
 * import { bpf, explore, lockHelpers, ticketLock } from "interleave";
 * const locked = await bpf`struct elem { struct bpf_spin_lock lock; int count; };
 * struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct elem); }
 * elems SEC(".maps");
 * SEC("tc") int count(void *ctx) {
 *   int key = 0;
 *   struct elem *e = bpf_map_lookup_elem(&elems, &key);
 *   if (!e) return 0;
 *   bpf_spin_lock(&e->lock);
 *   e->count += 1;
 *   bpf_spin_unlock(&e->lock);
 *   return 0;
 * }`;
 * const all = await explore(locked, { cpus: 2, invocations: 1, models: lockHelpers(ticketLock) });
 * if (all.observation !== "Never") throw new Error("a ticket lock keeps the other CPU out");
 * ```
 */
export function lockHelpers(lock: SpinLockModel): Record<keyof SpinLockModel, HelperModel> {
  return {
    bpf_spin_lock: (_kernel, ctx, [pointer]) => lock.bpf_spin_lock(ctx, addressOf(pointer)),
    bpf_spin_unlock: (_kernel, ctx, [pointer]) => lock.bpf_spin_unlock(ctx, addressOf(pointer)),
  };
}

function withOwnModels(table: HelperTable, own: Readonly<Record<string, HelperModel>>): HelperTable {
  const helpers = [...table];
  for (const [name, model] of Object.entries(own)) {
    const id = helperId(name);
    if (id === undefined) throw new RangeError(`no helper function is called ${name}`);
    helpers[id] = model;
  }
  return helpers;
}
