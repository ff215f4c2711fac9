/** What a search has reached: lines and branches from the marks of the translated code, data from who touched what. */
import { type Insn, isAtomic, isCall, isStore } from "../isa/insn.ts";
import type { Touches } from "../machine/accesses.ts";
import type { BpfObject, LineInfo } from "../object/bpf_object.ts";
import { type Image, imageLine, programAt } from "../machine/image.ts";
import type { Machine } from "../machine/machine.ts";
import { drawnContexts } from "../machine/traced_contexts.ts";
import {
  type Coverage,
  type CoveredLine,
  lineText,
  type OneWayBranch,
  type OwnData,
  type SharedData,
} from "../report/coverage.ts";
import { texts } from "../report/texts.ts";
import { findsEntriesByCpu } from "./keys_by_cpu.ts";
import { coverageBytes, type Covered, readCoverage } from "../translate/translate_coverage.ts";
import { controlFlow, successorsOf } from "../translate/translate_flow.ts";
import type { Touched } from "../cpu/operation.ts";
import type { Place } from "../maps/kernel_map.ts";

/** What of a map's memory is its contents; locks, marks of use and descriptions are the kernel's bookkeeping. */
const CONTENTS: ReadonlySet<Touched> = new Set<Touched>(["data", "inner_map", "program"]);
const ENTRIES: ReadonlySet<Touched> = new Set<Touched>(
  ["bucket", "key", "hash", "next", "pprev", "pred_next", "elem", "count", "free_list", "ring", "record", "bits"],
);

/** The coverage of all that machines of one plan did, and who touched what where that was noted. */
export function coverageOf([machine, ...others]: readonly Machine[], symmetric: boolean): Coverage {
  const { image, accesses } = machine, marks = marksOf(machine).slice();
  for (const other of others) marksOf(other).forEach((mark, at) => marks[at] |= mark);
  const code = codeCoverage(image, marks, machine.tasks.length, machine.object);
  if (!accesses) return code;
  const written = accesses.written(symmetric, others.flatMap((other) => other.accesses ?? []));
  const { shared, own } = touchedData(machine, written);
  return { ...code, shared, own, tellsNothing: emptiness(machine, shared, own, readCoverage(image.insns, marks)) };
}

/** The marks that a machine's code has set. */
export const marksOf = ({ image, memory }: Machine): Uint8Array =>
  memory.bytes.subarray(memory.coverage, memory.coverage + coverageBytes(image.insns.length));

/** Which lines and branches ran, by the marks. */
export function codeCoverage(
  image: Image,
  marks: Uint8Array,
  contexts: number,
  object: Pick<BpfObject, "maps">,
): Coverage {
  const { insns } = image, covered = readCoverage(insns, marks), lines = linesOf(image, covered);
  const there = [...insns.keys()].filter((at) => insns[at].opcode !== 0);
  return {
    contexts,
    lines: { ran: lines.filter(({ ran }) => ran).length, all: lines.length },
    insns: { ran: there.filter((at) => covered.reached[at]).length, all: there.length },
    branches: waysOf(image, covered),
    linesNeverRun: lines.filter(({ ran }) => !ran).map(({ line }) => line),
    oneWay: missedBranches(image, covered).map(({ branch }) => withSwitches(branch, object)),
  };
}

/** Each C line once for each program, whether any of its instructions ran. */
function linesOf({ programs, insns }: Image, { reached }: Covered): { line: CoveredLine; ran: boolean }[] {
  const lines = new Map<string, { line: CoveredLine; ran: boolean }>();
  for (const { name, program, start, end } of programs) {
    program.lines.forEach((info, i) => {
      const until = Math.min(end, start + (program.lines[i + 1]?.insn ?? Infinity));
      for (let at = start + info.insn; at < until; at++) {
        if (insns[at].opcode === 0) continue;
        const key = `${name} ${info.file} ${info.line}`;
        let known = lines.get(key);
        if (!known) lines.set(key, known = { line: coveredLine(name, info), ran: false });
        known.ran ||= reached[at] !== 0;
      }
    });
  }
  return [...lines.values()];
}

/** Where the listing lies on this computer is no part of the answer. */
const coveredLine = (prog: string, { file, line, text }: LineInfo): CoveredLine => ({
  prog,
  file: file.slice(file.lastIndexOf("/") + 1),
  line,
  text,
});

function lineAt(image: Image, insn: number): CoveredLine | undefined {
  const line = imageLine(image, insn);
  return line && coveredLine(programAt(image, insn).name, line);
}

/** Conditional jumps in the programs, taken or not, and how many of their ways control went. */
function waysOf({ insns, entries }: Image, { jumps }: Covered): Coverage["branches"] {
  const { blocks } = controlFlow(insns, entries);
  const all = blocks.filter(({ last }) => successorsOf(insns, last).length === 2).length;
  return {
    ran: jumps.reduce((sum, { jumped, fellThrough }) => sum + Number(jumped) + Number(fellThrough), 0),
    all: 2 * all,
  };
}

/** A branch that went one way, and the instruction on its other way. */
interface Missed {
  readonly branch: OneWayBranch;
  readonly other: number;
}

function missedBranches(image: Image, { jumps, reached }: Covered): Missed[] {
  return jumps.filter(({ jumped, fellThrough }) => jumped !== fellThrough).flatMap(({ insn, jumped, next, target }) => {
    const line = lineAt(image, insn), other = jumped ? next : target;
    if (!line) return [];
    const never = reached[other] ? undefined : lineAt(image, other);
    const isSame = never?.file === line.file && never.line === line.line;
    return [{ branch: { ...line, never: isSame ? undefined : never }, other }];
  });
}

/** Variables that tools have user space fill in, by their names: my_pid, targ_dev. */
const FILLED_IN = /^(my|targ|target|filter)_/;

/** A branch with the variables that its line names and that user space sets: what the reader can lead it by. */
function withSwitches(branch: OneWayBranch, { maps }: Pick<BpfObject, "maps">): OneWayBranch {
  const words = new Set(branch.text.match(/\b[A-Za-z_]\w*\b/g)),
    named = maps.flatMap(({ data }) =>
      (data?.variables ?? []).filter(({ name }) => words.has(name) && (data!.readonly || FILLED_IN.test(name)))
        .map(({ name }) => name)
    );
  return named.length > 0 ? { ...branch, switches: named } : branch;
}

/** Whether what never ran, from an instruction on, may change shared memory. */
function mayWrite(insns: readonly Insn[], from: number, reached: Uint8Array): boolean {
  const missed = new Set(reached[from] ? [] : [from]);
  for (const at of missed) {
    const insn = insns[at];
    if (isCall(insn) || ((isStore(insn) || isAtomic(insn)) && insn.dst !== 10)) return true;
    for (const next of successorsOf(insns, at)) if (!reached[next]) missed.add(next);
  }
  return false;
}

/** The written data, by name: what several contexts touched, and what each had to itself. */
function touchedData(machine: Machine, written: readonly Touches[]) {
  interface Named {
    readonly writers: Set<number>;
    readonly readers: Set<number>;
    readonly perCpu: boolean;
    shared: boolean;
    acrossCpus: boolean;
  }
  const { kernel, tasks } = machine, named = new Map<string, Named>();
  for (const { addr, writers, readers } of written) {
    const place = kernel.placeOf(addr);
    // Objects of the program's own are in no map; what leads to them is.
    if (!place || place.touches === "object") continue;
    const map = kernel.maps[place.map], isData = CONTENTS.has(place.touches);
    if (!isData && !ENTRIES.has(place.touches)) continue;
    const name = isData ? nameOf(place, map.name, map.def.data !== undefined) : `${map.name} (entries)`;
    let known = named.get(name);
    if (!known) {
      named.set(
        name,
        known = {
          writers: new Set(),
          readers: new Set(),
          perCpu: isData && map.isPerCpu,
          shared: false,
          acrossCpus: false,
        },
      );
    }
    for (const task of writers) known.writers.add(task);
    for (const task of readers) known.readers.add(task);
    const touching = new Set([...writers, ...readers]);
    if (touching.size < 2) continue;
    known.shared = true;
    known.acrossCpus ||= new Set([...touching].map((task) => tasks[task].cpu)).size > 1;
  }
  const contexts = (of: Set<number>) => [...of].sort((a, b) => a - b).map((task) => tasks[task].name);
  const shared: SharedData[] = [], own: OwnData[] = [];
  for (const [name, { writers, readers, perCpu, shared: isShared, acrossCpus }] of named) {
    if (isShared) {
      const between = acrossCpus ? "CPUs" : "contexts of one CPU";
      shared.push({ name, writers: contexts(writers), readers: contexts(readers), between });
    } else {
      const byCpu = !perCpu && writers.size > 1 && findsEntriesByCpu(machine);
      own.push({ name, writers: contexts(writers), perCpu, ...(byCpu && { byCpu }) });
    }
  }
  return { shared, own };
}

/** A variable by its name, a field of a map's values whatever the key. */
const nameOf = (place: Place, map: string, isVariable: boolean): string =>
  isVariable ? place.field ?? place.name : `${map}[]${place.field ?? ""}`;

/** Why no schedule of the workload can show a race: a sentence; undefined where one could. */
function emptiness(
  machine: Machine,
  shared: readonly SharedData[],
  own: readonly OwnData[],
  covered: Covered,
): string | undefined {
  if (shared.length > 0) return undefined;
  const words = texts.coverage, { image, tasks } = machine;
  const because = whyNothing(machine, missedBranches(image, covered), covered.reached);
  if (own.length > 0) {
    if (tasks.length === 1) return words.tellsNothing(words.alone);
    const named = ({ name, perCpu, byCpu }: OwnData) =>
      perCpu ? words.perCpuCopies(name) : byCpu ? words.keyedByCpu(name) : name;
    const names = (of: readonly OwnData[]) => of.map(named).join(", ");
    // Different keys of one map: which, the contexts decide.
    const apart = own.filter(({ perCpu, byCpu, writers }) => !perCpu && !byCpu && writers.length > 1);
    const why = apart.length === 0 ? words.ownOnly(names(own)) : words.apart(names(apart));
    return words.tellsNothing(why + because);
  }
  return words.tellsNothing(words.nothingWritten + because);
}

/** The first branch that kept all runs from what may write, in words to go on with. */
function whyNothing(
  { image: { insns }, tasks, plan }: Machine,
  missed: readonly Missed[],
  reached: Uint8Array,
): string {
  const words = texts.coverage, why = missed.find(({ other }) => mayWrite(insns, other, reached))?.branch;
  if (!why) return "";
  const isZero = tasks.some(({ program, index }) => {
    const { ctx, packets } = plan.tasks[index];
    return program?.name === why.prog && !ctx && !packets;
  });
  const led = why.never ? words.neverLed(lineText(why.never)) : words.oneWay;
  const ctx = !isZero ? "" : `; ${drawnContexts(plan).has(why.prog) ? words.drawnCtx : words.zeroCtx}`;
  return `: ${words.always(why.prog, lineText(why), led)}${ctx}`;
}
