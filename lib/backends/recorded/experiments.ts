/** Experiments beyond one listing at a time, measured on the running kernel with the listings of notebooks/progs. */
import { assetText } from "../../host/assets.ts";
import type { UserActor } from "../../maps/user_actor.ts";
import type { UserApi } from "../../maps/user_space.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import type { RecordedLitmus } from "./litmus.ts";
import type { LockedReads } from "./locked_reads.ts";
import { runOnLinux } from "../linux/run.ts";
import { type Spread, spreadOf } from "../spread.ts";

/** Reads that saw half of an update. */
export interface TornReads {
  /** Program that writes, on CPU 0, and who reads: a program on CPU 1, or user space. */
  readonly writer: string;
  readonly reader: string;
  readonly reads: number;
  /** Torn reads among a million, over the repeats. */
  readonly perMillion: Spread;
}

/** How long a swap of an inner map took, in milliseconds. */
export interface SwapWait {
  /** What ran meanwhile. */
  readonly beside: string;
  readonly swaps: number;
  readonly ms: Spread;
}

/** Updates of a per-CPU counter that interrupts on its own CPU wiped out. */
export interface InterruptedRuns {
  readonly prog: string;
  readonly interrupts: number;
  /** Updates lost for each thousand interrupts, over the repeats. */
  readonly lostPerThousand: Spread;
}

/** Everything in experiments.json. */
export interface RecordedExperiments {
  readonly origin: string;
  readonly kernel: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly date: string;
  readonly tornReads: readonly TornReads[];
  readonly swapWaits: readonly SwapWait[];
  readonly interrupted: readonly InterruptedRuns[];
  readonly lockedReads: readonly LockedReads[];
  readonly litmus: readonly RecordedLitmus[];
}

/** What `deno task record` measured beside the listings. */
export const recordedExperiments = (): RecordedExperiments =>
  JSON.parse(assetText("backends/recorded/experiments.json")) as RecordedExperiments;

const REPEATS = 9, DURATION_MS = 20;
const USER_READS = 5_000, SWAPS = 20, INTERRUPTS = 1_000;

/** A pair that fits, so that there is something to tear. */
function* prepare(user: UserApi) {
  yield* user.update("pairs", 0, { first: 0n, second: 0n });
}

/**
 * Torn reads of map_rcu.bpf.c: each writer beside the reading program, and beside user space.
 *
 * @param mapRcu notebooks/progs/map_rcu.bpf.c
 */
export async function measureTornReads(mapRcu: BpfObject): Promise<TornReads[]> {
  const measured: TornReads[] = [];
  for (const writer of ["copy_modify_update", "modify_in_place"]) {
    const programs = [{ prog: writer, cpus: [0] }, { prog: "read_pair", cpus: [1] }];
    const options = { repeats: REPEATS, durationMs: DURATION_MS, prepare };
    const run = await runOnLinux(mapRcu, { ...options, cpus: 2, programs });
    const torn = run.outcomes.map(({ final }) => 1e6 * Number(final.torn) / run.invocations);
    measured.push({ writer, reader: "read_pair", reads: run.invocations * run.repeats, perMillion: spreadOf(torn) });

    const beside = await runOnLinux(mapRcu, { ...options, cpus: 1, programs: [writer], user: [pairReader] });
    const seen = beside.outcomes.map(({ returned }) => 1e6 * Number(returned.reader) / USER_READS);
    measured.push({ writer, reader: "user lookup", reads: USER_READS * beside.repeats, perMillion: spreadOf(seen) });
  }
  return measured;
}

const pairReader: UserActor = {
  name: "reader",
  *body(user) {
    let torn = 0;
    for (let i = 0; i < USER_READS; i++) {
      const pair = yield* user.lookup<{ first: bigint; second: bigint }>("pairs", 0);
      if (pair && pair.second !== 2n * pair.first) torn++;
    }
    return torn;
  },
};

/**
 * Times of swapping the inner map of map_in_map.bpf.c to and fro, with nothing and with the program running.
 *
 * @param mapInMap notebooks/progs/map_in_map.bpf.c
 */
export async function measureSwaps(mapInMap: BpfObject): Promise<SwapWait[]> {
  const waits: SwapWait[] = [];
  const prog = "sys_enter_count";
  for (const [beside, invocations] of [["nothing", 0], [prog, 1000]] as const) {
    const run = await runOnLinux(mapInMap, { cpus: 1, invocations, programs: [prog], user: [swapper], repeats: 3 });
    const ms = run.outcomes.flatMap(({ returned }) => returned.swapper as number[]);
    waits.push({ beside, swaps: ms.length, ms: spreadOf(ms) });
  }
  return waits;
}

const swapper: UserActor = {
  name: "swapper",
  *body(user) {
    const ms: number[] = [];
    for (let i = 0; i < SWAPS; i++) {
      const start = performance.now();
      yield* user.swapInner("active", 0, i % 2 === 0 ? "back" : "front");
      ms.push(performance.now() - start);
    }
    return ms;
  },
};

/**
 * A per-CPU counter struck by interrupts on its own CPU.
 *
 * @param percpu notebooks/progs/percpu.bpf.c
 */
export async function measureInterrupts(percpu: BpfObject): Promise<InterruptedRuns[]> {
  const prog = "sys_enter_count";
  const run = await runOnLinux(percpu, {
    cpus: 1,
    programs: [prog],
    interrupts: [{ prog, cpu: 0, count: INTERRUPTS }],
    repeats: REPEATS,
  });
  const [name] = Object.keys(run.final);
  const lost = run.outcomes.map(({ final }) => Number(run.serial![name] as bigint - (final[name] as bigint)));
  return [{ prog, interrupts: INTERRUPTS, lostPerThousand: spreadOf(lost.map((n) => 1000 * n / INTERRUPTS)) }];
}
