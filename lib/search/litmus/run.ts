/** Every schedule of a litmus test under sequential consistency: the states that `herd7 -model sc` lists. */
import { Machine } from "../../cpu/machine.ts";
import { exploreAll, type Limits } from "../all_schedules.ts";
import type { Bounds } from "../exploration.ts";
import { assembleLitmus, type LitmusLayout, programName } from "./assemble.ts";
import { evaluate } from "./condition.ts";
import { formatLocation, type LitmusFile, type LitmusValue } from "./litmus_file.ts";

/** A final state: a value for each location that the file observes, in that order. */
export type LitmusState = readonly LitmusValue[];

export interface LitmusResult {
  readonly file: LitmusFile;
  /** Distinct, in herd7's order. */
  readonly states: readonly LitmusState[];
  /** For each state, whether what stands behind the quantifier holds. */
  readonly holds: readonly boolean[];
  readonly observation: "Never" | "Sometimes" | "Always" | "Unknown";
  /** The bound that ended the search, when one did: then states may be missing. */
  readonly unknown?: string;
  /** States and steps of the search. */
  readonly explored: { readonly states: number; readonly transitions: number };
}

/**
 * Runs a litmus test on the simulated machine.
 *
 * @throws Error when a column touches memory that is no place of the test
 */
export async function runLitmus(file: LitmusFile, bounds: Bounds = {}): Promise<LitmusResult> {
  const { object, layout } = assembleLitmus(file);
  const programs = file.columns.map((column, cpu) => ({ prog: programName(column), cpus: [cpu], invocations: 1 }));
  const make = () => {
    const machine = new Machine(object, { cpus: file.columns.length, programs });
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
    const state = readFinal(machine, file, layout);
    if (file.filter && !evaluate(file.filter, file.observed, state)) return;
    found.set(formatState(file, state), state);
  });
  const states = [...found.values()].sort(compareStates);
  const holds = states.map((state) => evaluate(file.condition, file.observed, state));
  const observation = holds.includes(true)
    ? holds.includes(false) || cost.bound !== undefined ? "Sometimes" : "Always"
    : cost.bound === undefined
    ? "Never"
    : "Unknown";
  return { file, states, holds, observation, unknown: cost.bound, explored: cost };
}

/** `0:r1=0; 1:r1=y; [x]=2;` */
export function formatState(file: LitmusFile, state: LitmusState): string {
  return state.map((value, i) => `${formatLocation(file.observed[i])}=${formatValue(value)};`).join(" ");
}

export const formatValue = (value: LitmusValue): string => typeof value === "bigint" ? `${value}` : value.address;

/** herd7's order: by the first location that differs, numbers before addresses. */
function compareStates(a: LitmusState, b: LitmusState): number {
  for (let i = 0; i < a.length; i++) {
    const x = a[i], y = b[i];
    if (typeof x !== typeof y) return typeof x === "bigint" ? -1 : 1;
    const p = typeof x === "object" ? x.address : x, q = typeof y === "object" ? y.address : y;
    if (p !== q) return p < q ? -1 : 1;
  }
  return 0;
}

const addressOf = (machine: Machine, offset: number) =>
  Number(BigInt.asUintN(32, machine.kernel.valuePointer(0, offset)));

function writeInitial(machine: Machine, file: LitmusFile, layout: LitmusLayout): void {
  for (const [name, value] of file.memory) {
    const number = typeof value === "bigint"
      ? value
      : machine.kernel.valuePointer(0, layout.places.get(value.address)!);
    machine.memory.view.setBigInt64(addressOf(machine, layout.places.get(name)!), BigInt.asIntN(64, number), true);
  }
}

function readFinal(machine: Machine, file: LitmusFile, layout: LitmusLayout): LitmusState {
  return file.observed.map((location, i) => {
    const offset = location.kind === "memory" ? layout.places.get(location.name)! : layout.results.get(i)!;
    return asValue(machine, layout, machine.memory.view.getBigUint64(addressOf(machine, offset), true));
  });
}

/** A number, or the place that it is the address of, with the distance from it where there is one. */
function asValue(machine: Machine, layout: LitmusLayout, bits: bigint): LitmusValue {
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
