/** `calibrate`: a cost profile of this computer. */
import { SingleBar } from "cli-progress";
import { Command } from "commander";
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, release } from "node:os";
import process from "node:process";
import { linuxBackend, threadsBackend } from "../backends/backends.ts";
import { BackendError } from "../host/backend_error.ts";
import { type Backend, whyNot } from "../backends/backend.ts";
import { KernelStopwatch } from "../backends/linux/stopwatch.ts";
import { calibrateProfile, type Calibration, lostOf, type Stopwatch } from "../cost/calibration.ts";
import { profileNamed } from "../cost/profiles.ts";
import { textTable } from "../report/text_table.ts";
import { count } from "./arguments.ts";

/** With less, figures of two CPUs are half those of one. */
const LEAST_OVERLAP = 0.9;
/** How long a run takes, and how many there are where programs are not kept loaded. */
const DURATION_MS = 5, REPEATS = 5;

interface Options {
  readonly machine: "auto" | "threads" | "linux";
  readonly out?: string;
  readonly name: string;
  readonly start: string;
  readonly repeats: number;
  readonly tries: number;
  readonly json?: boolean;
}

export function command(): Command {
  return new Command("calibrate")
    .summary("a cost profile of this computer")
    .description(
      "Times small programs (on the kernel where that is possible, else on threads) and fits a profile to them.",
    )
    .option("--machine <name>", "linux, threads or auto", "auto")
    .option("--out <file>", "where to write the profile; `simulate --profile FILE` reads it")
    .option("--name <name>", "what to call it", "this-machine")
    .option("--start <profile>", "profile to begin with, a name or a file", "xeon-kvm")
    .option("--repeats <n>", "passes over all figures, on the kernel", count, 7)
    .option("--tries <n>", "profiles to try", count, 180)
    .option("--json", "the profile as JSON on standard output")
    .action(async (options: Options) => {
      const backend = chooseBackend(options.machine), onKernel = backend === linuxBackend;
      const nrCpus = Math.min(2, availableParallelism()), bar = progressBar();
      using kernel = onKernel ? new KernelStopwatch(nrCpus, DURATION_MS) : undefined;
      const stopwatch = kernel ? kernel.stopwatch(leftOut) : stopwatchOf(backend);
      try {
        const calibration = await calibrateProfile(stopwatch, {
          start: profileNamed(options.start),
          name: options.name,
          machine: `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} CPUs, ${
            onKernel ? `Linux ${release()}` : "threads of a process"
          }`,
          cpus: nrCpus,
          passes: onKernel ? options.repeats : 1,
          tries: options.tries,
          progress: bar.show,
        });
        bar.end();
        const text = JSON.stringify(calibration.profile, null, 2) + "\n";
        if (options.out) writeFileSync(options.out, text);
        process.stdout.write(options.json ? text : calibrationText(calibration, options.out));
      } finally {
        bar.end();
      }
    });
}

function chooseBackend(machine: Options["machine"]): Backend {
  if (machine === "threads") return threadsBackend;
  const availability = linuxBackend.available();
  if (availability.available) return linuxBackend;
  if (machine === "linux") throw new BackendError(whyNot(availability));
  process.stderr.write(`on threads, since the kernel is not available: ${whyNot(availability)}\n`);
  return threadsBackend;
}

function stopwatchOf(backend: Backend): Stopwatch {
  return (object, program, on, perRun) =>
    orLeftOut(program, on, async () => {
      const run = await backend.run(object, {
        programs: [program],
        cpus: on,
        repeats: REPEATS,
        durationMs: DURATION_MS,
      });
      if (run.nsPerOp === undefined) return undefined;
      if (on > 1 && "overlap" in run && run.overlap.median < LEAST_OVERLAP) {
        const share = (100 * run.overlap.median).toFixed(0);
        throw new BackendError(`they ran together only ${share} % of the time`);
      }
      return { ns: run.nsPerOp, lost: lostOf(run.final, run.invocations * on * perRun) };
    });
}

/** A program that the machine can't run tells nothing; everything else that goes wrong is told. */
async function orLeftOut<T>(program: string, on: number, time: () => Promise<T>): Promise<T | undefined> {
  try {
    return await time();
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    leftOut(program, on, error.message);
    return undefined;
  }
}

function leftOut(program: string, on: number, why: string): void {
  process.stderr.write(`left out: ${program} on ${on} CPUs (${why.split("\n")[0]})\n`);
}

/** A bar for each part of the work, on a terminal. */
function progressBar(): { show(what: string, done: number, total: number): void; end(): void } {
  let bar: SingleBar | undefined, shown = "";
  const end = () => {
    bar?.stop();
    bar = undefined;
  };
  const show = (what: string, done: number, total: number) => {
    if (!process.stderr.isTTY) return;
    if (what !== shown) {
      end();
      bar = new SingleBar({ format: `${what.padEnd(7)} {bar} {percentage} %, {duration} s`, stream: process.stderr });
      bar.start(total, 0);
      shown = what;
    }
    bar?.update(done);
  };
  return { show, end };
}

function calibrationText({ profile, rows }: Calibration, out: string | undefined): string {
  const header = ["program", "CPUs", "measured (ns)", "predicted (ns)", "error"];
  const table = textTable(
    header,
    rows.map(({ what, cpus, measuredNs, predictedNs, error }) => [
      what,
      String(cpus),
      measuredNs.toPrecision(3),
      predictedNs.toPrecision(3),
      `${(100 * error).toFixed(0)} %`,
    ]),
    ["left", "right", "right", "right", "right"],
  );
  const errors = rows.map(({ error }) => Math.abs(error)).sort((a, b) => a - b);
  const middle = errors[Math.floor(errors.length / 2)], worst = errors[errors.length - 1];
  const where = out ? `written to ${out}` : "not written: --out FILE keeps it, --json prints it";
  return `${table}\n\n${profile.name}: ${profile.machine}\nmedian error ${(100 * middle).toFixed(0)} %, largest ${
    (100 * worst).toFixed(0)
  } %; ${where}\n`;
}
