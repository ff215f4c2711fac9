/** What runs where a workload names no programs: those of an object that have to do with one another. */
import { type BpfObject, defaultPrograms, type Program } from "../object/bpf_object.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { programKind } from "../verifier/kernel/program_types.ts";
import type { Verdict } from "../verifier/verify.ts";
import { isOfAnotherKernel, verdictsOf } from "./admission.ts";
import type { ProgRun } from "./workload.ts";

export interface DefaultRuns {
  readonly runs: readonly ProgRun[];
  /** Programs that are left out: they share nothing with those that run. */
  readonly leftOut: readonly string[];
}

/**
 * The programs of an object that share maps or variables; of several such groups the largest, the first of equals. Those
 * that only tail calls lead to are no entry. Empty for an object without programs.
 */
export function defaultRuns(object: BpfObject, without: ReadonlySet<string> = new Set()): DefaultRuns {
  const called = new Set(
    object.maps.filter(({ type }) => type === BPF_MAP_TYPE.PROG_ARRAY)
      .flatMap(({ slots = [] }) => slots.map(({ map }) => object.programs[map]?.name)),
  );
  const all = defaultPrograms(object), entries = all.filter(({ name }) => !called.has(name));
  const known = entries.filter(({ section }) => programKind(section) !== undefined);
  const wanted = known.length > 0 ? known : entries.length > 0 ? entries : all;
  const loadable = wanted.filter(({ name }) => !without.has(name)),
    candidates = loadable.length > 0 ? loadable : wanted;
  const groups = groupsOf(object, candidates);
  const largest = groups.reduce((most, group) => group.length > most.length ? group : most, groups[0] ?? []);
  const group = largest.length === 1 ? candidates : largest;
  const paired = entriesOf(group);
  const runs = group.map((program): ProgRun => {
    const entry = paired.get(program);
    return entry ? { prog: program.name, exitOf: entry.name } : { prog: program.name };
  });
  return { runs, leftOut: candidates.filter((one) => !group.includes(one)).map(({ name }) => name) };
}

/** Programs that are linked by what they share, in the order of the object. */
function groupsOf({ maps }: BpfObject, programs: readonly Program[]): Program[][] {
  const groups: { programs: Program[]; data: Set<string> }[] = [];
  for (const program of programs) {
    const joined = { programs: [program], data: dataOf(maps, program) };
    for (const group of groups.filter((group) => [...joined.data].some((one) => group.data.has(one)))) {
      groups.splice(groups.indexOf(group), 1);
      joined.programs.unshift(...group.programs);
      group.data.forEach((one) => joined.data.add(one));
    }
    groups.push(joined);
  }
  const position = (program: Program) => programs.indexOf(program);
  return groups.map((group) => group.programs.sort((a, b) => position(a) - position(b)));
}

/** Maps and variables that a program names; what is read-only is nothing to share. */
function dataOf(maps: BpfObject["maps"], { relocations }: Program): Set<string> {
  return new Set(relocations.flatMap((one) => {
    if (one.kind === "map") return [`map ${one.map}`];
    const data = one.kind === "mapValue" ? maps[one.map]?.data : undefined;
    if (one.kind !== "mapValue" || data?.readonly) return [];
    const variable = data?.variables.findIndex(({ offset, size }) =>
      one.offset >= offset && one.offset < offset + size
    );
    return [`map ${one.map}${data ? ` variable ${variable}` : ""}`];
  }));
}

/** Sections of programs at the exit of what those at the entry, by the same name, belong to. */
const EXITS: readonly (readonly [exit: RegExp, entry: string])[] = [
  [/^kretprobe(?=\.|\/|$)/, "kprobe"],
  [/^kretsyscall(?=\/|$)/, "ksyscall"],
  [/^uretprobe(?=\.|\/|$)/, "uprobe"],
  [/^fexit(?=\.|\/|$)/, "fentry"],
  [/^((?:raw_)?(?:tp|tracepoint)(?:_btf)?\/(?:(?:raw_)?syscalls\/)?)sys_exit/, "$1sys_enter"],
  // softirq_exit, irq_handler_exit, mm_vmscan_direct_reclaim_end and others of their kind.
  [/^((?:raw_)?(?:tp|tracepoint)(?:_btf)?\/.+)_exit$/, "$1_entry"],
  [/^((?:raw_)?(?:tp|tracepoint)(?:_btf)?\/.+)_end$/, "$1_begin"],
  [/^((?:raw_)?(?:tp|tracepoint)(?:_btf)?\/.+)_end$/, "$1_start"],
];

/** For programs at exits the one at the entry: one for one, where there are several that of the most similar name. */
function entriesOf(programs: readonly Program[]): Map<Program, Program> {
  const found = new Map<Program, Program>(), taken = new Set<Program>();
  const candidates = programs.flatMap((exit) =>
    EXITS.filter(([pattern]) => pattern.test(exit.section)).flatMap(([pattern, entry]) => {
      const section = exit.section.replace(pattern, entry);
      return programs.filter((one) => one.section === section).map((entry) => ({ exit, entry }));
    })
  );
  const likeness = candidates.map((pair) => ({ ...pair, like: commonParts(pair.exit.name, pair.entry.name) }));
  for (const { exit, entry } of likeness.toSorted((a, b) => b.like - a.like)) {
    if (found.has(exit) || taken.has(entry)) continue;
    found.set(exit, entry);
    taken.add(entry);
  }
  return found;
}

/** The share of the words of two names that both have: more for malloc_exit and malloc_enter than for calloc_enter. */
function commonParts(one: string, other: string): number {
  const [a, b] = [one, other].map((name) => name.split("_").filter((part) => part !== ""));
  return a.filter((part) => b.includes(part)).length / Math.max(a.length, b.length);
}

/** What runs where a workload names nothing, and why some programs do not. */
export interface StandardRuns extends DefaultRuns {
  /** Programs that this kernel has no place for, and what it says of them. */
  readonly notHere: readonly { readonly name: string; readonly why: string }[];
  /** Programs that stand in for others at the same hook, and which run in their place. */
  readonly standIns: readonly { readonly name: string; readonly runs: string }[];
}

/** Ways to one hook, the one that tools prefer first: they load the first that the kernel has. */
const SAME_HOOK: readonly (readonly [hook: string, ways: readonly RegExp[]])[] = [
  ["tracepoint", [/^tp_btf\//, /^raw_tp\//, /^raw_tracepoint\//]],
  ["entry", [/^fentry\//, /^kprobe\//]],
  ["exit", [/^fexit\//, /^kretprobe\//]],
];

/** Programs whose hook another program has by a way that tools prefer. */
function standInsOf(programs: readonly Program[]): { readonly name: string; readonly runs: string }[] {
  return SAME_HOOK.flatMap(([, ways]) =>
    ways.flatMap((way, rank) =>
      programs.filter(({ section }) => way.test(section)).flatMap(({ name, section }) => {
        const hook = section.replace(way, ""), preferred = ways.slice(0, rank);
        const other = programs.find((one) =>
          preferred.some((by) => by.test(one.section) && one.section.replace(by, "") === hook)
        );
        return other && hook !== "" ? [{ name, runs: other.name }] : [];
      })
    )
  );
}

/**
 * The same, without programs that the kernel refuses for what they are attached to or rely on, and without those whose hook
 * another one has, where others remain: tools bring several for one purpose, one for each kind of kernel, and their
 * user-space side loads those that fit.
 *
 * @param verified whether the verifier is to be asked
 */
export function standardRuns(object: BpfObject, verified = true): StandardRuns {
  const notHere = verified
    ? verdictsOf(object).filter(isNotHere).map(({ program, message }) => ({ name: program, why: message }))
    : [];
  const lacking = new Set(notHere.map(({ name }) => name));
  const standIns = standInsOf(defaultPrograms(object).filter(({ name }) => !lacking.has(name)));
  const { runs, leftOut } = defaultRuns(object, new Set([...lacking, ...standIns.map(({ name }) => name)]));
  const left = notHere.filter(({ name }) => !runs.some(({ prog }) => prog === name));
  return { runs, leftOut, notHere: left, standIns };
}

/** Nothing that this kernel has, or no section that its libbpf knows. */
const isNotHere = (verdict: Verdict): boolean =>
  isOfAnotherKernel(verdict) || verdict.verdict === "reject" && /missing BPF prog type/.test(verdict.message);
