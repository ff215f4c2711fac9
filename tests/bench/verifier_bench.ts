/**
 * How long the verifier takes, beside the running kernel's in the same run: over the book's programs, and for one that
 * goes on for a million instructions.
 */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { KernelObject } from "../../lib/backends/linux/kernel_object.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { loadObject } from "../../lib/object/load.ts";
import { textTable } from "../../lib/report/text_table.ts";
import { verify } from "../../lib/verifier/verify.ts";

const TURNS = 5;
/** BPF_LOG_STATS (include/linux/bpf_verifier.h): only what was counted, with the time. */
const LOG_STATS = 4;

const endless = () =>
  bpf`
volatile long sum;
SEC("raw_tp") int endless(void *ctx) {
#pragma nounroll
  for (int i = 0; i < 150000; i++) sum += i;
  return 0;
}
`;

function* shippedObjects(): Generator<BpfObject> {
  const folder = new URL("../../notebooks/progs/objects/", import.meta.url);
  for (const name of readdirSync(folder).filter((name) => name.endsWith(".o")).sort()) {
    yield loadObject(new Uint8Array(readFileSync(new URL(name, folder))), name);
  }
}

/** Processor time of this process that some work takes, least of several turns, in milliseconds. */
function leastMs(work: () => void): number {
  let least = Infinity;
  for (let turn = 0; turn < TURNS; turn++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** What the kernel's verifier says it took, least of several loads, in milliseconds; NaN where it does not say. */
function kernelMs(object: BpfObject, program: string): number {
  let least = NaN;
  for (let turn = 0; turn < TURNS; turn++) {
    using loaded = new KernelObject(object);
    const { log } = loaded.load([program], LOG_STATS as 1), said = /verification time (\d+) usec/.exec(log);
    if (said && !(least <= Number(said[1]) / 1000)) least = Number(said[1]) / 1000;
  }
  return least;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Prints a row for the median of the book's programs and one for the long program. */
export async function benchVerifier(): Promise<void> {
  const hasKernel = linuxAvailable().available;
  const timesOf = (object: BpfObject, program: string) => ({
    ours: leastMs(() => verify(object, { program })),
    kernel: hasKernel ? kernelMs(object, program) : NaN,
  });
  const short = [...shippedObjects()].flatMap((object) =>
    object.programs.map((program) => timesOf(object, program.name))
  );
  const long = timesOf(await endless(), "endless");
  const row = (what: string, ours: number, kernel: number): string[] => [
    what,
    ours.toFixed(3),
    ...(hasKernel ? [kernel.toFixed(3), (ours / kernel).toFixed(1)] : ["-", "-"]),
  ];
  const rows = [
    row(
      `median of ${short.length} programs`,
      median(short.map(({ ours }) => ours)),
      median(short.map(({ kernel }) => kernel).filter((ms) => !Number.isNaN(ms))),
    ),
    row("a million instructions", long.ours, long.kernel),
  ];
  console.log(textTable(["the verifier, ms", "ours", "kernel", "times"], rows));
}

if (import.meta.main) await benchVerifier();
