/** A worker of a search: a machine of its own, its part of the states, a table that it shares with the others. */
import { Accesses, type NotedAccesses } from "../machine/accesses.ts";
import { Machine } from "../machine/machine.ts";
import { HashLayouts, type Noted } from "../maps/hash_layouts.ts";
import { serve } from "../host/crew.ts";
import { SeededRandom } from "../schedulers/random_numbers.ts";
import type { Plan } from "../workload/plan.ts";
import { marksOf } from "./coverage.ts";
import { DepthFirst } from "./depth_first.ts";
import { DisjointData } from "./disjoint_data.ts";
import { firstState, type FoundEnd, FoundEnds, type OneSearch, oneSearch, type SearchKind } from "./one_search.ts";
import { StateTable, type TableBuffers } from "./state_table.ts";
import { type KnownTransitions, Unsuitable } from "./transition_cache.ts";
import { PUBLISH_EVERY, type SharingBuffers, STOPPED, WorkSharing } from "./work_sharing.ts";

/** What a worker makes its machine of. */
export interface MachineRequest {
  readonly kind: "machine";
  readonly plan: Plan;
  readonly hashSeed: number | undefined;
  readonly usersOnlyLoad: boolean | undefined;
  /** The machine's memory in its first state: what user space prepared is in it. */
  readonly memory: Uint8Array;
  readonly heapEnd: number;
}

/** One search, begun by the main thread: a part of it is what others hand on. */
export interface BeginRequest {
  readonly kind: "begin";
  readonly worker: number;
  readonly search: SearchKind;
  readonly maxDepth: number;
  /** States from which on the search is to stop. */
  readonly maxStates: number;
  /** Who touches what, where orders on disjoint data are left out. */
  readonly owners: ReadonlyMap<number, number> | undefined;
  readonly table: TableBuffers;
  readonly sharing: SharingBuffers;
}

/** To go on, with a larger table where there is one. */
export interface RunRequest {
  readonly kind: "run";
  readonly larger?: TableBuffers;
}

export interface ReportRequest {
  readonly kind: "report";
}

export type WorkerRequest = MachineRequest | BeginRequest | RunRequest | ReportRequest;

/** What became of a run: `unsuitable` where a step cannot be kept, `failed` where a program or a model threw. */
export type Ran = "done" | "paused" | "stopped" | "unsuitable" | "failed";

/** What a worker has found. */
export interface WorkerReport {
  readonly ends: readonly FoundEnd[];
  readonly states: number;
  readonly transitions: number;
  readonly bytes: number;
  readonly mostAlternatives: number;
  readonly tooDeep: boolean;
  readonly owners: ReadonlyMap<number, number> | undefined;
  readonly known: KnownTransitions | undefined;
  readonly marks: Uint8Array;
  readonly accesses: NotedAccesses;
  readonly layouts: ReadonlyMap<number, Noted>;
}

/** The fingerprint of the first state, by which the main thread sees that the machines are the same. */
export interface MachineReply {
  readonly state: string;
}

/** A worker's part of one search. */
class Part {
  readonly #machine: Machine;
  readonly #one: OneSearch;
  readonly #table: StateTable;
  readonly #sharing: WorkSharing;
  readonly #ends = new FoundEnds();
  readonly #data: DisjointData | undefined;
  readonly #layouts: HashLayouts;
  readonly #request: BeginRequest;
  #looks = 0;

  constructor(make: (layouts: HashLayouts) => Machine, request: BeginRequest) {
    const { owners, search, maxDepth } = request;
    this.#request = request;
    this.#layouts = new HashLayouts();
    const machine = this.#machine = make(this.#layouts);
    machine.accesses = new Accesses(machine);
    this.#table = new StateTable(request.table, true);
    this.#sharing = new WorkSharing(request.sharing);
    this.#data = owners && new DisjointData(() => machine, owners);
    const options = { maxStates: Infinity, maxDepth, visited: this.#table, waits: true };
    this.#one = oneSearch(machine, search, this.#data, options, (end, shared) => {
      this.#ends.note(end, machine, shared);
    });
  }

  run(larger: TableBuffers | undefined): Ran {
    const { search } = this.#one, sharing = this.#sharing;
    try {
      if (larger) this.#enlarge(larger);
      for (;;) {
        if (search.finished) {
          this.#look();
          const share = sharing.await(this.#request.worker);
          if (!share) return sharing.done ? "done" : sharing.stopped ? "stopped" : "paused";
          search.resume(share);
        }
        search.run(Infinity, () => this.#look());
        if (sharing.stopped) return "stopped";
        if (sharing.paused) return "paused";
      }
    } catch (error) {
      sharing.stop(STOPPED.failed);
      return error instanceof Unsuitable ? "unsuitable" : "failed";
    } finally {
      this.#publish();
    }
  }

  get report(): WorkerReport {
    const { search, cache } = this.#one;
    return {
      ends: this.#ends.all,
      states: this.#table.added,
      transitions: search.transitions,
      bytes: search.bytes - this.#table.bytes,
      mostAlternatives: search instanceof DepthFirst ? search.mostAlternatives : 1,
      tooDeep: search.bound === "depth",
      owners: this.#data?.owners,
      known: cache?.known,
      marks: marksOf(this.#machine).slice(),
      accesses: this.#machine.accesses!.noted,
      layouts: this.#layouts.noted,
    };
  }

  #enlarge(larger: TableBuffers): void {
    this.#table.adopt(larger, this.#request.worker, this.#sharing.workers);
    this.#sharing.meet();
  }

  #publish(): void {
    const { search } = this.#one;
    this.#sharing.publish(this.#request.worker, this.#table.added, search.transitions, search.ahead);
  }

  /** What a worker does now and then: says how far it is, gives work away, hears whether it is to stop. */
  #look(): boolean {
    const sharing = this.#sharing;
    if ((this.#looks++ & PUBLISH_EVERY - 1) === 0) this.#publish();
    sharing.lookAround(this.#request.maxStates, this.#table.limit);
    sharing.feed(this.#one.search);
    return sharing.over;
  }
}

let make: ((layouts: HashLayouts) => Machine) | undefined, part: Part | undefined;

function machineMaker({ plan, hashSeed, usersOnlyLoad, memory, heapEnd }: MachineRequest) {
  return (layouts: HashLayouts): Machine => {
    const numbers = new SeededRandom(1), draw = (alternatives: number) => numbers.below(alternatives);
    const machine = new Machine(plan, { hashSeed, usersOnlyLoad, layouts, branches: true, draw });
    if (machine.memory.heapEnd !== heapEnd) throw new Error("the machine's memory is laid out otherwise here");
    machine.memory.bytes.set(memory, machine.memory.layout.cpus);
    return machine;
  };
}

serve((request: WorkerRequest): MachineReply | Ran | WorkerReport => {
  switch (request.kind) {
    case "machine":
      make = machineMaker(request);
      return { state: firstState(make(new HashLayouts())) };
    case "begin":
      part = new Part(make!, request);
      return part.run(undefined);
    case "run":
      return part!.run(request.larger);
    case "report":
      return part!.report;
  }
});
