/** What one program does to shared memory, as the verifier's walk sees it. */
import { BPF_ATOMIC, type Insn, isAtomic, isCall } from "../isa/insn.ts";
import type { BpfObject, MapDef, Program } from "../object/bpf_object.ts";
import { lockOwner } from "../verifier/memory/graphs.ts";
import type { MapState } from "../verifier/kernel/map_state.ts";
import type { CreatedMaps } from "../verifier/kernel/map_creation.ts";
import type { AccessObserver } from "../verifier/state/access_observer.ts";
import type { Environment } from "../verifier/state/environment.ts";
import type { Reg } from "../verifier/state/register.ts";
import { type Verdict, verifyProgram } from "../verifier/verify.ts";
import { helperName } from "../uapi/helpers.ts";
import { sharedAccesses } from "../workload/shared_accesses.ts";
import { type ByteRange, fieldName } from "./field_name.ts";

export type AccessKind = "load" | "store" | "atomic" | "acquire" | "release" | "helper";

/**
 * One instruction's access to one place of a map's values; seen on several paths it is there once.
 *
 * @internal
 */
export interface SeenAccess extends ByteRange {
  readonly insn: number;
  readonly map: MapDef;
  readonly reads: boolean;
  readonly writes: boolean;
  readonly kind: AccessKind;
  /** The helper that does it. */
  readonly helper?: string;
  /** Locks that are held on every path here: `stats.lock` of the same value, or a lock of another place. */
  readonly locks: readonly string[];
}

/** One helper call with a map. */
export interface SeenCall {
  readonly insn: number;
  readonly helper: string;
  readonly map?: MapDef;
  /** Flags of an update or a push, where they are constant. */
  readonly flags?: bigint;
}

/** One lock that is taken, and those that are held already, by where they stand: `accounts.lock`. */
export interface SeenLock {
  readonly insn: number;
  readonly map: MapDef;
  readonly lock: string;
  readonly held: readonly string[];
}

/** All that was seen of a program, and what the verifier says of it: of a refused one only a part was seen. */
export interface Seen {
  readonly program: Program;
  readonly verdict: Verdict;
  readonly insns: readonly Insn[];
  readonly accesses: readonly SeenAccess[];
  readonly calls: readonly SeenCall[];
  readonly lockings: readonly SeenLock[];
}

/** Follows every path of a program and notes its accesses to maps. */
export function observe(object: BpfObject, program: Program, created: CreatedMaps): Seen {
  const accesses = new Map<string, Noted>(), calls = new Map<string, SeenCall>();
  const lockings = new Map<string, SeenLock>(), places = new Map<string, string>();
  const observer: AccessObserver = {
    access: (env, pointer, offset, size, isWrite) => note(accesses, env, pointer, offset, size, isWrite),
    call: (env, helper, map) => noteCall(calls, env, helper, map),
    lock: (env, pointer, offset) => noteLock(lockings, places, object, env, pointer, offset),
  };
  const verdict = verifyProgram(object, program, { created, observer });
  // A loader may set `const volatile` variables: what stands behind a switch that is off is looked at, too.
  const open = created.maps.map((map) => map?.frozen && map.def.data?.variables.length ? unfrozen(map) : map);
  if (open.some((map, i) => map !== created.maps[i])) {
    verifyProgram(object, program, { created: { ...created, maps: open }, observer });
  }
  if (verdict.verdict !== "accept") noteUnseen(accesses, object, program);
  const byInsn = (a: { insn: number }, b: { insn: number }) => a.insn - b.insn;
  return {
    program,
    verdict,
    insns: program.insns,
    accesses: [...accesses.values()].map((noted) => ({ ...noted, locks: [...noted.locks].sort() })).sort(byInsn),
    calls: [...calls.values()].sort(byInsn),
    lockings: [...lockings.values()].sort(byInsn),
  };
}

/**
 * What a program touches that the verifier did not come to: by the addresses that its own instructions name, look-ups
 * and global variables. Of locks only the value's own is known there.
 */
function noteUnseen(seen: Map<string, Noted>, object: BpfObject, program: Program): void {
  const visited = new Set([...seen.values()].map(({ insn }) => insn));
  const own = new Set<number>(),
    found = sharedAccesses(program, {
      ...{ object, own, isStable: () => true, isPlainValue: () => true },
    });
  found.forEach(({ loads, stores, locked }, insn) => {
    if (visited.has(insn) || isCall(program.insns[insn])) return;
    for (const places of [loads, stores, locked]) {
      for (const { map, part, offset, size, guarded } of places) {
        if (map === undefined || part !== "data" || offset === undefined) continue;
        const isWrite = places !== loads, locks = new Set(guarded ? [OWN_LOCK] : []);
        seen.set(`${insn} ${map} ${offset}`, {
          ...{ insn, map: object.maps[map], offset, size, spread: 0, locks },
          ...{ reads: !isWrite || places === locked, writes: isWrite, kind: kindOf(program.insns[insn], isWrite) },
        });
      }
    }
  });
}

function unfrozen({ frozen: _known, ...map }: MapState): MapState {
  return map;
}

interface Noted extends Omit<SeenAccess, "locks"> {
  reads: boolean;
  writes: boolean;
  locks: Set<string>;
}

function note(
  seen: Map<string, Noted>,
  env: Environment,
  reg: Reg,
  at: number,
  size: number,
  isWrite: boolean,
): void {
  const map = reg.map!.def, { bounds } = reg, insn = env.insns[env.insn];
  const low = Number(BigInt.asIntN(64, bounds.smin)), spread = bounds.isConst ? 0 : Number(bounds.smax - bounds.smin);
  const offset = at + low, held = heldLocks(env, reg);
  const key = `${env.insn} ${map.name} ${offset} ${spread} ${size}`;
  const known = seen.get(key);
  if (!known) {
    const helper = isCall(insn) ? shortName(insn.imm) : undefined;
    seen.set(key, {
      ...{ insn: env.insn, map, offset, size, spread, reads: !isWrite, writes: isWrite, locks: held },
      ...{ kind: kindOf(insn, isWrite), ...(helper ? { helper } : {}) },
    });
    return;
  }
  known.reads ||= !isWrite;
  known.writes ||= isWrite;
  // Only what is held on every path protects.
  for (const lock of known.locks) if (!held.has(lock)) known.locks.delete(lock);
}

function kindOf(insn: Insn, isWrite: boolean): AccessKind {
  if (isCall(insn)) return "helper";
  if (!isAtomic(insn)) return isWrite ? "store" : "load";
  return insn.imm === BPF_ATOMIC.LOAD_ACQ ? "acquire" : insn.imm === BPF_ATOMIC.STORE_REL ? "release" : "atomic";
}

/** A lock in the very value that is touched is told from one of another value of the same map. */
function heldLocks(env: Environment, reg: Reg): Set<string> {
  const { state } = env, names = new Set<string>();
  if (state.activeLocks === 0) return names;
  for (const held of state.references) {
    if (held.kind !== "lock" && !held.kind.startsWith("res_lock")) continue;
    const owner = (held.owner as MapState | undefined)?.def?.name ?? "an object";
    const isOwn = held.id === reg.id && held.owner === lockOwner(env, reg);
    names.add(isOwn ? OWN_LOCK : `a lock in ${owner}`);
  }
  return names;
}

/** The lock in the value itself. */
export const OWN_LOCK = "the value's lock";

/** Which register holds a call's flags. */
const FLAGS: Readonly<Record<string, number>> = { map_update_elem: 4, map_push_elem: 3 };

function noteCall(seen: Map<string, SeenCall>, env: Environment, helper: number, map: MapState | null): void {
  const name = shortName(helper) ?? String(helper);
  const at = FLAGS[name], flags = at === undefined ? undefined : env.regs[at].bounds;
  seen.set(`${env.insn} ${map?.name}`, {
    ...{ insn: env.insn, helper: name },
    ...(map ? { map: map.def } : {}),
    ...(flags?.isConst ? { flags: flags.value } : {}),
  });
}

/** A helper's name without `bpf_`. */
const shortName = (helper: number): string | undefined => helperName(helper)?.replace(/^bpf_/, "");

/** @param places where the locks stand that were taken so far, by what they are known by while they are held */
function noteLock(
  seen: Map<string, SeenLock>,
  places: Map<string, string>,
  object: BpfObject,
  env: Environment,
  reg: Reg,
  offset: number,
): void {
  if (!reg.map) return;
  const { def } = reg.map, lock = fieldName(def, object.btf, { offset, size: 4, spread: 0 }).replace(/\.val$/, "");
  const held = env.state.references.filter(({ kind }) => kind === "lock" || kind.startsWith("res_lock"))
    .map(({ id }) => places.get(`${id}`) ?? "another lock");
  places.set(`${reg.id}`, lock);
  seen.set(`${env.insn} ${lock} ${held.join()}`, { insn: env.insn, map: def, lock, held });
}
