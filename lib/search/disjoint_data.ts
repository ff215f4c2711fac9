/**
 * Partial-order reduction where data is disjoint: an operation on memory that no other task ever touches commutes with
 * all they do, so one order of it is enough.
 *
 * Who touches what is learnt: some random runs first, then each search notes every address that a second task touches
 * although it was taken for one task's own; the search is run again until none turns up.
 */
import { cpuOfFlush } from "../cpu/store_buffers.ts";
import { KIND, TASK } from "../cpu/layout.ts";
import { accessBytes } from "../isa/insn.ts";
import type { Machine } from "../machine/machine.ts";
import { runningModel } from "../machine/task.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { runRandom } from "../schedulers/run_random.ts";

const NOTHING = { addr: 0, size: 0 } as const;
const LEARNING_RUNS = 8, LEARNING_STEPS = 200_000;

export class DisjointData {
  /** Whether any address belongs to one task alone; else the reduction is not worth its checks. */
  readonly useful: boolean;
  /** Per 8-byte word: the task that touches it, or -1 when several do. */
  #owner = new Map<number, number>();
  #changed = false;
  /** Filled anew by each question: a search asks millions of them. */
  readonly #found = { addr: 0, size: 0 };

  /** @param known what another one has learnt; with it, no runs are needed */
  constructor(make: () => Machine, known?: ReadonlyMap<number, number>) {
    let evicts = false;
    if (known) {
      this.#owner = new Map(known);
      this.useful = true;
      return;
    }
    for (let seed = 1; seed <= LEARNING_RUNS; seed++) {
      const machine = make();
      evicts = machine.object.maps.some(({ type }) =>
        type === BPF_MAP_TYPE.LRU_HASH || type === BPF_MAP_TYPE.LRU_PERCPU_HASH
      );
      if (machine.sharesCpus || evicts) break;
      runRandom(machine, seed, { steps: LEARNING_STEPS }, (task) => this.touch(machine, task));
    }
    this.#changed = false;
    // A step that takes an element from an LRU map goes on to read marks of use that lookups set without a lock: however
    // private its own operation is, it does not commute with those.
    this.useful = !evicts && [...this.#owner.values()].some((owner) => owner >= 0);
  }

  /** What a search asks before each state's tasks are tried: may this task's pending operation go alone? */
  watch(machine: Machine): (task: number) => boolean {
    return (task) => this.touch(machine, task);
  }

  /** Whether an address turned out to be shared since the last call: then the search has to be run again. */
  learn(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** Who touches what, as far as it is known: what another one can begin with. */
  get owners(): ReadonlyMap<number, number> {
    return this.#owner;
  }

  /** Takes over what another one has learnt of the same workload. */
  merge(owners: ReadonlyMap<number, number>): void {
    for (const [word, other] of owners) {
      const owner = this.#owner.get(word);
      if (owner === undefined) this.#owner.set(word, other);
      else if (owner !== other && owner !== -1) {
        this.#owner.set(word, -1);
        this.#changed = true;
      }
    }
  }

  /** Notes that a task is about to touch what its pending operation names; true when no other task ever did. */
  touch(machine: Machine, step: number): boolean {
    const flushes = step < 0;
    // A flush of a word that one task alone touches: reordered, no other CPU could see it. Only a machine that has a CPU
    // for each task gets here.
    const task = flushes ? machine.tasks.findIndex(({ cpu }) => cpu === cpuOfFlush(step)) : step;
    const { addr, size } = flushes ? machine.buffers!.oldest(cpuOfFlush(step)) : this.#operation(machine, step);
    if (size === 0) return false;
    let alone = true;
    for (let word = addr & ~7; word < addr + size; word += 8) {
      const owner = this.#owner.get(word);
      if (owner === undefined) this.#owner.set(word, task);
      else if (owner !== task) {
        if (owner !== -1) {
          this.#owner.set(word, -1);
          this.#changed = true;
        }
        alone = false;
      }
    }
    return alone;
  }

  /** What a task's next step loads, stores or changes; `size` 0 where it does something else. */
  #operation(machine: Machine, index: number): { readonly addr: number; readonly size: number } {
    const task = machine.tasks[index], model = runningModel(task);
    if (model) {
      const op = model.pending;
      return op.kind === "load" || op.kind === "store" || op.kind === "rmw" ? op : NOTHING;
    }
    const { i32 } = machine.memory, record = task.record >> 2, kind = i32[record + (TASK.pending >> 2)] & 0xff;
    if (kind < KIND.load || kind > KIND.rmw) return NOTHING;
    this.#found.addr = i32[record + (TASK.addr >> 2)];
    this.#found.size = accessBytes(machine.image.insns[i32[record + (TASK.insn >> 2)]]);
    return this.#found;
  }
}
