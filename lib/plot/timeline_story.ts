/** What a timeline tells of: a lost update or a torn read, in terms of what to draw. */
import { inMemoryOrder } from "../report/memory_order.ts";
import { findLostUpdates, type LostUpdate, stepsOfLostUpdate } from "../report/lost_update.ts";
import type { Part } from "../report/parts.ts";
import type { TraceStep } from "../report/result.ts";
import { findTornReads, type TornRead } from "../report/torn_read.ts";
import { lanesOf } from "../report/trace_text.ts";
import { texts } from "./texts.ts";

interface Mark {
  readonly remark: string;
  readonly crossed: boolean;
}

/** All numbers are indices into the trace. */
export interface Story {
  readonly finding: string;
  /** The steps that must be shown. */
  readonly steps: readonly number[];
  /** The steps that stand out, with what to write beside them; `crossed` ones are struck out. */
  readonly marked: ReadonlyMap<number, Mark>;
  /** A span in the lane of its task, and what the key calls it. */
  readonly span: { readonly from: number; readonly to: number; readonly name: string };
  readonly arrow: { readonly from: number; readonly to: number };
}

/** Of how many stories, in the order of the trace, the shortest is told. */
const FIRST = 20;

/** An instruction of a program: where what is to be told of happens. */
export interface Place {
  readonly prog: string;
  readonly insn: number;
}

/** What the kernel keeps for itself (buckets, links, locks) has rules of its own; older traces do not say. */
const isReaders = ({ touches }: TraceStep): boolean =>
  touches === undefined || touches === "data" || touches === "inner_map" || touches === "program";

/** Names a step's lane; of a flush that of the CPU whose store it is. */
function naming(steps: readonly TraceStep[]): (index: number) => string {
  const names = new Map(lanesOf(steps).map((lane) => [lane.task, lane.name])), inMemory = inMemoryOrder(steps);
  return (index) => names.get(inMemory[index].task) ?? names.get(steps[index].task)!;
}

/**
 * All that a trace has to tell: lost updates, or where there are none torn reads.
 *
 * @param about only what happens at these places
 */
export function storiesOf(steps: readonly TraceStep[], about?: readonly Place[]): Story[] {
  if (about) return storiesAt(steps, about);
  const lost = findLostUpdates(steps).filter(({ store }) => isReaders(steps[store]));
  // Where some of what is wiped out comes back later, the numbers shown do not add up at a glance.
  const plain = lost.filter(({ broughtBack }) => broughtBack === 0);
  const name = naming(steps);
  if (lost.length > 0) return (plain.length > 0 ? plain : lost).map((update) => lostStory(steps, update, name));
  return findTornReads(steps).map((torn) => tornStory(torn, name));
}

/** Whether a step, a flush for its store, is at one of some places. */
function at(steps: readonly TraceStep[], places: readonly Place[]): (index: number) => boolean {
  const inMemory = inMemoryOrder(steps);
  return (index) => places.some(({ prog, insn }) => inMemory[index].prog === prog && inMemory[index].insn === insn);
}

/** Lost updates whose store is at one of the places, or else torn reads with a load there. */
export function eventsAt(
  steps: readonly TraceStep[],
  places: readonly Place[],
): { readonly lost: readonly LostUpdate[]; readonly torn: readonly TornRead[] } {
  const isThere = at(steps, places), lost = findLostUpdates(steps).filter(({ store }) => isThere(store));
  if (lost.length > 0) return { lost, torn: [] };
  return { lost, torn: findTornReads(steps).filter(({ stale, fresh }) => isThere(stale) || isThere(fresh)) };
}

/** What goes wrong at the places, or else what comes in between. */
function storiesAt(steps: readonly TraceStep[], places: readonly Place[]): Story[] {
  const inMemory = inMemoryOrder(steps), name = naming(steps), isThere = at(steps, places);
  const { lost, torn } = eventsAt(steps, places);
  if (lost.length > 0) return lost.map((update) => lostStory(steps, update, name));
  if (torn.length > 0) return torn.map((one) => tornStory(one, name));
  // An insertion may write only what is not the map's yet; the kernel's own words tell of it then.
  return inBetween(inMemory, isThere, isReaders) ?? inBetween(inMemory, isThere, () => true) ?? [];
}

/** The first write at one of the places, and what another task has written to the map since its run was at the other. */
function inBetween(
  steps: readonly TraceStep[],
  isThere: (index: number) => boolean,
  counts: (step: TraceStep) => boolean,
): Story[] | undefined {
  const isWrite = (step: TraceStep) => (step.kind === "store" || step.kind === "rmw") && counts(step);
  for (const [to, last] of steps.entries()) {
    if (!isThere(to) || !isWrite(last) || last.map === undefined) continue;
    const from = steps.findIndex(({ task, invocation, insn }, i) =>
      i < to && task === last.task && invocation === last.invocation && insn !== last.insn && isThere(i)
    );
    const between = steps.findIndex((other, i) =>
      i > from && i < to && other.task !== last.task && other.map === last.map && isWrite(other)
    );
    if (from >= 0 && between >= 0) return [betweenStory(from, between, to)];
  }
  return undefined;
}

/** Two steps of a run, and what another one does to the same map in between. */
const betweenStory = (from: number, between: number, to: number): Story => ({
  finding: texts.timeline.inBetween,
  steps: [from, between, to],
  marked: new Map<number, Mark>([
    [from, { remark: "", crossed: false }],
    [between, { remark: texts.timeline.meanwhile, crossed: false }],
    [to, { remark: "", crossed: false }],
  ]),
  span: { from, to, name: texts.timeline.run },
  arrow: { from: between, to },
});

/** The story to tell: of the first ones the one with the fewest steps. */
export function shortest(stories: readonly Story[]): Story | undefined {
  const length = (story: Story) => Math.max(...story.steps) - Math.min(...story.steps) + story.steps.length;
  return stories.slice(0, FIRST).reduce<Story | undefined>(
    (best, story) => best === undefined || length(story) < length(best) ? story : best,
    undefined,
  );
}

const allShown = (indices: readonly number[], parts: readonly Part[]): boolean =>
  indices.every((index) => parts.some(({ from, to }) => index >= from && index < to));

/** The stories that can be told in full from the steps shown, and those of which at least the two main steps are shown. */
export const shownIn = (stories: readonly Story[], parts: readonly Part[]): { told: Story[]; marked: Story[] } => ({
  told: stories.filter((story) => allShown(story.steps, parts)),
  marked: stories.filter((story) => allShown([story.arrow.from, story.arrow.to], parts)),
});

/** Several steps by number: `2, 5` or `2–19`. */
const numbers = (steps: readonly TraceStep[], indices: readonly number[]): string => {
  const own = indices.map((index) => steps[index].step);
  return own.length > 2 ? `${own[0]}–${own[own.length - 1]}` : own.join(", ");
};

function lostStory(steps: readonly TraceStep[], update: LostUpdate, name: (index: number) => string): Story {
  const { load, store, lost, target } = update;
  const overwrites = texts.timeline.overwrites(numbers(steps, lost));
  return {
    finding: lost.length === 1
      ? texts.timeline.lostUpdate(name(lost[0]), name(store), target)
      : texts.timeline.manyLost(lost.length, name(store), target),
    steps: stepsOfLostUpdate(steps, update),
    marked: new Map<number, Mark>([
      ...lost.map((index) => [index, { remark: texts.timeline.lost, crossed: true }] as const),
      [store, { remark: overwrites, crossed: false }],
    ]),
    span: { from: load, to: store, name: texts.timeline.window },
    // Of many lost stores the last one: it is what the overwriting store finds in memory.
    arrow: { from: lost[lost.length - 1], to: store },
  };
}

function tornStory(torn: TornRead, name: (index: number) => string): Story {
  const { object, stale, fresh, missed, seen } = torn;
  return {
    finding: texts.timeline.tornRead(name(fresh), object, name(seen)),
    steps: [stale, fresh, missed, seen],
    marked: new Map<number, Mark>([
      [stale, { remark: texts.timeline.old, crossed: false }],
      [fresh, { remark: texts.timeline.fresh, crossed: false }],
    ]),
    span: { from: Math.min(stale, fresh), to: Math.max(stale, fresh), name: texts.timeline.between },
    arrow: { from: seen, to: fresh },
  };
}
