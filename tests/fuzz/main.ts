/**
 * `deno task fuzz [--cases N] [--seed N] [--seconds N] [--case N]`: damaged byte code and object files.
 *
 * The seed is printed first; `--seed S --case N` runs one case again. Ends with status 1 when a case breaks a rule or
 * does not end.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { FuzzCases } from "./cases.ts";
import type { FuzzOrder, FuzzReport } from "./worker.ts";

/** A case that takes longer is taken for one that never ends. Verifying a million instructions takes some seconds. */
const STUCK_MS = 120_000;

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "120000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    seconds: { type: "string", default: "600" },
    case: { type: "string" },
  },
});
const seed = Number(values.seed), cases = Number(values.cases);
console.log(`seed ${seed}`);

if (values.case !== undefined) {
  const number = Number(values.case), fuzz = new FuzzCases(seed);
  writeFileSync("damaged.bin", fuzz.bytes(number));
  console.log(`case ${number}, written to damaged.bin: ${fuzz.run(number)}`);
} else {
  process.exitCode = await runAll();
}

/** Runs all cases; gives the exit status. */
async function runAll(): Promise<number> {
  const progress = new Int32Array(new SharedArrayBuffer(8));
  const order: FuzzOrder = { seed, first: 1, cases, progress };
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: order });
  let last = -1, since = performance.now();
  const deadline = performance.now() + Number(values.seconds) * 1000;
  const watch = Promise.withResolvers<number>();
  const timer = setInterval(() => {
    const now = Atomics.load(progress, 0);
    if (performance.now() > deadline) Atomics.store(progress, 1, 1);
    if (now !== last) [last, since] = [now, performance.now()];
    else if (performance.now() - since > STUCK_MS) {
      console.error(`case ${now} does not end: deno task fuzz --seed ${seed} --case ${now}`);
      watch.resolve(1);
    }
  }, 500);
  worker.on("error", (error) => {
    console.error(`the worker died at case ${Atomics.load(progress, 0)}: ${error}`);
    watch.resolve(1);
  });
  worker.on("message", (report: FuzzReport) => {
    if ("message" in report) {
      console.error(`${report.message}\n\ndeno task fuzz --seed ${seed} --case ${Atomics.load(progress, 0)}`);
      watch.resolve(1);
      return;
    }
    const total = Object.values(report.fates).reduce((sum, count) => sum + count, 0);
    console.log(`${total} cases, no rule broken`);
    for (const [fate, count] of Object.entries(report.fates).sort()) {
      console.log(`${String(count).padStart(8)} ${fate}`);
    }
    watch.resolve(0);
  });
  const status = await watch.promise;
  clearInterval(timer);
  await worker.terminate();
  return status;
}
