/**
 * What the kernel says when libbpf creates an object's maps (kernel/bpf/syscall.c:map_create, and the alloc checks of
 * each map type). libbpf tries again without BTF where creation with BTF fails, so that some faults only show when the
 * program uses the map.
 */
import type { BpfObject, MapDef } from "../../object/bpf_object.ts";
import { kernelMapName } from "../../object/kernel_names.ts";
import type { Btf } from "../../object/btf.ts";
import { ERRNO } from "../../uapi/errno.ts";
import * as F from "../../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import { hasSince, type KernelRelease, NEWEST } from "../../uapi/releases.ts";
import type { MapState, SpecialField } from "./map_state.ts";
import { FieldError, hasSpecialMember, skipModifiers, specialFields } from "../../object/special_fields.ts";

const T = BPF_MAP_TYPE;
/** What fits into the kernel's name of an object (include/uapi/linux/bpf.h:BPF_OBJ_NAME_LEN, less the final zero). */
const NAME_LENGTH = 15;

/** Creating a map fails for good: no program of the object can be loaded. */
export interface MapFailure {
  readonly map: string;
  readonly errno: number;
  /** It is the template of this map's inner maps that fails. */
  readonly isInner: boolean;
}

export interface CreatedMaps {
  readonly maps: readonly (MapState | undefined)[];
  readonly failure?: MapFailure;
  /** The object's types, unless the kernel refuses them as a whole. */
  readonly btf?: Btf;
}

/** Types that not every release has whose rules are followed. */
const YOUNGER: Readonly<Record<number, `${number}.${number}`>> = { [T.CGRP_STORAGE]: "6.2", [T.ARENA]: "6.9" };

/** Creates every map of an object. */
export function createMaps(object: BpfObject, kernel: KernelRelease = NEWEST): CreatedMaps {
  const btf = object.btf && acceptsBtf(object.btf) ? object.btf : undefined;
  const maps: (MapState | undefined)[] = [];
  for (const def of object.maps) {
    const inner = createInner(def, btf), since = YOUNGER[def.type];
    const hasInnerLock = typeof inner === "object" && inner.fields.some(({ kind }) => kind === "bpf_spin_lock");
    const isUnknown = since !== undefined && !hasSince(kernel, since); // map_create: no such type
    const whole = isUnknown
      ? ERRNO.EINVAL
      : typeof inner === "number"
      ? inner
      : hasInnerLock && !hasSince(kernel, "6.12") // bpf_map_meta_alloc
      ? ERRNO.ENOTSUPP
      : create(def, btf, inner);
    const made = typeof whole === "number" || hasSince(kernel, "6.12") ? whole : withoutNested(whole, btf);
    const created = def.data && typeof made !== "number"
      ? { ...made, name: kernelMapName(object.name, def.data.section) }
      : made;
    if (typeof created === "number") {
      return {
        maps,
        failure: { map: def.name, errno: created, isInner: typeof inner === "number" && !!def.inner },
        btf,
      };
    }
    maps.push(created);
  }
  const unlike = object.maps.find((_, at) => holdsUnlike(maps, at));
  return unlike ? { maps, btf, failure: { map: unlike.name, errno: ERRNO.EINVAL, isInner: false } } : { maps, btf };
}

/** The map of a kernel that finds locks and timers among the members of a value and no deeper (btf_find_struct_field). */
function withoutNested(map: MapState, btf: Btf | undefined): MapState {
  const { valueType, data } = map.def;
  const members = data
    ? data.variables.map(({ offset, type }) => ({ at: offset, type }))
    : (valueType === undefined || !btf ? [] : skipModifiers(btf, valueType).members ?? []).map((member) => ({
      at: member.bitOffset / 8,
      type: member.type,
    }));
  const isDirect = (field: SpecialField): boolean =>
    members.some(({ at, type }) =>
      at === field.offset && type !== undefined && skipModifiers(btf!, type).name === field.kind
    );
  return { ...map, fields: map.fields.filter((field) => field.kind.startsWith("kptr") || isDirect(field)) };
}

/** Whether a map of maps is to begin with one that is not as its inner maps are declared (bpf_map_meta_equal). */
function holdsUnlike(maps: readonly (MapState | undefined)[], at: number): boolean {
  const outer = maps[at], inner = outer?.inner;
  if (!inner) return false;
  return (outer.def.slots ?? []).some(({ map }) => {
    const one = maps[map];
    if (!one) return false;
    const hasFixedEntries = inner.type === T.ARRAY && !(inner.flags & F.BPF_F_INNER_MAP);
    return one.type !== inner.type || one.keySize !== inner.keySize || one.valueSize !== inner.valueSize ||
      one.flags !== inner.flags || hasFixedEntries && one.maxEntries !== inner.maxEntries ||
      JSON.stringify(one.fields) !== JSON.stringify(inner.fields);
  });
}

/**
 * The kernel parses locks and the like in every struct while it loads BTF, and refuses all of it for one fault: two
 * locks, or a lock that is not aligned. libbpf then goes on without BTF.
 */
function acceptsBtf(btf: Btf): boolean {
  try {
    return btf.types.every((type) => !hasSpecialMember(btf, type) || specialFields(btf, type.id).length > 0);
  } catch (error) {
    if (error instanceof FieldError) return false;
    throw error;
  }
}

/** The template of a map's inner maps, where it holds maps. */
function createInner(def: MapDef, btf: Btf | undefined): MapState | number | undefined {
  if (def.type !== T.ARRAY_OF_MAPS && def.type !== T.HASH_OF_MAPS) return undefined;
  if (!def.inner) return ERRNO.EINVAL;
  const created = create(def.inner, btf);
  return typeof created === "number" ? created : { ...created, isInner: true };
}

/** The map, or the errno that creation ends with. */
function create(def: MapDef, btf: Btf | undefined, inner?: MapState): MapState | number {
  const shapeError = checkShape(def);
  const isBare = NO_BTF.includes(def.type);
  const hasTypes = btf !== undefined && !isBare && (def.data !== undefined || def.valueType !== undefined);
  if (shapeError) return shapeError;
  if (hasTypes) {
    const fields = hasKeyless(def) ? ERRNO.EINVAL : checkTypes(def, btf);
    if (typeof fields !== "number") return state(def, true, fields, inner);
  }
  if (NEEDS_BTF.includes(def.type)) return ERRNO.EINVAL;
  return state(def, false, [], inner);
}

/**
 * A value whose type is told beside a key whose type is not: these maps are then made without types, and no check finds
 * the lock in their values (map_check_btf).
 */
const hasKeyless = (def: MapDef): boolean =>
  def.data === undefined && def.keyType === undefined && KEYED.includes(def.type);

const KEYED: readonly number[] = [
  T.HASH,
  T.ARRAY,
  T.PERCPU_HASH,
  T.PERCPU_ARRAY,
  T.LRU_HASH,
  T.LRU_PERCPU_HASH,
];

function state(def: MapDef, hasBtf: boolean, fields: readonly SpecialField[], inner?: MapState): MapState {
  return {
    name: def.name.slice(0, NAME_LENGTH),
    type: def.type,
    keySize: def.keySize,
    valueSize: def.valueSize,
    maxEntries: def.maxEntries,
    // A lookup in a device map gives the device's own number.
    flags: def.data?.readonly || def.type === T.DEVMAP || def.type === T.DEVMAP_HASH
      ? def.flags | F.BPF_F_RDONLY_PROG
      : def.flags,
    hasBtf,
    fields,
    frozen: def.data?.readonly ? def.data.bytes : undefined,
    inner,
    def,
  };
}

/** Types whose keys and values libbpf does not describe (libbpf.c:bpf_object__create_map). */
const NO_BTF: readonly number[] = [
  T.PERF_EVENT_ARRAY,
  T.CGROUP_ARRAY,
  T.STACK_TRACE,
  T.ARRAY_OF_MAPS,
  T.HASH_OF_MAPS,
  T.DEVMAP,
  T.DEVMAP_HASH,
  T.CPUMAP,
  T.XSKMAP,
  T.SOCKMAP,
  T.SOCKHASH,
  T.QUEUE,
  T.STACK,
  T.ARENA,
];
const NEEDS_BTF: readonly number[] = [T.SK_STORAGE, T.INODE_STORAGE, T.TASK_STORAGE, T.CGRP_STORAGE];

const LOCK_MAPS: readonly number[] = [T.HASH, T.ARRAY, T.CGROUP_STORAGE, ...NEEDS_BTF];
const TIMER_MAPS: readonly number[] = [T.HASH, T.LRU_HASH, T.ARRAY];
const KPTR_MAPS: readonly number[] = [
  T.HASH,
  T.PERCPU_HASH,
  T.LRU_HASH,
  T.LRU_PERCPU_HASH,
  T.ARRAY,
  T.PERCPU_ARRAY,
  ...NEEDS_BTF,
];

function allowedIn(field: SpecialField): readonly number[] {
  switch (field.kind) {
    case "bpf_spin_lock":
    case "bpf_res_spin_lock":
      return LOCK_MAPS;
    case "bpf_timer":
    case "bpf_wq":
    case "bpf_task_work":
    case "bpf_list_head":
    case "bpf_rb_root":
      return TIMER_MAPS;
    case "kptr_untrusted":
    case "kptr_ref":
    case "kptr_percpu":
    case "bpf_refcount":
      return KPTR_MAPS;
    default:
      return [];
  }
}

/** map_check_btf: the special fields, or the errno. */
function checkTypes(def: MapDef, btf: Btf): readonly SpecialField[] | number {
  const fields = specialFieldsOf(def, btf);
  if (fields.length > 0) {
    if (def.flags & (F.BPF_F_RDONLY_PROG | F.BPF_F_WRONLY_PROG)) return ERRNO.EACCES;
    if (fields.some((field) => !allowedIn(field).includes(def.type))) return ERRNO.EOPNOTSUPP;
  }
  return keyFits(def, btf) ? fields : ERRNO.EINVAL;
}

/** A value type that cannot be parsed, such as an array of locks, counts as one without special fields. */
function specialFieldsOf(def: MapDef, btf: Btf): readonly SpecialField[] {
  const section = def.data?.section;
  const type = section === undefined
    ? def.valueType
    : btf.types.find((type) => type.kind === "datasec" && type.name === section)?.id;
  try {
    return type === undefined ? [] : specialFields(btf, type, def.data?.variables);
  } catch (error) {
    if (error instanceof FieldError) return [];
    throw error;
  }
}

/** Arrays and local storages want an int of 32 bits as key, tries a struct. */
function keyFits(def: MapDef, btf: Btf): boolean {
  if (def.data || def.keyType === undefined) return true;
  const key = skipModifiers(btf, def.keyType);
  if (def.type === T.ARRAY || def.type === T.PERCPU_ARRAY || NEEDS_BTF.includes(def.type)) {
    return key.kind === "int" && key.size === 4;
  }
  return def.type !== T.LPM_TRIE || key.kind === "struct";
}

const ARRAY_FLAGS = F.BPF_F_NUMA_NODE | F.BPF_F_MMAPABLE | F.BPF_F_RDONLY | F.BPF_F_WRONLY | F.BPF_F_RDONLY_PROG |
  F.BPF_F_WRONLY_PROG | F.BPF_F_PRESERVE_ELEMS |
  F.BPF_F_INNER_MAP;
const HASH_FLAGS = F.BPF_F_NO_PREALLOC | F.BPF_F_NO_COMMON_LRU | F.BPF_F_NUMA_NODE | F.BPF_F_RDONLY | F.BPF_F_WRONLY |
  F.BPF_F_RDONLY_PROG |
  F.BPF_F_WRONLY_PROG | F.BPF_F_ZERO_SEED;
const BLOOM_FLAGS = F.BPF_F_NUMA_NODE | F.BPF_F_ZERO_SEED | F.BPF_F_RDONLY | F.BPF_F_WRONLY | F.BPF_F_RDONLY_PROG |
  F.BPF_F_WRONLY_PROG;
const MAX_PERCPU_VALUE = 32 << 10;
const PAGE = 4096;

/** The alloc checks: 0, or the errno. */
function checkShape(def: MapDef): number {
  const { type, keySize, valueSize, maxEntries, flags } = def;
  const bothWays =
    (flags & (F.BPF_F_RDONLY_PROG | F.BPF_F_WRONLY_PROG)) === (F.BPF_F_RDONLY_PROG | F.BPF_F_WRONLY_PROG);
  switch (type) {
    case T.ARRAY:
    case T.PERCPU_ARRAY:
    case T.PROG_ARRAY:
    case T.PERF_EVENT_ARRAY:
    case T.CGROUP_ARRAY:
    case T.ARRAY_OF_MAPS: {
      // libbpf sizes an unset perf event array by the CPUs.
      const entries = type === T.PERF_EVENT_ARRAY && maxEntries === 0 ? 1 : maxEntries;
      if (entries === 0 || keySize !== 4 || valueSize === 0 || flags & ~ARRAY_FLAGS || bothWays) return ERRNO.EINVAL;
      if (type !== T.ARRAY && flags & (F.BPF_F_MMAPABLE | F.BPF_F_INNER_MAP)) return ERRNO.EINVAL;
      if (type !== T.PERF_EVENT_ARRAY && flags & F.BPF_F_PRESERVE_ELEMS) return ERRNO.EINVAL;
      if (type !== T.ARRAY && type !== T.PERCPU_ARRAY && valueSize !== 4) return ERRNO.EINVAL;
      return type === T.PERCPU_ARRAY && valueSize > MAX_PERCPU_VALUE ? ERRNO.E2BIG : 0;
    }
    case T.HASH:
    case T.PERCPU_HASH:
    case T.LRU_HASH:
    case T.LRU_PERCPU_HASH:
    case T.HASH_OF_MAPS: {
      const isLru = type === T.LRU_HASH || type === T.LRU_PERCPU_HASH;
      const isPercpu = type === T.PERCPU_HASH || type === T.LRU_PERCPU_HASH;
      if (flags & ~HASH_FLAGS || bothWays || !isLru && flags & F.BPF_F_NO_COMMON_LRU) return ERRNO.EINVAL;
      if (isLru && flags & F.BPF_F_NO_PREALLOC) return ERRNO.ENOTSUPP;
      if (maxEntries === 0 || keySize === 0 || valueSize === 0) return ERRNO.EINVAL;
      if (type === T.HASH_OF_MAPS && valueSize !== 4) return ERRNO.EINVAL;
      return isPercpu && valueSize > MAX_PERCPU_VALUE ? ERRNO.E2BIG : 0;
    }
    case T.RINGBUF:
    case T.USER_RINGBUF: {
      // libbpf rounds the size up to a power of two of pages.
      if (keySize || valueSize || maxEntries === 0 || flags & ~(F.BPF_F_NUMA_NODE)) return ERRNO.EINVAL;
      return 0;
    }
    case T.QUEUE:
    case T.STACK:
      return maxEntries === 0 || keySize !== 0 || valueSize === 0 ? ERRNO.EINVAL : 0;
    case T.BLOOM_FILTER:
      return maxEntries === 0 || keySize !== 0 || valueSize === 0 || (def.extra ?? 0) > 15 || flags & ~BLOOM_FLAGS ||
          bothWays
        ? ERRNO.EINVAL
        : 0;
    case T.LPM_TRIE:
      return maxEntries === 0 || !(flags & F.BPF_F_NO_PREALLOC) || keySize < 5 || keySize > 260 || valueSize === 0
        ? ERRNO.EINVAL
        : 0;
    case T.SK_STORAGE:
    case T.INODE_STORAGE:
    case T.TASK_STORAGE:
    case T.CGRP_STORAGE:
      if (
        flags & ~(F.BPF_F_NO_PREALLOC | F.BPF_F_CLONE) || !(flags & F.BPF_F_NO_PREALLOC) || maxEntries || keySize !== 4
      ) {
        return ERRNO.EINVAL;
      }
      return valueSize === 0 ? ERRNO.EINVAL : valueSize > 0xffff - PAGE / 8 ? ERRNO.E2BIG : 0;
    case T.STACK_TRACE:
      return maxEntries === 0 || keySize !== 4 || valueSize < 8 || valueSize % 8 ? ERRNO.EINVAL : 0;
    default:
      return type > 0 && type <= T.ARENA ? 0 : ERRNO.EINVAL;
  }
}
