/** Runs a workload on the running kernel and measures it. */
import { release } from "node:os";
import type { BpfObject } from "../../object/bpf_object.ts";
import { lostFraction } from "../../report/lost.ts";
import type { Values } from "../../report/result.ts";
import { BackendError } from "../backend.ts";
import type { Measured } from "../measured.ts";
import { LEAST_OVERLAP, overlapOf } from "../overlap.ts";
import { spreadOf } from "../spread.ts";
import type { Workload } from "../workload.ts";
import { oneAtATime } from "./one_at_a_time.ts";
import type { RunReply } from "./pinned_worker.ts";
import { MAX_TURNS } from "./runner.ts";
import { LinuxSession } from "./session.ts";

export interface LinuxOptions extends Workload {
  /** Runs that count. Default 7. */
  readonly repeats?: number;
  /** Least length of a run in milliseconds, reached by raising `invocations`. Default 5. */
  readonly durationMs?: number;
  /** Run exactly `invocations` times, once, each as a call of its own, however short that is. */
  readonly exact?: boolean;
}

/** A run on the kernel. */
export interface LinuxResult extends Measured {
  readonly machine: "linux";
  /** The kernel's release, as `uname -r` prints it. */
  readonly kernel: string;
  /** What each task's last run returned, in the order of the workload's tasks. */
  readonly returned: readonly number[];
}

const DEFAULT_REPEATS = 7, DEFAULT_DURATION_MS = 5;
/** Time that an inter-processor interrupt may take, generously: programs must run for as long as all of them take. */
const INTERRUPT_MS = 0.02;
/** Runs that were disturbed are tried again, up to so many times the repeats. */
const TRIES_PER_REPEAT = 3;

interface Repeat {
  readonly final: Values;
  readonly lost: number;
  readonly nsPerOp: number;
  readonly overlap: number;
  readonly returned: readonly number[];
}

/**
 * Verifies the programs as themselves, then runs them by BPF_PROG_RUN on pinned threads; nothing is attached.
 *
 * @throws BackendError when the kernel is not available, refuses a program, or cannot run this workload
 */
export function runOnLinux(object: BpfObject, options: LinuxOptions = {}): Promise<LinuxResult> {
  return oneAtATime(async () => {
    const exact = options.exact ?? false;
    using session = new LinuxSession(object, options, exact);
    if (session.plan.tasks.some((task) => task.kind === "user")) {
      throw new BackendError("user-space actors: run them with the simulator");
    }
    const initial = session.values();
    const factor = exact ? 1 : await calibrate(session, options.durationMs ?? DEFAULT_DURATION_MS);
    const serial = await runSerially(session, factor);
    const { kept, tries } = await repeat(session, factor, exact ? 1 : options.repeats ?? DEFAULT_REPEATS, (replies) => {
      const final = session.values();
      return {
        final,
        lost: lostFraction(initial, serial, final),
        nsPerOp: nsPerOp(session, replies, factor),
        overlap: overlap(session, replies),
        returned: replies.map((reply) => reply.returned),
      };
    });
    return report(session, factor, kept, { tries, initial, serial });
  });
}

/** How many times more invocations make a run last long enough. */
async function calibrate(session: LinuxSession, leastMs: number): Promise<number> {
  const { tasks } = session.plan;
  const interrupts = tasks.filter((task) => task.kind === "interrupt");
  const durationMs = Math.max(leastMs, ...interrupts.map((task) => task.invocations * INTERRUPT_MS));
  const most = Math.max(1, ...tasks.filter((task) => task.kind === "process").map((task) => task.invocations));
  const limit = Math.max(1, Math.floor(MAX_TURNS / most));
  // a thread's first run also opens libraries and compiles its code
  await session.run(tasks, 1);
  for (let factor = 1;;) {
    session.reset();
    const replies = await session.run(tasks, factor);
    const tookMs = Math.max(...processes(session, replies).map((reply) => reply.endNs - reply.startNs)) / 1e6;
    if (tookMs >= durationMs * 0.7 || factor === limit) return factor;
    // small steps at first: the first calls are slow, and a busy line costs more than a free one
    const growth = Math.min(16, Math.max(2, Math.ceil(durationMs / Math.max(tookMs, 1e-3))));
    factor = Math.min(limit, factor * growth);
  }
}

/** What the tasks come to one after another. */
async function runSerially(session: LinuxSession, factor: number): Promise<Values> {
  session.reset();
  for (const task of session.plan.tasks) await session.run([task], factor);
  return session.values();
}

async function repeat(
  session: LinuxSession,
  factor: number,
  repeats: number,
  observe: (replies: readonly RunReply[]) => Repeat,
): Promise<{ kept: Repeat[]; tries: number }> {
  const all: Repeat[] = [];
  const good = () => all.filter((one) => one.overlap >= LEAST_OVERLAP);
  while (good().length < repeats && all.length < repeats * TRIES_PER_REPEAT) {
    session.reset();
    all.push(observe(await session.run(session.plan.tasks, factor)));
    if (repeats === 1) break;
  }
  // on a computer that is never quiet, the best run there was is better than none, and its overlap is reported
  const best = all.reduce((a, b) => b.overlap > a.overlap ? b : a);
  return { kept: good().length > 0 ? good() : [best], tries: all.length };
}

/** Replies of the tasks that are not interrupts; those stand first in a plan. */
const processes = (session: LinuxSession, replies: readonly RunReply[]): readonly RunReply[] =>
  replies.filter((_, index) => session.plan.tasks[index].kind === "process");

/** Overlap of the processes, and the share of the interrupts' time that falls into theirs. */
function overlap(session: LinuxSession, replies: readonly RunReply[]): number {
  const running = processes(session, replies);
  const until = Math.max(...running.map((reply) => reply.endNs));
  const inside = replies.slice(running.length).map((reply) =>
    Math.max(0, Math.min(reply.endNs, until) - reply.startNs) / Math.max(1, reply.endNs - reply.startNs)
  );
  return Math.min(overlapOf(running), ...inside);
}

function nsPerOp(session: LinuxSession, replies: readonly RunReply[], factor: number): number {
  const each = processes(session, replies).map((reply, index) =>
    (reply.endNs - reply.startNs) / Math.max(1, session.plan.tasks[index].invocations * factor)
  );
  return each.reduce((sum, ns) => sum + ns, 0) / each.length;
}

function report(
  session: LinuxSession,
  factor: number,
  kept: readonly Repeat[],
  { tries, initial, serial }: { tries: number; initial: Values; serial: Values },
): LinuxResult {
  const { plan, object } = session;
  const lostSpread = spreadOf(kept.map((one) => one.lost)), nsSpread = spreadOf(kept.map((one) => one.nsPerOp));
  const overlap = spreadOf(kept.map((one) => one.overlap));
  const typical = kept.find((one) => one.lost === lostSpread.median)!;
  const invocations = Math.max(0, ...plan.tasks.filter((t) => t.kind === "process").map((t) => t.invocations)) * factor;
  const kernel = release();
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return {
    machine: "linux",
    program: plan.programs.map((program) => program.name).join(", "),
    cpus: plan.nrCpus,
    invocations,
    initial,
    serial,
    final: typical.final,
    lost: lostSpread.median,
    lostSpread,
    nsPerOp: nsSpread.median,
    nsSpread,
    overlap,
    repeats: kept.length,
    discarded: tries - kept.length,
    printed: [],
    steps: 0,
    insns: 0,
    kernel,
    returned: typical.returned,
    how: `measured on kernel ${kernel}: ${object.name} accepted; ${session.describe()}; ` +
      `${invocations} runs on each of ${plan.nrCpus} pinned thread${
        plan.nrCpus === 1 ? "" : "s"
      } from a common start, ` +
      `overlap ${percent(overlap.min)} to ${percent(overlap.max)}; median of ${kept.length}, ${
        tries - kept.length
      } thrown away`,
  };
}
