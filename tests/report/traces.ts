/** Traces made by hand and by chance, as the simulator would record them. */
import type { TraceStep } from "../../lib/report/result.ts";

type Access = Pick<TraceStep, "kind"> & Partial<Pick<TraceStep, "actor" | "user" | "touches" | "object">> & {
  readonly cpu: number;
  readonly target?: string;
  readonly before?: number;
  readonly after?: number;
  readonly invocation?: number;
  readonly prog?: string;
  readonly task?: number;
  readonly line?: string;
  readonly text?: string;
  readonly timeNs?: number;
};

const ADDRESSES = new Map<string, number>();
const addressOf = (target: string): number => {
  if (!ADDRESSES.has(target)) ADDRESSES.set(target, 0x6000 + 8 * ADDRESSES.size);
  return ADDRESSES.get(target)!;
};

const TEXT: Record<string, string> = { load: "r2 = *(u32 *)(r1 +0)", store: "*(u32 *)(r1 +0) = r2" };

/** Steps from the little that distinguishes them; the rest is as for `counter += 1;`. */
export function traceOf(accesses: readonly Access[]): TraceStep[] {
  return accesses.map((access, step) => {
    const target = access.target ?? "counter";
    const memory = access.before !== undefined && {
      target,
      touches: access.touches ?? "data" as const,
      object: access.object,
      addr: addressOf(target),
      size: 4,
      before: BigInt(access.before),
      after: BigInt(access.after ?? access.before),
    };
    return {
      step,
      task: access.task ?? access.cpu,
      cpu: access.cpu,
      invocation: access.invocation ?? 0,
      actor: access.actor ?? "program",
      user: access.user,
      prog: access.prog ?? "count",
      kind: access.kind,
      insn: access.kind === "load" ? 2 : 4,
      text: access.text ?? TEXT[access.kind] ?? access.kind,
      line: { line: 7, text: access.line ?? "counter += 1;" },
      ...memory,
      ...(access.timeNs !== undefined && { timeNs: access.timeNs }),
    };
  });
}

/**
 * Runs `counter += 1` in plain JavaScript.
 *
 * @param schedule which CPU takes each step; two steps (load, store) make an increment. CPUs that are in the middle at
 * the end finish one after another.
 * @returns the trace, how many increments there were, and what the counter ends at.
 */
export function racyTrace(schedule: readonly number[]): { trace: TraceStep[]; increments: number; counter: number } {
  let counter = 0, increments = 0;
  const seen = new Map<number, number>(), runs = new Map<number, number>();
  const accesses: Access[] = [];
  const step = (cpu: number) => {
    const invocation = runs.get(cpu) ?? 0, known = seen.get(cpu);
    if (known === undefined) {
      seen.set(cpu, counter);
      accesses.push({ kind: "load", cpu, before: counter, invocation });
      return;
    }
    accesses.push({ kind: "store", cpu, before: counter, after: known + 1, invocation });
    counter = known + 1;
    increments++;
    seen.delete(cpu);
    runs.set(cpu, invocation + 1);
  };
  schedule.forEach(step);
  for (const cpu of [...seen.keys()]) step(cpu);
  return { trace: traceOf(accesses), increments, counter };
}

/** Two CPUs, one increment each, one lost: the witness that every reader meets first. */
export const LOST: TraceStep[] = racyTrace([1, 0, 0, 1]).trace;

/** A spin lock: CPU 1 waits while CPU 0 holds it. */
export const LOCKED: TraceStep[] = traceOf([
  {
    kind: "rmw",
    cpu: 0,
    target: "v.lock",
    actor: "helper",
    touches: "lock",
    before: 0,
    after: 1,
    line: "bpf_spin_lock(&v->lock);",
    text: "bpf_spin_lock: rmw lock",
  },
  { kind: "load", cpu: 0, target: "v.a", object: "v", before: 0, line: "v->a += 1;" },
  {
    kind: "rmw",
    cpu: 1,
    target: "v.lock",
    actor: "helper",
    touches: "lock",
    before: 1,
    after: 1,
    line: "bpf_spin_lock(&v->lock);",
    text: "bpf_spin_lock: rmw lock",
  },
  { kind: "store", cpu: 0, target: "v.a", object: "v", before: 0, after: 1, line: "v->a += 1;" },
  {
    kind: "store",
    cpu: 0,
    target: "v.lock",
    actor: "helper",
    touches: "lock",
    before: 1,
    after: 0,
    line: "bpf_spin_unlock(&v->lock);",
    text: "bpf_spin_unlock: store unlock",
  },
  {
    kind: "await",
    cpu: 1,
    target: "v.lock",
    actor: "helper",
    touches: "lock",
    before: 0,
    after: 1,
    line: "bpf_spin_lock(&v->lock);",
    text: "bpf_spin_lock: await lock",
  },
  { kind: "load", cpu: 1, target: "v.a", object: "v", before: 1, line: "v->a += 1;" },
  { kind: "store", cpu: 1, target: "v.a", object: "v", before: 1, after: 2, line: "v->a += 1;" },
  {
    kind: "store",
    cpu: 1,
    target: "v.lock",
    actor: "helper",
    touches: "lock",
    before: 1,
    after: 0,
    line: "bpf_spin_unlock(&v->lock);",
    text: "bpf_spin_unlock: store unlock",
  },
]);
