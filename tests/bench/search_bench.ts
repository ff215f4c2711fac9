/**
 * The exhaustive search beside SPIN: the same model, the same states, turn by turn on the same machine.
 *
 * `deno run -A tests/bench/search_bench.ts`. SPIN is Debian's package `spin`; pan is compiled with -O2 -DSAFETY.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { bpf } from "../../lib/compile/bpf.ts";
import { parallelism } from "../../lib/host/environment.ts";
import { runCommand } from "../../lib/host/run_command.ts";
import { textTable } from "../../lib/report/text_table.ts";
import { exploreAll } from "../../lib/search/all_schedules.ts";
import { explore, searchedMachine } from "../../lib/search/explore.ts";
import { plan } from "../../lib/workload/plan.ts";

/** `for (i < k) counter += 1` on n CPUs: a load and a store each time, and a value that is dead after the store. */
const promela = `byte counter;
active [N] proctype P() {
  byte i, t;
  end: do
  :: d_step { i < K -> t = counter }; d_step { counter = t + 1; t = 0; i++ }
  od
}
`;
const listing = (k: number) =>
  bpf`volatile unsigned long counter;
SEC("raw_tp") int count(void *ctx)
{
#pragma nounroll
	for (unsigned int i = 0; i < ${k}; i++)
		counter += 1;
	return 0;
}
`;

const cores = parallelism();

interface Timed {
  readonly states: number;
  readonly seconds: number;
  readonly bytesPerState: number;
}

/** Gives a function that runs pan once, or the reason why there is none. */
async function preparePan(folder: string, n: number, k: number): Promise<(() => Promise<Timed>) | string> {
  await writeFile(join(folder, "model.pml"), promela);
  const spin = await runCommand("spin", [`-DN=${n}`, `-DK=${k}`, "-a", "model.pml"], { cwd: folder });
  if (spin === undefined) return "spin is not installed (apt-get install spin)";
  const cc = await runCommand("gcc", ["-O2", "-DSAFETY", "-o", "pan", "pan.c"], { cwd: folder });
  if (cc === undefined || cc.status !== 0) return "pan could not be compiled: gcc is needed";
  return async () => {
    const began = performance.now();
    const pan = await runCommand("./pan", ["-m1000000"], { cwd: folder });
    const seconds = (performance.now() - began) / 1000;
    const states = Number(/(\d+) states, stored/.exec(pan!.stdout)![1]);
    const megabytes = Number(/([\d.]+)\s+total actual memory usage/.exec(pan!.stdout)![1]);
    return { states, seconds, bytesPerState: megabytes * 2 ** 20 / states };
  };
}

async function search(n: number, k: number, symmetry: boolean, workers = 1): Promise<Timed> {
  const bounds = { seconds: 600, states: 1e9 };
  const found = await explore(await listing(k), { cpus: n, symmetry, reduction: false, workers, bounds });
  return { states: found.states, seconds: found.seconds, bytesPerState: found.bytes / found.states };
}

/** With helpers: a map's element under a spin lock, which takes steps of kernel models. */
async function searchHelpers(workers: number): Promise<Timed> {
  const object = await bpf.file(fileURLToPath(new URL("../../notebooks/progs/spin_lock.bpf.c", import.meta.url)));
  const found = await explore(object, { cpus: 3, invocations: 4, workers, bounds: { seconds: 600, states: 1e9 } });
  return { states: found.states, seconds: found.seconds, bytesPerState: found.bytes / found.states };
}

/**
 * Large searches with one worker and with one for each core, turn by turn, the best of each.
 *
 * @returns a table as text
 */
export async function workersBench({ increments = 11, rounds = 3 } = {}): Promise<string> {
  const rows: string[][] = [];
  const kinds: [string, (workers: number) => Promise<Timed>][] = [
    [`no helpers: 3 CPUs x ${increments} racy increments`, (workers) => search(3, increments, false, workers)],
    ["helpers: 3 CPUs x 4 turns of a spin lock", searchHelpers],
  ];
  for (const [what, run] of kinds) {
    const best = [Infinity, Infinity];
    let states = 0;
    for (let round = 0; round < rounds; round++) {
      for (const [i, workers] of [1, cores].entries()) {
        const timed = await run(workers);
        best[i] = Math.min(best[i], timed.seconds);
        states = timed.states;
      }
    }
    const speeds = best.map((seconds) => `${(states / seconds / 1e6).toFixed(2)} M/s`);
    rows.push([what, states.toLocaleString("en"), ...speeds, `${(best[0] / best[1]).toFixed(2)} x`]);
  }
  return `states a second, best of ${rounds} (wall time, measured here)\n` +
    textTable(["search", "states", "1 worker", `${cores} workers`, "gain"], rows);
}

/**
 * Runs both `rounds` times in turn and takes the best of each.
 *
 * @returns a table as text
 */
export async function searchBench({ cpus = 3, increments = 8, rounds = 3 } = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "interleave-bench-"));
  try {
    const pan = await preparePan(folder, cpus, increments);
    const best = new Map<string, Timed>();
    const keep = (name: string, timed: Timed) => {
      if (!(best.get(name)?.seconds! <= timed.seconds)) best.set(name, timed);
    };
    for (let round = 0; round < rounds; round++) {
      if (typeof pan !== "string") keep("SPIN", await pan());
      keep("interleave", await search(cpus, increments, false));
      keep(`interleave, ${cores} workers`, await search(cpus, increments, false, cores));
      keep("interleave, symmetry", await search(cpus, increments, true));
    }
    const spin = best.get("SPIN")?.seconds;
    const rows = [...best].map(([name, { states, seconds, bytesPerState }]) => [
      name,
      states.toLocaleString("en"),
      `${seconds.toFixed(2)} s`,
      `${(states / seconds / 1e6).toFixed(2)} M/s`,
      `${bytesPerState.toFixed(0)} B`,
      spin === undefined ? "-" : `${(spin / seconds).toFixed(1)} x`,
    ]);
    const table = textTable(["search", "states", "time", "states/s", "memory a state", "sooner than SPIN"], rows);
    return `${cpus} CPUs x ${increments} racy increments, best of ${rounds} (wall time, measured here)\n${table}` +
      (typeof pan === "string" ? `\nSPIN left out: ${pan}` : "");
  } finally {
    await rm(folder, { recursive: true });
  }
}

const LIMITS = { maxStates: 60_000, maxDepth: 100_000, seconds: 600, memoryBytes: 2 ** 31 };

/** Processor time of a transition of programs with helpers, the least of several rounds. */
export async function helperBench(rounds = 3): Promise<string> {
  const path = fileURLToPath(new URL("../../notebooks/progs/map_rcu.bpf.c", import.meta.url));
  const object = await bpf.file(path), rows: string[][] = [];
  for (const memory of ["x86", "sc"] as const) {
    const workload = { programs: ["copy_modify_update"], cpus: 3, invocations: 2, memory };
    let least = Infinity, transitions = 0;
    for (let round = 0; round < rounds; round++) {
      const planned = plan(object, workload, "explore"), began = process.cpuUsage();
      const limits = { ...LIMITS, until: performance.now() + 1000 * LIMITS.seconds };
      const options = { symmetric: false, reduce: true };
      const cost = await exploreAll(() => searchedMachine(planned, {}), limits, options, () => {});
      const { user, system } = process.cpuUsage(began);
      transitions = cost.transitions;
      least = Math.min(least, (user + system) / transitions);
    }
    rows.push([memory, transitions.toLocaleString("en"), `${least.toFixed(2)} us`]);
  }
  const states = LIMITS.maxStates.toLocaleString("en");
  return `hash updates on 3 CPUs x 2, ${states} states (processor time, wanted: 3 us)\n` +
    textTable(["memory", "transitions", "each"], rows);
}

if (import.meta.main) {
  console.log(await searchBench());
  console.log(await workersBench());
  console.log(await helperBench());
}
