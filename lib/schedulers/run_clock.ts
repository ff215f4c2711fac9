/**
 * The smallest clock first: each CPU has a clock, and the next step belongs to the one that is furthest behind. A
 * winner tree finds it, so that a step costs log(CPUs).
 *
 * Costs are those of a plain machine: so much per instruction, and a cache line that another CPU wrote last has to
 * come over. `simulate(..., { profile })` has the cost model that is calibrated against real machines (lib/cost).
 */
import { CACHE_LINE_BYTES, KIND, TASK } from "../cpu/layout.ts";
import { flushOf } from "../cpu/store_buffers.ts";
import type { Machine } from "../machine/machine.ts";
import { nextState, seededState } from "./random_numbers.ts";
import { WinnerTree } from "./winner_tree.ts";
import { type BeforeStep, type RunLimits, stopAtLimit } from "./run.ts";

/** Nanoseconds of the plain machine. */
const PLAIN_COSTS = { insnNs: 0.3, hitNs: 1, lineTransferNs: 40, atomicNs: 6, jitter: 0.2 } as const;

/** Runs a machine by the smallest clock; gives the time at which each task ended, in nanoseconds. */
export function runClock(machine: Machine, seed: number, limits: RunLimits, beforeStep?: BeforeStep): Float64Array {
  const { tasks, stepWasm, memory } = machine, n = tasks.length, tree = new WinnerTree(n);
  const lineOwner = new Int32Array(Math.ceil(memory.heapEnd / CACHE_LINE_BYTES)).fill(-1);
  const lineFree = new Float64Array(lineOwner.length), ended = new Float64Array(n), i32 = memory.i32;
  let state = seededState(seed), left = 0;
  let parked: number[] = [];
  for (const task of tasks) {
    if (machine.isDone(task)) continue;
    left++;
    state = nextState(state);
    tree.set(task.index, ((state >>> 0) / 4_294_967_296) * PLAIN_COSTS.lineTransferNs);
  }
  while (left > 0) {
    const index = tree.first, now = tree.clock(index), task = tasks[index];
    if (now === Infinity) {
      if (!machine.isOver) machine.stop(machine.describeDeadlock());
      break;
    }
    const general = machine.sharesCpus || task.models.length > 0 || machine.buffers !== undefined;
    if (general && !machine.isEnabled(index)) {
      parked.push(index);
      tree.set(index, Infinity);
      continue;
    }
    const word = (task.record + TASK.pending) >> 2;
    let kind = i32[word] & 0xff, addr = i32[word + 1];
    if (general) {
      const pending = machine.pending(index);
      addr = pending.addr;
      kind = pending.kind === "load" ? KIND.load : pending.kind === "store" ? KIND.store : addr ? KIND.rmw : KIND.none;
    }
    let cost: number = PLAIN_COSTS.hitNs;
    if (kind !== KIND.none) {
      const line = addr >>> 6;
      if (lineOwner[line] !== index) {
        const wait = Math.max(0, lineFree[line] - now);
        cost = wait + PLAIN_COSTS.lineTransferNs;
        lineFree[line] = now + cost;
        lineOwner[line] = index;
      }
      if (kind === KIND.rmw) cost += PLAIN_COSTS.atomicNs;
    }
    beforeStep?.(index, machine.steps);
    let insns = 0;
    const returned = general ? KIND.exit : stepWasm(task.record);
    if ((returned & 15) <= KIND.rmw) {
      insns = returned >>> 4;
      machine.steps++;
      machine.insns += insns;
    } else {
      const before = machine.insns;
      if (general) machine.step(index);
      else {
        machine.steps++;
        machine.advance(task, returned);
      }
      insns = machine.insns - before;
    }
    // By this clock a store is in memory when its step is over.
    for (const flush = flushOf(task.cpu); machine.isEnabled(flush);) {
      beforeStep?.(flush, machine.steps);
      machine.step(flush);
    }
    state = nextState(state);
    const jitter = 1 + PLAIN_COSTS.jitter * ((state >>> 0) / 4_294_967_296 - 0.5);
    const after = now + (cost + insns * PLAIN_COSTS.insnNs) * jitter;
    if (machine.fault) break;
    if (machine.steps >= limits.steps) return stopAtLimit(machine, limits), ended;
    if (machine.isDone(task)) {
      left--;
      ended[index] = after;
      tree.set(index, Infinity);
    } else tree.set(index, after);
    if (parked.length > 0) {
      parked = parked.filter((waiting) => {
        if (!machine.isEnabled(waiting)) return true;
        tree.set(waiting, after);
        return false;
      });
    }
  }
  return ended;
}
