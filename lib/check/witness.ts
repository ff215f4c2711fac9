/** Looks for a schedule that shows a race: a workload that reaches its lines on two CPUs, and every schedule of it. */
import { hex } from "../maps/value_layout.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import type { TraceStep } from "../report/result.ts";
import type { Exploration } from "../search/exploration.ts";
import { type ExploredOutcome, type ExploreOptions, explorePlan } from "../search/explore.ts";
import { ModelRefusal } from "../search/memory_model/thread_code.ts";
import { judgeTrace } from "../search/verdicts.ts";
import { contextsOf } from "../workload/contexts.ts";
import { defaultPackets, seesPackets } from "../workload/packets.ts";
import { plan } from "../workload/plan.ts";
import { baseName, type ReadyWorkload, readyWorkload } from "./entries.ts";
import type { Candidate, Proof, WitnessWorkload } from "./finding.ts";
import { nesting } from "./per_cpu_rule.ts";
import { shows } from "./shown_by.ts";
import type { UserPart } from "./user_part.ts";
import { type Searched, type Shown, story, traced } from "./witness_trace.ts";
import { toWorkload, workloadText } from "./witness_workload.ts";
import { t } from "../words/translation.ts";

/**
 * How far the search for one witness goes.
 *
 * @internal
 */
export interface WitnessBounds {
  /** States of one search. */
  readonly states: number;
  /** Seconds of one search. */
  readonly seconds: number;
  /** Anomalies of one search that are looked at. */
  readonly anomalies: number;
}

export const DEFAULT_BOUNDS: WitnessBounds = { states: 100_000, seconds: 10, anomalies: 24 };

/** Contexts that are tried: zeros, small numbers in every field, and numbers that differ. */
const CONTEXTS: readonly (readonly number[] | undefined)[] = [
  undefined,
  Array.from({ length: 64 }, (_, at) => at % 8 === 0 ? 1 : 0),
  Array.from({ length: 64 }, (_, at) => at % 4 === 0 ? at + 1 : 0),
];

const ZEROS = Array.from({ length: 64 }, () => 0), TWOS = ZEROS.map((_, at) => at % 8 === 0 ? 2 : 0);

/** What stands in entries that are looked up: ones show what is added to them, zeros fit together, or they are not there. */
const FILLINGS = ["ones", "zeros", "absent"] as const;
type Filling = typeof FILLINGS[number];

interface Input {
  readonly ctx?: readonly number[];
  readonly packets?: readonly string[];
}

type Base = Omit<WitnessWorkload, "entries" | "standIns">;

/** One way to run the programs of a finding, as it was tried. */
interface Attempt extends Searched {
  readonly workload: WitnessWorkload;
  readonly outcomes: readonly ExploredOutcome[];
  /** Anomalies' traces, the shortest first. */
  readonly traces: readonly Shown[];
  /** Lines that no schedule ran, as `prog:line`. */
  readonly neverRun: ReadonlySet<string>;
  /** The bound that stopped it, where one did. */
  readonly unknown?: string;
  readonly states: number;
}

type Proved = Omit<Extract<Proof, { readonly state: "confirmed" }>, "state">;

/** Searches of one finding that may stop at their bounds, and the states of as many that all of them have together. */
const MOST_STOPPED = 3;
/** The time of so many searches is all that a finding has. */
const MOST_SEARCHES = 4;
/** Workloads that are searched although no single run of them comes to the finding's lines. */
const MOST_BLIND = 3;

/** A CPU gives up a lock that it waited for (locks/rqspinlock.ts). */
const isRefusal = ({ text }: TraceStep): boolean => text.endsWith("release_held_lock_entry");

/** Searches for witnesses in one object; workloads that several findings share are searched once. */
export class WitnessSearch {
  readonly #prepared = new Map<string, Promise<ReadyWorkload | string>>();
  readonly #attempts = new Map<string, Promise<Attempt | string>>();
  /** Helpers without a model that some program called: in the search they give 0, and a witness says so. */
  readonly #standIns = new Set<string>();

  constructor(
    readonly object: BpfObject,
    readonly bounds: WitnessBounds = DEFAULT_BOUNDS,
    readonly userPart: UserPart = {},
    readonly tick: () => void | Promise<void> = () => {},
  ) {}

  /** A witness, or why there is none; undefined for what is no finding without one. */
  async prove(candidate: Candidate): Promise<Proof | undefined> {
    if (candidate.doubt) return { state: "possible", why: candidate.doubt };
    const shown = this.#judge(candidate);
    let why = "", stopped = 0;
    // Counted in states, so that a busy machine finds what an idle one does; time is the limit behind it.
    const until = performance.now() + 1000 * this.bounds.seconds * MOST_SEARCHES;
    let states = 0;
    for (const ready of await this.#inOrder(candidate)) {
      if (performance.now() > until || states > this.bounds.states * MOST_STOPPED) {
        return unproved(candidate, why || t`its searches were stopped before one was done`);
      }
      const attempt = typeof ready === "string" ? ready : await this.#attempt(ready.workload);
      if (typeof attempt === "string") {
        why ||= attempt;
        continue;
      }
      const found = await shown(attempt);
      if (found) return { state: "confirmed", ...found };
      why = whyNot(candidate, attempt, why);
      states += attempt.states;
      if (attempt.unknown !== undefined && ++stopped === MOST_STOPPED) return unproved(candidate, why);
    }
    return unproved(candidate, why);
  }

  /**
   * The workloads to search: all in which a single run comes to the lines of the finding, first those whose programs meet
   * at its data there; where there is none, the first of the others, in which some schedule may.
   */
  async #inOrder(candidate: Candidate): Promise<(ReadyWorkload | string)[]> {
    const all: (ReadyWorkload | string)[] = [];
    for (const { ctx, packets } of this.#inputs(candidate)) {
      for (const filled of FILLINGS) {
        for (const base of this.#bases(candidate, ctx)) {
          all.push(await this.#ready(packets ? { ...base, packets } : base, filled));
        }
      }
    }
    const comesToAll = (one: ReadyWorkload | string) =>
      typeof one !== "string" &&
      candidate.sites.every(({ prog, line }) => !line || !one.neverRun.has(`${prog}:${line.line}`));
    const first = all.filter(comesToAll), name = baseName(candidate.field);
    const meets = (one: ReadyWorkload | string) => typeof one !== "string" && one.shared.has(name) ? 0 : 1;
    return first.length > 0 ? first.sort((a, b) => meets(a) - meets(b)) : all.slice(0, MOST_BLIND);
  }

  /** What the programs are given: contexts of numbers, and to those that see packets one packet after another. */
  #inputs({ sites }: Candidate): Input[] {
    const programs = this.object.programs.filter(({ name }) => sites.some(({ prog }) => prog === name));
    const contexts = CONTEXTS.map((ctx): Input => ({ ctx }));
    if (!programs.some(seesPackets)) return contexts;
    const given = programs.every(seesPackets) ? contexts.slice(0, 1) : contexts;
    const packets = new Set(programs.filter(seesPackets).flatMap(defaultPackets).map(hex));
    return [...packets].flatMap((packet) => given.map(({ ctx }) => ({ ctx, packets: [packet] })));
  }

  #ready(base: Base, filled: Filling): Promise<ReadyWorkload | string> {
    const key = `${filled} ${JSON.stringify(base)}`;
    let known = this.#prepared.get(key);
    if (!known) this.#prepared.set(key, known = this.#prepare(base, filled));
    return known;
  }

  async #prepare(base: Base, filled: Filling): Promise<ReadyWorkload | string> {
    const before = this.#standIns.size;
    try {
      // Of several programs of one CPU the last one is to find its key not there yet.
      const { programs } = base, asking = programs.length > 2 ? programs.slice(0, 1) : programs;
      const isFilled = filled !== "absent" && !(base.user && this.userPart.prepare);
      const ready = await readyWorkload(
        this.object,
        { ...base, standIns: [...this.#standIns].sort() },
        asking,
        isFilled ? filled === "ones" ? 1n : 0n : undefined,
        (message) => this.#noteMissing(message),
      );
      return this.#standIns.size > before ? await this.#prepare(base, filled) : ready;
    } catch (error) {
      this.#noteMissing((error as Error).message);
      if (this.#standIns.size > before) return await this.#prepare(base, filled);
      return t`the simulator cannot run it: ${oneLine((error as Error).message)}`;
    }
  }

  /** What of a search shows the finding. */
  #judge(candidate: Candidate): (attempt: Attempt) => Promise<Proved | undefined> | Proved | undefined {
    if (candidate.memory === "x86") return (attempt) => this.#onlyBuffered(candidate, attempt);
    if (candidate.memory === "bpf") return (attempt) => this.#onlyWeak(attempt);
    switch (candidate.name) {
      case "recursion-skip":
        return (attempt) => {
          const skipping = attempt.outcomes.find(({ skipped }) => skipped > 0);
          return skipping && witnessOf(attempt, traced(attempt, skipping.witness));
        };
      case "lock-order":
        return (attempt) => {
          const found = attempt.traces.find(({ trace }) => trace.some(isRefusal));
          return found && witnessOf(attempt, found);
        };
      case "use-after-delete":
        return (attempt) => {
          const { maps } = attempt.plan.object;
          const found = attempt.traces.find(({ trace }) =>
            judgeTrace(trace, maps).some(({ kind }) => kind === "wrong key")
          );
          return found && witnessOf(attempt, found);
        };
      default:
        return (attempt) => {
          const found = attempt.traces.find(({ trace }) => shows(candidate, trace));
          return found && witnessOf(attempt, found);
        };
    }
  }

  /** An ending that store buffers give and no order of all accesses does. */
  async #onlyBuffered({ sites }: Candidate, attempt: Attempt): Promise<Proved | undefined> {
    if (!attempt.plan.memory.buffered || attempt.unknown !== undefined) return undefined;
    const options = { ...attempt.options, memory: "sc" } as const;
    const ordered = await explorePlan(plan(this.object, options, "explore"), options);
    if (!ordered.complete) return undefined;
    const known = new Set(ordered.outcomes.map(({ key }) => key));
    for (const { witness } of attempt.outcomes.filter(({ key }) => !known.has(key))) {
      const found = traced(attempt, witness);
      if (sites.every(({ prog, insn }) => found.trace.some((step) => step.prog === prog && step.insn === insn))) {
        return witnessOf(attempt, found);
      }
    }
    return undefined;
  }

  /** An ending that the kernel's BPF memory model allows and x86 does not have. */
  async #onlyWeak(attempt: Attempt): Promise<Proved | undefined> {
    if (attempt.unknown !== undefined) return undefined;
    const workload: WitnessWorkload = { ...attempt.workload, memory: "bpf" };
    const options: ExploreOptions = { ...toWorkload(workload), bounds: { seconds: this.bounds.seconds } };
    let weak: Exploration;
    try {
      weak = await explorePlan(plan(this.object, options, "explore"), options);
    } catch (error) {
      if (error instanceof ModelRefusal) return undefined;
      throw error;
    }
    const known = new Set(attempt.outcomes.map(({ key }) => key));
    if (!weak.outcomes.some(({ key }) => !known.has(key))) return undefined;
    const what = weak.explanation.join("\n").trim();
    return { witness: { schedule: "", steps: 0, workload, how: workloadText(workload), what }, trace: [] };
  }

  #attempt(workload: WitnessWorkload): Promise<Attempt | string> {
    const key = JSON.stringify(workload);
    let known = this.#attempts.get(key);
    if (!known) this.#attempts.set(key, known = this.#search(workload));
    return known;
  }

  async #search(workload: WitnessWorkload): Promise<Attempt | string> {
    const before = this.#standIns.size, found = await this.#searchOnce(workload);
    const standIns = [...this.#standIns].sort();
    return standIns.length > before ? await this.#search({ ...workload, standIns }) : found;
  }

  async #searchOnce(workload: WitnessWorkload): Promise<Attempt | string> {
    try {
      const { states, seconds, anomalies } = this.bounds;
      const options: ExploreOptions = { ...toWorkload(workload, this.userPart), bounds: { states, seconds } };
      const planned = plan(this.object, options, "explore");
      const found = await explorePlan(planned, { ...options, onProgress: this.tick });
      const { outcomes, states: visited } = found, attempt = { plan: planned, options };
      const ends = found.anomalies.map(({ witness }) => witness);
      const schedules = [...new Set([...(ends.length > 0 && found.witness ? [found.witness.schedule] : []), ...ends])];
      const traces = schedules.slice(0, anomalies).map((schedule) => traced(attempt, schedule));
      const neverRun = new Set(found.coverage?.linesNeverRun.map(({ prog, line }) => `${prog}:${line}`));
      const fault = found.stuck.find(({ kind }) => kind === "fault");
      if (fault) this.#noteMissing(fault.message);
      if (fault && traces.length === 0) return t`the simulator cannot run it: ${oneLine(fault.message)}`;
      traces.sort((a, b) => a.trace.length - b.trace.length);
      const unknown = found.unknown === undefined ? {} : { unknown: found.unknown };
      return { ...attempt, workload, outcomes, traces, neverRun, states: visited, ...unknown };
    } catch (error) {
      this.#noteMissing((error as Error).message);
      return t`the simulator cannot run it: ${oneLine((error as Error).message)}`;
    }
  }

  /** A stand-in for a lock would be one that keeps nobody out. */
  #noteMissing(message: string): void {
    const missing = / calls (bpf_\w+), which the simulator does not model/.exec(message)?.[1];
    if (missing && !missing.includes("lock")) this.#standIns.add(missing);
  }

  /** Who runs where, and what is there before. */
  #bases(candidate: Candidate, ctx: readonly number[] | undefined): Base[] {
    const bases = this.#placed(candidate, ctx), globals = candidate.starts?.filter(({ global }) => global) ?? [];
    const starts = globals.map(({ global, value }) => ({ globals: { [global!]: value } }));
    return [{}, ...starts].flatMap((start) => bases.map((base) => ({ ...base, ...start })));
  }

  #placed(candidate: Candidate, ctx: readonly number[] | undefined): Base[] {
    const given = ctx ? { ctx } : {}, { user = [] } = this.userPart;
    const progs = [...new Set(candidate.sites.filter(({ insn }) => insn >= 0).map(({ prog }) => prog))];
    const [first, second = first] = progs, two = { cpus: 2, invocations: 1 };
    const actor = user.find(({ name }) => candidate.sites.some(({ prog }) => prog === `user ${name}`));
    if (actor) {
      return [{ cpus: 1, invocations: 1, programs: [{ prog: first, cpus: [0], ...given }], user: [actor.name] }];
    }
    if (candidate.name === "per-cpu-reentry" || candidate.name === "recursion-skip") {
      const [over, under] = candidate.name === "recursion-skip" ? [first, second] : [second, first];
      return [this.#nested(under, over, given)];
    }
    if (candidate.name === "use-after-delete") {
      const [writer, deleter, inserter] = candidate.sites.map(({ prog }) => prog);
      // One key for the first two, by process or by context, and another one for the third.
      const run = (prog: string, cpu: number, pid: number, ctx: readonly number[]) => ({ prog, cpus: [cpu], pid, ctx });
      const mine = ctx ?? ZEROS, keyed = [run(writer, 0, 1000, mine), run(deleter, 1, 1000, mine)];
      return [mine, TWOS].map((of) => ({ ...two, programs: [...keyed, run(inserter, 1, 2000, of)] }));
    }
    if (first === second) return [{ ...two, programs: [{ prog: first, cpus: [0, 1], ...given }] }];
    // What a program does can depend on its CPU.
    return [[first, second], [second, first]].map(([a, b]) => ({
      ...two,
      programs: [{ prog: a, cpus: [0], ...given }, { prog: b, cpus: [1], ...given }],
    }));
  }

  #nested(under: string, over: string, given: { readonly ctx?: readonly number[] }): Base {
    const find = (name: string) => this.object.programs.find((program) => program.name === name)!;
    const isGuarded = contextsOf(find(over).section).base === "nmi";
    const kind = nesting(find(under), find(over)) ?? (isGuarded ? "nmi" : undefined);
    return {
      ...{ cpus: 1, invocations: 1, programs: [{ prog: under, cpus: [0], ...given }] },
      interrupts: [{ prog: over, cpu: 0, ...(kind ? { kind } : {}) }],
      ...(kind === "preemption" && contextsOf(find(under).section).preemptible ? { preempt: "full" } as const : {}),
    };
  }
}

const oneLine = (message: string): string => message.split("\n")[0];

/** What a search of memory models does not show is none. */
const unproved = ({ memory }: Candidate, why: string): Proof | undefined =>
  memory ? undefined : { state: "possible", why };

function whyNot({ sites }: Candidate, attempt: Attempt, before: string): string {
  const missed = sites.find(({ prog, line }) => line && attempt.neverRun.has(`${prog}:${line.line}`));
  if (missed) return before || t`no workload was found that runs line ${missed.line!.line} of ${missed.prog}`;
  const states = attempt.states.toLocaleString("en");
  return attempt.unknown
    ? t`the search stopped after ${attempt.unknown} without a witness`
    : t`none of all schedules of the workloads tried (${states} states) ends otherwise than runs one after another`;
}

const witnessOf = ({ workload }: Attempt, { schedule, trace }: Shown): Proved => ({
  witness: { schedule, steps: trace.length, workload, how: workloadText(workload), what: story(trace) },
  trace,
});
