/** "You are the scheduler": a workload to step through by hand, with what can still come of it. */
import { HashLayouts } from "../maps/hash_layouts.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import type { Figure } from "../plot/figure.ts";
import { timeline } from "../plot/timeline.ts";
import type { TraceStep } from "../report/result.ts";
import { texts as reportTexts } from "../report/texts.ts";
import { hashSeedOf } from "../schedulers/schedule.ts";
import type { Exploration, ExploreOptions } from "../search/exploration.ts";
import { explorePlan, searchedMachine } from "../search/explore.ts";
import { traceSchedule } from "../search/witness.ts";
import { plan, withoutBuffers } from "../workload/plan.ts";
import type { PlayerData } from "./data.ts";
import { alongSchedule, MOST_STATES, wholeGraph } from "./graph.ts";
import { type Fallback, playerHtml } from "./page.ts";
import { texts } from "./texts.ts";

/**
 * A schedule that stands for the player where no script runs.
 *
 * @internal
 */
export interface Shown {
  readonly schedule: string;
  readonly sentence: string;
  readonly figure: Figure;
  readonly trace: readonly TraceStep[];
}

/**
 * A workload to play. `player` makes it, `show` shows it.
 *
 * @example
 * ```ts
 * import { bpf, type Player, player } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const game: Player = await player(racy, { cpus: 2, invocations: 1 });
 * if (!game.isWhole || !String(game).includes("CPU 1")) throw new Error(`${game}`);
 * ```
 */
export class Player {
  /**
   * `player` makes one.
   *
   * @param data what the widget walks
   */
  constructor(
    readonly exploration: Exploration,
    readonly data: PlayerData,
    /** Whether every state can be played; else only one schedule can be stepped through. */
    readonly isWhole: boolean,
    readonly shown: Shown,
  ) {}

  /** The title, one schedule as a table, and what is to be known of the player. */
  toString(): string {
    const { title, notes } = this.data, { sentence, schedule, figure } = this.shown;
    return [title, ...notes, `${sentence}. ${reportTexts.schedule(schedule)}`, "", figure.text].join("\n");
  }

  /**
   * The forms that a notebook keeps. Of one output a front end draws one form, HTML before all others where it can: the
   * picture and the table for pages without scripts stand in the HTML, too.
   */
  async toBundle(): Promise<
    { readonly "text/html": string; readonly "image/png"?: string; readonly "text/plain": string }
  > {
    const { figure, trace, sentence } = this.shown;
    const { "image/png": png } = await figure.toBundle();
    const fallback: Fallback = { sentence, trace, svg: await figure.toSvg(), caption: figure.caption };
    return {
      "text/html": playerHtml(this.data, fallback),
      ...(png !== undefined && { "image/png": png }),
      "text/plain": String(this),
    };
  }

  /** Metadata of the output, by MIME type: the size of the picture. */
  toMetadata(): Record<string, unknown> {
    return this.shown.figure.toMetadata();
  }
}

/**
 * Makes a workload playable by hand: each click lets a CPU take its next step, and the endings still reachable are those
 * that the search found. Up to 3,000 states can be played freely; of a larger workload one schedule can be stepped
 * through, the one that goes wrong where there is one.
 *
 * @param object what `bpf` gave
 * @param options as `explore` takes them (default: 2 CPUs, 1 invocation each)
 * @throws WorkloadError for options that can't be
 * @throws RefusedError when the verifier refuses one of the programs
 *
 * @example
 * ```ts
 * import { bpf, player, show } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * await show(player(racy, { cpus: 2, invocations: 1 }));
 * ```
 */
export async function player(object: BpfObject, options: ExploreOptions = {}): Promise<Player> {
  const planned = plan(object, options, "player"), exploration = await explorePlan(planned, options);
  const schedule = exploration.witness?.schedule ?? exploration.outcomes[0]?.witness ?? "";
  const hashSeed = hashSeedOf(schedule), layouts = new HashLayouts();
  // Where user space only loads, the search did without store buffers, and so does the player.
  const played = exploration.memory === planned.memory ? planned : withoutBuffers(planned);
  const make = () => searchedMachine(played, options, { hashSeed, layouts });
  // Where the search is not done, what it calls right may be wrong, and what is missing may be there.
  const whole = exploration.complete ? wholeGraph(make(), exploration) : undefined;
  const graph = whole ?? alongSchedule(make(), exploration, schedule);
  const notes = [
    ...(whole ? [] : [texts.onlyPath(MOST_STATES.toLocaleString("en-US"))]),
    ...(exploration.complete ? [] : [texts.unfinished(exploration.unknown ?? "stopped")]),
    ...(whole && graph.ends.some(({ elsewhere }) => elsewhere) ? [texts.layouts] : []),
  ];
  const heading = reportTexts.heading(
    exploration.program,
    reportTexts.machine.simulator(exploration.cpus),
    exploration.invocations,
    exploration.runs,
  );
  const data = { title: texts.title(heading), ...graph, hashSeed, notes, words: texts.words };
  return new Player(exploration, data, whole !== undefined, shownOf(make, exploration, schedule));
}

/** What stands for a player without scripts: the witness, or one of the schedules. */
function shownOf(make: () => Parameters<typeof traceSchedule>[0], { witness }: Exploration, schedule: string): Shown {
  const { trace, steps, preemptions } = witness ?? traceSchedule(make(), schedule);
  const sentence = witness
    ? reportTexts.witness(steps, preemptions, witness.shortest)
    : texts.oneSchedule(steps, preemptions);
  return { schedule, sentence, trace, figure: timeline(witness ?? { trace, preemptions, on: texts.anySchedule }) };
}
