/** Loops of the control flow, and visits of them that are not at their end (compute_scc, struct bpf_scc_visit). */
import type { Environment } from "../state/environment.ts";
import type { CallInstance } from "../state/stack_liveness.ts";
import type { State } from "../state/state.ts";

/** One entry into a loop by one chain of calls. */
export class LoopVisit {
  /** The checkpoint that came into the loop first; `null` when all paths from it are explored. */
  entry: State | null = null;
  /** States that ended at a checkpoint of the same loop before that one's paths were all explored. */
  backEdges: State[] = [];
}

export type LoopVisits = Map<CallInstance, Map<number, LoopVisit>>;

/** Numbers the strongly connected parts of each function from 1; 0 is no loop (Tarjan's algorithm, without recursion). */
export function numberLoops(env: Environment): void {
  const { edges: { next: follows, jump }, notes } = env,
    count = notes.length,
    order = new Int32Array(count),
    low = new Int32Array(count);
  const stack: number[] = [], path: number[] = [], edge = new Int32Array(count);
  const DONE = count + 1;
  let next = 1, loops = 0;
  for (const { start } of env.subprogs) {
    if (order[start] !== 0) continue;
    path.push(start);
    while (path.length > 0) {
      const at = path[path.length - 1];
      if (order[at] === 0) {
        order[at] = low[at] = next++;
        stack.push(at);
      }
      if (edge[at] < 2) {
        const target = edge[at] === 0 ? follows[at] : jump[at];
        if (target < 0) {
          edge[at]++;
          continue;
        }
        if (order[target] === 0) {
          path.push(target);
          continue;
        }
        low[at] = Math.min(low[at], low[target]);
        edge[at]++;
        continue;
      }
      path.pop();
      if (low[at] !== order[at]) continue;
      const isLoop = stack[stack.length - 1] !== at || follows[at] === at || jump[at] === at || notes[at].callsCallback;
      if (isLoop) loops++;
      for (;;) {
        const member = stack.pop()!;
        low[member] = DONE;
        if (isLoop) notes[member].loop = loops;
        if (member === at) break;
      }
    }
  }
}

/** The visit that a checkpoint belongs to: of the outermost loop that its chain of calls is in (scc_visit_lookup). */
function visitOf(env: Environment, state: State, makes: boolean): LoopVisit | null {
  const last = state.frames.length - 1;
  for (let index = 0; index <= last; index++) {
    const at = index === last ? state.insn : state.frames[index + 1].callsite, { loop } = env.notes[at];
    if (loop === 0) continue;
    const instance = env.liveness.instance(state, index);
    let visits = env.loopVisits.get(instance);
    if (!visits) env.loopVisits.set(instance, visits = new Map());
    let visit = visits.get(loop);
    if (!visit && makes) visits.set(loop, visit = new LoopVisit());
    return visit ?? null;
  }
  return null;
}

/** A new checkpoint, if in a loop, belongs to its visit, or begins one (maybe_enter_scc). */
export function enterLoop(env: Environment, checkpoint: State): void {
  const visit = visitOf(env, checkpoint, true);
  checkpoint.visit = visit;
  if (visit && !visit.entry) visit.entry = checkpoint;
}

/** What a checkpoint's paths need exactly is not all known yet (incomplete_read_marks). */
export const isIncomplete = (checkpoint: State): boolean =>
  checkpoint.visit !== null && checkpoint.visit.backEdges.length > 0;
