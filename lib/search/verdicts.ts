/** What went wrong in a schedule, by its name, with the place in the document "Concurrency" that speaks of it. */
import { addressOf } from "../cpu/memory.ts";
import { ELEM } from "../maps/htab.ts";
import { BPF_FUNC } from "../uapi/helpers.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { findLostUpdates } from "../report/lost_update.ts";
import type { TraceStep } from "../report/result.ts";
import { inMemoryOrder } from "../report/memory_order.ts";
import { findTornReads } from "../report/torn_read.ts";
import { isUser, isWrite } from "../report/trace_text.ts";
import { t, translated } from "../words/translation.ts";

export type VerdictKind =
  | "lost update"
  | "torn value"
  | "wrong key"
  | "late write"
  | "runs skipped"
  | "deadlock"
  | "livelock"
  | "fault";

/** @internal */
export interface Finding {
  readonly kind: VerdictKind;
  /** What happened, in a sentence. */
  readonly what: string;
  /** Title of the document's section, and the claims there that it bears on (numbers of the ledger). */
  readonly section: string;
  readonly claims: readonly string[];
  /** A schedule that shows it. */
  readonly witness: string;
}

const SECTION = translated({
  introduction: "Introduction",
  locks: "Spin locks",
  percpu: "Per-CPU maps",
  rcu: "Map RCU",
  swap: "Map-in-map swap",
  none: "none: the verifier keeps such programs out",
});

/** What the kernel keeps for itself (buckets, links, locks) has rules of its own. */
const isReaders = (step: TraceStep): boolean =>
  step.touches === "data" || step.touches === "inner_map" || step.touches === "program";
const isByHelper = (step: TraceStep): boolean => step.actor !== "program";

const PER_CPU: readonly number[] = [
  BPF_MAP_TYPE.PERCPU_HASH,
  BPF_MAP_TYPE.PERCPU_ARRAY,
  BPF_MAP_TYPE.LRU_PERCPU_HASH,
  BPF_MAP_TYPE.PERCPU_CGROUP_STORAGE,
];
/** Such a value cannot hold a lock: what meets there is an interrupt or another task of the CPU, or comes from afar. */
const isPerCpu = (step: TraceStep, maps: readonly MapDef[]): boolean =>
  step.map !== undefined && PER_CPU.includes(maps[step.map]?.type);
/** Slots for programs and maps are words of their own, exchanged at once: two of them are no fields of one value. */
const isSlot = (step: TraceStep): boolean => step.touches === "inner_map" || step.touches === "program";

/** The verdicts that a trace of an anomaly supports, without their witness; at most one of each kind. */
export function judgeTrace(trace: readonly TraceStep[], maps: readonly MapDef[]): Omit<Finding, "witness">[] {
  const steps = inMemoryOrder(trace);
  const values = steps.filter((step) => !isSlot(step));
  return [
    lostUpdate(steps, maps),
    tornRead(values, maps),
    tornWrite(values, maps),
    staleElem(steps, maps),
    lateWrite(steps, maps),
  ]
    .filter((verdict) => verdict !== undefined)
    .filter((verdict, i, all) => all.findIndex(({ kind }) => kind === verdict.kind) === i);
}

/** Runs that the kernel skips: what a reader's property misses may be theirs, and not lost. */
export function judgeSkips(steps: readonly TraceStep[]): Omit<Finding, "witness"> | undefined {
  const skips = steps.filter(({ kind }) => kind === "skip");
  if (skips.length === 0) return undefined;
  const [{ step, prog, cpu, skipped }] = skips, many = skips.length === 1 ? t`one run` : t`${skips.length} runs`;
  const inTheWay = skipped === "prog->active"
    ? t`a run of the same program is under way there`
    : t`another such program, or user space's call on a map, is under way there`;
  const what =
    t`step ${step}: the kernel skips ${prog} on CPU ${cpu} (${skipped}), as ${inTheWay}: ${many} did not happen, and nothing of it is lost (recursion_misses counts such runs, but for perf_event programs)`;
  return { kind: "runs skipped", what, section: SECTION.introduction, claims: ["0.1"] };
}

/** The verdict on a schedule that has no way on. */
export function judgeStuck(kind: "deadlock" | "livelock" | "fault", message: string): Omit<Finding, "witness"> {
  if (kind === "fault") return { kind, what: message, section: SECTION.none, claims: [] };
  return { kind, what: message, section: SECTION.locks, claims: kind === "deadlock" ? ["2.7", "2.8"] : ["2.1"] };
}

function lostUpdate(steps: readonly TraceStep[], maps: readonly MapDef[]): Omit<Finding, "witness"> | undefined {
  const update = findLostUpdates(steps).find(({ store }) => isReaders(steps[store]));
  if (!update) return undefined;
  const store = steps[update.store], gone = update.lost.map((index) => steps[index].step);
  const stored = gone.length === 1 ? t`step ${gone[0]} stored` : t`steps ${gone.join(t`, `)} stored`;
  const what = t`${update.target}: step ${store.step} overwrites what ${stored}, having read before it`;
  if (isUser(store) || update.lost.some((index) => isUser(steps[index]))) {
    return { kind: "lost update", what, section: SECTION.introduction, claims: ["0.4"] };
  }
  if (isPerCpu(store, maps)) return { kind: "lost update", what, section: SECTION.percpu, claims: ["3.2"] };
  return store.actor === "helper"
    ? { kind: "lost update", what, section: SECTION.rcu, claims: ["4.5"] }
    : { kind: "lost update", what, section: SECTION.introduction, claims: ["0.3", "1.1"] };
}

/** @param writers the steps of the updates that got mixed, or that was seen by halves */
function torn(what: string, writers: readonly TraceStep[], maps: readonly MapDef[]): Omit<Finding, "witness"> {
  if (isPerCpu(writers[0], maps) && !writers.some(isUser)) {
    return { kind: "torn value", what, section: SECTION.percpu, claims: ["3.2"] };
  }
  return writers.every(isByHelper)
    ? { kind: "torn value", what, section: SECTION.rcu, claims: ["4.3", "4.6"] }
    : { kind: "torn value", what, section: SECTION.locks, claims: ["2.2"] };
}

function tornRead(steps: readonly TraceStep[], maps: readonly MapDef[]): Omit<Finding, "witness"> | undefined {
  const found = findTornReads(steps)[0];
  if (!found) return undefined;
  const number = (index: number) => steps[index].step;
  const what = t`${found.object}: step ${number(found.stale)} reads from before an update that step ${
    number(found.fresh)
  } already sees`;
  return torn(what, [steps[found.seen]], maps);
}

/** Two runs store to the same two fields, one of them last here, the other one there. */
function tornWrite(steps: readonly TraceStep[], maps: readonly MapDef[]): Omit<Finding, "witness"> | undefined {
  const last = new Map<number, TraceStep>(), runs = new Map<string, Map<number, TraceStep>>();
  for (const step of steps) {
    const { object } = step;
    if (step.kind !== "store" || step.addr === undefined || object === undefined) continue;
    last.set(step.addr, step);
    const key = `${step.task} ${step.invocation} ${object}`;
    runs.set(key, (runs.get(key) ?? new Map()).set(step.addr, step));
  }
  const writers = [...runs.values()].filter((fields) => fields.size > 1);
  for (const one of writers) {
    for (const other of writers) {
      const both = [...one.keys()].filter((addr) => other.has(addr));
      const mine = both.find((addr) => last.get(addr) === one.get(addr));
      const theirs = both.find((addr) => last.get(addr) === other.get(addr));
      const tasks = one.values().next().value!.task !== other.values().next().value!.task;
      if (!tasks || mine === undefined || theirs === undefined) continue;
      const a = one.get(mine)!, b = other.get(theirs)!;
      const what =
        t`${a.object}: one field is left as step ${a.step} stored it, another as step ${b.step} of another run did`;
      return torn(what, [a, b], maps);
    }
  }
  return undefined;
}

/** What a run knows of an element that it found by its key. */
interface FoundElem {
  readonly key: TraceStep;
  readonly map: MapDef;
  /** When another task took the element out of its bucket, and when it gave it another key. */
  unlinked?: TraceStep;
  reused?: TraceStep;
}

/** A program goes on with an element that is no longer in the map, or belongs to another key by now. */
function staleElem(steps: readonly TraceStep[], maps: readonly MapDef[]): Omit<Finding, "witness"> | undefined {
  const found = new Map<string, FoundElem>();
  for (const step of steps) {
    const { addr, target } = step;
    if (addr === undefined) continue;
    if (step.kind === "load" && step.touches === "key" && step.helper === BPF_FUNC.map_lookup_elem) {
      const map = step.map === undefined ? undefined : maps[step.map];
      if (map) found.set(`${step.task} ${step.invocation} ${addr}`, { key: step, map });
      continue;
    }
    for (const [owner, elem] of found) {
      const keyAddr = elem.key.addr!;
      if (step.kind === "store" && step.task !== elem.key.task) {
        // the same element for the same key once more is no other key's
        if (step.touches === "key" && addr === keyAddr) {
          elem.reused = step.after === elem.key.after ? undefined : step;
        }
        if (step.touches === "pred_next" && isBase(step.before, keyAddr)) elem.unlinked = step;
        if (isLink(step) && isBase(step.after, keyAddr)) elem.unlinked = undefined;
      }
      if (step.actor === "helper" || owner !== `${step.task} ${step.invocation} ${keyAddr}`) continue;
      const from = keyAddr + ((elem.map.keySize + 7) & ~7);
      if (addr < from || addr >= from + elem.map.valueSize) continue;
      const means = t`step ${step.step} means what it looked up at step ${elem.key.step}, but the element`;
      if (elem.reused) {
        const what = t`${means} belongs to another key since step ${elem.reused.step} (${target})`;
        return { kind: "wrong key", what, section: SECTION.rcu, claims: ["4.3", "4.6"] };
      }
      if (elem.unlinked && isWrite(step)) {
        const what = t`${means} is no longer in the map since step ${elem.unlinked.step}: the write is lost`;
        return { kind: "late write", what, section: SECTION.rcu, claims: ["4.3", "4.5"] };
      }
    }
  }
  return undefined;
}

const isLink = ({ touches }: TraceStep): boolean =>
  touches === "next" || touches === "pred_next" || touches === "bucket";

const isBase = (pointer: bigint | undefined, keyAddr: number): boolean =>
  pointer !== undefined && addressOf(pointer) === keyAddr - ELEM.key;

/** A program writes into an inner map that has been swapped out. */
function lateWrite(steps: readonly TraceStep[], maps: readonly MapDef[]): Omit<Finding, "witness"> | undefined {
  const isInner = (step: TraceStep) => step.touches === "inner_map";
  const looked = new Map<string, { swapped?: TraceStep; addr: number; task: number }>();
  for (const step of steps) {
    if (step.addr === undefined) continue;
    const run = `${step.task} ${step.invocation}`;
    if (isInner(step) && step.kind === "load") looked.set(run, { addr: step.addr, task: step.task });
    if (isInner(step) && isWrite(step)) {
      for (const entry of looked.values()) {
        if (entry.addr === step.addr && entry.task !== step.task) entry.swapped = step;
      }
    }
    if (!isWrite(step) || step.actor !== "program" || step.touches !== "data") continue;
    const swapped = looked.get(run)?.swapped, map = step.map === undefined ? undefined : maps[step.map];
    if (swapped && map && !map.data) {
      const what = t`step ${step.step} writes to ${step.target}, a map that step ${swapped.step} had swapped out`;
      return { kind: "late write", what, section: SECTION.swap, claims: ["5.4"] };
    }
  }
  return undefined;
}
