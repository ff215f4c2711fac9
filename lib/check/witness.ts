/** Looks for a schedule that shows a race: a workload that reaches its lines on two CPUs, and every schedule of it. */
import { bpf_map_lookup_elem } from "../bpf_helpers/map_helpers.ts";
import type { HelperModel } from "../bpf_helpers/kernel.ts";
import { addressOf } from "../cpu/memory.ts";
import { simulate } from "../backends/simulator.ts";
import type { UserApi } from "../maps/user_space.ts";
import { hex, leavesOf, writeLeaf } from "../maps/value_layout.ts";
import type { BpfObject, MapDef } from "../object/bpf_object.ts";
import type { TraceStep } from "../report/result.ts";
import { type ExploreOptions, explorePlan, searchedMachine } from "../search/explore.ts";
import { traceSchedule } from "../search/witness.ts";
import { hashSeedOf } from "../schedulers/schedule.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { contextsOf } from "../workload/contexts.ts";
import { type Plan, plan } from "../workload/plan.ts";
import type { Workload } from "../workload/workload.ts";
import type { Candidate, Proof, RaceWitness, WitnessWorkload } from "./finding.ts";
import { nesting } from "./per_cpu_rule.ts";
import { shows } from "./shown_by.ts";

/** How far the search for one witness goes. */
export interface WitnessBounds {
  /** States of one search. */
  readonly states: number;
  /** Seconds of one search. */
  readonly seconds: number;
  /** Anomalies of one search that are looked at. */
  readonly anomalies: number;
}

export const DEFAULT_BOUNDS: WitnessBounds = { states: 100_000, seconds: 5, anomalies: 24 };

/** Contexts that are tried: zeros, small numbers in every field, and numbers that differ. */
const CONTEXTS: readonly (readonly number[] | undefined)[] = [
  undefined,
  Array.from({ length: 64 }, (_, at) => at % 8 === 0 ? 1 : 0),
  Array.from({ length: 64 }, (_, at) => at % 4 === 0 ? at + 1 : 0),
];

/** What stands in entries that are looked up: ones show what is added to them, zeros fit together, or they are not there. */
const FILLINGS = ["ones", "zeros", "absent"] as const;
type Filling = typeof FILLINGS[number];

type Base = Omit<WitnessWorkload, "entries" | "standIns">;

/** One way to run the programs of a finding, as it was tried. */
interface Attempt {
  readonly plan: Plan;
  readonly options: ExploreOptions;
  readonly workload: WitnessWorkload;
  /** Anomalies' traces, the shortest first. */
  readonly traces: readonly { readonly schedule: string; readonly trace: readonly TraceStep[] }[];
  /** Lines that no schedule ran, as `prog:line`. */
  readonly neverRun: ReadonlySet<string>;
  /** The bound that stopped it, where one did. */
  readonly unknown?: string;
  readonly states: number;
}

/** Searches for witnesses in one object; workloads that several findings share are searched once. */
export class WitnessSearch {
  readonly #attempts = new Map<string, Promise<Attempt | string>>();
  /** Helpers without a model that some program called: in the search they give 0, and a witness says so. */
  readonly #standIns = new Set<string>();

  constructor(readonly object: BpfObject, readonly bounds: WitnessBounds = DEFAULT_BOUNDS) {}

  /** A witness, or why there is none. */
  async prove(candidate: Candidate): Promise<Proof> {
    if (candidate.doubt) return { state: "possible", why: candidate.doubt };
    const progs = [...new Set(candidate.sites.map(({ prog }) => prog))];
    let why = "";
    const isNested = candidate.name === "per-cpu-reentry", [first, second] = progs;
    // What a program does can depend on its CPU.
    const orders = second === undefined || isNested ? [progs.slice(0, 2)] : [[first, second], [second, first]];
    const until = performance.now() + 1000 * this.bounds.seconds * MOST_STOPPED;
    let stopped = 0;
    for (const ctx of CONTEXTS) {
      for (const filled of FILLINGS) {
        for (const order of orders) {
          if (performance.now() > until) return { state: "possible", why: why || "the time for its searches was up" };
          const attempt = await this.#attempt(order, isNested, ctx, filled);
          if (typeof attempt === "string") {
            why ||= attempt;
            continue;
          }
          const found = attempt.traces.find(({ trace }) => shows(candidate, trace));
          if (found) return { state: "confirmed", witness: witnessOf(attempt, found.schedule, found.trace) };
          why = whyNot(candidate, attempt, why);
          if (attempt.unknown !== undefined && ++stopped === MOST_STOPPED) return { state: "possible", why };
        }
      }
    }
    return { state: "possible", why };
  }

  #attempt(
    progs: readonly string[],
    isNested: boolean,
    ctx: readonly number[] | undefined,
    filled: Filling,
  ): Promise<Attempt | string> {
    const key = `${progs.join()} ${isNested} ${CONTEXTS.indexOf(ctx)} ${filled}`;
    let known = this.#attempts.get(key);
    if (!known) this.#attempts.set(key, known = this.#search(progs, isNested, ctx, filled));
    return known;
  }

  async #search(
    progs: readonly string[],
    isNested: boolean,
    ctx: readonly number[] | undefined,
    filled: Filling,
  ): Promise<Attempt | string> {
    const before = this.#standIns.size;
    const found = await this.#searchOnce(progs, isNested, ctx, filled);
    return this.#standIns.size > before ? await this.#search(progs, isNested, ctx, filled) : found;
  }

  async #searchOnce(
    progs: readonly string[],
    isNested: boolean,
    ctx: readonly number[] | undefined,
    filled: Filling,
  ): Promise<Attempt | string> {
    try {
      const base = this.#workload(progs, isNested, ctx);
      const entries = filled === "absent" ? [] : await this.#entries(base, filled === "ones" ? 1n : 0n);
      const workload = { ...base, entries, standIns: [...this.#standIns].sort() },
        { states, seconds, anomalies } = this.bounds;
      const options: ExploreOptions = { ...toWorkload(workload), bounds: { states, seconds } };
      const planned = plan(this.object, options, "explore"), found = await explorePlan(planned, options);
      const ends = found.anomalies.map(({ witness }) => witness);
      const schedules = [...new Set([...(ends.length > 0 && found.witness ? [found.witness.schedule] : []), ...ends])];
      const traces = schedules.slice(0, anomalies).map((schedule) => {
        const machine = searchedMachine(planned, options, { hashSeed: hashSeedOf(schedule) });
        return { schedule, trace: traceSchedule(machine, schedule).trace };
      });
      const neverRun = new Set(found.coverage?.linesNeverRun.map(({ prog, line }) => `${prog}:${line}`));
      const fault = found.stuck.find(({ kind }) => kind === "fault");
      if (fault) this.#noteMissing(fault.message);
      if (fault && traces.length === 0) return `the simulator cannot run it: ${oneLine(fault.message)}`;
      traces.sort((a, b) => a.trace.length - b.trace.length);
      const unknown = found.unknown === undefined ? {} : { unknown: found.unknown };
      return { plan: planned, options, workload, traces, neverRun, states: found.states, ...unknown };
    } catch (error) {
      this.#noteMissing((error as Error).message);
      return `the simulator cannot run it: ${oneLine((error as Error).message)}`;
    }
  }

  #noteMissing(message: string): void {
    const missing = / calls (bpf_\w+), which the simulator does not model/.exec(message)?.[1];
    if (missing) this.#standIns.add(missing);
  }

  #workload(
    progs: readonly string[],
    isNested: boolean,
    ctx: readonly number[] | undefined,
  ): Base {
    const given = ctx ? { ctx } : {}, [first, second = first] = progs;
    const base = { cpus: isNested ? 1 : 2, invocations: 1 };
    if (!isNested) {
      const programs = first === second
        ? [{ prog: first, cpus: [0, 1], ...given }]
        : [{ prog: first, cpus: [0], ...given }, { prog: second, cpus: [1], ...given }];
      return { ...base, programs };
    }
    const find = (name: string) => this.object.programs.find((program) => program.name === name)!;
    const kind = nesting(find(first), find(second));
    return {
      ...base,
      programs: [{ prog: first, cpus: [0], ...given }],
      interrupts: [{ prog: second, cpu: 0, ...(kind ? { kind } : {}) }],
      ...(kind === "preemption" && contextsOf(find(first).section).preemptible ? { preempt: "full" } as const : {}),
    };
  }

  /** What the programs look up, run by run: what they ask for is put there, and more may be asked for then. */
  async #entries(workload: Base, fill: bigint): Promise<WitnessWorkload["entries"]> {
    const asked = new Map<string, { map: MapDef; key: Uint8Array }>();
    const record: HelperModel = function (kernel, ctx, args) {
      const map = kernel.mapAt(args[0])?.def;
      if (map && PREPARED.includes(map.type)) {
        const at = addressOf(args[1]), key = ctx.memory.bytes.slice(at, at + map.keySize);
        asked.set(`${map.name} ${hex(key)}`, { map, key });
      }
      return bpf_map_lookup_elem(kernel, ctx, args);
    };
    for (let known = -1; asked.size > known && asked.size < MOST_ENTRIES;) {
      known = asked.size;
      const entries = this.#filled(asked.values(), fill);
      const options = toWorkload({ ...workload, entries, standIns: [...this.#standIns] });
      const run = await simulate(this.object, {
        ...options,
        ...{ seed: 1, models: { ...options.models, bpf_map_lookup_elem: record } },
      });
      if (run.fault) this.#noteMissing(run.fault.message);
    }
    return this.#filled(asked.values(), fill);
  }

  /** Each entry with one number in every field. */
  #filled(asked: Iterable<{ map: MapDef; key: Uint8Array }>, fill: bigint): WitnessWorkload["entries"] {
    return [...asked].map(({ map, key }) => {
      const value = new Uint8Array(map.valueSize);
      for (const leaf of leavesOf(this.object.btf, map.valueType, map.valueSize)) {
        if ([1, 2, 4, 8].includes(leaf.size)) writeLeaf(value, leaf, fill);
      }
      return { map: map.name, key: hex(key), value: hex(value) };
    });
  }
}

const MOST_ENTRIES = 16;
/** Searches of one finding that may stop at their bounds, and the time of as many that all of them have. */
const MOST_STOPPED = 3;
/** Maps in which an entry has to be put before it can be found. */
const PREPARED: readonly number[] = [BPF_MAP_TYPE.HASH, BPF_MAP_TYPE.LRU_HASH];

const oneLine = (message: string): string => message.split("\n")[0];
const bytesOf = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));

/** The workload of a witness, as `simulate` and `explore` take it. */
export function toWorkload(workload: WitnessWorkload): Workload & Pick<ExploreOptions, "models"> {
  const { entries, programs, interrupts, standIns, ...rest } = workload;
  const prepare = function* (user: UserApi) {
    for (const { map, key, value } of entries) yield* user.update(map, bytesOf(key), bytesOf(value));
  };
  return {
    ...rest,
    programs: programs.map(({ ctx, ...run }) => ({ ...run, ...(ctx ? { ctx: Uint8Array.from(ctx) } : {}) })),
    ...(interrupts ? { interrupts: interrupts as Workload["interrupts"] } : {}),
    ...(entries.length > 0 ? { prepare } : {}),
    ...(standIns.length > 0 ? { models: Object.fromEntries(standIns.map((name) => [name, () => 0n])) } : {}),
  };
}

function whyNot({ sites }: Candidate, attempt: Attempt, before: string): string {
  const missed = sites.find(({ prog, line }) => line && attempt.neverRun.has(`${prog}:${line.line}`));
  if (missed) return before || `no workload was found that runs line ${missed.line!.line} of ${missed.prog}`;
  const states = attempt.states.toLocaleString("en");
  return attempt.unknown
    ? `the search stopped after ${attempt.unknown} without a witness`
    : `none of all schedules of the workloads tried (${states} states) ends otherwise than runs one after another`;
}

function witnessOf({ workload }: Attempt, schedule: string, trace: readonly TraceStep[]): RaceWitness {
  const runs = workload.programs.map(({ prog, cpus }) =>
    `${prog} once on CPU${cpus.length > 1 ? "s" : ""} ${cpus.join(" and ")}`
  );
  const nested = (workload.interrupts ?? []).map(({ prog, kind }) => `${prog} in between (${kind ?? "interrupt"})`);
  const entries = workload.entries.map(({ map, key }) => `${map}[${key}]`);
  const prepared = entries.length > 0 ? `; there before: ${entries.join(", ")}` : "";
  const standIns = workload.standIns.length > 0 ? `; ${workload.standIns.join(", ")}: 0, for want of a model` : "";
  const how = [...runs, ...nested].join(", ") + prepared + (workload.programs[0].ctx ? "; a context of numbers" : "") +
    standIns;
  return { schedule, steps: trace.length, workload, how, what: story(trace) };
}

/** What stands in memory's words: each access of the program to data, by CPU. */
function story(trace: readonly TraceStep[]): string {
  return trace.filter(({ touches, kind }) => touches === "data" && kind !== "start")
    .map(({ cpu, line, kind, target, before, after }) => {
      const value = kind === "load" ? before : after;
      return `CPU ${cpu}: ${line ? `line ${line.line} ` : ""}${kind} ${target}${
        value === undefined ? "" : ` = ${value}`
      }`;
    }).join("\n");
}
