/** `calibrate`: a cost profile of this computer. */
import { Command } from "commander";
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus, release } from "node:os";
import process from "node:process";
import { linuxBackend, threadsBackend } from "../backends/backends.ts";
import { BackendError } from "../host/backend_error.ts";
import { type Backend, whyNot } from "../backends/backend.ts";
import { calibrateProfile, type Calibration, type Stopwatch } from "../cost/calibration.ts";
import { profileNamed } from "../cost/profiles.ts";
import { textTable } from "../report/text_table.ts";
import { count } from "./arguments.ts";

/** With less, figures of two CPUs are half those of one. */
const LEAST_OVERLAP = 0.9;

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
    .option("--repeats <n>", "runs that count for each figure", count, 7)
    .option("--tries <n>", "profiles to try", count, 250)
    .option("--json", "the profile as JSON on standard output")
    .action(async (options: Options) => {
      const backend = chooseBackend(options.machine);
      const calibration = await calibrateProfile(stopwatchOf(backend, options.repeats), {
        start: profileNamed(options.start),
        name: options.name,
        machine: `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} CPUs, ${
          backend.name === "linux" ? `Linux ${release()}` : "threads of a process"
        }`,
        cpus: Math.min(2, availableParallelism()),
        tries: options.tries,
        progress: showProgress,
      });
      if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
      const text = JSON.stringify(calibration.profile, null, 2) + "\n";
      if (options.out) writeFileSync(options.out, text);
      process.stdout.write(options.json ? text : calibrationText(calibration, options.out));
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

/** A program that the machine can't run tells nothing; everything else that goes wrong is told. */
function stopwatchOf(backend: Backend, repeats: number): Stopwatch {
  return async (object, program, cpus) => {
    try {
      const run = await backend.run(object, { programs: [program], cpus, repeats, durationMs: 5 });
      if (run.nsPerOp === undefined) return undefined;
      if (cpus > 1 && "overlap" in run && run.overlap.median < LEAST_OVERLAP) {
        const share = (100 * run.overlap.median).toFixed(0);
        process.stderr.write(`left out: ${program} on ${cpus} CPUs (they ran together only ${share} % of the time)\n`);
        return undefined;
      }
      // Alone, whatever disturbs a run makes it longer; together, a disturbance of one CPU helps the other.
      const alone = cpus === 1 && "nsSpread" in run ? run.nsSpread.min : run.nsPerOp;
      return { ns: alone, lost: run.lost };
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      process.stderr.write(`left out: ${program} on ${cpus} CPUs (${error.message.split("\n")[0]})\n`);
      return undefined;
    }
  };
}

function showProgress(what: string, done: number, total: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${what}: ${done} of ${total}\x1b[K`);
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
