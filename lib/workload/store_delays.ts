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
  readonly accesses: readonly SharedAccesses[];
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
    return walked.some(({ accesses, cpus }) =>
      elsewhere(cpus) &&
      accesses.some(({ loads, stores, locked }) =>
        [...stores, ...locked, ...(byStores ? [] : loads)].some((other) =>
          overlap(place, other) && !isOwn(place, other) && !(byStores && place.guarded && other.guarded)
        )
      )
    );
  };
  // A per-CPU value is met by other CPUs only through a pointer of unknown origin, or by user space.
  const isOwn = (a: SharedPlace, b: SharedPlace) =>
    a.map !== undefined && a.map === b.map && a.part === "data" && b.part === "data" &&
    PER_CPU.includes(plan.object.maps[a.map].type);
  const reachesUsers = ({ map }: SharedPlace) => map === undefined || !plan.object.maps[map].data?.readonly;
  const delays = new Map<string, number[]>();
  for (const one of walked) {
    const found: number[] = [];
    one.accesses.forEach(({ stores }, insn) => {
      const told = stores.filter((place) => mayConflict(place, one.cpus, false));
      if (told.length === 0) return;
      const loads = loadsBehind(one, insn, walked, usersOn);
      const delayed = told.some((store) =>
        loads.some((load) => !isForwarded(store, load) && mayConflict(load, one.cpus, true))
      );
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
  return programs.map((program) => {
    const runs = tasks.filter(({ prog }) => tailCalls ? prog !== undefined : prog === program.name);
    return {
      program,
      accesses: sharedAccesses(program, options),
      anyOrder: tailCalls || program.subprogs.length > 1 || program.insns.some(isBpfCall) ||
        program.relocations.some(({ kind }) => kind === "func"),
      cpus: new Set(runs.map(({ cpu }) => cpu)),
      again: tailCalls || runs.some(({ invocations }) => invocations > 1) ||
        new Set(runs.map(({ cpu }) => cpu)).size < runs.length,
    };
  });
}

/** What the CPU may load behind a store before it comes to a locked instruction. */
function loadsBehind(
  from: Walked,
  insn: number,
  all: readonly Walked[],
  usersOn: ReadonlySet<number>,
): SharedPlace[] {
  const meets = all.filter((other) => [...other.cpus].some((cpu) => from.cpus.has(cpu)));
  const loads: SharedPlace[] = [...from.accesses[insn].loads];
  if ([...usersOn].some((cpu) => from.cpus.has(cpu))) loads.push(ANYWHERE);
  if (meets.some(({ anyOrder }) => anyOrder)) {
    return [...loads, ...meets.flatMap(({ accesses }) => accesses.flatMap((one) => one.loads))];
  }
  const seen = new Set<string>(), open: [Walked, number][] = [];
  const enter = (walked: Walked, at: number) => {
    const key = `${all.indexOf(walked)} ${at}`;
    if (seen.has(key)) return;
    seen.add(key);
    open.push([walked, at]);
  };
  const goOn = (walked: Walked, at: number) => {
    const { insns } = walked.program, next = successors(insns[at], at, insns.length);
    for (const to of next) enter(walked, to);
    if (next.length === 0 && walked.again) enter(walked, 0);
  };
  // An interrupt, or another task of the CPU, may come at any moment, and so before any locked instruction.
  for (const other of meets) if (other !== from) enter(other, 0);
  goOn(from, insn);
  for (let one = open.pop(); one; one = open.pop()) {
    const [walked, at] = one, { loads: found, fence } = walked.accesses[at];
    loads.push(...found);
    if (!fence) goOn(walked, at);
  }
  return loads;
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
