/** What a timeline tells of: a lost update or a torn read, in terms of what to draw. */
import { findLostUpdates, type LostUpdate, stepsOfLostUpdate } from "../report/lost_update.ts";
import type { Part } from "../report/parts.ts";
import type { TraceStep } from "../report/result.ts";
import { findTornReads, type TornRead } from "../report/torn_read.ts";
import { texts as reportTexts } from "../report/texts.ts";
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

/** All that a trace has to tell, lost updates first. */
export function storiesOf(steps: readonly TraceStep[]): Story[] {
  const lost = findLostUpdates(steps);
  // Where some of what is wiped out comes back later, the numbers shown do not add up at a glance.
  const plain = lost.filter(({ broughtBack }) => broughtBack === 0);
  const lanes = lanesOf(steps);
  /** A store that waited is its CPU's, or its user-space actor's: the store buffer neither reads nor decides. */
  const name = (index: number) => {
    const { task, cpu } = steps[index];
    const running = lanes.filter((lane) => lane.task >= 0 && (task >= 0 ? lane.task === task : lane.cpu === cpu));
    return running.length === 1 ? running[0].name : reportTexts.cpu(cpu);
  };
  if (lost.length > 0) return (plain.length > 0 ? plain : lost).map((update) => lostStory(steps, update, name));
  return findTornReads(steps).map((torn) => tornStory(torn, name));
}

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
