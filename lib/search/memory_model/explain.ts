/**
 * An execution that sequential consistency forbids, told such that its reader sees why: what each thread did and saw,
 * the circle that no order of all accesses can have, and which of its steps the model does not keep.
 */
import { type Candidate, isRead, isWrite } from "./candidate.ts";
import type { AxiomaticModel } from "./model.ts";
import { Relation } from "./relation.ts";
import type { SharedMemory } from "./shared_memory.ts";
import type { ThreadCode } from "./thread_code.ts";
import { INITIAL } from "./trace.ts";
import { t } from "../../words/translation.ts";

/** One access of the execution. */
export interface WitnessEvent {
  /** `a`, `b`, ... in the order of threads. */
  readonly label: string;
  /** Index of the thread, and of the instruction in its code. */
  readonly thread: number;
  readonly step: number;
  readonly name: string;
  readonly line?: number;
  readonly insn: string;
  readonly place: string;
  readonly read?: bigint;
  readonly written?: bigint;
  /** Label of the write that it read from; `initial` for what memory began with. */
  readonly from?: string;
  /** Labels of the writes to its place, oldest first, where it writes one. */
  readonly coherence?: readonly string[];
}

/** A step of the circle: the first event has to come before the second. */
export interface WitnessEdge {
  readonly from: number;
  readonly to: number;
  readonly kind: "po" | "rf" | "co" | "fr";
  /** Of program order: the rule of the model that keeps it; undefined where none does. */
  readonly keptBy?: string;
}

/** @internal */
export interface WeakWitness {
  readonly model: AxiomaticModel["name"];
  readonly events: readonly WitnessEvent[];
  /** Indices into `events`. */
  readonly cycle: readonly WitnessEdge[];
}

/**
 * @param candidate an execution that the model allows
 * @returns undefined when sequential consistency allows it too
 */
export function explainExecution(
  candidate: Candidate,
  threads: readonly ThreadCode[],
  memory: SharedMemory,
  model: AxiomaticModel,
): WeakWitness | undefined {
  const { skeleton, com } = candidate, cycle = Relation.union(skeleton.po, com).cycle();
  if (!cycle) return undefined;
  const initial = skeleton.events.filter(({ thread }) => thread === INITIAL).length;
  const nameOf = (event: number) => event < initial ? "initial" : labelOf(event - initial);
  const events = skeleton.events.slice(initial).map((event, i): WitnessEvent => {
    const at = initial + i, { region, offset } = memory.cells[event.cell], code = threads[event.thread];
    const step = code.steps[event.step], source = candidate.source[at];
    return {
      label: labelOf(i),
      thread: event.thread,
      step: event.step,
      name: code.name,
      line: step.line,
      insn: step.text,
      place: region.nameOf?.(offset) ?? (offset === 0 ? region.name : `${region.name}+${offset}`),
      read: event.read,
      written: event.written,
      from: source === undefined ? undefined : nameOf(source),
      coherence: isWrite(event) ? candidate.orders.get(event.cell)!.map(nameOf) : undefined,
    };
  });
  const rules = model.ppo.map(({ name, of }) => ({ name, relation: of(candidate) }));
  const edges = cycle.map((from, i): WitnessEdge => {
    const to = cycle[(i + 1) % cycle.length], ends = { from: from - initial, to: to - initial };
    if (skeleton.po.has(from, to)) {
      return { ...ends, kind: "po", keptBy: rules.find(({ relation }) => relation.has(from, to))?.name };
    }
    return { ...ends, kind: candidate.rf.has(from, to) ? "rf" : candidate.co.has(from, to) ? "co" : "fr" };
  });
  return { model: model.name, events, cycle: edges };
}

const labelOf = (n: number): string =>
  n < 26 ? String.fromCharCode(97 + n) : `${labelOf(Math.floor(n / 26) - 1)}${labelOf(n % 26)}`;

/** What the model lets pass, by what the two accesses are. */
export function whyNotKept(a: WitnessEvent, b: WitnessEvent, model: AxiomaticModel["name"]): string {
  const [first, second] = [a, b].map((event) =>
    isWrite(event as never) ? isRead(event as never) ? "atomic" : "store" : "load"
  );
  if (first === "store" && second === "load") {
    return t`a store may be seen after a later load (it waits in a store buffer): only a full barrier keeps them in order`;
  }
  if (model === "x86") return t`x86 keeps this order`;
  if (first === "load" && second === "load") {
    return t`a load may go ahead of an earlier one: a load-acquire of the first keeps them, or an address that depends on it`;
  }
  if (first === "load") {
    return t`a store may be seen before an earlier load is done: a dependency keeps them, a load-acquire, or a store-release`;
  }
  if (first === "store") return t`stores may be seen in another order: a store-release of the second keeps them`;
  return t`an atomic that gives no old value back orders nothing`;
}
