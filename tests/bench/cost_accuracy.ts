/**
 * How good the cost model is: predicted, measured, error. `deno run -A tests/bench/cost_accuracy.ts [--write]`.
 *
 * Measured are the recorded figures of the kernel (tables B1 to B3 of the ledger) and the published curves. `--write`
 * keeps the table in lib/cost/accuracy.json, where the book reads it.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import type { AccuracyRow, AccuracyTable } from "../../lib/cost/accuracy.ts";
import { costCurve } from "../../lib/sweeps/cost_curve.ts";
import { TimedMachine } from "../../lib/cost/timed_run.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { profileNamed } from "../../lib/cost/profiles.ts";
import { textTable } from "../../lib/report/text_table.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import { figureRows, predictRow } from "../cost/figures.ts";
import { predictPublished, publishedRows } from "../cost/published.ts";
import { predictSituation, situations, SITUATIONS_PROFILE, situationsObject } from "../cost/situations.ts";

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

async function predictAll(progress: (done: number, total: number) => void): Promise<AccuracyRow[]> {
  const recorded = await figureRows(), published = await publishedRows(), xeon = profileNamed("xeon-kvm");
  const later = situations(), object = await situationsObject();
  const rows: AccuracyRow[] = [], total = recorded.length + published.length + later.length;
  const add = (row: Omit<AccuracyRow, "error">) => {
    const error = row.unit === "%" ? row.predicted - row.measured : row.predicted / row.measured - 1;
    rows.push({ ...row, predicted: round(row.predicted), error: Math.round(error * 1000) / 1000 });
  };
  for (const [i, row] of recorded.entries()) {
    const { table, what, cpus, fitted } = row, { ns, lost } = predictRow(row, xeon);
    const common = { table, profile: "xeon-kvm", what, cpus, fitted };
    add({ ...common, unit: "ns", predicted: ns, measured: row.measuredNs });
    if (row.measuredLost) add({ ...common, unit: "%", predicted: lost, measured: row.measuredLost });
    progress(i + 1, total);
  }
  for (const [i, row] of published.entries()) {
    const { profile, what, cpus, fitted, measuredNs } = row;
    const predicted = predictPublished(row);
    add({ table: "published", profile, what, cpus, fitted, unit: "ns", predicted, measured: measuredNs });
    progress(recorded.length + i + 1, total);
  }
  for (const [i, row] of later.entries()) {
    const { what, cpus, ns } = row, predicted = predictSituation(object, row, profileNamed(SITUATIONS_PROFILE));
    const common = { table: "situations", profile: SITUATIONS_PROFILE, fitted: false } as const;
    add({ ...common, what, cpus, unit: "ns", predicted, measured: ns });
    progress(recorded.length + published.length + i + 1, total);
  }
  return rows;
}

const round = (value: number): number => Number(value.toPrecision(3));
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** A line that says whether a target is met. */
function target(
  what: string,
  errors: readonly number[],
  most: { median?: number; each?: number },
  points = false,
): string {
  const sizes = errors.map(Math.abs), middle = median(sizes), worst = Math.max(...sizes);
  const show = (value: number) => points ? `${value.toFixed(1)} points` : percent(value);
  const met = middle <= (most.median ?? Infinity) && worst <= (most.each ?? Infinity);
  const wanted = [
    most.median === undefined ? "" : `median at most ${show(most.median)}`,
    most.each === undefined ? "" : `each at most ${show(most.each)}`,
  ].filter(Boolean).join(", ");
  return `${met ? "met    " : "NOT MET"}  ${what}: median ${show(middle)}, largest ${
    show(worst)
  } of ${errors.length} (wanted: ${wanted})`;
}

const SOCKET: Record<string, number> = { "xeon-8176": 28, "epyc-milan": 64, skylake: 4, graviton2: 64 };

function targets(rows: readonly AccuracyRow[]): string[] {
  const errors = (accept: (row: AccuracyRow) => boolean) => rows.filter(accept).map((row) => row.error);
  const lines: string[] = [];
  for (const judged of [false, true]) {
    const part = (row: AccuracyRow) => !judged || !row.fitted, whose = judged ? ", rows that were not fitted" : "";
    const b1 = errors((row) => part(row) && row.table === "B1" && row.unit === "ns");
    const lost = errors((row) => part(row) && row.table === "B2" && row.unit === "%");
    const b3 = errors((row) => part(row) && row.table === "B3" && row.unit === "ns" && /^(copy|lock)/.test(row.what));
    lines.push(target(`B1 operations${whose}`, b1, { median: 0.15, each: 0.4 }));
    lines.push(target(`B2 lost updates${whose}`, lost, { each: 6 }, true));
    lines.push(target(`B3 copy+update and lock by size${whose}`, b3, { median: 0.2 }));
  }
  const later = errors((row) => row.table === "situations");
  lines.push(target("situations not used for fitting", later, { each: 0.4 }));
  for (const name of Object.keys(SOCKET)) {
    const own = (row: AccuracyRow) => row.table === "published" && row.profile === name;
    for (const what of new Set(rows.filter(own).map((row) => row.what))) {
      const curve = (row: AccuracyRow) => own(row) && row.what === what;
      lines.push(
        target(`${name}, ${what}, in one socket`, errors((row) => curve(row) && row.cpus <= SOCKET[name]), {
          each: 0.25,
        }),
      );
      const beyond = errors(curve);
      if (rows.some((row) => curve(row) && row.cpus > SOCKET[name])) {
        lines.push(target(`${name}, ${what}, everywhere`, beyond, { each: 0.5 }));
      }
    }
  }
  return lines;
}

function table(rows: readonly AccuracyRow[]): string {
  const header = ["table", "what", "CPUs", "", "predicted", "measured", "error", ""];
  const cells = rows.map((row) => [
    row.table === "published" ? row.profile : row.table,
    row.what,
    String(row.cpus),
    row.unit === "%" ? "% lost" : "ns",
    String(row.predicted),
    String(row.measured),
    row.unit === "%" ? `${row.error.toFixed(1)} points` : percent(row.error),
    row.fitted ? "fitted" : "judges",
  ]);
  return textTable(header, cells, ["left", "left", "right", "left", "right", "right", "right", "left"]);
}

/** Prints the table and what became of each target; keeps it when asked to. */
export async function benchCostAccuracy(keep = false): Promise<void> {
  const started = performance.now();
  const rows = await predictAll((done, total) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} figures`);
  });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const lines = targets(rows), seconds = (performance.now() - started) / 1000;
  console.log(`${table(rows)}\n\n${lines.join("\n")}\n\n${rows.length} figures in ${seconds.toFixed(1)} s`);
  if (!keep) return;
  const kept: AccuracyTable = { targets: lines, rows };
  writeFileSync(new URL("../../lib/cost/accuracy.json", import.meta.url), JSON.stringify(kept, null, 1) + "\n");
}

/** Techniques against CPUs, 10,000 operations at each point, in all threads of this computer: to be done in 3 seconds. */
export async function benchSweep(): Promise<void> {
  const path = decodeURIComponent(new URL("../cost/progs/operations.bpf.c", import.meta.url).pathname);
  const object = await bpf.file(decodeURIComponent(path));
  const programs = ["racy_global", "atomic_add", "cas_loop", "lock_array", "per_cpu_array", "copy_update_u64"];
  const started = performance.now();
  const points = await costCurve(programs.map((program) => ({ name: program, object, program })));
  console.log(
    `cost curves: ${points.length} points in ${((performance.now() - started) / 1000).toFixed(1)} s (wanted: 3)`,
  );
  for (const cpus of [2, 256]) {
    const timed = new TimedMachine(
      planTasks(object, { cpus, invocations: Math.ceil(100_000 / cpus), programs: ["atomic_add"] }),
      {},
      profileNamed("xeon-kvm"),
      1,
    );
    const from = performance.now();
    timed.run();
    const ns = ((performance.now() - from) * 1e6) / timed.machine.steps;
    console.log(`cost curves: ${ns.toFixed(0)} ns for each visible operation of ${cpus} CPUs`);
  }
}

if (import.meta.main) {
  await benchCostAccuracy(process.argv.includes("--write"));
  await benchSweep();
}
