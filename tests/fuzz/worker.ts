/**
 * Runs cases in a process of its own, so that `main.ts` can tell when one does not end or takes the process with it:
 * `worker.ts SEED CASES SECONDS PROGRESS`. The number of the case at hand stands in the file PROGRESS.
 */
import { openSync, writeSync } from "node:fs";
import process from "node:process";
import { FuzzCases, FuzzFailure } from "./cases.ts";

const [seed, cases, seconds] = process.argv.slice(2, 5).map(Number);
const progress = openSync(process.argv[5], "r+"), number = new Int32Array(1), bytes = new Uint8Array(number.buffer);
const deadline = performance.now() + seconds * 1000;
const fuzz = await FuzzCases.of(seed), fates: Record<string, number> = {};
let status = 0;
for (number[0] = 1; number[0] <= cases && performance.now() < deadline; number[0]++) {
  writeSync(progress, bytes, 0, 4, 0);
  try {
    const fate = await fuzz.run(number[0]);
    fates[fate] = (fates[fate] ?? 0) + 1;
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    console.error(error.message);
    status = 1;
    break;
  }
}
if (status === 0) {
  const total = Object.values(fates).reduce((sum, count) => sum + count, 0);
  console.log(`${total} cases, no rule broken`);
  for (const [fate, count] of Object.entries(fates).sort()) console.log(`${String(count).padStart(8)} ${fate}`);
}
process.exit(status);
