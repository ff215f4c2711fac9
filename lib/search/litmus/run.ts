/**
 * Every schedule of a litmus test on sequentially consistent memory, the states that `herd7 -model sc` lists, or with the
 * store buffers of x86.
 */
import { Machine } from "../../machine/machine.ts";
import { type MemoryModel, type MemoryReport, refuseBpfModel } from "../../workload/memory_model.ts";
import { planTasks } from "../../workload/plan.ts";
import { exploreAll, type Limits } from "../all_schedules.ts";
import type { Bounds } from "../exploration.ts";
import { assembleLitmus, type LitmusLayout, programName } from "./assemble.ts";
import { countExecutions, type Executions } from "./executions.ts";
import { displayLocation, evaluate, formatValue } from "./condition.ts";
import { type LitmusFile, type LitmusScalar, type LitmusValue, typeOf } from "./litmus_file.ts";

/** Executions are counted with a table in memory that a search does not need. */
const MOST_COUNTED = 1_000_000;

/** A final state: a value for each location that the file observes, in that order. */
export type LitmusState = readonly LitmusValue[];

/** @internal */
export interface LitmusResult {
  readonly file: LitmusFile;
  /** Distinct, in herd7's order. */
  readonly states: readonly LitmusState[];
  /** For each state, whether what stands behind the quantifier holds. */
  readonly holds: readonly boolean[];
  readonly memory: MemoryReport;
  readonly observation: "Never" | "Sometimes" | "Always" | "Unknown";
  /** The bound that ended the search, when one did: then states may be missing. */
  readonly unknown?: string;
  /** What herd7 counts; undefined when it was not asked for, or has no end. */
  readonly executions?: Executions;
  /** States and steps of the search. */
  readonly explored: { readonly states: number; readonly transitions: number };
}

/**
 * Runs a litmus test on the simulated machine.
 *
 * @param options memory: `sc` (default) or `x86`; executions: count them too, as far as that takes no longer than the
 *   bounds allow, and where every store is in memory at once
 * @throws Error when a column touches memory that is no place of the test
 */
export async function runLitmus(
  file: LitmusFile,
  bounds: Bounds = {},
  options: { readonly executions?: boolean; readonly memory?: MemoryModel } = {},
): Promise<LitmusResult> {
  const { object, layout } = assembleLitmus(file);
  const programs = file.columns.map((column, cpu) => ({ prog: programName(column), cpus: [cpu], invocations: 1 }));
  const { memory = "sc" } = options;
  if (memory === "bpf") refuseBpfModel("litmus");
  const plan = planTasks(object, { cpus: file.columns.length, programs, memory });
  const make = () => {
    const machine = new Machine(plan);
    writeInitial(machine, file, layout);
    return machine;
  };
  const seconds = bounds.seconds ?? 60;
  const limits: Limits = {
    maxStates: bounds.states ?? 20_000_000,
    maxDepth: bounds.depth ?? 100_000,
    memoryBytes: bounds.memoryBytes ?? 2 ** 31,
    until: performance.now() + 1000 * seconds,
    seconds,
  };
  const found = new Map<string, LitmusState>();
  const cost = await exploreAll(make, limits, { symmetric: false, reduce: true }, (end, machine) => {
    if (end.kind === "fault") throw new Error(`${machine.fault!.prog}: ${machine.fault!.message}`);
    const all = readFinal(machine, file, layout), state = all.slice(0, file.observed.length);
    if (!file.filter || evaluate(file.filter, file, all)) found.set(keyOf(state), state);
  });
  const states = [...found.values()].sort(compareStates);
  const holds = states.map((state) => evaluate(file.condition, file, state));
  const observation = holds.includes(true)
    ? holds.includes(false) || cost.bound !== undefined ? "Sometimes" : "Always"
    : cost.bound === undefined
    ? "Never"
    : "Unknown";
  const judge = (machine: Machine) => {
    const all = readFinal(machine, file, layout);
    return file.filter && !evaluate(file.filter, file, all) ? undefined : evaluate(file.condition, file, all);
  };
  const executions = options.executions && cost.bound === undefined && !plan.delays
    ? countExecutions(make, judge, { maxStates: Math.min(limits.maxStates, MOST_COUNTED), until: limits.until })
    : undefined;
  return { file, states, holds, memory: plan.memory, observation, unknown: cost.bound, executions, explored: cost };
}

/** `0:r1=0; 1:r1=y; [x]=2;` */
export function formatState(file: LitmusFile, state: LitmusState): string {
  return state.map((value, i) => {
    const location = file.observed[i];
    return `${displayLocation(file, location)}=${formatValue(value, typeOf(file, location))};`;
  }).join(" ");
}

/** States differ when values do, even where they print alike. */
export const keyOf = (state: LitmusState): string =>
  state.flat().map((value) => typeof value === "object" ? (value as { address: string }).address : value).join(" ");

/** herd7's order: by the first location that differs, numbers before addresses. */
export function compareStates(a: LitmusState, b: LitmusState): number {
  const p = a.flat() as LitmusScalar[], q = b.flat() as LitmusScalar[];
  for (let i = 0; i < p.length; i++) {
    const order = compareScalars(p[i], q[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareScalars(a: LitmusScalar, b: LitmusScalar): number {
  if (typeof a !== typeof b) return typeof a === "bigint" ? -1 : 1;
  const x = typeof a === "object" ? a.address : a, y = typeof b === "object" ? b.address : b;
  return x < y ? -1 : x > y ? 1 : 0;
}

const addressOf = (machine: Machine, offset: number) =>
  Number(BigInt.asUintN(32, machine.kernel.valuePointer(0, offset)));

function writeInitial(machine: Machine, file: LitmusFile, layout: LitmusLayout): void {
  for (const [name, value] of file.memory) {
    const start = addressOf(machine, layout.places.get(name)!);
    const bytes = layout.cellBytes(name);
    [value].flat().forEach((one: LitmusScalar, i) => {
      const bits = typeof one === "bigint" ? one : machine.kernel.valuePointer(0, layout.places.get(one.address)!);
      for (let at = 0; at < bytes; at++) {
        machine.memory.view.setUint8(start + i * bytes + at, Number((bits >> BigInt(8 * at)) & 0xffn));
      }
    });
  }
}

function readFinal(machine: Machine, file: LitmusFile, layout: LitmusLayout): LitmusState {
  const read = (offset: number, bytes: number): LitmusScalar => {
    let bits = 0n;
    for (let at = bytes - 1; at >= 0; at--) {
      bits = bits << 8n | BigInt(machine.memory.view.getUint8(addressOf(machine, offset) + at));
    }
    return asValue(machine, layout, bits);
  };
  return file.watched.map((location, i) => {
    if (location.kind === "register") return read(layout.results.get(i)!, 8);
    const start = layout.places.get(location.name)!, bytes = layout.cellBytes(location.name);
    const { length } = typeOf(file, location);
    if (length === undefined || location.index !== undefined) {
      return read(start + (location.index ?? 0) * bytes, bytes);
    }
    return Array.from({ length }, (_, index) => read(start + index * bytes, bytes));
  });
}

/** A number, or the place that it is the address of, with the distance from it where there is one. */
function asValue(machine: Machine, layout: LitmusLayout, bits: bigint): LitmusScalar {
  const base = machine.kernel.valuePointer(0, 0);
  if (bits < base || bits >= base + BigInt(layout.bytes)) return BigInt.asIntN(64, bits);
  const offset = Number(bits - base);
  let nearest = "", distance = Infinity;
  for (const [name, at] of layout.places) {
    if (Math.abs(offset - at) >= Math.abs(distance)) continue;
    nearest = name;
    distance = offset - at;
  }
  return { address: distance === 0 ? nearest : `${nearest}${distance > 0 ? "+" : ""}${distance}` };
}
