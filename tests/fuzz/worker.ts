/** Runs cases in a thread of its own, so that the main one can tell when a case does not end. */
import { parentPort, workerData } from "node:worker_threads";
import { FuzzCases, FuzzFailure } from "./cases.ts";

/** What the main thread asks for, and where the worker says which case it is at. */
export interface FuzzOrder {
  readonly seed: number;
  readonly first: number;
  readonly cases: number;
  readonly progress: Int32Array;
}

export type FuzzReport =
  | { readonly fates: Readonly<Record<string, number>> }
  | { readonly message: string; readonly bytes: Uint8Array };

const { seed, first, cases, progress } = workerData as FuzzOrder;
const fuzz = new FuzzCases(seed), fates: Record<string, number> = {};
let report: FuzzReport = { fates };
for (let number = first; number < first + cases && Atomics.load(progress, 1) === 0; number++) {
  Atomics.store(progress, 0, number);
  try {
    const fate = fuzz.run(number);
    fates[fate] = (fates[fate] ?? 0) + 1;
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    report = { message: error.message, bytes: error.bytes };
    break;
  }
}
parentPort!.postMessage(report);
