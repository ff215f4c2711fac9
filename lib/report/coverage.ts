/** What of the programs a search or a run has reached, and which data several contexts touched: shape and words. */
import { texts } from "./texts.ts";
import { t } from "../words/translation.ts";

/** A line of the listing. */
export interface CoveredLine {
  /** The program. */
  readonly prog: string;
  /** Name of the C file. */
  readonly file: string;
  /** Number of the line, from 1. */
  readonly line: number;
  /** The line itself. */
  readonly text: string;
}

/** A conditional jump that control came to and that always went the same way. */
export interface OneWayBranch extends CoveredLine {
  /** The line that the other way leads to, where that never ran. */
  readonly never?: CoveredLine;
  /** Variables of the listing that stand in the line: user space may set them before the program is loaded. */
  readonly switches?: readonly string[];
}

/** Data that one context wrote and another one touched. */
export interface SharedData {
  /** Variable, or map and field: `counter`, `flows[].packets`; `flows (entries)` for which entries a map has. */
  readonly name: string;
  /** The contexts that wrote it and those that read it, by task: `cpu0`, `irq on cpu0`, `user reader`. */
  readonly writers: readonly string[];
  /** The contexts that read it. */
  readonly readers: readonly string[];
  /** Whether contexts of different CPUs met there, or only those of one. */
  readonly between: "CPUs" | "contexts of one CPU";
}

/** Data that was written, and that no context touched in the same place as another one wrote. */
export interface OwnData {
  /** Variable, or map and field. */
  readonly name: string;
  /** The contexts that wrote it. */
  readonly writers: readonly string[];
  /** Of a per-CPU map: each CPU has a copy of its own. */
  readonly perCpu: boolean;
  /** Each CPU finds the entry of its own number, whatever its contexts hold. */
  readonly byCpu?: boolean;
}

/**
 * What ran, out of what could have run. "Never" holds for everything that was visited: all schedules where a search is
 * complete, one schedule for a run.
 */
export interface Coverage {
  /** Of a long run only the first steps were looked at: how many. */
  readonly steps?: number;
  /** How many contexts there were: programs on their CPUs, interrupts, user-space actors. */
  readonly contexts: number;
  /** C lines of the programs that have code; 0 where the object has no line info. */
  readonly lines: { readonly ran: number; readonly all: number };
  /** Instructions of the programs. */
  readonly insns: { readonly ran: number; readonly all: number };
  /** Ways of conditional jumps: two for each. */
  readonly branches: { readonly ran: number; readonly all: number };
  /** Lines with code that never ran. */
  readonly linesNeverRun: readonly CoveredLine[];
  /** Branches that always went the same way. */
  readonly oneWay: readonly OneWayBranch[];
  /** Absent where it was not looked at who touched what. */
  readonly shared?: readonly SharedData[];
  /** Data that each context has for itself. */
  readonly own?: readonly OwnData[];
  /** Why *Never* would say nothing about races: no context wrote what another one touched. */
  readonly tellsNothing?: string;
}

/** Most lines, branches and names that a report prints. */
const MOST_PRINTED = 6;

/** The coverage as lines of a report, without a heading. */
export function coverageLines(coverage: Coverage): string[] {
  const { lines, insns, branches, linesNeverRun, oneWay, shared, own } = coverage, { words } = texts.coverage;
  const ran = lines.all > 0 ? words.lines(lines.ran, lines.all) : words.insns(insns.ran, insns.all);
  // What the compiler made of no line of the listing has no text.
  const told = once(oneWay.filter(({ text, never }) => text.trim() !== "" && never && never.text.trim() !== ""));
  const neverNamed = new Set(told.map(({ never }) => place(never!)));
  const others = linesNeverRun.filter((line) => line.text.trim() !== "" && !neverNamed.has(place(line)));
  return [
    texts.list([ran, words.branches(branches.ran, branches.all)]),
    ...printed(
      told,
      (branch) => words.oneWay(lineText(branch), lineText(branch.never!)),
    ),
    ...switchLine(told),
    ...(neverNamed.size === 0 ? printed(others, (line) => words.neverRan(lineText(line))) : []),
    ...(shared ? sharedLines(shared, own ?? []) : []),
  ];
}

/** A line that several programs share (an inlined function's) is told once. */
function once(branches: readonly OneWayBranch[]): OneWayBranch[] {
  const met = new Set<string>();
  return branches.filter(({ file, line, never }) => {
    const lines = `${file} ${line} ${never!.file} ${never!.line}`;
    return !met.has(lines) && met.add(lines);
  });
}

/** How to lead branches the other way that variables decide. */
function switchLine(branches: readonly OneWayBranch[]): string[] {
  const names = [...new Set(branches.flatMap(({ switches = [] }) => switches))];
  return names.length === 0 ? [] : [texts.coverage.words.switches(names.slice(0, MOST_PRINTED))];
}

function sharedLines(shared: readonly SharedData[], own: readonly OwnData[]): string[] {
  const { words } = texts.coverage;
  const across = shared.filter(({ between }) => between === "CPUs");
  const inside = shared.filter(({ between }) => between !== "CPUs");
  const several = across.filter(({ writers }) => writers.length > 1);
  const one = across.filter(({ writers }) => writers.length === 1);
  const line = (what: (names: string) => string, of: readonly { readonly name: string }[]) =>
    of.length === 0 ? [] : [what(names(of))];
  return [
    ...(shared.length === 0 ? [words.nothingShared] : []),
    ...line(words.byMany, several),
    ...line(words.byOne, one),
    ...line(words.onOneCpu, inside),
    ...line(words.perCpu, own.filter(({ perCpu }) => perCpu)),
    ...line(words.own, own.filter(({ perCpu }) => !perCpu)),
  ];
}

function printed<T>(of: readonly T[], text: (one: T) => string): string[] {
  const lines = of.slice(0, MOST_PRINTED).map(text);
  return of.length > MOST_PRINTED ? [...lines, texts.coverage.words.more(of.length - MOST_PRINTED)] : lines;
}

function names(of: readonly { readonly name: string }[]): string {
  const all = of.map(({ name }) => name);
  const more = all.length > MOST_PRINTED ? [texts.coverage.words.more(all.length - MOST_PRINTED)] : [];
  return texts.list([...all.slice(0, MOST_PRINTED), ...more]);
}

const place = ({ prog, file, line }: CoveredLine): string => `${prog} ${file} ${line}`;

/** "line 12, `if (data + 14 > data_end)`,": a line in a sentence, without its last comma. */
export const lineText = ({ file, line, text }: CoveredLine): string =>
  file.endsWith(".h") ? t`line ${line} of ${file}, \`${text.trim()}\`` : t`line ${line}, \`${text.trim()}\``;
