/** The smallest changes of a program that keep an execution from happening, each tried under the model. */
import { BPF_ATOMIC, BPF_CLASS, classOf, isAtomic } from "../../isa/insn.ts";
import type { WeakWitness, WitnessEvent } from "./explain.ts";
import type { Step, ThreadCode } from "./thread_code.ts";
import { t } from "../../words/translation.ts";

export interface Edit {
  readonly kind: "acquire" | "release" | "dependency" | "barrier";
  readonly thread: number;
  readonly step: number;
  /** Of a dependency: the load that it is on. */
  readonly on?: number;
  /** `load_acquire in line 7` */
  readonly text: string;
}

/**
 * A change that was tried.
 *
 * @internal
 */
export interface TriedRepair {
  readonly edits: readonly Edit[];
  readonly text: string;
  readonly observation: "Never" | "Sometimes" | "Always" | "Unknown";
}

/** What a change costs a running program, and how easily it is undone: compilers remove dependencies. */
const COST = { acquire: 1, release: 1, dependency: 2, barrier: 3 } as const;
export const MOST_EDITS = 3;
const MOST_ANSWERS = 3;

/**
 * Tries changes along the circle of a witness, the smallest first.
 *
 * @param observe what the program with these threads does: whether it can still happen
 * @returns those that were tried, singly or with success, in that order; the last ones are the repairs
 */
export function findRepairs(
  witness: WeakWitness,
  threads: readonly ThreadCode[],
  observe: (threads: readonly ThreadCode[]) => TriedRepair["observation"],
  until: number,
): TriedRepair[] {
  const pool = possibleEdits(witness, threads), tried: TriedRepair[] = [];
  for (let size = 1; size <= MOST_EDITS; size++) {
    const sets = subsets(pool, size).sort((a, b) => costOf(a) - costOf(b)), answers: TriedRepair[] = [];
    for (const edits of sets) {
      if (performance.now() > until) return tried;
      // Once there is one, only what costs no more is of interest.
      if (answers.length >= MOST_ANSWERS || (answers.length > 0 && costOf(edits) > costOf(answers[0].edits) + 2)) break;
      const observation = observe(applyEdits(threads, edits));
      const one = { edits, text: edits.map(({ text }) => text).join(" and "), observation };
      if (observation === "Never") answers.push(one);
      else if (size === 1) tried.push(one);
    }
    if (answers.length > 0) return [...tried, ...answers];
  }
  return tried;
}

const costOf = (edits: readonly Edit[]): number => edits.reduce((sum, { kind }) => sum + COST[kind], 0);

function subsets<T>(of: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return of.flatMap((one, i) => subsets(of.slice(i + 1), size - 1).map((rest) => [one, ...rest]));
}

function possibleEdits({ events, cycle, model }: WeakWitness, threads: readonly ThreadCode[]): Edit[] {
  const edits = new Map<string, Edit>();
  const where = ({ line, step, name }: WitnessEvent) =>
    line === undefined ? t`insn ${step} of ${name}` : t`line ${line} of ${name}`;
  const add = (kind: Edit["kind"], event: WitnessEvent, text: string, on?: number) => {
    const { thread, step } = event;
    edits.set(`${kind} ${thread} ${step} ${on}`, { kind, thread, step, on, text });
  };
  for (const edge of cycle) {
    if (edge.kind !== "po") continue;
    const a = events[edge.from], b = events[edge.to];
    const [first, second] = [a, b].map(({ thread, step }) => threads[thread].steps[step]);
    if (model !== "x86") {
      if (isPlainLoad(first)) add("acquire", a, t`load_acquire in ${where(a)}`);
      if (isPlainStore(second)) add("release", b, t`store_release in ${where(b)}`);
      if (isPlainLoad(first) && (isPlainStore(second) || isPlainLoad(second)) && edge.keptBy === undefined) {
        const what = isPlainStore(second) ? t`a value that depends` : t`an address that depends`;
        add("dependency", b, t`${what} on what ${where(a)} loads, in ${where(b)}`, a.step);
      }
    }
    add("barrier", b, t`a fetching atomic (a full barrier) before ${where(b)}`);
  }
  return [...edits.values()];
}

const isPlainLoad = ({ insn }: Step): boolean => classOf(insn) === BPF_CLASS.LDX;
const isPlainStore = ({ insn }: Step): boolean =>
  classOf(insn) === BPF_CLASS.ST || (classOf(insn) === BPF_CLASS.STX && !isAtomic(insn));

/** The threads with the changes made. */
function applyEdits(threads: readonly ThreadCode[], edits: readonly Edit[]): ThreadCode[] {
  return threads.map((code, thread) => ({
    ...code,
    steps: code.steps.map((step, index) =>
      edits.filter((edit) => edit.thread === thread && edit.step === index).reduce(applyEdit, step)
    ),
  }));
}

function applyEdit(step: Step, { kind, on }: Edit): Step {
  const { insn } = step, atomic = (insn.opcode & 0x18) | 0xc0 | BPF_CLASS.STX;
  switch (kind) {
    case "acquire":
      return { ...step, insn: { ...insn, opcode: atomic, imm: BPF_ATOMIC.LOAD_ACQ } };
    case "release": {
      const constant = classOf(insn) === BPF_CLASS.ST ? BigInt(insn.imm) : step.constant;
      return { ...step, constant, insn: { ...insn, opcode: atomic, imm: BPF_ATOMIC.STORE_REL } };
    }
    case "dependency":
      return { ...step, dependsOn: on };
    case "barrier":
      return { ...step, barrier: true };
  }
}
