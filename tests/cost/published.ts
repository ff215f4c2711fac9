/** The published curves (perfbook; T. Downs) as rows that the profiles of their machines have to predict. */
import { bpf } from "../../lib/compile/bpf.ts";
import { profileNamed } from "../../lib/cost/profiles.ts";
import { TimedMachine } from "../../lib/cost/timed_run.ts";
import type { MachineOptions } from "../../lib/machine/machine.ts";
import { ticketLock } from "../../lib/locks/ticket_lock.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { planTasks } from "../../lib/workload/plan.ts";

export interface PublishedRow {
  readonly profile: string;
  readonly what: string;
  readonly cpus: number;
  readonly measuredNs: number;
  readonly fitted: boolean;
  readonly object: BpfObject;
  readonly program: string;
  readonly perRun: number;
  readonly models?: MachineOptions["models"];
}

type Curve = Readonly<Record<number, number>>;

/**
 * Nanoseconds for each operation by number of CPUs. perfbook, CodeSamples/count/data (Paul E. McKenney); T. Downs, "A
 * Concurrency Cost Hierarchy", medians (plain additions from the results in its repository). Left out is the
 * mutex, which sleeps in the kernel.
 */
const CURVES: Record<string, Record<string, Curve>> = {
  "xeon-8176": {
    "plain increment": { 1: 1.46, 2: 3.09, 4: 3.29, 8: 4.2, 16: 5.8, 32: 9.82, 64: 19, 128: 44.4, 420: 267 },
    "atomic increment": { 1: 4.83, 2: 63.9, 4: 113, 8: 203, 16: 372, 32: 705, 64: 1586, 128: 3766, 420: 14820 },
    "per-thread increment": { 1: 1.47, 2: 1.48, 4: 1.5, 8: 1.53, 16: 1.58, 32: 1.59, 64: 1.74, 128: 2.1, 420: 2.89 },
  },
  "epyc-milan": {
    "plain increment": { 1: 0.69, 2: 2.38, 4: 5.84, 8: 13.1, 16: 28.9, 32: 68.2, 64: 164, 128: 353 },
    "atomic increment": { 1: 2.53, 2: 11.2, 4: 24.9, 8: 51.7, 16: 116, 32: 268, 64: 584, 128: 1605 },
    "per-thread increment": { 1: 0.7, 2: 0.69, 4: 0.7, 8: 0.7, 16: 0.7, 32: 0.72, 64: 0.76, 128: 1.07 },
  },
  skylake: {
    "plain increment": { 1: 2.2, 2: 3.2, 4: 3 },
    "per-thread increment": { 1: 2, 2: 2, 4: 2 },
    "atomic increment": { 1: 7, 2: 44, 4: 96 },
    "compare-and-swap loop": { 1: 12, 2: 109, 4: 347 },
    "ticket lock": { 1: 9.7, 2: 215, 4: 489 },
  },
  graviton2: {
    "plain increment": { 1: 2.3, 2: 4, 4: 6.5, 16: 34 },
    "per-thread increment": { 1: 3.2, 2: 3.2, 4: 3.2, 16: 3.2 },
    "atomic increment": { 1: 5.3, 2: 17, 4: 35, 16: 150 },
    "compare-and-swap loop": { 1: 8.4, 2: 52, 4: 117, 16: 639 },
    "ticket lock": { 1: 12, 2: 266, 4: 682, 16: 6841 },
  },
};

/** Points that a profile was fitted to; the others judge it. */
function isFitted(profile: string, what: string, cpus: number): boolean {
  if (profile === "skylake") {
    if (what === "plain increment") return cpus <= 2;
    return what === "per-thread increment" ? cpus === 1 : what !== "ticket lock";
  }
  if (profile === "graviton2") return cpus <= 4 && (what !== "ticket lock" || cpus > 1);
  return what !== "per-thread increment" && [1, 2, 8, 32, 128].includes(cpus);
}

export async function publishedRows(): Promise<PublishedRow[]> {
  const read = (name: string) => bpf.file(decodeURIComponent(new URL(`./progs/${name}`, import.meta.url).pathname));
  const work = await read("private_work.bpf.c"), published = await read("published.bpf.c");
  const programs: Record<string, Pick<PublishedRow, "object" | "program" | "perRun" | "models">> = {
    "plain increment": { object: work, program: "straight0", perRun: 64 },
    "atomic increment": { object: work, program: "atomic64", perRun: 64 },
    "per-thread increment": { object: published, program: "own_slot", perRun: 64 },
    "compare-and-swap loop": { object: published, program: "cas64", perRun: 64 },
    "ticket lock": {
      object: published,
      program: "locked_count",
      perRun: 1,
      models: {
        bpf_spin_lock: (_kernel, ctx, [lock]) => ticketLock.bpf_spin_lock(ctx, Number(BigInt.asUintN(32, lock))),
        bpf_spin_unlock: (_kernel, ctx, [lock]) => ticketLock.bpf_spin_unlock(ctx, Number(BigInt.asUintN(32, lock))),
      },
    },
  };
  return Object.entries(CURVES).flatMap(([profile, curves]) =>
    Object.entries(curves).flatMap(([what, curve]) =>
      Object.entries(curve).map(([cpus, measuredNs]): PublishedRow => ({
        profile,
        what,
        cpus: Number(cpus),
        measuredNs,
        fitted: isFitted(profile, what, Number(cpus)),
        ...programs[what],
      }))
    )
  );
}

/** Nanoseconds for each operation by the profile of the row's machine. */
export function predictPublished({ profile, cpus, object, program, perRun, models, what }: PublishedRow): number {
  const invocations = perRun === 1 ? 150 : Math.max(what === "plain increment" ? 24 : 4, Math.ceil(100 / cpus));
  const timed = new TimedMachine(
    planTasks(object, { cpus, invocations, programs: [program] }),
    { models },
    profileNamed(profile),
    1,
  );
  const { nsPerOp } = timed.run();
  if (timed.machine.fault) throw new Error(`${program}: ${timed.machine.fault.message}`);
  return nsPerOp / perRun;
}
