/**
 * What a program's own user-space side would do before it loads the object, as far as it can be told from the object
 * alone: sizes that are left to it, and types of programs whose sections libbpf does not know.
 */
import type { BpfObject, MapDef, Program } from "../object/bpf_object.ts";
import { resolveType } from "../object/btf_types.ts";
import { mapMemoryBytes } from "../maps/memory_use.ts";
import { BPF_F_NO_PREALLOC } from "../uapi/flags.ts";
import { BPF_MAP_TYPE as M } from "../uapi/map_types.ts";
import { programKind } from "../verifier/kernel/program_types.ts";

/** Entries of a map, bytes of a ring, and bytes of a stack trace (127 frames, PERF_MAX_STACK_DEPTH) that are taken. */
const ENTRIES = 1024, RING_BYTES = 1 << 18, STACK_BYTES = 127 * 8;
const LEAST_ENTRIES = 8, VALUE_BYTES = 1 << 20;
const WORD = 4;

export interface Completed {
  /** The object itself where nothing is left to user space. */
  readonly object: BpfObject;
  /** What was taken, in sentences. */
  readonly remarks: readonly string[];
}

const known = new WeakMap<BpfObject, Completed>();

/** The object as it can be loaded; the same for the same object. */
export function completed(object: BpfObject): Completed {
  let found = known.get(object);
  if (!found) known.set(object, found = complete(object));
  return found;
}

function complete(object: BpfObject): Completed {
  const { maps, shrunk } = fitted(object.maps.map(sized)),
    programs = object.programs.map((program) => typed(object, program));
  const resized = maps.filter(({ name, maxEntries, inner }, at) =>
    !shrunk.includes(name) && maxEntries !== object.maps[at].maxEntries ||
    !inner?.isGuess && inner?.maxEntries !== object.maps[at].inner?.maxEntries
  );
  const guessed = programs.filter((program, at) => program !== object.programs[at]);
  if (maps.every((map, at) => map === object.maps[at]) && guessed.length === 0) return { object, remarks: [] };
  const remarks = [
    ...sizeRemarks(resized),
    ...shrunkRemarks(maps, object.maps, shrunk),
    ...innerRemarks(maps),
    ...typeRemarks(object, guessed),
  ];
  return { object: { ...object, maps, programs }, remarks };
}

const NO_ENTRIES: readonly number[] = [
  ...[M.PERF_EVENT_ARRAY, M.SK_STORAGE, M.INODE_STORAGE, M.TASK_STORAGE, M.CGRP_STORAGE, M.CGROUP_STORAGE],
  ...[M.PERCPU_CGROUP_STORAGE, M.STRUCT_OPS, M.ARENA],
];

/** Maps in maps, whose inner maps user space describes where the object does not (bpf_map__set_inner_map_fd). */
const OUTER: readonly number[] = [M.ARRAY_OF_MAPS, M.HASH_OF_MAPS];
/** Small keys and large values, so that programs are taken to use it well; nothing puts one in. */
const GUESSED_INNER: MapDef = {
  name: "inner",
  type: M.HASH,
  keySize: 1,
  valueSize: 4096,
  maxEntries: 1,
  flags: 0,
  isGuess: true,
};

/** Sizes that have to be more than 0, and those of maps without keys or values, which loaders other than libbpf ignore. */
function sized(map: MapDef): MapDef {
  if (map.data) return map;
  const inner = map.inner ? sized(map.inner) : OUTER.includes(map.type) ? GUESSED_INNER : undefined;
  if (inner !== map.inner) return sized({ ...map, inner });
  const changes: Partial<Record<"keySize" | "valueSize" | "maxEntries", number>> = {};
  if (map.type === M.RINGBUF || map.type === M.USER_RINGBUF) {
    if (map.keySize > 0) changes.keySize = 0;
    if (map.valueSize > 0) changes.valueSize = 0;
  }
  if (map.type === M.PERF_EVENT_ARRAY || map.type === M.STACK_TRACE) {
    if (map.keySize !== WORD) changes.keySize = WORD;
    if (map.type === M.PERF_EVENT_ARRAY && map.valueSize !== WORD) changes.valueSize = WORD;
    if (map.type === M.STACK_TRACE && map.valueSize === 0) changes.valueSize = STACK_BYTES;
  }
  if (map.maxEntries === 0 && !NO_ENTRIES.includes(map.type)) {
    changes.maxEntries = map.type === M.RINGBUF || map.type === M.USER_RINGBUF ? RING_BYTES : entriesOf(map);
  }
  return Object.keys(changes).length === 0 ? map : { ...map, ...changes };
}

/** Bytes of the kernel's that all maps together may take, for so many CPUs, and entries that larger ones are cut down to. */
const MOST_BYTES = 256 << 20, CUT_BYTES = 32 << 20, CPUS = 4, CUT_TO = [1 << 16, 1 << 14, 1 << 12, 1 << 10];
/** Maps of which a part does for a run: keys are looked for, and what is full is full sooner. */
const CUT: readonly number[] = [M.HASH, M.LRU_HASH, M.PERCPU_HASH, M.LRU_PERCPU_HASH];

/** The maps, the largest of them cut down where simulated memory would not hold all. */
function fitted(maps: readonly MapDef[]): { readonly maps: readonly MapDef[]; readonly shrunk: readonly string[] } {
  // An entry that is not allocated beforehand takes its place in simulated memory all the same.
  const bytesOf = (map: MapDef) => mapMemoryBytes({ ...map, flags: map.flags & ~BPF_F_NO_PREALLOC }, CPUS);
  const bytes = (all: readonly MapDef[]) =>
    all.reduce((sum, map) => sum + (CUT.includes(map.type) ? bytesOf(map) : 0), 0);
  let fitting = maps;
  for (const most of bytes(maps) > MOST_BYTES ? CUT_TO : []) {
    if (bytes(fitting) <= CUT_BYTES) break;
    fitting = maps.map((map) => CUT.includes(map.type) && map.maxEntries > most ? { ...map, maxEntries: most } : map);
  }
  return { maps: fitting, shrunk: fitting.filter((map, at) => map !== maps[at]).map(({ name }) => name) };
}

/** Fewer of large values: each is looked at when a run begins and ends, and who has such has one for each CPU. */
const entriesOf = ({ valueSize }: MapDef): number =>
  Math.max(LEAST_ENTRIES, Math.min(ENTRIES, Math.floor(VALUE_BYTES / Math.max(1, valueSize))));

function shrunkRemarks(maps: readonly MapDef[], given: readonly MapDef[], shrunk: readonly string[]): string[] {
  if (shrunk.length === 0) return [];
  const sizes = maps.flatMap(({ name, maxEntries }, at) =>
    shrunk.includes(name) ? [`${name} has room for ${maxEntries} entries of ${given[at].maxEntries}`] : []
  );
  return [
    `Simulated memory does not hold maps of these sizes: ${sizes.join(", ")}, and is full sooner ` +
    `(--max-entries ${shrunk[0]}=N)`,
  ];
}

function sizeRemarks(maps: readonly MapDef[]): string[] {
  if (maps.length === 0) return [];
  const sizes = maps.map(({ name, maxEntries, inner }) =>
    `${name}=${maxEntries}${inner ? `, its inner maps ${inner.maxEntries}` : ""}`
  );
  return [
    `The object leaves ${sizes.length === 1 ? "a size" : "sizes"} to user space; taken here: ${sizes.join(", ")} ` +
    `(--max-entries ${maps[0].name}=N, maps: { ${maps[0].name}: { maxEntries: N } } sets another)`,
  ];
}

function innerRemarks(maps: readonly MapDef[]): string[] {
  const guessed = maps.filter(({ inner }) => inner?.isGuess).map(({ name }) => name);
  return guessed.length === 0 ? [] : [
    `The object does not say what inner maps ${guessed.join(", ")} ${
      guessed.length === 1 ? "has" : "have"
    }, and user space ` +
    "does: none is there, and every look-up gives NULL (__array(values, struct ...) describes them)",
  ];
}

/** A context's struct, and the section of programs that are given it. */
const BY_CONTEXT: Readonly<Record<string, string>> = {
  xdp_md: "xdp",
  __sk_buff: "tc",
  pt_regs: "kprobe",
  user_pt_regs: "kprobe",
  bpf_perf_event_data: "perf_event",
  bpf_sock_ops: "sockops",
  sk_msg_md: "sk_msg",
  sk_reuseport_md: "sk_reuseport",
  bpf_sk_lookup: "sk_lookup",
  bpf_sockopt: "cgroup/getsockopt",
  bpf_sysctl: "cgroup/sysctl",
  bpf_cgroup_dev_ctx: "cgroup/dev",
  bpf_raw_tracepoint_args: "raw_tp",
};
/** The first word of a section's name, as loaders before libbpf 1.0 went by. */
const BY_WORD: readonly (readonly [word: RegExp, section: string])[] = [
  [/^xdp/, "xdp"],
  [/^(tc|cls|classifier|action|act|from-|to-)/, "tc"],
  [/^perf_event/, "perf_event"],
  [/^socket/, "socket"],
  [/^sockops/, "sockops"],
  [/^(kprobe|kretprobe|uprobe|uretprobe|tracepoint|raw_tracepoint)/, ""],
];

/** A program with a section of libbpf's, where its own is none and what it is given tells the type. */
function typed(object: BpfObject, program: Program): Program {
  if (programKind(program.section) !== undefined) return program;
  const bare = program.section.replace(/^\?/, ""), word = BY_WORD.find(([word]) => word.test(bare));
  const byWord = word && (word[1] || word[0].exec(bare)![0]);
  // "sk_skb/stream_parser/tcp" and the like: what follows the name that libbpf knows says nothing.
  const shorter = bare.split("/").slice(0, -1).map((_, at, parts) => parts.slice(0, parts.length - at).join("/"))
    .find((name) => programKind(name) !== undefined);
  const section = shorter ?? byWord ?? BY_CONTEXT[contextStruct(object, program) ?? ""];
  return section !== undefined && programKind(section) !== undefined ? { ...program, section } : program;
}

/** Name of the struct that the program's first parameter points to. */
function contextStruct({ btf }: BpfObject, { subprogs }: Program): string | undefined {
  const fn = btf?.types[subprogs[0]?.btfId ?? 0], first = fn && btf.types[fn.type ?? 0]?.params?.[0];
  const pointer = first && resolveType(btf, first.type);
  return pointer?.kind === "ptr" ? resolveType(btf!, pointer.type ?? 0).name : undefined;
}

function typeRemarks({ programs }: BpfObject, guessed: readonly Program[]): string[] {
  if (guessed.length === 0) return [];
  const given = (name: string) => programs.find((one) => one.name === name)!.section;
  const [{ name, section }] = guessed;
  if (guessed.length === 1) {
    return [
      `libbpf knows no section ${given(name)}, and user space says what ${name} is: taken here for ${section}`,
    ];
  }
  const all = guessed.map(({ name, section }) => `${name} (${given(name)}) for ${section}`).join(", ");
  return [`libbpf does not know all sections, and user space says what these programs are: taken here ${all}`];
}
