/**
 * A litmus test run many times on a machine, beside what a memory model says: an outcome that the model does not allow
 * is a fault of the model, of the machine, or of what translates for it.
 */
import { BackendError } from "../../host/backend_error.ts";
import { evaluate } from "../../search/litmus/condition.ts";
import { litmus, type LitmusReport } from "../../search/litmus/litmus.ts";
import type { LitmusFile } from "../../search/litmus/litmus_file.ts";
import { parseLitmus } from "../../search/litmus/parse.ts";
import { titleLine, witnessLines } from "../../search/litmus/report.ts";
import { formatState, type LitmusState } from "../../search/litmus/run.ts";
import type { AxiomaticModel } from "../../search/memory_model/model.ts";
import { arrangements, Arrays, TURNS } from "./arrays.ts";
import type { LitmusMachine } from "./machine.ts";
import { litmusOnLinux } from "./on_linux.ts";
import { litmusOnThreads } from "./on_threads.ts";

/** A run takes milliseconds; what a start line that others hold up could take is bounded by seconds. */
const TIMES = 200_000, SECONDS = 5;

/** Where a litmus test runs, how often, and what it is compared with. */
export interface LitmusOnOptions {
  /** `linux`: the running kernel; `threads`: WebAssembly on threads of this computer. */
  readonly on: "linux" | "threads";
  /** The model that outcomes are compared with. Default `bpf`. */
  readonly memory?: AxiomaticModel["name"];
  /** How often the test runs, about. Default 200,000. */
  readonly times?: number;
  /** When to stop before that. Default 5. */
  readonly seconds?: number;
  /** Told now and then how much is done, 0 to 1. */
  readonly onProgress?: (share: number) => void | Promise<void>;
}

/** A final state, and how often runs ended in it. */
export interface MeasuredState {
  /** The state as herd7 writes it: `0:r0=1; x=2;`. */
  readonly state: string;
  /** Runs that ended in it. */
  readonly count: number;
  /** Whether what stands behind the quantifier holds. */
  readonly holds: boolean;
  /** Whether the model allows it. */
  readonly allowed: boolean;
}

/** What `litmusOn` measured. */
export interface MeasuredLitmus {
  /** The report as text, for `show`. */
  toBundle(): object;
  /** The test, as it was read. */
  readonly file: LitmusFile;
  /** Where it ran, in words. */
  readonly on: string;
  /** Runs in all. */
  readonly runs: number;
  /** Every state that a run ended in. */
  readonly states: readonly MeasuredState[];
  /** What the model says of the same test. */
  readonly model: LitmusReport;
  /** States that the model allows and that no run ended in. */
  readonly unseen: readonly string[];
  /** States that a run ended in although the model does not allow them: a failure. */
  readonly outside: readonly string[];
}

/**
 * Runs a litmus test many times on a machine: threads from a common start line, a cell of memory for each turn, cells
 * at several distances and in several orders.
 *
 * @param test text of a litmus file, or one that was read
 * @returns how often runs ended in each state, and what the model says of it; `show` prints its report
 * @throws BackendError where the machine cannot run it, with the reason
 *
 * @example
 * ```ts
 * import { litmusOn } from "interleave";
 * const test = `BPF coherence
 * { 0:r1=x; }
 * P0 ;
 * *(u32 *)(r1 + 0) = 1 ;
 * r2 = *(u32 *)(r1 + 0) ;
 * exists (0:r2=0)`;
 * const { outside, runs } = await litmusOn(test, { on: "threads", times: 2048 });
 * if (outside.length > 0 || runs < 2048) throw new Error("a thread sees its own store");
 * ```
 */
export async function litmusOn(test: string | LitmusFile, options: LitmusOnOptions): Promise<MeasuredLitmus> {
  const file = typeof test === "string" ? parseLitmus(test) : test;
  const model = await litmus(file, { memory: options.memory, explain: false });
  if (model.states.flat(2).some((value) => typeof value === "object")) {
    throw new BackendError(
      `${file.name} ends with addresses in what it observes: those of a machine are not the test's`,
    );
  }
  const times = options.times ?? TIMES, until = performance.now() + 1000 * (options.seconds ?? SECONDS);
  const tally = new Map<string, { state: LitmusState; count: number }>(), all = arrangements(file.memory.size);
  let runs = 0, on = "";
  for (const [i, arrangement] of all.entries()) {
    // Arrangements share the runs and the time evenly.
    const share = Math.ceil(times * (i + 1) / all.length), left = until - performance.now();
    if (runs >= share) continue;
    const arrays = new Arrays(file, arrangement), end = performance.now() + left / (all.length - i);
    using machine = await startMachine(options.on, file, arrays);
    on = machine.on;
    do {
      runs += count(file, arrays, await machine.run(), tally);
    } while (runs < share && performance.now() < end);
    await options.onProgress?.((i + 1) / all.length);
  }
  const allowed = new Set(model.states.map((state) => formatState(file, state)));
  const states = [...tally].map(([state, { state: values, count }]): MeasuredState => ({
    state,
    count,
    holds: evaluate(file.condition, file, values),
    allowed: allowed.has(state),
  })).sort((a, b) => a.state < b.state ? -1 : 1);
  const complete = model.unknown === undefined;
  const measured = {
    file,
    on,
    runs,
    states,
    model,
    unseen: [...allowed].filter((state) => !tally.has(state)),
    outside: complete ? states.filter((one) => !one.allowed).map(({ state }) => state) : [],
  };
  return { ...measured, toBundle: () => ({ "text/plain": litmusOnText(measured) }) };
}

async function startMachine(on: "linux" | "threads", file: LitmusFile, arrays: Arrays): Promise<LitmusMachine> {
  return on === "linux" ? litmusOnLinux(file, arrays) : await litmusOnThreads(file, arrays);
}

/** Counts the final states of a run's turns. */
function count(
  file: LitmusFile,
  arrays: Arrays,
  memory: Uint8Array,
  tally: Map<string, { state: LitmusState; count: number }>,
): number {
  for (let turn = 0; turn < TURNS; turn++) {
    const state = arrays.state(memory, turn);
    if (file.filter && !evaluate(file.filter, file, state)) continue;
    const text = formatState(file, state.slice(0, file.observed.length)), known = tally.get(text);
    if (known) known.count++;
    else tally.set(text, { state, count: 1 });
  }
  return TURNS;
}

/** herd7's report with counts, as klitmus7 prints it, and the model's verdict beside it. */
export function litmusOnText(
  { file, on, runs, states, model, unseen, outside }: Omit<MeasuredLitmus, "toBundle">,
): string {
  const digits = Math.max(...states.map(({ count }) => `${count}`.length), 0);
  const sum = (of: boolean) => states.filter(({ holds }) => holds === of).reduce((all, { count }) => all + count, 0);
  const holds = sum(true), fails = sum(false);
  const mark = ({ allowed }: MeasuredState) => allowed ? "" : `   <- not allowed by ${model.model}`;
  return [
    titleLine(file),
    `Histogram (${states.length} states)`,
    ...states.map((one) => `${`${one.count}`.padEnd(digits)} ${one.holds ? "*" : ":"}>${one.state}${mark(one)}`),
    ...witnessLines(file, { holds, fails }, holds === 0 ? "Never" : fails === 0 ? "Always" : "Sometimes"),
    `Measured ${runs.toLocaleString("en")} runs on ${on}`,
    `Model ${model.observation} under ${model.under}`,
    unseen.length === 0
      ? "Every state that the model allows was seen."
      : `Allowed and not seen here: ${unseen.join(" | ")}`,
    ...(model.unknown === undefined ? [] : [`The model was stopped after ${model.unknown}: nothing is compared`]),
    ...outside.map((state) => `FAILED: a run ended in ${state} which ${model.model} does not allow`),
  ].join("\n");
}

/** The same as JSON. */
export function litmusOnJson({ file, on, runs, states, model, unseen, outside }: MeasuredLitmus): unknown {
  return { test: file.name, on, runs, states, memory: model.model, observation: model.observation, unseen, outside };
}
