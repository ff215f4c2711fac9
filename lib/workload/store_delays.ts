/**
 * Which stores have to wait in a store buffer for total store order to be more than sequential consistency: decided
 * before anything runs, so that programs that cannot tell cost what they cost under SC.
 *
 * The theorem is that of Shasha and Snir ("Efficient and correct execution of parallel programs that share memory", TOPLAS
 * 10(2), 1988), for a machine that keeps all of program order but store before load. An execution of such a machine is
 * explained by one order of memory unless its accesses form a cycle of program order and conflicts in which a store and a
 * later load of the same CPU stand one after the other without that order being kept: without a locked instruction
 * between them. Owens ("Reasoning about the implementation of concurrency abstractions on x86-TSO", ECOOP 2010) says the
 * same of one point of a run: a triangular race, a load that races with another CPU's store, behind an own store that may
 * still wait. So a store x can be delayed to any effect only if
 *
 * 1. a load of the same CPU may follow it before a locked instruction, in its run, a later one, or in what interrupts it,
 * 2. and takes at least a byte from elsewhere than x (a load of x itself is forwarded, and sees what it would see),
 * 3. and another CPU may store to what is loaded (without such a store no conflict leads on from the load), not both
 *    under the bpf_spin_lock of the same value: x stands behind the lock's acquisition then, which is a locked
 *    instruction, and is in memory before the release is, before the other CPU has the lock, before its store,
 * 4. and another CPU touches x (without it none leads back to the store).
 *
 * A store to which this does not apply goes to memory at once where the buffer is empty. That adds the order from x to
 * the loads behind it. A cycle through that order goes from x to a load y, and from y along a conflict with another
 * CPU's store (against 3, or it would be a delayed pair) or along program order to a later access z of the same CPU; if z
 * is a store, the machine keeps x before z anyway, and if z is a load, what was said of y holds of z. So there is no such
 * cycle that the machine did not have before, and every outcome stays. Where the buffer is not empty, the store joins it.
 *
 * What cannot be told is taken to be so: pointers of unknown origin point anywhere, programs with BPF functions,
 * callbacks or tail calls run their instructions in any order, and user-space actors do anything.
 */
import { spinLockOffset } from "../maps/value_layout.ts";
import { isBpfCall, isHelperCall } from "../isa/insn.ts";
import type { Program } from "../object/bpf_object.ts";
import { BPF_FUNC, helperId } from "../uapi/helpers.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import type { Plan } from "./plan.ts";
import { ANYWHERE, type SharedAccesses, sharedAccesses, type SharedPlace, successors } from "./shared_accesses.ts";

/** For each program by its name, the instructions whose stores may wait. */
export type StoreDelays = ReadonlyMap<string, readonly number[]>;

/** A program and what its instructions may touch. */
interface Walked {
  readonly program: Program;
  /** Of each instruction; equal places are one object. */
  readonly accesses: readonly SharedAccesses[];
  /** All that it loads, and all that it stores or changes by locked instructions, each once. */
  readonly loads: ReadonlySet<SharedPlace>;
  readonly stores: ReadonlySet<SharedPlace>;
  /** Its instructions are taken to run in any order. */
  readonly anyOrder: boolean;
  readonly cpus: ReadonlySet<number>;
  /** Some task runs it more than once. */
  readonly again: boolean;
}

const PER_CPU: readonly number[] = [
  BPF_MAP_TYPE.PERCPU_ARRAY,
  BPF_MAP_TYPE.PERCPU_HASH,
  BPF_MAP_TYPE.LRU_PERCPU_HASH,
];

type LaidOut = Omit<Plan, "memory" | "delays" | "scIfUsersOnlyLoad">;

/**
 * @param usersOnlyLoad what comes out if user space stores nothing, which its machine then has to look out for
 * @returns undefined when no store has to wait: total store order is sequential consistency for this workload
 */
export function storeDelays(plan: LaidOut, usersOnlyLoad = false): StoreDelays | undefined {
  const usersOn = new Set(plan.tasks.flatMap(({ kind, cpu }) => kind === "user" ? [cpu] : []));
  const allCpus = new Set(plan.tasks.map(({ cpu }) => cpu));
  if (allCpus.size < 2) return undefined;
  const walked = walkAll(plan, usersOn.size > 0 && !usersOnlyLoad);
  const mayConflict = (place: SharedPlace, on: ReadonlySet<number>, byStores: boolean): boolean => {
    const elsewhere = (cpus: ReadonlySet<number>) => [...cpus].some((cpu) => on.size > 1 || !on.has(cpu));
    if (elsewhere(usersOn) && !(byStores && usersOnlyLoad) && reachesUsers(place)) return true;
    const conflicts = (other: SharedPlace) =>
      overlap(place, other) && !isOwn(place, other) && !(byStores && place.guarded && other.guarded);
    return walked.some(({ loads, stores, cpus }) =>
      elsewhere(cpus) && (some(stores, conflicts) || !byStores && some(loads, conflicts))
    );
  };
  // A per-CPU value is met by other CPUs only through a pointer of unknown origin, or by user space.
  const isOwn = (a: SharedPlace, b: SharedPlace) =>
    a.map !== undefined && a.map === b.map && a.part === "data" && b.part === "data" &&
    PER_CPU.includes(plan.object.maps[a.map].type);
  const reachesUsers = ({ map }: SharedPlace) => map === undefined || !plan.object.maps[map].data?.readonly;
  const delays = new Map<string, number[]>(), behind = new LoadsBehind(walked, usersOn);
  for (const one of walked) {
    const found: number[] = [];
    const isTold = remembered((place: SharedPlace) => mayConflict(place, one.cpus, false));
    const isRaced = remembered((place: SharedPlace) => mayConflict(place, one.cpus, true));
    one.accesses.forEach(({ stores }, insn) => {
      const told = stores.filter(isTold);
      if (told.length === 0) return;
      const loads = behind.store(one, insn);
      const delayed = told.some((store) => some(loads, (load) => isRaced(load) && !isForwarded(store, load)));
      if (delayed) found.push(insn);
    });
    if (found.length > 0) delays.set(one.program.name, found);
  }
  return delays.size > 0 || (usersOn.size > 0 && !usersOnlyLoad) ? delays : undefined;
}

function walkAll(plan: LaidOut, usersStore: boolean): Walked[] {
  const { object, programs, tasks } = plan, { models = {} } = plan.workload as { models?: Record<string, unknown> };
  const own = new Set(Object.keys(models).flatMap((name) => helperId(name) ?? []));
  const calls = (id: number) =>
    programs.some(({ insns }) => insns.some((insn) => isHelperCall(insn) && insn.imm === id));
  const changes = usersStore || own.size > 0 || calls(BPF_FUNC.map_update_elem) || calls(BPF_FUNC.map_delete_elem);
  const options = {
    object,
    own,
    isStable: () => !changes,
    isPlainValue: (map: number) => {
      const { valueType } = object.maps[map];
      return !object.btf || valueType === undefined || spinLockOffset(object.btf, valueType) === undefined;
    },
  };
  const tailCalls = object.maps.some(({ type }) => type === BPF_MAP_TYPE.PROG_ARRAY);
  const places = new Map<string, SharedPlace>(),
    once = (place: SharedPlace): SharedPlace => {
      const key = [place.map, place.part, place.elem, place.offset, place.size, place.guarded].join();
      const known = places.get(key);
      if (!known) places.set(key, place);
      return known ?? place;
    };
  return programs.map((program) => {
    const runs = tasks.filter(({ prog }) => tailCalls ? prog !== undefined : prog === program.name);
    const accesses = sharedAccesses(program, options).map(({ loads, stores, locked, fence }) => ({
      ...{ loads: loads.map(once), stores: stores.map(once), locked: locked.map(once), fence },
    }));
    return {
      program,
      accesses,
      loads: new Set(accesses.flatMap(({ loads }) => loads)),
      stores: new Set(accesses.flatMap(({ stores, locked }) => [...stores, ...locked])),
      anyOrder: tailCalls || program.subprogs.length > 1 || program.insns.some(isBpfCall) ||
        program.relocations.some(({ kind }) => kind === "func"),
      cpus: new Set(runs.map(({ cpu }) => cpu)),
      again: tailCalls || runs.some(({ invocations }) => invocations > 1) ||
        new Set(runs.map(({ cpu }) => cpu)).size < runs.length,
    };
  });
}

/** What the CPU may load behind a store before it comes to a locked instruction. */
class LoadsBehind {
  readonly #fromStart = new Map<Walked, ReadonlySet<SharedPlace>>();

  constructor(readonly all: readonly Walked[], readonly usersOn: ReadonlySet<number>) {}

  store(from: Walked, insn: number): ReadonlySet<SharedPlace> {
    const meets = this.all.filter((other) => some(other.cpus, (cpu) => from.cpus.has(cpu)));
    const loads = new Set<SharedPlace>(from.accesses[insn].loads);
    const add = (more: ReadonlySet<SharedPlace>) => more.forEach((place) => loads.add(place));
    if (some(this.usersOn, (cpu) => from.cpus.has(cpu))) loads.add(ANYWHERE);
    if (meets.some(({ anyOrder }) => anyOrder)) {
      for (const other of meets) add(other.loads);
      return loads;
    }
    // An interrupt, or another task of the CPU, may come at any moment, and so before any locked instruction.
    for (const other of meets) if (other !== from) add(this.#ofRun(other));
    if (walk(from, successors(from.program.insns[insn], insn, from.program.insns.length), loads) && from.again) {
      add(this.#ofRun(from));
    }
    return loads;
  }

  /** The same behind a store before a run. */
  #ofRun(walked: Walked): ReadonlySet<SharedPlace> {
    let loads = this.#fromStart.get(walked);
    if (!loads) {
      const found = new Set<SharedPlace>();
      walk(walked, [0], found);
      this.#fromStart.set(walked, loads = found);
    }
    return loads;
  }
}

/** Adds what is loaded from some instructions on up to locked ones; tells whether the run may end before it. */
function walk({ program: { insns }, accesses }: Walked, from: readonly number[], loads: Set<SharedPlace>): boolean {
  const seen = new Uint8Array(insns.length), open = [...from];
  let ends = from.length === 0;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen[at]) continue;
    seen[at] = 1;
    const { loads: found, fence } = accesses[at];
    for (const place of found) loads.add(place);
    if (fence) continue;
    const next = successors(insns[at], at, insns.length);
    if (next.length === 0) ends = true;
    open.push(...next);
  }
  return ends;
}

/** Whether a condition holds of any element of a set. */
function some<T>(set: ReadonlySet<T>, holds: (one: T) => boolean): boolean {
  for (const one of set) if (holds(one)) return true;
  return false;
}

function remembered(ask: (place: SharedPlace) => boolean): (place: SharedPlace) => boolean {
  const answers = new Map<SharedPlace, boolean>();
  return (place) => {
    let answer = answers.get(place);
    if (answer === undefined) answers.set(place, answer = ask(place));
    return answer;
  };
}

/** Whether the bytes of two places may be the same ones. */
function overlap(a: SharedPlace, b: SharedPlace): boolean {
  if (a.map === undefined || b.map === undefined) return true;
  if (a.map !== b.map || (a.part !== b.part)) return false;
  if (a.elem !== undefined && b.elem !== undefined && a.elem !== b.elem) return false;
  if (a.offset === undefined || b.offset === undefined) return true;
  return a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

/** Whether a load takes every byte from the store. */
const isForwarded = (store: SharedPlace, load: SharedPlace): boolean =>
  store.map !== undefined && store.map === load.map && store.part === load.part && store.elem !== undefined &&
  store.elem === load.elem && store.offset !== undefined && load.offset !== undefined && store.offset <= load.offset &&
  load.offset + load.size <= store.offset + store.size;
