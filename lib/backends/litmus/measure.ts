/**
 * A litmus test run many times on a machine, beside what a memory model says: an outcome that the model does not allow
 * is a fault of the model, of the machine, or of what translates for it.
 */
import { BackendError } from "../../host/backend_error.ts";
import { evaluate } from "../../search/litmus/condition.ts";
import { judge } from "../../search/litmus/judge.ts";
import type { LitmusFile } from "../../search/litmus/litmus_file.ts";
import { parseLitmus } from "../../search/litmus/parse.ts";
import { titleLine, witnessLines } from "../../search/litmus/report.ts";
import { formatState, type LitmusState } from "../../search/litmus/run.ts";
import { arrangements, Arrays, TURNS } from "./arrays.ts";
import type { LitmusOnOptions, MeasuredLitmus, MeasuredState } from "./litmus_on.ts";
import type { LitmusMachine } from "./machine.ts";
import { litmusOnLinux } from "./on_linux.ts";
import { litmusOnThreads } from "./on_threads.ts";

/** A run takes milliseconds; what a start line that others hold up could take is bounded by seconds. */
const TIMES = 200_000, SECONDS = 5;

/** What `litmusOn` does. */
export async function measure(test: string | LitmusFile, options: LitmusOnOptions): Promise<MeasuredLitmus> {
  const file = typeof test === "string" ? parseLitmus(test) : test;
  const model = await judge(file, { memory: options.memory, explain: false });
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
