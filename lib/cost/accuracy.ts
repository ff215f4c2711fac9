/** How good the model is, as `tests/bench/cost_accuracy.ts --write` found: for the book. */
import { assetText } from "../host/assets.ts";

/** One figure, predicted and measured. */
export interface AccuracyRow {
  /** Table of the measurement ledger, `published`, or `situations`: measured later, and no profile was fitted to them. */
  readonly table: "B1" | "B2" | "B3" | "published" | "situations";
  readonly profile: string;
  readonly what: string;
  readonly cpus: number;
  /** Nanoseconds for each operation, or percent of the updates lost. */
  readonly unit: "ns" | "%";
  readonly predicted: number;
  readonly measured: number;
  /** Of `ns`: predicted / measured - 1. Of `%`: the difference in percentage points. */
  readonly error: number;
  /** Whether the profile was fitted to it; otherwise it judges the fit. */
  readonly fitted: boolean;
}

/** @internal */
export interface AccuracyTable {
  /** Each target with what was reached. */
  readonly targets: readonly string[];
  readonly rows: readonly AccuracyRow[];
}

/**
 * The kept table of predicted and measured figures.
 *
 * @returns every row with its error, and each target with what was reached
 *
 * @example
 * ```ts
 * import { modelAccuracy } from "interleave";
 * const judging = modelAccuracy().rows.filter((row) => row.table === "B1" && !row.fitted);
 * if (judging.length === 0) throw new Error("some rows judge the fit");
 * ```
 */
export function modelAccuracy(): AccuracyTable {
  return JSON.parse(assetText("cost/accuracy.json")) as AccuracyTable;
}
