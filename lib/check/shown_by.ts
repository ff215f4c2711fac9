/** Whether what a schedule did is what a finding says. */
import type { TraceStep } from "../report/result.ts";
import type { Candidate, Site } from "./finding.ts";

const WRITES: readonly TraceStep["kind"][] = ["store", "rmw", "atomic", "flush"];
const isWrite = ({ kind }: TraceStep): boolean => WRITES.includes(kind);
const isAt = (step: TraceStep, { prog, insn }: Site): boolean => step.prog === prog && step.insn === insn;

/** Two steps of one run, the first of them before the second. */
interface Window {
  readonly from: number;
  readonly to: number;
  readonly task: number;
}

function windows(trace: readonly TraceStep[], first: Site, last: Site): Window[] {
  return trace.flatMap((end, at) => {
    if (!isAt(end, last) || end.kind === "flush") return [];
    // A store that waits in its CPU's buffer is memory's only when it is flushed.
    const flush = trace.findIndex(({ kind, stored }) => kind === "flush" && stored === end.step);
    const to = flush < 0 ? at : flush;
    return trace.slice(0, at).flatMap((start, from) =>
      isAt(start, first) && start.task === end.task && start.invocation === end.invocation
        ? [{ from, to, task: end.task }]
        : []
    );
  });
}

/** Whose write it is; of a flush, whose store. */
const writer = (trace: readonly TraceStep[], { kind, stored, task }: TraceStep): number =>
  kind === "flush" ? trace.find(({ step }) => step === stored)?.task ?? task : task;

/** Whether another task writes data in a window where `matters` says so. */
const isWrittenWithin = (
  trace: readonly TraceStep[],
  { from, to, task }: Window,
  matters: (step: TraceStep) => boolean,
): boolean => trace.slice(from + 1, to).some((step) => writer(trace, step) !== task && isWrite(step) && matters(step));

/** Whether a trace of an anomaly is one of this race. */
export function shows({ name, sites }: Candidate, trace: readonly TraceStep[]): boolean {
  const [last, first] = sites;
  if (last.insn < 0) return crossesOver(sites, trace);
  const sameBytes = (window: Window) => (step: TraceStep) =>
    step.addr === trace[window.to].addr && step.addr !== undefined;
  switch (name) {
    case "lost-update":
    case "read-and-zero":
      return windows(trace, first, last).some((window) => isWrittenWithin(trace, window, sameBytes(window)));
    case "copy-modify-update":
    case "check-then-act":
      return windows(trace, first, last).some((window) => {
        const map = trace[window.to].map;
        return isWrittenWithin(trace, window, (step) => step.map === map && map !== undefined);
      });
    case "per-cpu-reentry":
      return windows(trace, sites[0], sites[1]).some((window) =>
        isWrittenWithin(trace, window, (step) => step.map === trace[window.to].map)
      );
    case "flock-missing":
      return crossesOver(sites, trace);
    case "torn-group":
    case "split-atomics": {
      const [second, one, ...writes] = sites;
      const isTheirs = (step: TraceStep) => writes.some((site) => isAt(step, site));
      const reads = [...windows(trace, one, second), ...windows(trace, second, one)];
      const written = [...windows(trace, writes[0], writes[1]), ...windows(trace, writes[1], writes[0])];
      return reads.some((window) => isWrittenWithin(trace, window, isTheirs)) ||
        written.some(({ from, to, task }) =>
          trace.slice(from + 1, to).some((step) => step.task !== task && (isAt(step, one) || isAt(step, second)))
        );
    }
    case "lock-not-held": {
      // The open write falls between what the holder of the lock reads and writes, or the other way round.
      const at = trace.map((step, i) => ({ step, i })).filter(({ step }) => isAt(step, last) || isAt(step, first));
      return at.some(({ step: mine, i }) =>
        isWrite(mine) &&
        trace.slice(0, i).some((read, from) =>
          read.kind === "load" && read.task === mine.task && read.addr === mine.addr &&
          read.invocation === mine.invocation &&
          isWrittenWithin(trace, { from, to: i, task: mine.task }, (step) => step.addr === mine.addr)
        )
      );
    }
    case "use-after-delete":
    case "order-without-barrier":
    case "lock-order":
    case "recursion-skip":
    case "overrun-unobserved":
      // Their searches say themselves what shows them (witness.ts).
      return false;
  }
}

/**
 * Whether one side, user space or a helper that goes past a lock, touches data between two accesses of the program on the
 * other side to the same map, or the other way round.
 */
function crossesOver([past, ...inside]: readonly Site[], trace: readonly TraceStep[]): boolean {
  const isPast = (step: TraceStep) =>
    step.touches === "data" && (past.insn < 0 ? `user ${step.user}` === past.prog : isAt(step, past));
  const isInside = (step: TraceStep) => inside.some((site) => isAt(step, site));
  const theirs = (step: TraceStep) => step.touches === "data" && inside.some(({ prog }) => prog === step.prog);
  const comesBetween = (one: (step: TraceStep) => boolean, other: (step: TraceStep) => boolean) =>
    trace.some((start, from) =>
      one(start) &&
      trace.some((end, to) =>
        to > from && one(end) && end.task === start.task && end.invocation === start.invocation &&
        end.map === start.map &&
        trace.slice(from + 1, to).some((step) => step.task !== end.task && other(step) && step.map === end.map)
      )
    );
  return comesBetween(theirs, isPast) || comesBetween(isPast, isInside);
}
