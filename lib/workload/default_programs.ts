/** What runs where a workload names no programs: those of an object that have to do with one another. */
import { type BpfObject, defaultPrograms, type Program } from "../object/bpf_object.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { programKind } from "../verifier/kernel/program_types.ts";
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
export function defaultRuns(object: BpfObject): DefaultRuns {
  const called = new Set(
    object.maps.filter(({ type }) => type === BPF_MAP_TYPE.PROG_ARRAY)
      .flatMap(({ slots = [] }) => slots.map(({ map }) => object.programs[map]?.name)),
  );
  const all = defaultPrograms(object), entries = all.filter(({ name }) => !called.has(name));
  const known = entries.filter(({ section }) => programKind(section) !== undefined);
  const candidates = known.length > 0 ? known : entries.length > 0 ? entries : all;
  const groups = groupsOf(object, candidates);
  const largest = groups.reduce((most, group) => group.length > most.length ? group : most, groups[0] ?? []);
  const group = largest.length === 1 ? candidates : largest;
  const runs = group.map((program): ProgRun => {
    const entry = entryOf(program, group);
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
];
const SYSCALL_EXIT = /^((?:raw_)?(?:tp|tracepoint)(?:_btf)?\/(?:(?:raw_)?syscalls\/)?)sys_exit/;

/** The program at the entry of what a program is at the exit of. */
function entryOf({ section }: Program, programs: readonly Program[]): Program | undefined {
  const wanted = SYSCALL_EXIT.test(section)
    ? section.replace(SYSCALL_EXIT, "$1sys_enter")
    : EXITS.filter(([exit]) => exit.test(section)).map(([exit, entry]) => section.replace(exit, entry))[0];
  return wanted === undefined ? undefined : programs.find((program) => program.section === wanted);
}
