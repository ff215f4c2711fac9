/** `deno task record`: measures on the running kernel what the book shows to readers who cannot. */
import type { Command } from "commander";
import { fileURLToPath } from "node:url";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import process from "node:process";
import { bpf } from "../compile/bpf.ts";
import { compile } from "../compile/compile.ts";
import { CompileError } from "../compile/compile_error.ts";
import { type ShippedListing, shippedListings } from "./shipped_listings.ts";
import { type Commander, runTask } from "./task.ts";
import { loadObject } from "../object/load.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { BackendError } from "../host/backend_error.ts";
import { linuxAvailable } from "../backends/linux/available.ts";
import { runOnLinux } from "../backends/linux/run.ts";
import { RefusedByKernel } from "../backends/linux/session.ts";
import { type Spread, spreadOf } from "../backends/spread.ts";
import {
  measureInterrupts,
  measureSwaps,
  measureTornReads,
  type RecordedExperiments,
} from "../backends/recorded/experiments.ts";
import { measureLitmus } from "../backends/recorded/litmus.ts";
import { LOCK_SIDES, measureLockedReads } from "../backends/recorded/locked_reads.ts";
import { listingHash, type RecordedListings, type RecordedRun } from "../backends/recorded/listings.ts";

const dataFile = (name: string): URL => new URL(`../backends/recorded/${name}`, import.meta.url);

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const REPEATS = 5, DURATION_MS = 6;
/** A virtual machine's CPUs are moved about by its host: minutes apart, lines are nearer or farther. */
const PASSES = 3;

/** Every listing in several passes, minutes apart, put together. */
async function recordListings(): Promise<RecordedRun[]> {
  const passes: RecordedRun[][] = [];
  for (let pass = 1; pass <= PASSES; pass++) {
    process.stderr.write(`pass ${pass} of ${PASSES}\n`);
    passes.push(await recordPass());
  }
  return passes[0].flatMap((first) => {
    const same = passes.map((pass) => pass.find((run) => run.sha256 === first.sha256 && isSameRun(run, first)));
    return same.every((run) => run !== undefined) ? [together(same as RecordedRun[])] : [];
  });
}

const isSameRun = (a: RecordedRun, b: RecordedRun): boolean => a.programs === b.programs && a.cpus === b.cpus;

/** Several passes of one run: medians of medians, the whole range. */
function together(runs: readonly RecordedRun[]): RecordedRun {
  const sum = (of: (run: RecordedRun) => number) => runs.reduce((total, run) => total + of(run), 0);
  const spread = (of: (run: RecordedRun) => Spread): Spread => ({
    median: spreadOf(runs.map((run) => of(run).median)).median,
    min: Math.min(...runs.map((run) => of(run).min)),
    max: Math.max(...runs.map((run) => of(run).max)),
  });
  const repeats = sum((run) => run.repeats), discarded = sum((run) => run.discarded);
  return {
    ...runs[0],
    repeats,
    discarded,
    anomalies: sum((run) => run.anomalies),
    lost: spread((run) => run.lost),
    nsPerOp: spread((run) => run.nsPerOp),
    overlap: spread((run) => run.overlap),
    how: runs[0].how.replace(/overlap [^;]*;/, "").replace(
      /median of .*$/,
      `${PASSES} passes, ${repeats} repeats, ${discarded} disturbed and thrown away`,
    ),
  };
}

/** Runs every program of the book's listings, each alone, on one CPU and on two. */
async function recordPass(): Promise<RecordedRun[]> {
  const runs: RecordedRun[] = [];
  for (const listing of shippedListings(PROJECT).filter(({ folder }) => folder.includes("notebooks"))) {
    const object = await objectOf(listing);
    for (const { name } of object?.programs ?? []) {
      for (const cpus of [1, 2]) {
        const run = await recordRun(listing, object!, name, cpus);
        if (run) runs.push(run);
        process.stderr.write(`${listing.stem} ${name} on ${cpus}: ${run ? summary(run) : "not run"}\n`);
      }
    }
  }
  return runs;
}

async function objectOf({ source, options, stem }: ShippedListing): Promise<BpfObject | undefined> {
  try {
    return loadObject(await compile(source, options), options.name ?? stem, source);
  } catch (error) {
    // the book also shows what the compiler refuses
    if (error instanceof CompileError) return undefined;
    throw error;
  }
}

async function recordRun(
  { stem, source }: ShippedListing,
  object: BpfObject,
  prog: string,
  cpus: number,
): Promise<RecordedRun | undefined> {
  try {
    const run = await runOnLinux(object, { cpus, programs: [prog], repeats: REPEATS, durationMs: DURATION_MS });
    return {
      file: object.name === stem ? stem : `${stem}.bpf.c`,
      sha256: listingHash(source),
      programs: prog,
      cpus,
      invocations: run.invocations,
      repeats: run.repeats,
      discarded: run.discarded,
      anomalies: run.anomalies,
      lost: rounded(run.lostSpread, 4),
      nsPerOp: rounded(run.nsSpread, 2),
      overlap: rounded(run.overlap, 2),
      how: run.how,
    };
  } catch (error) {
    // what the kernel refuses, or cannot run, has no figures
    if (error instanceof RefusedByKernel || error instanceof BackendError) return undefined;
    throw error;
  }
}

const rounded = ({ median, min, max }: Spread, digits: number): Spread => {
  const round = (value: number) => Number(value.toFixed(digits));
  return { median: round(median), min: round(min), max: round(max) };
};

const summary = ({ lost, nsPerOp }: RecordedRun): string =>
  `${nsPerOp.median} ns, ${(100 * lost.median).toFixed(1)} % lost`;

type Experiments = Pick<RecordedExperiments, "tornReads" | "swapWaits" | "interrupted" | "lockedReads" | "litmus">;

async function recordExperiments({ cpu, date }: Machine): Promise<Experiments> {
  const listing = (name: string) => bpf.file(`${PROJECT}notebooks/progs/${name}.bpf.c`);
  const tornReads = await measureTornReads(await listing("map_rcu"));
  const swapWaits = await measureSwaps(await listing("map_in_map"));
  const interrupted = await measureInterrupts(await listing("percpu"));
  return {
    tornReads: tornReads.map((one) => ({ ...one, perMillion: rounded(one.perMillion, 1) })),
    swapWaits: swapWaits.map((one) => ({ ...one, ms: rounded(one.ms, 2) })),
    interrupted: interrupted.map((one) => ({ ...one, lostPerThousand: rounded(one.lostPerThousand, 1) })),
    lockedReads: await recordLockedReads({ cpu, date }),
    litmus: await measureLitmus(cpu, date),
  };
}

type Machine = Pick<RecordedExperiments, "cpu" | "date">;

/** The listing of chapter 03 has no file of its own: it is the one with these programs. */
async function recordLockedReads({ cpu, date }: Machine): Promise<RecordedExperiments["lockedReads"]> {
  const names = new Set(LOCK_SIDES.flat());
  for (const listing of shippedListings(PROJECT).filter(({ folder }) => folder.includes("notebooks"))) {
    const object = await objectOf(listing);
    if (object?.programs.length !== names.size || !object.programs.every(({ name }) => names.has(name as never))) {
      continue;
    }
    const reads = await measureLockedReads(object, `kernel ${release()}, ${cpu}`, date);
    return reads.map((one) => ({ ...one, torn: rounded(one.torn, 6) }));
  }
  throw new Error(`no listing of the book has the programs ${[...names].join(", ")}`);
}

/** One record a line, so that a change of one figure is a change of one line. */
function write(path: URL, data: RecordedListings | RecordedExperiments): void {
  const lines = Object.entries(data).map(([name, value]) =>
    Array.isArray(value)
      ? `  ${JSON.stringify(name)}: [\n${value.map((one) => `    ${JSON.stringify(one)}`).join(",\n")}\n  ]`
      : `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`
  );
  writeFileSync(path, `{\n${lines.join(",\n")}\n}\n`);
}

export const command = ({ Command }: Commander): Command =>
  new Command("deno task record")
    .description(
      "Measures the book's listings on the running kernel, for readers who cannot. Takes some minutes, needs what the " +
        "machine linux needs (deno task doctor), and writes lib/backends/recorded/.",
    )
    .action(main);

async function main(): Promise<void> {
  const availability = linuxAvailable();
  if (!availability.available) {
    process.stderr.write(`nothing can be recorded here: ${availability.reason}\n${availability.remedy}\n`);
    process.exitCode = 2;
    return;
  }
  const cpu = /model name\s*:\s*(.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? process.arch;
  const origin = "measured by `deno task record`";
  const machine = { kernel: release(), cpu, cpus: availableParallelism(), date: new Date().toISOString().slice(0, 10) };
  write(dataFile("experiments.json"), { origin, ...machine, ...await recordExperiments(machine) });
  write(dataFile("listings.json"), { origin, machine: "linux", ...machine, runs: await recordListings() });
}

if (import.meta.main) await runTask(command);
