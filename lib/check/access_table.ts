/** Every access to shared memory of an object's programs: map and field, C line, how it is protected, where it runs. */
import {
  type BpfObject,
  defaultPrograms,
  type LineInfo,
  lineOf,
  type MapDef,
  type Program,
} from "../object/bpf_object.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { createMaps } from "../verifier/kernel/map_creation.ts";
import { contextsOf, type Level } from "../workload/contexts.ts";
import { type DataFlow, dataFlow, type Flow, type Origin } from "./data_flow.ts";
import { fieldName } from "./field_name.ts";
import { observe, type Seen, type SeenAccess } from "./observe.ts";
import { t, translated } from "../words/translation.ts";
import { completed } from "../workload/user_space_side.ts";

/** What keeps an access from racing: `plain` is nothing. */
export type Protection =
  | "atomic"
  | "lock"
  | "per-CPU"
  | "read-only"
  | "own of a CPU"
  | "own of a thread"
  | "plain";

/** One access of one program. */
export interface TableAccess extends SeenAccess {
  /** The program that makes the access. */
  readonly prog: string;
  /** SEC() name. */
  readonly section: string;
  /** C name of what is touched. */
  readonly field: string;
  /** The C line, where the object has line info. */
  readonly line?: LineInfo;
  /** What keeps others away meanwhile. */
  readonly protection: Protection;
  /** Who the value belongs to by its key or index. */
  readonly owner: Origin;
  /** Contexts that the program can be in. */
  readonly runsIn: readonly Level[];
}

/**
 * One program, as it was followed.
 *
 * @internal
 */
export interface FollowedProgram extends Seen {
  readonly flow: DataFlow;
  /** Whose key each look-up has. */
  readonly keyOwners: ReadonlyMap<number, Origin>;
  readonly accesses: readonly TableAccess[];
}

/** The accesses of an object, and the programs that could not be followed to their end. */
export interface AccessTable {
  /** The object that was looked at. */
  readonly object: BpfObject;
  /** Its programs, each with what was seen of it. */
  readonly programs: readonly FollowedProgram[];
  /** All accesses, in the order of the programs. */
  readonly accesses: readonly TableAccess[];
  /** Programs of which only a part was seen, with the verifier's message. */
  readonly unseen: readonly { readonly prog: string; readonly why: string }[];
}

const T = BPF_MAP_TYPE;
/** A value for each CPU. */
export const PER_CPU_MAPS: readonly number[] = [
  ...[T.PERCPU_ARRAY, T.PERCPU_HASH, T.LRU_PERCPU_HASH, T.PERCPU_CGROUP_STORAGE],
];

/** Maps without entries of their own, or whose number the loader finds: the kernel's storages, buffers of each CPU. */
const SIZELESS: readonly number[] = [
  ...[T.PERF_EVENT_ARRAY, T.TASK_STORAGE, T.SK_STORAGE, T.INODE_STORAGE, T.CGRP_STORAGE],
  ...[T.CGROUP_STORAGE, T.PERCPU_CGROUP_STORAGE, T.STRUCT_OPS, T.ARENA],
];

/**
 * The table of an object's accesses.
 *
 * @param programs only these C functions; default: all that the object loads
 */
export function accessTable(given: BpfObject, programs?: readonly string[]): AccessTable {
  const object = sized(completed(given).object);
  const created = createMaps(object);
  const wanted = defaultPrograms(object).filter(({ name }) => programs?.includes(name) ?? true);
  const followed = wanted.map((program) => follow(object, observe(object, program, created)));
  return {
    object,
    programs: followed,
    accesses: followed.flatMap(({ accesses }) => accesses),
    unseen: followed.filter(({ verdict }) => verdict.verdict !== "accept")
      .map(({ verdict }) => ({ prog: verdict.program, why: verdict.message })),
  };
}

/** Entries of a map whose loader says how many; frames of a stack, PERF_MAX_STACK_DEPTH. */
const ASSUMED_ENTRIES = 16, STACK_BYTES = 127 * 8;
/** Bytes of a ring whose loader says how many: a page, the least that there may be. */
const ASSUMED_RING_BYTES = 4096, RINGS: readonly number[] = [T.RINGBUF, T.USER_RINGBUF];
/** Entries of a hash map that searches make room for: a few are used, and all are state. */
const MOST_ENTRIES = 1024;
const HASHES: readonly number[] = [T.HASH, T.PERCPU_HASH, T.LRU_HASH, T.LRU_PERCPU_HASH];

/**
 * The object with sizes where it leaves them to its loader, and with no more entries of hash maps than a search needs:
 * for who touches what neither matters.
 */
export function sized(object: BpfObject): BpfObject {
  const maps = object.maps.map((map): MapDef => {
    const assumed = RINGS.includes(map.type) ? ASSUMED_RING_BYTES : ASSUMED_ENTRIES;
    const entries = map.maxEntries === 0 && !SIZELESS.includes(map.type) ? assumed : map.maxEntries;
    const maxEntries = HASHES.includes(map.type) ? Math.min(entries, MOST_ENTRIES) : entries;
    const valueSize = map.type === T.STACK_TRACE ? map.valueSize || STACK_BYTES : map.valueSize;
    return maxEntries === map.maxEntries && valueSize === map.valueSize ? map : { ...map, maxEntries, valueSize };
  });
  return maps.every((map, i) => map === object.maps[i]) ? object : { ...object, maps };
}

/** The C line of an instruction; of one that the compiler made of no line, the last line before it that is one. */
function writtenLine(program: Program, insn: number): LineInfo | undefined {
  const line = lineOf(program, insn);
  return line?.line !== 0 ? line : program.lines.findLast((one) => one.insn <= insn && one.line !== 0);
}

function follow(object: BpfObject, seen: Seen): FollowedProgram {
  const { program } = seen, ofMap = new Set(seen.accesses.map(({ insn }) => insn));
  const flow = dataFlow(program, (insn) => ofMap.has(insn)), keyOwners = new Map<number, Origin>();
  for (const { insn, map, helper } of seen.calls) {
    const args = flow.calls.get(insn);
    if (!map || !args) continue;
    // The first argument is the map, of storages the owner comes second: a thread's own has its thread's.
    const isStorage = helper.endsWith("_storage_get"), words = args[1].behind.slice(0, Math.ceil(map.keySize / 4));
    keyOwners.set(insn, helper === "task_storage_get" ? "thread" : isStorage ? "object" : keyOwner(words));
  }
  const { runsIn } = contextsOf(program.section);
  const accesses = seen.accesses.map((access): TableAccess => {
    const owner = ownerOf(flow, keyOwners, access);
    return {
      ...access,
      ...{ prog: program.name, section: program.section, runsIn, owner, line: writtenLine(program, access.insn) },
      ...{ field: fieldName(access.map, object.btf, access), protection: protectionOf(access, owner) },
    };
  });
  return { ...seen, flow, keyOwners, accesses: [...accesses, ...wholeValues(seen, keyOwners)] };
}

/** Calls that put a value in, take it out or replace it: nobody sees it before, as it lies on the stack. */
const WHOLE: readonly string[] = ["map_update_elem", "map_delete_elem", "map_push_elem", "map_pop_elem"];

function wholeValues({ program, calls }: Seen, keyOwners: ReadonlyMap<number, Origin>): TableAccess[] {
  const { runsIn } = contextsOf(program.section);
  return calls.filter(({ helper, map }) => map && WHOLE.includes(helper)).map(({ insn, helper, map }): TableAccess => {
    const owner = keyOwners.get(insn) ?? "none";
    const place = { insn, map: map!, offset: 0, size: map!.valueSize, spread: 0, line: lineOf(program, insn) };
    const access = { ...place, reads: false, writes: true, kind: "helper", helper, locks: [] } as const;
    return {
      ...access,
      ...{ prog: program.name, section: program.section, runsIn, owner, field: map!.name },
      protection: protectionOf(access, owner),
    };
  });
}

/** The most telling owner that a part of a key names. */
function keyOwner(words: readonly Flow[]): Origin {
  const origins = words.map(({ origin }) => origin);
  for (const owner of ["cpu", "thread", "pid_tgid", "object", "process"] as const) {
    if (!origins.includes(owner)) continue;
    return owner === "pid_tgid" ? "thread" : owner;
  }
  return "none";
}

/** Whose the touched value is: by the key that it was looked up with, or by the index into it. */
function ownerOf(flow: DataFlow, keyOwners: ReadonlyMap<number, Origin>, { insn, map }: SeenAccess): Origin {
  const through = flow.pointers.get(insn);
  if (map.type === T.TASK_STORAGE) return "thread";
  if (map.type === T.SK_STORAGE || map.type === T.INODE_STORAGE) return "object";
  if (!through) return "none";
  const index = through.origin === "pid_tgid" ? "thread" : through.origin;
  // Programs that switch between a slot for each CPU and one for all add atomically to the latter.
  if (index === "cpu or fixed") return "cpu";
  if (index === "cpu" || index === "thread") return index;
  const owners = new Set([...through.lookups].map((lookup) => keyOwners.get(lookup) ?? "none"));
  return owners.size === 1 ? [...owners][0] : "none";
}

function protectionOf(access: SeenAccess, owner: Origin): Protection {
  const { map, kind, locks } = access;
  if (map.data?.readonly) return "read-only";
  if (kind === "atomic" || kind === "acquire" || kind === "release") return "atomic";
  if (locks.length > 0) return "lock";
  if (PER_CPU_MAPS.includes(map.type)) return "per-CPU";
  if (owner === "cpu") return "own of a CPU";
  if (owner === "thread") return "own of a thread";
  return "plain";
}

/** Whether other CPUs can reach the bytes without a key of their own owner. */
export const isShared = ({ map, owner }: Pick<TableAccess, "map" | "owner">): boolean =>
  !map.data?.readonly && !PER_CPU_MAPS.includes(map.type) && owner !== "cpu" && owner !== "thread";

const PROTECTIONS: Readonly<Record<Protection, string>> = translated({
  atomic: "atomic",
  lock: "lock",
  "per-CPU": "per-CPU",
  "read-only": "read-only",
  "own of a CPU": "own of a CPU",
  "own of a thread": "own of a thread",
  plain: "plain",
});

/** What an access is, in a few words: `read, written: plain`. */
export function accessWords({ reads, writes, kind, helper, protection, locks }: TableAccess): string {
  const what = reads && writes ? t`read and written` : writes ? t`written` : t`read`;
  const by = helper ? t`${what} by bpf_${helper}` : what;
  const how = protection === "lock" ? t`under ${locks.join(", ")}` : PROTECTIONS[protection];
  return t`${by}, ${kind === "acquire" ? t`load-acquire` : kind === "release" ? t`store-release` : how}`;
}

/** Accesses of one field, of all programs. */
export function byField(accesses: readonly TableAccess[]): Map<string, TableAccess[]> {
  const fields = new Map<string, TableAccess[]>();
  for (const access of accesses) {
    const key = fieldKey(access);
    (fields.get(key) ?? fields.set(key, []).get(key)!).push(access);
  }
  return fields;
}

const fieldKey = ({ map, field }: TableAccess): string => `${map.name}\0${field}`;

/** What tells maps apart for a reader: the name, and for global variables none. */
export const mapLabel = (map: MapDef): string => map.data ? map.data.section : map.name;
